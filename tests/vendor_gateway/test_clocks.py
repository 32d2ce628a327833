"""What lateness costs: computed from the clock events alone, and never more than the fee."""

from datetime import timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from libs.common.money import Money
from services.vendor_gateway.domain.clocks import CREDIT_RULE, Clock
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order import events as e
from tests.vendor_gateway.examples import (
    NOON,
    POLICY,
    SHIELD,
    UNSIGNED,
    accepted,
    an_order,
    deliverable,
    delivered,
    entitlement,
    given,
    hours,
    offered,
    requested,
    started,
)

START_BY = NOON + hours(48)
SECOND = timedelta(seconds=1)


def missed(periods: int, credit: str, after: timedelta, clock: Clock = Clock.START) -> e.ClockMissed:
    due_at = START_BY if clock is Clock.START else NOON + hours(240)
    return e.ClockMissed(
        vendor_id=SHIELD,
        policy_id=POLICY,
        clock=clock,
        due_at=due_at,
        missed_at=due_at + after,
        periods=periods,
        credit=Money.cny(credit),
        rule="2026-1",
        next_at=due_at + hours(24 * periods) if periods < 10 else None,
    )


@pytest.mark.parametrize(
    ("late", "periods"),
    [(-SECOND, 0), (timedelta(), 1), (hours(24) - SECOND, 1), (hours(24), 2), (hours(239), 10)],
)
def test_every_begun_day_of_lateness_counts(late: timedelta, periods: int) -> None:
    assert CREDIT_RULE.periods(NOON, NOON + late) == periods


def test_a_credit_is_five_percent_a_day_up_to_half_the_fee() -> None:
    fee = Money.cny("1000.01")

    assert [CREDIT_RULE.credit(fee, periods) for periods in (0, 1, 2, 10, 99)] == [
        Money.cny("0"),
        Money.cny("50.00"),
        Money.cny("100.00"),
        Money.cny("500.01"),
        Money.cny("500.01"),
    ]


def test_a_clock_that_is_due_is_missed() -> None:
    assert an_order(offered(), accepted()).count_lateness(START_BY) == [missed(1, "50.00", timedelta())]


def test_a_clock_that_is_looked_at_too_early_or_twice_says_nothing_new() -> None:
    order = an_order(offered(), accepted())

    assert order.count_lateness(START_BY - SECOND) == []
    assert order.evolve(missed(1, "50.00", timedelta())).count_lateness(START_BY + hours(23)) == []


def test_each_further_day_adds_its_part() -> None:
    order = an_order(offered(), accepted(), missed(1, "50.00", timedelta()))

    assert order.count_lateness(START_BY + hours(49)) == [missed(3, "100.00", hours(49))]


def test_after_ten_days_nothing_more_is_owed() -> None:
    (event,) = an_order(offered(), accepted()).count_lateness(START_BY + hours(24 * 7))
    order = an_order(offered(), accepted(), event)

    (last, delivery) = order.count_lateness(START_BY + hours(24 * 90))

    assert (last.periods, last.credit, last.next_at) == (10, Money.cny("100.00"), None)
    assert (delivery.clock, delivery.credit) == (Clock.DELIVER, Money.cny("500.00"))
    assert order.evolve(last).evolve(delivery).credits == Money.cny("1000.00")


def test_starting_late_counts_what_no_timer_has_counted_yet() -> None:
    events = an_order(offered(), accepted()).begin_work(START_BY + hours(30))

    assert events == [missed(2, "100.00", hours(30)), started(START_BY + hours(30))]


def test_work_in_time_costs_nothing() -> None:
    order = an_order(offered(), accepted(), started(START_BY - SECOND))

    assert order.count_lateness(NOON + hours(240) - SECOND) == []


def test_a_late_start_does_not_count_on_after_the_start() -> None:
    order = an_order(offered(), accepted(), missed(1, "50.00", timedelta()), started(START_BY + hours(1)))

    assert order.count_lateness(START_BY + hours(100)) == []


def test_delivering_late_counts_what_no_timer_has_counted_yet() -> None:
    order = an_order(offered(), accepted(), started())

    events = order.hand_in(deliverable(), UNSIGNED, NOON + hours(241))

    assert events == [missed(1, "50.00", hours(1), Clock.DELIVER), delivered(NOON + hours(241))]


def test_waiting_for_the_insured_costs_nothing() -> None:
    paused = e.Paused(vendor_id=SHIELD, reason="access", paused_at=NOON + hours(10))
    order = an_order(offered(), accepted(), paused)
    (resumed,) = order.resume(NOON + hours(1000))

    assert order.count_lateness(NOON + hours(999)) == []
    assert order.evolve(resumed).count_lateness(NOON + hours(1000 + 37)) == []
    assert len(order.evolve(resumed).count_lateness(NOON + hours(1000 + 38))) == 1


def test_a_pause_does_not_undo_lateness_before_it() -> None:
    order = an_order(offered(), accepted())

    events = order.pause("access", START_BY + hours(30))
    late = given(ServiceOrder, requested(), offered(), accepted(), *events)
    (resumed,) = late.resume(START_BY + hours(90))

    assert events[0] == missed(2, "100.00", hours(30))
    assert late.evolve(resumed).count_lateness(START_BY + hours(91)) == []
    (more,) = late.evolve(resumed).count_lateness(START_BY + hours(109))
    assert isinstance(more, e.ClockMissed) and more.periods == 3


def test_lateness_before_rework_stays_counted() -> None:
    rework = e.ReworkRequested(
        vendor_id=SHIELD,
        reason="no figures",
        requested_by="underwriter",
        requested_at=NOON + hours(250),
        deliver_by=NOON + hours(300),
    )
    late = missed(1, "50.00", timedelta(), Clock.DELIVER)
    order = an_order(offered(), accepted(), started(), late, delivered(NOON + hours(241)), rework)

    assert order.count_lateness(NOON + hours(299)) == []
    (event,) = order.count_lateness(NOON + hours(300))

    assert (event.periods, event.credit) == (2, Money.cny("50.00"))


@for_all(
    fee=st.integers(min_value=0, max_value=10_000_019),
    steps=st.lists(st.integers(min_value=0, max_value=900), min_size=1, max_size=12),
)
def test_credits_never_pass_the_fee_however_often_clocks_are_looked_at(fee: int, steps: list[int]) -> None:
    order = given(ServiceOrder, requested(entitlement(fee=f"{fee // 100}.{fee % 100:02d}")), offered(), accepted())
    at = NOON

    for step in steps:
        at += hours(step)
        for event in order.count_lateness(at):
            order = order.evolve(event)

    direct = given(ServiceOrder, requested(order.service), offered(), accepted())
    for event in direct.count_lateness(at):
        direct = direct.evolve(event)
    assert order.credits <= order.fee
    assert order.credits == direct.credits
