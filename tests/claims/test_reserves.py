"""Reserves: set, waiting for a second person, approved."""

import pytest

from libs.common.errors import InvalidField
from services.claims.domain.claim import reserving
from services.claims.domain.claim.events import ReserveChanged, ReservesProposed, ReservesSet
from services.claims.domain.claim.parts import State
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.errors import (
    ClaimEnded,
    OverAuthority,
    ReserveBelowDecided,
    ReservesNotPending,
    SelfApproval,
)
from tests.claims.examples import HANDLER, MANAGER, account_of, actor, after, cny, decided, loss_of, noticed


def indemnity(yuan: str, code: str = "BI") -> Reserve:
    return Reserve(code, CostType.INDEMNITY, cny(yuan))


def test_a_set_within_authority_holds_at_once_with_one_event_for_each_line() -> None:
    claim = noticed()
    lines = [indemnity("150000"), Reserve("BI", CostType.EXPENSE, cny("50000"))]

    events = reserving.set_reserves(claim, lines, "first view", account_of(), HANDLER)

    assert [type(event) for event in events] == [ReservesSet, ReserveChanged, ReserveChanged]
    claim = after(claim, events)
    assert claim.reserves == tuple(lines)
    assert claim.state is State.UNDER_ASSESSMENT


def test_a_change_says_by_how_much() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("150000")], "a", account_of(), HANDLER))

    _, changed = reserving.set_reserves(claim, [indemnity("120000")], "b", account_of(), HANDLER)

    assert isinstance(changed, ReserveChanged)
    assert (changed.outstanding, changed.delta) == (cny("120000"), cny("-30000"))


def test_a_set_over_authority_waits() -> None:
    claim = noticed()

    events = reserving.set_reserves(claim, [indemnity("200000.01")], "larger", account_of(), HANDLER)

    assert [type(event) for event in events] == [ReservesProposed]
    assert after(claim, events).reserves == ()


def test_authority_counts_the_lines_that_stay() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("150000")], "a", account_of(), HANDLER))

    more = reserving.set_reserves(claim, [Reserve("BI", CostType.EXPENSE, cny("50000.01"))], "b", account_of(), HANDLER)

    assert [type(event) for event in more] == [ReservesProposed]


def test_what_may_come_back_needs_no_authority() -> None:
    line = Reserve("BI", CostType.RECOVERY, cny("900000"))

    events = reserving.set_reserves(noticed(), [line], "salvage", account_of(), HANDLER)

    assert [type(event) for event in events] == [ReservesSet, ReserveChanged]


def test_the_same_set_again_changes_nothing() -> None:
    waiting = after(noticed(), reserving.set_reserves(noticed(), [indemnity("300000")], "a", account_of(), HANDLER))
    holding = after(noticed(), reserving.set_reserves(noticed(), [indemnity("100")], "a", account_of(), HANDLER))

    assert reserving.set_reserves(waiting, [indemnity("300000")], "a", account_of(), HANDLER) == []
    assert reserving.set_reserves(holding, [indemnity("100")], "again", account_of(), HANDLER) == []


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([indemnity("1", "XX")], "lines[0].part_code"),
        ([indemnity("1"), indemnity("2")], "lines[1]"),
        ([indemnity("-1")], "lines[0].outstanding"),
    ],
)
def test_a_wrong_line_is_refused_by_its_place(lines: list[Reserve], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        reserving.set_reserves(noticed(), lines, "why", account_of(), HANDLER)

    assert refusal.value.field == field


def test_an_ended_claim_takes_no_reserves() -> None:
    from services.claims.domain.claim import ending

    claim = after(noticed(), ending.withdraw(noticed(), "mistake", HANDLER))

    with pytest.raises(ClaimEnded):
        reserving.set_reserves(claim, [indemnity("1")], "why", account_of(), HANDLER)


def test_a_second_person_with_more_authority_lets_it_hold() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("300000")], "a", account_of(), HANDLER))

    claim = after(claim, reserving.approve_reserves(claim, 1, MANAGER))

    assert claim.reserves == (indemnity("300000"),)
    assert claim.pending_reserves is None


def test_nobody_approves_their_own_reserves() -> None:
    big = actor("manager", "claims_handler", "claims_manager")
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("6000000")], "a", account_of(), big))

    with pytest.raises(SelfApproval):
        reserving.approve_reserves(claim, 1, big)


def test_a_second_person_needs_authority_too() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("300000")], "a", account_of(), HANDLER))

    with pytest.raises(OverAuthority):
        reserving.approve_reserves(claim, 1, actor("other handler"))


def test_approving_reserves_again_changes_nothing() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("300000")], "a", account_of(), HANDLER))
    claim = after(claim, reserving.approve_reserves(claim, 1, MANAGER))

    assert reserving.approve_reserves(claim, 1, MANAGER) == []


def test_a_reserve_below_what_is_decided_and_not_paid_is_refused() -> None:
    with pytest.raises(ReserveBelowDecided) as refusal:
        reserving.set_reserves(decided(loss_of("290000")), [indemnity("100000")], "less", account_of(), HANDLER)

    assert refusal.value.details["unpaid"] == str(cny("290000"))


def test_a_set_that_does_not_wait_can_not_be_approved() -> None:
    with pytest.raises(ReservesNotPending):
        reserving.approve_reserves(noticed(), 1, MANAGER)


def test_a_set_that_a_newer_one_replaced_can_not_be_approved() -> None:
    claim = after(noticed(), reserving.set_reserves(noticed(), [indemnity("300000")], "a", account_of(), HANDLER))
    claim = after(claim, reserving.set_reserves(claim, [indemnity("100")], "b", account_of(), HANDLER))

    with pytest.raises(ReservesNotPending):
        reserving.approve_reserves(claim, 1, MANAGER)
