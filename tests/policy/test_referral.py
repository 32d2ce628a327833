"""Authority goes with the person through every act: what is referred, who releases it, what waits."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hubao.policy.v1 import authority_pb2 as authority_pb
from hubao.policy.v1 import draft_service_pb2 as draft_pb
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.grpc.convert import date_message
from libs.common.money import Money
from services.policy.domain.change_draft.conflict import Base
from services.policy.domain.change_draft.draft import ChangeDraft, DraftCommitted
from services.policy.domain.change_errors import DraftNotReferred, DraftReleasedByAuthor
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.domain.product.terms import CancellationMethod
from services.policy.domain.referral import (
    Known,
    Referral,
    check_released,
    referral_of_change,
    referral_of_cover,
)
from services.policy.domain.release import Release, release
from services.policy.domain.submission.quoting import Held
from services.policy.domain.underwriting import ReferralReason
from services.policy.domain.underwriting_errors import ActReferred, ReleaseBeyondAuthority
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

MAY, JULY = date(2026, 5, 1), date(2026, 7, 1)
RULES = an.product_terms().underwriting
LIMIT, ROOM = ReferralReason.LIMIT_OVER_AUTHORITY, ReferralReason.ACCUMULATION
HIGH = Money.cny(50_000_000)
OVER = ("FAILED_PRECONDITION", "ACT_REFERRED")


def endorsing(*changes: Change, on: date = JULY) -> Proposal:
    return Proposal(ProposalKind.ENDORSE, on, "", changes=changes)


def referral(before: Policy, proposal: Proposal, **known: Any) -> Referral | None:
    after = an.endorsed(before, proposal.effective_date, *proposal.changes)
    inputs = Known(before.bound.cover.inputs, **known)
    return referral_of_change(RULES, before, after, proposal, inputs, MAY)


def test_an_endorsement_beyond_the_authority_is_referred_as_a_quote_would_be() -> None:
    found = referral(an.policy(), endorsing(an.set_limit(an.DATA, HIGH), an.set_limit(an.EXTORTION, HIGH)))

    assert found == Referral((LIMIT,), Money.cny(100_000_000))


def test_what_stays_within_it_is_not() -> None:
    assert referral(an.policy(), endorsing(an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))) is None


@pytest.mark.parametrize(
    "change", [an.set_limit(an.DATA, Money.cny(40_000_000)), an.remove(an.EXTORTION)], ids=["lower", "gone"]
)
def test_less_cover_needs_nobody_also_where_more_would_be_over_the_authority(change: Change) -> None:
    high = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, HIGH))

    assert referral(high, endorsing(change)) is None


def test_a_lower_deductible_another_part_and_a_worse_answer_are_more() -> None:
    high = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, HIGH))
    deeper = Change(ChangeKind.SET_PART, an.EXTORTION, an.EXTORTION_LIMIT, Money.cny(20_000))
    higher = an.endorsed(high, MAY, deeper)
    for before, change in (
        (higher, Change(ChangeKind.SET_PART, an.EXTORTION, an.EXTORTION_LIMIT, Money.cny(10_000))),
        (high, an.add(an.RESPONSE, Money.cny(100_000))),
        (high, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no"))),
    ):
        assert referral(before, endorsing(change)) is not None
    assert (
        referral(an.endorsed(high, MAY, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no"))), endorsing(deeper)) is None
    )


def test_only_what_is_added_counts_against_what_the_fullest_dependency_takes() -> None:
    raised = endorsing(an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    assert referral(an.policy(), raised, room=Money.cny(5_000_000)) is None
    assert referral(an.policy(), raised, room=Money.cny(4_999_999)) == Referral((ROOM,), Money.cny(30_000_000))


def test_a_reinstatement_puts_all_of_the_cover_at_stake_and_a_cancellation_nothing() -> None:
    high = an.endorsed(an.policy(), MAY, an.set_limit(an.DATA, HIGH))
    ended = an.cancelled(high, JULY, CancellationMethod.PRO_RATA)
    again = an.reinstated(ended, JULY)
    back = Proposal(ProposalKind.REINSTATE, JULY, "AGREED")
    known = Known(high.bound.cover.inputs)

    found = referral_of_change(RULES, ended, again, back, known, MAY)

    assert found == Referral((LIMIT,), Money.cny(52_000_000))
    assert referral_of_change(RULES, high, ended, Proposal(ProposalKind.CANCEL, JULY, ""), known, MAY) is None


def test_cover_that_begins_without_a_quote_is_referred_by_the_same_rules() -> None:
    policy = an.policy()

    assert referral_of_cover(RULES, an.enterprise(), policy.bound.parts, policy.bound.cover.inputs, MAY) is None
    high = an.endorsed(policy, MAY, an.set_limit(an.DATA, HIGH)).segments[-1].parts
    over = Referral((LIMIT,), Money.cny(52_000_000))
    assert referral_of_cover(RULES, an.enterprise(), high, policy.bound.cover.inputs, MAY) == over
    critical = an.enterprise(critical_infrastructure=True, protecting_department="能源局")
    found = referral_of_cover(RULES, critical, policy.bound.parts, policy.bound.cover.inputs, MAY)
    assert found is not None
    assert found.reasons == (ReferralReason.CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT,)


def test_a_release_goes_as_far_as_it_says() -> None:
    needed = Referral((LIMIT,), HIGH)

    check_released(None, None)
    check_released(needed, Referral((LIMIT, ROOM), HIGH))
    for released in (None, Referral((LIMIT,), HIGH - Money.cny(1)), Referral((ROOM,), HIGH)):
        with pytest.raises(ActReferred):
            check_released(needed, released)


def draft(*events: object) -> ChangeDraft:
    (created,) = ChangeDraft.create("policy", Base(1, 1), endorsing(), "", "user:wang", an.BOUND_AT)
    value = ChangeDraft.begin(created)
    for each in events:
        value = value.evolve(each)  # type: ignore[arg-type]
    return value


def test_a_draft_is_released_by_somebody_else_who_is_trusted_so_far() -> None:
    needed = Referral((LIMIT,), HIGH)
    trusted = Held(HIGH)

    (event,) = draft().released(needed, trusted, "user:zhou", "agreed", an.BOUND_AT)

    assert event.released == needed
    assert draft(event).released(needed, trusted, "user:zhou", "agreed", an.BOUND_AT) == []
    with pytest.raises(DraftReleasedByAuthor):
        draft().released(needed, trusted, "user:wang", "", an.BOUND_AT)
    with pytest.raises(ReleaseBeyondAuthority):
        draft().released(needed, Held(HIGH - Money.cny(1)), "user:zhou", "", an.BOUND_AT)
    with pytest.raises(DraftNotReferred):
        draft().released(None, trusted, "user:zhou", "", an.BOUND_AT)


def test_an_update_of_the_draft_makes_its_release_void() -> None:
    (event,) = draft().released(Referral((LIMIT,), HIGH), Held(None), "user:zhou", "", an.BOUND_AT)
    (updated,) = draft(event).update(Base(1, 1), endorsing(an.remove(an.DATA)), "", "user:li", an.BOUND_AT)

    assert draft(event).release == event
    assert draft(event, updated).release is None
    assert draft(event, DraftCommitted(version=2, author="user:wang", committed_at=an.BOUND_AT)).release == event


def test_a_release_in_advance_covers_what_others_bring_in() -> None:
    (given,) = release(None, "import/BOOK", HIGH, [LIMIT], "", Held(None), "user:zhou", MAY)
    known = Release.begin(given)

    assert release(known, "import/BOOK", HIGH, [LIMIT], "", Held(None), "user:zhou", MAY) == []
    assert known.for_one("user:wang", Referral((LIMIT,), HIGH)) == Referral((LIMIT,), HIGH)
    assert known.for_one("user:zhou", Referral((LIMIT,), HIGH)) is None
    assert known.for_one("user:wang", Referral((LIMIT, ROOM), HIGH)) is None
    with pytest.raises(ReleaseBeyondAuthority):
        release(None, "import/BOOK", HIGH, [LIMIT], "", Held(Money.cny(1)), "user:zhou", MAY)


def raise_to(policy_id: str, limit: Money) -> pb.EndorsePolicyRequest:
    return a.endorse(policy_id, JULY, a.set_data(limit))


async def test_a_referred_change_is_drafted_released_by_somebody_else_and_committed(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    change = pb.ProposedChange(
        endorsement=pb.ProposedEndorsement(effective_date=date_message(JULY), changes=[a.set_data(HIGH)])
    )
    assert await desk.refused(raise_to(policy_id, HIGH)) == OVER
    assert await desk.refused(raise_to(policy_id, HIGH), who="zhou", roles=("chief_underwriter",)) == OVER
    request = pb.PreviewChangeRequest(policy_id=policy_id, change=change, without_billing=True)
    preview = (await desk.ask(request)).preview
    create = draft_pb.CreateDraftRequest(policy_id=policy_id, change=change, request_id=str(uuid4()))
    draft_id = (await desk.ask(create)).draft.draft_id
    commit = draft_pb.CommitDraftRequest(draft_id=draft_id, preview_hash=preview.hash, without_billing=True)
    release_it = draft_pb.ReleaseDraftRequest(draft_id=draft_id, note="within the treaty")

    assert await desk.refused(commit) == OVER
    assert await desk.refused(release_it) == ("FAILED_PRECONDITION", "DRAFT_RELEASED_BY_AUTHOR")
    beyond = ("FAILED_PRECONDITION", "RELEASE_BEYOND_AUTHORITY")
    assert await desk.refused(release_it, who="li") == beyond
    released = (await desk.chief(release_it)).draft
    done = await desk.ask(commit)

    assert (list(preview.referral_reasons), preview.required_authority) == ([LIMIT], a.yuan(52_000_000))
    assert (released.release.released_by, released.release.limit) == ("user:zhou", a.yuan(52_000_000))
    assert done.draft.status == draft_pb.DRAFT_STATUS_COMMITTED
    assert done.policy.terms.parts[0].limit == a.yuan(50_000_000)
    lower = raise_to(policy_id, Money.cny(40_000_000))
    assert (await desk.ask(lower)).policy.etag == "3"  # Less cover needs nobody.


async def test_rows_and_certificates_are_released_in_advance_by_who_is_trusted(desk: Desk) -> None:
    request = authority_pb.ReleaseInAdvanceRequest(
        import_key="BOOK", limit=a.yuan(50_000_000), reasons=[LIMIT], note="the book of 2025"
    )

    assert await desk.refused(request) == ("FAILED_PRECONDITION", "RELEASE_BEYOND_AUTHORITY")
    (given,) = (await desk.chief(request)).releases
    request.reasons[0] = "ANY"

    assert (given.released_by, list(given.reasons)) == ("user:zhou", [LIMIT])
    refused = await desk.refused(request, who="zhou", roles=("chief_underwriter",))
    assert refused == ("INVALID_ARGUMENT", "reasons[0]")
