"""Arrears: each due date has a grace of its own, small differences are none, and money that was there counts."""

from datetime import date
from typing import Any

import pytest

from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import (
    Cause,
    DifferenceWrittenOff,
    GraceLapsed,
    GraceLapseWithdrawn,
    OverdueCured,
    OverdueFound,
)
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from tests.billing_subsidy.examples import BOUND_ON, account, after, balances, movement, paid, yuan

FIRST, SECOND, THIRD = date(2026, 1, 19), date(2026, 2, 19), date(2026, 3, 19)
"""The first due dates of a plan that begins 30 days after 20 December."""


def in_twelve(grace_days: int = 45) -> PolicyAccount:
    """Twelve instalments of 8,833.33 or 8,833.34."""
    return account(plan=PaymentPlan(12, 30, grace_days))


def found(policy: PolicyAccount, today: date) -> PolicyAccount:
    value: PolicyAccount = after(policy, policy.find_overdue(today))
    return value


def ended(policy: PolicyAccount, today: date) -> PolicyAccount:
    value: PolicyAccount = after(policy, policy.end_grace(today))
    return value


def lapses(events: list[Any]) -> list[tuple[date | None, date]]:
    return [(each.due_on, each.expired_on) for each in events if isinstance(each, GraceLapsed)]


def received(policy: PolicyAccount, amount: str, on: date, today: date) -> list[Any]:
    return policy.receive(f"R-{on}", yuan(amount), on, "Orchid", "recorded", today)


def test_a_later_instalment_does_not_lengthen_the_grace_of_an_earlier_one() -> None:
    policy = found(found(in_twelve(), date(2026, 1, 20)), date(2026, 2, 20))

    assert policy.end_grace(date(2026, 3, 5)) == []
    events = policy.end_grace(date(2026, 3, 6))

    assert lapses(events) == [(FIRST, date(2026, 3, 6))]
    assert next(each for each in events if isinstance(each, GraceLapsed)).outstanding == yuan("17666.68")
    assert lapses(after(policy, events).end_grace(date(2026, 4, 6))) == [(SECOND, date(2026, 4, 6))]


def test_each_due_date_is_noted_with_its_own_grace_however_late_the_timer_is() -> None:
    events = in_twelve().find_overdue(date(2026, 3, 20))

    assert [(each.due_on, each.grace_until) for each in events] == [
        (FIRST, date(2026, 3, 5)),
        (SECOND, date(2026, 4, 5)),
        (THIRD, date(2026, 5, 3)),
    ]
    assert [str(each.outstanding) for each in events] == ["8,833.34 CNY", "17,666.68 CNY", "26,500.02 CNY"]


def test_paying_the_first_settles_it_and_leaves_the_second() -> None:
    policy = found(in_twelve(), date(2026, 2, 20))

    events = received(policy, "8833.34", date(2026, 2, 21), date(2026, 2, 21))
    policy = after(policy, events)

    assert OverdueCured(by="receipt", due_dates=(FIRST,)) in events
    assert lapses(policy.end_grace(date(2026, 3, 10))) == []
    assert lapses(policy.end_grace(date(2026, 4, 6))) == [(SECOND, date(2026, 4, 6))]


def test_arrears_after_an_end_and_a_new_beginning_run_out_too() -> None:
    policy = ended(found(account(), date(2026, 1, 20)), date(2026, 2, 19))
    back = movement(2, "cancel", "-86575.34", date(2026, 2, 19), date(2026, 2, 19))
    policy = after(policy, policy.move(Cause.CANCELLED, [back], date(2026, 2, 19), date(2026, 2, 19)))
    again = movement(3, "reinstate", "67123.29", date(2026, 5, 1), date(2026, 5, 1))
    policy = after(policy, policy.move(Cause.REINSTATED, [again], date(2026, 5, 1), date(2026, 5, 1)))

    policy = found(policy, date(2026, 6, 1))

    assert (date(2026, 5, 31), date(2026, 7, 1)) in lapses(policy.end_grace(date(2026, 7, 1)))


def interrupted() -> PolicyAccount:
    """Ended on 4 February, for the first of two instalments without grace, and in force again on 9 March."""
    policy = ended(found(in_twelve(15), date(2026, 2, 20)), date(2026, 3, 7))
    assert policy.end_grace(date(2026, 3, 8)) == []
    back = movement(2, "cancel", "-90958.90", date(2026, 2, 4), date(2026, 3, 8))
    policy = after(policy, policy.move(Cause.CANCELLED, [back], date(2026, 3, 8), date(2026, 3, 8)))
    again = movement(3, "reinstate", "90958.90", date(2026, 2, 4), date(2026, 3, 9))
    value: PolicyAccount = after(policy, policy.move(Cause.REINSTATED, [again], date(2026, 3, 9), date(2026, 3, 9)))
    return value


def test_an_end_of_grace_is_told_again_when_a_payment_lets_cover_go_on() -> None:
    """Who heard it while the policy was not in force had no use for it."""
    policy = interrupted()
    policy = after(policy, received(policy, "8833.34", date(2026, 2, 1), date(2026, 3, 9)))

    policy = after(policy, policy.put_back(by_payment=True, today=date(2026, 3, 9)))

    assert lapses(policy.end_grace(date(2026, 3, 9))) == [(SECOND, date(2026, 3, 7))]
    assert paid(account(), "106000").put_back(by_payment=True, today=date(2026, 3, 9)) == []


def test_arrears_in_spite_of_which_a_person_puts_the_policy_back_end_no_cover() -> None:
    policy = interrupted()

    policy = after(policy, policy.put_back(by_payment=False, today=date(2026, 3, 9)))

    assert policy.put_back(by_payment=False, today=date(2026, 3, 9)) == []
    assert lapses(policy.end_grace(date(2026, 3, 9))) == []
    assert policy.grace_expired_on() is None
    assert policy.arrears_on(date(2026, 3, 9)) == yuan("17666.68")
    assert lapses(after(policy, policy.find_overdue(date(2026, 3, 20))).end_grace(date(2026, 4, 4))) == [
        (THIRD, date(2026, 4, 4))
    ]


@pytest.mark.parametrize("missing", ["0.01", "0.99"])
def test_less_than_the_tolerance_is_no_arrears_and_is_written_off_when_grace_ends(missing: str) -> None:
    policy = paid(account(), str(106_000 - float(missing)))

    assert policy.find_overdue(date(2026, 1, 20)) == []
    assert policy.end_grace(date(2026, 2, 18)) == []
    events = policy.end_grace(date(2026, 2, 19))

    assert events[0] == DifferenceWrittenOff(due_on=FIRST, amount=yuan(missing))
    assert balances(events) == {"1122": f"-{missing}", "6711": missing}
    policy = after(policy, events)
    assert not policy.position.receivable
    assert not policy.missing()
    assert policy.received == yuan("106000") - yuan(missing)
    assert policy.end_grace(date(2026, 2, 20)) == []


def test_the_tolerance_itself_is_arrears() -> None:
    assert found(paid(account(), "105999"), date(2026, 1, 20)).arrears_on(date(2026, 1, 20)) == yuan("1.00")


def test_what_is_paid_but_for_less_than_the_tolerance_is_settled() -> None:
    policy = found(account(), date(2026, 1, 20))

    events = received(policy, "105999.99", date(2026, 1, 25), date(2026, 1, 25))

    assert OverdueCured(by="receipt") in events
    written_off = after(policy, events).end_grace(date(2026, 2, 19))
    assert DifferenceWrittenOff(due_on=FIRST, amount=yuan("0.01")) in written_off


def test_an_insurer_may_have_no_tolerance() -> None:
    policy = paid(account(tolerance=yuan("0.00")), "105999.99")

    (event,) = policy.find_overdue(date(2026, 1, 20))

    assert isinstance(event, OverdueFound)
    assert event.outstanding == yuan("0.01")


def test_money_that_was_there_in_time_takes_the_ground_from_the_end_of_grace() -> None:
    policy = ended(found(account(), date(2026, 1, 20)), date(2026, 2, 19))

    events = received(policy, "106000", date(2026, 2, 16), date(2026, 3, 1))

    assert GraceLapseWithdrawn(due_on=FIRST, expired_on=date(2026, 2, 19)) in events
    more = received(after(policy, events), "1", date(2026, 2, 17), date(2026, 3, 2))
    assert not [each for each in more if isinstance(each, GraceLapseWithdrawn)]


@pytest.mark.parametrize(("amount", "on"), [("105999.00", date(2026, 2, 18)), ("106000.00", date(2026, 2, 19))])
def test_too_little_or_too_late_leaves_it_its_ground(amount: str, on: date) -> None:
    policy = ended(found(account(), date(2026, 1, 20)), date(2026, 2, 19))

    events = received(policy, amount, on, date(2026, 3, 1))

    assert not [each for each in events if isinstance(each, GraceLapseWithdrawn)]


def test_the_ground_falls_also_when_cover_has_ended_and_the_rest_was_given_up() -> None:
    policy = ended(found(account(), date(2026, 1, 20)), date(2026, 2, 19))
    back = movement(2, "cancel", "-86575.34", date(2026, 2, 19), date(2026, 2, 19))
    policy = after(policy, policy.move(Cause.CANCELLED, [back], date(2026, 2, 19), date(2026, 2, 19)))
    policy = after(policy, received(policy, "14230.14", date(2026, 3, 1), date(2026, 3, 1)))

    events = received(policy, "106000", date(2026, 2, 18), date(2026, 3, 2))

    assert GraceLapseWithdrawn(due_on=FIRST, expired_on=date(2026, 2, 19)) in events


def test_what_was_noted_when_there_was_one_slot_is_read_as_several_arrears() -> None:
    stored = [
        OverdueFound(outstanding=yuan("8833.34"), due_on=FIRST, grace_until=date(2026, 3, 5)),
        OverdueFound(outstanding=yuan("17666.68"), due_on=SECOND, grace_until=date(2026, 4, 5)),
        GraceLapsed(outstanding=yuan("26500.02"), expired_on=date(2026, 4, 6)),
    ]
    policy = after(in_twelve(), stored)

    assert [(each.due_on, each.expired_on) for each in policy.arrears] == [(FIRST, None), (SECOND, date(2026, 4, 6))]
    assert [(each.due_on, str(each.needed)) for each in policy.grounds] == [(SECOND, "26,500.02 CNY")]
    assert lapses(policy.end_grace(date(2026, 4, 7))) == [(FIRST, date(2026, 3, 6))]
    assert after(policy, [OverdueCured(by="receipt")]).arrears == ()
    assert BOUND_ON < FIRST
