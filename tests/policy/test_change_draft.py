"""Drafts of changes: two on one version, of which the second learns what came between."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from libs.common.events import replay
from services.policy.domain.answers import NO, Answer
from services.policy.domain.change_draft.conflict import Base, came_between
from services.policy.domain.change_draft.draft import (
    ChangeDraft,
    DraftCommitted,
    DraftCreated,
    DraftDiscarded,
    DraftUpdated,
)
from services.policy.domain.change_errors import DraftClosed, DraftConflict
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Moment, Proposal, ProposalKind
from services.policy.domain.policy.values import Change, ChangeKind, TransactionKind
from services.policy.domain.product.terms import AnswerKind, CancellationMethod
from tests.policy import examples as an

AT, LATER = datetime(2026, 5, 4, 2, tzinfo=UTC), datetime(2026, 5, 5, 2, tzinfo=UTC)
APRIL, JULY, OCTOBER = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)
BASE = Base(version=1, transactions=1)


def raising(effective: date = JULY) -> Proposal:
    change = an.set_limit(an.DATA, an.RAISED_DATA_LIMIT)
    return Proposal(ProposalKind.ENDORSE, effective, "", changes=(change,))


def dropping(effective: date = APRIL) -> Proposal:
    change = Change(ChangeKind.REMOVE_PART, an.EXTORTION)
    return Proposal(ProposalKind.ENDORSE, effective, "", changes=(change,))


def cancelling() -> Proposal:
    return Proposal(ProposalKind.CANCEL, OCTOBER, "INSURED_REQUEST", method=CancellationMethod.SHORT_RATE)


def moment(request_id: str) -> Moment:
    return Moment(request_id, AT.date(), AT, {})


def draft(*events: object, proposal: Proposal | None = None) -> ChangeDraft:
    created = ChangeDraft.create(str(an.POLICY_ID), BASE, proposal or raising(), "more data", "user:wang", AT)
    made = replay(ChangeDraft, [*created, *events])
    assert made is not None
    return made


def after(policy: Policy, proposal: Proposal) -> Policy:
    made = proposal.make(policy, an.product_terms(), moment(f"request-{len(policy.endorsements)}"))
    changed = replay(Policy, made, policy)
    assert changed is not None
    return changed


def committed(**changed: Any) -> DraftCommitted:
    return DraftCommitted(**{"version": 2, "author": "user:li", "committed_at": LATER, **changed})


def test_a_draft_knows_who_made_it_when_and_on_which_version() -> None:
    events = ChangeDraft.create(str(an.POLICY_ID), BASE, raising(), "more data", "user:wang", AT)

    assert events == [
        DraftCreated(
            policy_id=str(an.POLICY_ID),
            base=BASE,
            proposal=raising(),
            note="more data",
            author="user:wang",
            created_at=AT,
        )
    ]


def test_a_draft_is_committed_on_the_version_that_it_was_made_on() -> None:
    events = draft().commit(an.policy(), 1, "user:li", LATER)

    assert events == [committed()]
    assert (draft(*events).committed_version, draft(*events).last_author) == (2, "user:li")


def test_the_second_of_two_drafts_is_refused_with_what_came_between() -> None:
    moved = after(an.policy(), dropping())

    with pytest.raises(DraftConflict) as refusal:
        draft().commit(moved, 2, "user:li", LATER)

    assert refusal.value.details == {
        "drafted_on": "1",
        "version": "2",
        "came_between": "endorsement 1 of 2026-04-01 (transaction 2)",
        "overlap": "no part in common",
    }


def test_a_conflict_names_the_parts_that_both_touch_and_from_which_day_on() -> None:
    moved = after(after(an.policy(), raising(APRIL)), raising(OCTOBER))

    with pytest.raises(DraftConflict) as refusal:
        draft().commit(moved, 3, "user:li", LATER)

    assert refusal.value.details["came_between"] == (
        "endorsement 1 of 2026-04-01 (transaction 2); endorsement 2 of 2026-10-01 (transaction 3)"
    )
    assert refusal.value.details["overlap"] == "DATA from 2026-07-01; DATA from 2026-10-01"


def test_an_endorsement_out_of_sequence_is_named_once_not_with_what_it_reversed() -> None:
    policy = after(an.policy(), raising())
    moved = after(policy, dropping())

    between = came_between(Base.of(policy, 2), moved, cancelling())

    assert [(each.kind, each.endorsement, each.transaction) for each in between] == [(TransactionKind.ENDORSE, 2, 4)]
    assert between[0].overlap == (an.EXTORTION,)


def test_a_cancellation_touches_every_part() -> None:
    moved = after(an.policy(), cancelling())

    (between,) = came_between(BASE, moved, raising())

    assert (between.kind, between.endorsement, between.overlap) == (TransactionKind.CANCEL, 0, (an.DATA,))
    assert between.overlap_from == OCTOBER


def test_a_corrected_answer_touches_every_part() -> None:
    no = Answer("MFA", AnswerKind.YES_NO, NO)
    answer = Proposal(ProposalKind.ENDORSE, JULY, "", changes=(Change(ChangeKind.SET_ANSWER, answer=no),))
    moved = after(an.policy(), dropping())

    (between,) = came_between(BASE, moved, answer)

    assert between.overlap == (an.EXTORTION,)


def test_a_draft_that_was_taken_over_to_the_new_version_is_committed() -> None:
    moved = after(an.policy(), dropping())
    rebased = draft().update(Base.of(moved, 2), raising(), "more data", "user:li", LATER)

    events = draft(*rebased).commit(moved, 2, "user:li", LATER)

    assert rebased == [
        DraftUpdated(base=Base(2, 2), proposal=raising(), note="more data", author="user:li", updated_at=LATER)
    ]
    assert events == [committed(version=3)]


def test_an_update_that_changes_nothing_is_no_event() -> None:
    assert draft().update(BASE, raising(), "more data", "user:li", LATER) == []


def test_a_draft_is_discarded_once() -> None:
    events = draft().discard("user:li", LATER)

    assert events == [DraftDiscarded(author="user:li", discarded_at=LATER)]
    assert draft(*events).discard("user:wang", LATER) == []


def test_a_closed_draft_is_neither_changed_nor_committed_nor_discarded() -> None:
    closed, given_up = draft(committed()), draft(DraftDiscarded(author="user:li", discarded_at=LATER))

    with pytest.raises(DraftClosed):
        closed.update(BASE, dropping(), "", "user:li", LATER)
    with pytest.raises(DraftClosed):
        closed.discard("user:li", LATER)
    with pytest.raises(DraftClosed) as refusal:
        given_up.commit(an.policy(), 1, "user:li", LATER)

    assert refusal.value.details == {"status": "discarded"}


def test_a_proposal_is_made_by_the_policys_own_decision() -> None:
    policy = an.policy()

    made = cancelling().make(policy, an.product_terms(), moment("r"))

    assert made == policy.cancel(OCTOBER, CancellationMethod.SHORT_RATE, "INSURED_REQUEST", AT)
