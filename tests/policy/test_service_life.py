"""The life of a policy through gRPC and the real log: it ends, comes back, lapses, is cured, renewed, reported on."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from google.protobuf.message import Message
from google.type import date_pb2
from hubao.billing_subsidy.v1 import events_pb2 as billing
from hubao.claims.v1 import events_pb2 as claims
from hubao.policy.v1 import accumulation_pb2 as accumulation_pb
from hubao.policy.v1 import events_pb2, terms_pb2
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendors

from libs.common.grpc.convert import date_message, money_value, timestamp_message
from libs.common.streams import stream_id
from services.policy.domain.policy_file import PolicyFile
from services.policy.reactions import REACTIONS
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk, yuan

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
SIGNED = life_pb.NoKnownLosses(reference="file-1", sha256="ab" * 32, signed_on=date_message(date(2026, 7, 20)))
MARCH = date(2026, 3, 1)


def fen(amount: Any) -> int:
    return money_value("amount", amount).minor_units


def at(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 2, tzinfo=UTC)


async def announced(desk: Desk) -> list[Message]:
    found = []
    for row in await desk.application.log.outbox(0, 100):
        message = getattr(events_pb2, row.type.rpartition(".")[2])()
        message.ParseFromString(row.data)
        found.append(message)
    return found


async def cancelled(desk: Desk) -> str:
    """Raised from August on, and cancelled for July; asked on 20 July."""
    policy_id = (await a.bound(desk)).policy_id
    await desk.ask(a.endorse(policy_id, AUGUST, a.set_data(an.RAISED_DATA_LIMIT)))
    await desk.ask(a.cancel(policy_id, JULY))
    await desk.move_to(at(7, 20))
    return str(policy_id)


def reinstate(policy_id: str, effective: date, **more: Any) -> life_pb.ReinstatePolicyRequest:
    fields: dict[str, Any] = {"request_id": str(uuid4()), "reason": "INSURED_REQUEST", "statement": SIGNED}
    return life_pb.ReinstatePolicyRequest(
        policy_id=policy_id, effective_date=date_message(effective), **{**fields, **more}
    )


async def hear(desk: Desk, upstream: str, message: Message) -> None:
    await desk.hear(REACTIONS[upstream][type(message)], message)


def grace_expired(policy_id: str, on: date = MARCH) -> billing.GraceExpired:
    return billing.GraceExpired(
        policy_id=policy_id, outstanding=yuan(106_000), expired_on=date_message(on), total_received=yuan(0)
    )


def received(policy_id: str, total: int, on: date, applied: int = 17_000) -> billing.PremiumReceived:
    """What billing says after a lapse: of what came in only what is still owed is applied."""
    return billing.PremiumReceived(
        policy_id=policy_id,
        amount=yuan(applied),
        received=yuan(applied),
        invoiced=yuan(17_000),
        received_on=date_message(on),
        total_received=yuan(total),
    )


async def got(desk: Desk, policy_id: str, **more: Any) -> pb.Policy:
    return (await desk.ask(pb.GetPolicyRequest(policy_id=policy_id, **more))).policy  # type: ignore[no-any-return]


async def test_without_a_gap_the_policy_is_as_it_was_and_the_others_are_told(desk: Desk) -> None:
    policy_id = await cancelled(desk)

    policy = (await desk.ask(reinstate(policy_id, JULY))).policy

    assert policy.status == pb.POLICY_STATUS_IN_FORCE
    assert not policy.HasField("cancellation")
    assert fen(policy.timeline.premium) == 10_000_000 + 838_356
    assert [each.kind for each in policy.transactions[2:]] == [
        terms_pb2.TRANSACTION_KIND_REVERSE,
        terms_pb2.TRANSACTION_KIND_CANCEL,
        terms_pb2.TRANSACTION_KIND_REINSTATE,
        terms_pb2.TRANSACTION_KIND_REAPPLY,
    ]
    assert [(each.ended_on, each.effective_date) for each in policy.reinstatements] == [(date_message(JULY),) * 2]
    told = (await announced(desk))[-1]
    assert isinstance(told, events_pb2.PolicyReinstated)
    assert told.timeline == policy.timeline
    assert [each.number for each in told.transactions] == [5, 6]


async def test_with_a_gap_there_is_no_cover_in_it(desk: Desk) -> None:
    policy_id = await cancelled(desk)

    policy = (await desk.ask(reinstate(policy_id, AUGUST))).policy

    assert [(getattr(each, "from"), each.to) for each in policy.timeline.segments] == [
        (date_message(an.INCEPTION), date_message(JULY)),
        (date_message(AUGUST), date_message(an.EXPIRY)),
    ]
    assert not (await got(desk, policy_id, effective_date=date_message(date(2026, 7, 15)))).HasField("terms")
    assert (await got(desk, policy_id, effective_date=date_message(AUGUST))).HasField("terms")


async def test_a_reinstatement_is_repeated_and_refused(desk: Desk) -> None:
    policy_id = await cancelled(desk)
    refusals = {
        "NO_LOSS_STATEMENT_MISSING": reinstate(policy_id, JULY, statement=None),
        "REINSTATED_BEFORE_END": reinstate(policy_id, date(2026, 6, 30)),
        "EFFECTIVE_DATE_OUTSIDE_TERM": reinstate(policy_id, an.EXPIRY),
        "STALE": reinstate(policy_id, JULY, etag="1"),
        "POLICY_NOT_FOUND": reinstate(str(uuid4()), JULY),
    }
    assert {(await desk.refused(request))[1] for request in refusals.values()} == set(refusals)
    await hear(desk, "claims", _claim(policy_id, date_pb2.Date(year=2026, month=7, day=10)))
    assert await desk.refused(reinstate(policy_id, JULY)) == ("FAILED_PRECONDITION", "LOSS_KNOWN")

    request = reinstate(policy_id, AUGUST)
    first, again = await desk.ask(request), await desk.ask(request)

    assert again.policy == first.policy
    assert (await desk.ask(reinstate(policy_id, AUGUST))).policy.etag == first.policy.etag
    assert await desk.refused(reinstate(policy_id, JULY)) == ("FAILED_PRECONDITION", "NOTHING_TO_REINSTATE")
    await desk.move_to(at(1, 2, 2027))
    assert (await got(desk, policy_id)).status == pb.POLICY_STATUS_EXPIRED  # Its timer runs again.


def _claim(policy_id: str, occurred: date_pb2.Date) -> claims.ClaimOpened:
    return claims.ClaimOpened(claim_id=str(uuid4()), policy_id=policy_id, occurred_on=occurred)


async def test_a_policy_lapses_when_grace_is_over_and_a_payment_in_time_cures_it(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await desk.move_to(at(3, 1))

    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    lapsed = await got(desk, policy_id)
    await hear(desk, "billing_subsidy", grace_expired(policy_id))  # Billing says it again.
    await hear(desk, "billing_subsidy", received(policy_id, 17_000, date(2026, 3, 10)))  # What is still owed.
    part = await got(desk, policy_id)
    await hear(desk, "billing_subsidy", received(policy_id, 106_000, date(2026, 3, 30)))
    cured = await got(desk, policy_id)
    await hear(desk, "billing_subsidy", received(policy_id, 107_000, date(2026, 3, 30)))

    assert lapsed.status == pb.POLICY_STATUS_LAPSED
    assert (lapsed.lapse.cure_until, fen(lapsed.lapse.cured_by)) == (date_message(date(2026, 3, 30)), 10_600_000)
    assert (part.status, part.etag) == (pb.POLICY_STATUS_LAPSED, lapsed.etag)
    assert (cured.status, fen(cured.timeline.premium)) == (pb.POLICY_STATUS_IN_FORCE, 10_000_000)
    assert cured.reinstatements[0].reason == "PREMIUM_PAID"
    assert (await got(desk, policy_id)).etag == cured.etag
    bound, ended, back = await announced(desk)
    assert isinstance(ended, events_pb2.PolicyCancelled)
    assert (ended.reason, ended.method, ended.cure_until) == ("NON_PAYMENT", "pro_rata", lapsed.lapse.cure_until)
    assert {part.extended_reporting_days for part in ended.timeline.segments[0].parts} == {0}
    assert isinstance(back, events_pb2.PolicyReinstated)
    assert back.timeline.segments == bound.timeline.segments


async def test_a_receipt_before_grace_is_over_cures_nothing_and_one_too_late_neither(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await hear(desk, "billing_subsidy", received(policy_id, 50_000, date(2026, 2, 1), applied=50_000))
    assert (await got(desk, policy_id)).etag == "1"
    await desk.move_to(at(5, 1))

    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    await hear(desk, "billing_subsidy", received(policy_id, 106_000, date(2026, 3, 31)))

    assert (await got(desk, policy_id)).status == pb.POLICY_STATUS_LAPSED
    late = reinstate(policy_id, date(2026, 5, 1), statement=None)
    late.statement.CopyFrom(SIGNED)
    late.statement.signed_on.CopyFrom(date_message(date(2026, 5, 1)))
    assert (await desk.ask(late)).policy.status == pb.POLICY_STATUS_IN_FORCE  # A person may, with a gap.


async def by_hand(desk: Desk) -> str:
    """A policy of a product that leaves its lapse to a person."""
    request = a.create_product("P-hand")
    del request.terms.lapse_rules[:]
    request.terms.lapse_rules.add(valid_from=date_message(date(2025, 1, 1)), automatic=False, cure_days=10)
    request.terms.reporting_extensions.add(days=365, premium_percent="50")
    product_id = str((await desk.ask(request)).product.product_id)
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    submission_id = str((await desk.ask(a.create_submission(product_id, "S-hand"))).submission.submission_id)
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    return str((await desk.ask(a.bind(submission_id))).policy.policy_id)


async def test_a_person_lapses_where_the_product_leaves_it_to_one(desk: Desk) -> None:
    policy_id = await by_hand(desk)
    lapse = life_pb.LapsePolicyRequest(policy_id=policy_id)
    assert await desk.refused(lapse) == ("FAILED_PRECONDITION", "GRACE_NOT_EXPIRED")

    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    assert (await got(desk, policy_id)).status == pb.POLICY_STATUS_IN_FORCE
    lapsed = (await desk.ask(lapse)).policy

    assert lapsed.status == pb.POLICY_STATUS_LAPSED
    assert lapsed.lapse.cure_until == date_message(date(2026, 3, 10))
    assert (await desk.ask(lapse)).policy.etag == lapsed.etag


async def test_what_billing_says_is_overdue_is_all_that_a_person_may_lapse_for(desk: Desk) -> None:
    """Instalments of 8,833.34: the overdue one is paid the day after its grace, and eleven are still to come."""
    policy_id = await by_hand(desk)
    expired = billing.GraceExpired(
        policy_id=policy_id, outstanding=yuan("8833.34"), expired_on=date_message(MARCH), total_received=yuan(0)
    )
    await hear(desk, "billing_subsidy", expired)
    paid = billing.PremiumReceived(
        policy_id=policy_id,
        amount=yuan("8833.34"),
        received=yuan("8833.34"),
        invoiced=yuan(106_000),
        received_on=date_message(MARCH),
        total_received=yuan("8833.34"),
        overdue=yuan(0),
    )

    await hear(desk, "billing_subsidy", paid)

    file = (await got(desk, policy_id)).file
    assert (fen(file.premium_overdue), file.HasField("grace_expired_on")) == (0, False)
    lapse = life_pb.LapsePolicyRequest(policy_id=policy_id)
    assert await desk.refused(lapse) == ("FAILED_PRECONDITION", "GRACE_NOT_EXPIRED")


async def test_a_lapse_is_for_the_first_of_several_arrears_that_are_left(desk: Desk) -> None:
    policy_id = await by_hand(desk)
    april = date(2026, 4, 1)
    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    await hear(desk, "billing_subsidy", grace_expired(policy_id, april))
    assert (await got(desk, policy_id)).file.grace_expired_on == date_message(MARCH)
    part = received(policy_id, 17_000, april)
    part.overdue.CopyFrom(yuan(89_000))
    part.grace_expired_on.CopyFrom(date_message(april))
    await hear(desk, "billing_subsidy", part)

    lapsed = (await desk.ask(life_pb.LapsePolicyRequest(policy_id=policy_id))).policy

    assert lapsed.lapse.effective_date == lapsed.lapse.grace_expired_on == date_message(april)
    assert (fen(lapsed.lapse.outstanding), fen(lapsed.lapse.cured_by)) == (8_900_000, 10_600_000)


async def test_money_that_had_come_in_time_leaves_no_gap_and_covers_the_loss_in_between(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await desk.move_to(at(3, 1))
    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    await hear(desk, "claims", _claim(policy_id, date_pb2.Date(year=2026, month=3, day=3)))
    await desk.move_to(at(3, 10))
    await hear(desk, "billing_subsidy", received(policy_id, 106_000, date(2026, 2, 27)))
    assert (await got(desk, policy_id)).status == pb.POLICY_STATUS_LAPSED  # The loss leaves a cure to a person.
    withdrawn = billing.GraceExpiryWithdrawn(policy_id=policy_id, expired_on=date_message(MARCH))

    for _ in "twice":
        await hear(desk, "billing_subsidy", withdrawn)

    policy = await got(desk, policy_id)
    assert (policy.status, fen(policy.timeline.premium)) == (pb.POLICY_STATUS_IN_FORCE, 10_000_000)
    (back,) = policy.reinstatements
    assert (back.reason, back.ended_on) == ("PREMIUM_PAID_IN_TIME", back.effective_date)
    told = (await announced(desk))[-1]
    assert isinstance(told, events_pb2.PolicyReinstated)
    assert told.effective_date == told.ended_on == date_message(MARCH)


async def test_a_lapse_that_never_had_a_ground_is_undone_also_after_the_term(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    await desk.move_to(at(1, 10, 2027))

    withdrawn = billing.GraceExpiryWithdrawn(policy_id=policy_id, expired_on=date_message(MARCH))
    await hear(desk, "billing_subsidy", withdrawn)
    await desk.move_to(at(1, 10, 2027))

    policy = await got(desk, policy_id)
    assert (policy.status, fen(policy.timeline.premium)) == (pb.POLICY_STATUS_EXPIRED, 10_000_000)


def flat(policy_id: str, **more: Any) -> pb.CancelPolicyRequest:
    return pb.CancelPolicyRequest(
        request_id=str(uuid4()),
        policy_id=policy_id,
        effective_date=date_message(an.INCEPTION),
        method=product_pb.CANCELLATION_METHOD_FLAT,
        reason="BOUND_IN_ERROR",
        **more,
    )


async def test_a_policy_under_which_a_claim_is_open_or_paid_is_cancelled_flat_by_a_chief_who_says_why(
    desk: Desk,
) -> None:
    policy_id = (await a.bound(desk)).policy_id
    claim = _claim(policy_id, date_pb2.Date(year=2026, month=1))
    await hear(desk, "claims", claim)
    because = "The insured repays the claim"
    against = ("FAILED_PRECONDITION", "CLAIMS_AGAINST_CANCELLATION")

    assert await desk.refused(flat(policy_id)) == against
    assert await desk.refused(flat(policy_id, despite_claims=because)) == against
    assert await desk.refused(flat(policy_id), who="zhou", roles=("chief_underwriter",)) == against
    closed = claims.ClaimClosed(claim_id=claim.claim_id, policy_id=policy_id, outcome="PAID", paid=yuan(290_000))
    await hear(desk, "claims", closed)
    assert await desk.refused(flat(policy_id)) == against
    cancelled = (await desk.chief(flat(policy_id, despite_claims=because))).policy

    assert cancelled.cancellation.despite_claims == because
    assert fen(cancelled.timeline.premium) == 0


async def test_a_claim_that_was_refused_or_withdrawn_stands_against_no_cancellation(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    for outcome in ("REFUSED", "WITHDRAWN"):
        claim = _claim(policy_id, date_pb2.Date(year=2026, month=1))
        await hear(desk, "claims", claim)
        ended = claims.ClaimClosed(claim_id=claim.claim_id, policy_id=policy_id, outcome=outcome, paid=yuan(0))
        await hear(desk, "claims", ended)

    assert (await desk.ask(flat(policy_id))).policy.status == pb.POLICY_STATUS_CANCELLED


async def test_nobody_can_say_what_will_be_known(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    later = timestamp_message(at(1, 1))

    for request in (
        pb.GetPolicyRequest(policy_id=policy_id, recorded_time=later),
        pb.ListPoliciesRequest(recorded_time=later),
    ):
        assert await desk.refused(request) == ("INVALID_ARGUMENT", "recorded_time")


async def test_reporting_is_extended_for_a_premium_and_told_with_the_terms(desk: Desk) -> None:
    policy_id = await by_hand(desk)
    extend = life_pb.ExtendReportingRequest(policy_id=policy_id, days=365)
    assert await desk.refused(extend) == ("FAILED_PRECONDITION", "COVER_NOT_ENDED")
    ended = (await desk.ask(a.cancel(policy_id, JULY))).policy
    assert [(each.part_code, each.until) for each in ended.extended_reporting] == [
        (an.DATA, date_message(date(2026, 8, 30))),
        (an.EXTORTION, date_message(date(2026, 8, 30))),
    ]

    policy = (await desk.ask(extend)).policy

    assert [each.until for each in policy.extended_reporting] == [date_message(date(2027, 7, 1))] * 2
    assert fen(policy.transactions[-1].net) == 5_000_000
    told = (await announced(desk))[-1]
    assert isinstance(told, events_pb2.PolicyChanged)
    assert {part.extended_reporting_days for part in told.timeline.segments[-1].parts} == {365}
    assert (await desk.ask(extend)).policy.etag == policy.etag


async def test_a_policy_is_renewed_with_its_experience_and_its_dates(desk: Desk) -> None:
    old = await a.bound(desk)
    renew = life_pb.RenewPolicyRequest(request_id=str(uuid4()), policy_id=old.policy_id, submission_key="S-2027")
    assert await desk.refused(renew) == ("FAILED_PRECONDITION", "RENEWAL_TOO_EARLY")
    await desk.move_to(at(10, 20))
    await hear(desk, "claims", claims.ClaimOpened(claim_id="k", policy_id=old.policy_id))

    submission = (await desk.ask(renew)).submission
    again = (await desk.ask(renew)).submission
    await hear(
        desk, "claims", claims.ClaimClosed(claim_id="k", policy_id=old.policy_id, outcome="PAID", paid=yuan(700))
    )
    more = [a.wanted(an.DATA, an.RAISED_DATA_LIMIT)]
    quote_request = submission_pb.CreateQuoteRequest(submission_id=submission.submission_id, parts=more)
    quote = (await desk.ask(quote_request)).quote
    new = (await desk.ask(a.bind(submission.submission_id, without_treaties=True))).policy

    assert again == submission
    assert (submission.inception, submission.expiry) == (old.timeline.expiry, date_message(date(2028, 1, 1)))
    assert [part.retroactive_date for part in submission.parts] == [date_message(an.INCEPTION)] * 2
    assert [each.name for each in submission.systems] == ["ERP"]
    assert (submission.renewal.experience.claims, submission.renewal.experience.open_claims) == (1, 1)
    experience = quote.worksheet.experience
    assert (experience.claims, experience.open_claims, fen(experience.paid)) == (1, 0, 70_000)
    assert [(part.code, part.retroactive_date) for part in quote.parts] == [(an.DATA, date_message(an.INCEPTION))]
    assert new.renews_policy_id == old.policy_id
    assert (await got(desk, old.policy_id)).renewed_by_policy_id == new.policy_id
    bound, renewed = (await announced(desk))[-2:]
    assert isinstance(bound, events_pb2.PolicyBound)
    assert bound.renews_policy_id == old.policy_id
    assert isinstance(renewed, events_pb2.PolicyRenewed)
    assert (renewed.policy_id, renewed.renewed_by_policy_id, renewed.continuous) == (old.policy_id, new.policy_id, True)
    once_more = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key="S-2027b")
    assert await desk.refused(once_more) == ("FAILED_PRECONDITION", "POLICY_RENEWED_ALREADY")


async def test_a_renewal_keeps_co_insurers_and_treaties_and_needs_no_more_capacity(desk: Desk) -> None:
    surplus = await desk.ask(a.surplus_treaty(ends_on=date_message(date(2028, 1, 1))))
    submission_id = await a.quoted(desk)
    old = (await desk.ask(a.bind(submission_id, surplus.treaty.treaty_id))).policy
    await desk.catch_up()
    asked = accumulation_pb.GetAccumulationRequest(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="aliyun")
    exposure = (await desk.ask(asked)).accumulation.exposure
    full = accumulation_pb.SetAccumulationCapacityRequest(
        kind=asked.kind, name=asked.name, capacity=exposure, refer_above_percent="100"
    )
    await desk.chief(full)
    await desk.move_to(at(10, 20))
    renew = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key="next")
    next_id = (await desk.ask(renew)).submission.submission_id
    quote = (await desk.ask(submission_pb.CreateQuoteRequest(submission_id=next_id))).quote

    new = (await desk.ask(pb.BindPolicyRequest(submission_id=next_id, quote_number=1))).policy
    await desk.catch_up()
    both = (await desk.ask(asked)).accumulation
    await desk.move_to(at(1, 2, 2027))
    await desk.catch_up()
    one = (await desk.ask(asked)).accumulation

    assert not quote.referral_reasons or "ACCUMULATION" not in quote.referral_reasons
    assert new.timeline.shares == old.timeline.shares
    assert [each.source_id for each in new.timeline.cessions] == [surplus.treaty.treaty_id]
    assert both.exposure == one.exposure == exposure


async def test_of_two_renewals_of_a_policy_one_is_bound(desk: Desk) -> None:
    old = await a.bound(desk)
    await desk.move_to(at(10, 20))
    submissions = []
    for key in ("one", "two"):
        renew = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key=key)
        submissions.append((await desk.ask(renew)).submission.submission_id)
        await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submissions[-1]))

    assert await desk.refused(a.bind(submissions[0])) == ("FAILED_PRECONDITION", "TREATY_NOT_IN_FORCE")
    await desk.ask(a.bind(submissions[0], without_treaties=True))

    assert await desk.refused(a.bind(submissions[1])) == ("FAILED_PRECONDITION", "POLICY_RENEWED_ALREADY")
    left = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submissions[1]))).submission
    assert left.status == submission_pb.SUBMISSION_STATUS_QUOTED  # It leaves nothing behind.


async def test_what_ended_before_its_renewal_was_bound_is_not_renewed(desk: Desk) -> None:
    old = await a.bound(desk)
    await desk.move_to(at(10, 20))
    renew = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key="next")
    submission_id = (await desk.ask(renew)).submission.submission_id
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    await desk.ask(a.cancel(old.policy_id, date(2026, 11, 1)))

    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "POLICY_NOT_IN_FORCE")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"inception": date_message(date(2026, 12, 1))}, ("FAILED_PRECONDITION", "TERMS_OVERLAP")),
        ({"inception": date_message(date(2027, 2, 1))}, ("FAILED_PRECONDITION", "TERMS_NOT_CONTINUOUS")),
        ({"expiry": date_message(date(2027, 7, 1))}, ("INVALID_ARGUMENT", "expiry")),
        ({"submission_key": "S-1"}, ("FAILED_PRECONDITION", "SUBMISSION_EXISTS")),
    ],
)
async def test_a_renewal_by_another_term_is_refused(
    desk: Desk, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    old = await a.bound(desk)
    await desk.move_to(at(10, 20))

    assert await desk.refused(life_pb.RenewPolicyRequest(policy_id=old.policy_id, **changes)) == refusal


async def test_duties_are_shown_on_the_policy(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    day = date_message(MARCH)
    duty = {"duty_id": "d", "policy_id": policy_id}
    await hear(desk, "vendor_gateway", vendors.DutyOpened(what="Patch it", due_on=day, opened_on=day, **duty))
    opened = (await got(desk, policy_id)).file.duties
    await hear(desk, "vendor_gateway", vendors.DutyBreached(breached_on=day, **duty))
    breached = (await got(desk, policy_id)).file.duties
    await hear(desk, "vendor_gateway", vendors.DutyDischarged(discharged_on=day, how="REMEDIATED", **duty))
    done = (await got(desk, policy_id)).file.duties

    assert [each.state for each in (*opened, *breached, *done)] == [
        life_pb.DUTY_STATE_OPEN,
        life_pb.DUTY_STATE_BREACHED,
        life_pb.DUTY_STATE_DISCHARGED,
    ]
    assert (done[0].what, done[0].breached_on) == ("Patch it", day)


async def listed(desk: Desk, day: date | None = None, known: datetime | None = None, **more: Any) -> list[Any]:
    request = pb.ListPoliciesRequest(**more)
    if day is not None:
        request.effective_date.CopyFrom(date_message(day))
    if known is not None:
        request.recorded_time.CopyFrom(timestamp_message(known))
    answer = await desk.ask(request)
    return [
        (each.status, each.cover_until, fen(each.premium), fen(each.annual_premium) if day else None)
        for each in answer.policies
    ]


async def test_a_list_is_answered_for_any_day_as_known_at_any_time(desk: Desk) -> None:
    """Bound on 20 December, raised and cancelled on 1 and 2 June, reinstated with a gap on 20 July, expired."""
    policy_id = (await a.bound(desk)).policy_id
    await desk.move_to(at(6, 1))
    await desk.ask(a.endorse(policy_id, AUGUST, a.set_data(an.RAISED_DATA_LIMIT)))
    await desk.move_to(at(6, 2))
    await desk.ask(a.cancel(policy_id, JULY))
    await desk.move_to(at(7, 20))
    await desk.ask(reinstate(policy_id, AUGUST))
    await desk.move_to(at(1, 3, 2027))
    await desk.catch_up()
    ends, in_force = date_message(an.EXPIRY), pb.POLICY_STATUS_IN_FORCE
    before, raised, cut, back = at(5, 1), at(6, 1).replace(hour=12), at(6, 20), at(7, 21)

    assert await listed(desk, known=datetime(2025, 12, 1, tzinfo=UTC)) == []
    assert await listed(desk, AUGUST, before) == [(in_force, ends, 10_000_000, 10_000_000)]
    assert await listed(desk, AUGUST, raised) == [(in_force, ends, 10_838_356, 12_000_000)]
    assert await listed(desk, JULY, raised) == [(in_force, ends, 10_838_356, 10_000_000)]
    assert await listed(desk, AUGUST, cut) == []
    assert await listed(desk, known=cut) == [(pb.POLICY_STATUS_CANCELLED, date_message(JULY), 5_463_014, None)]
    assert await listed(desk, JULY, back) == []
    assert [each[3] for each in await listed(desk, AUGUST, back)] == [12_000_000]
    assert await listed(desk, date(2026, 3, 1), back, status=pb.POLICY_STATUS_CANCELLED) == []
    assert [each[0] for each in await listed(desk, AUGUST)] == [pb.POLICY_STATUS_EXPIRED]
    assert await listed(desk, AUGUST, back, insured_uscc="other") == []
    for day, known in ((JULY, raised), (AUGUST, cut), (JULY, back), (AUGUST, back)):
        shown = await got(desk, policy_id, effective_date=date_message(day), recorded_time=timestamp_message(known))
        covers = [sum(fen(part.annual_premium) for part in shown.terms.parts)] if shown.HasField("terms") else []
        assert [each[3] for each in await listed(desk, day, known)] == covers


async def test_the_sums_of_the_read_tables_follow_the_whole_life(desk: Desk) -> None:
    policy_id = await cancelled(desk)
    policy = (await desk.ask(reinstate(policy_id, AUGUST))).policy
    await desk.catch_up()

    summary = await desk.ask(pb.GetPremiumSummaryRequest())

    assert (summary.policies, summary.policies_in_force) == (1, 1)
    assert fen(summary.premium) == fen(policy.timeline.premium)
    assert fen(summary.vat) == sum(fen(each.vat) for each in policy.transactions)
    assert fen(summary.ceded) == sum(fen(each.ceded) for each in policy.transactions)
    assert await desk.application.log.stream(stream_id(an.TENANT, PolicyFile.KIND, policy_id))
