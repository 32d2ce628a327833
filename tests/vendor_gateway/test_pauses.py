"""A vendor's pauses stop the clocks within the order's allowance, beyond it only with the insurer's consent."""

from datetime import timedelta
from typing import Any

import pytest

from libs.common.changes import Cancel, Recorded, Schedule
from libs.common.money import Money
from services.vendor_gateway.domain.clocks import Clock
from services.vendor_gateway.domain.errors import OrderNotPaused, PauseNotOwn
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order import events as e
from services.vendor_gateway.domain.timers import timers
from tests.vendor_gateway.examples import (
    NOON,
    SHIELD,
    accepted,
    an_order,
    entitlement,
    given,
    hours,
    offered,
    requested,
    started,
)

TEN, SECOND = NOON + hours(10), timedelta(seconds=1)
RUN_OUT = TEN + hours(72)
DELIVER_BY = NOON + hours(240)


def after(order: ServiceOrder, events: list[Any]) -> ServiceOrder:
    for event in events:
        order = order.evolve(event)
    return order


def working() -> ServiceOrder:
    return an_order(offered(), accepted(), started())


def paused(order: ServiceOrder | None = None) -> ServiceOrder:
    order = order or working()
    return after(order, order.pause("access", TEN))


def due(order: ServiceOrder) -> object:
    return order.deliver.due_at if order.deliver else None


def test_a_vendors_pause_says_until_when_it_may_last() -> None:
    assert working().pause("access", TEN) == [
        e.Paused(vendor_id=SHIELD, reason="access", paused_at=TEN, allowed_until=RUN_OUT)
    ]


@pytest.mark.parametrize("waited", [hours(1), hours(72) - SECOND, hours(72)])
def test_the_deadline_moves_by_all_of_a_pause_of_at_most_72_hours(waited: timedelta) -> None:
    order = paused()

    assert due(after(order, order.resume(TEN + waited))) == DELIVER_BY + waited


@pytest.mark.parametrize("waited", [hours(72) + SECOND, hours(24 * 120)])
def test_the_deadline_moves_by_72_hours_and_no_more(waited: timedelta) -> None:
    order = paused()

    assert due(after(order, order.resume(TEN + waited))) == DELIVER_BY + hours(72)


def test_when_the_allowance_is_used_up_the_clock_runs_though_the_work_waits() -> None:
    order = paused()

    assert order.count_lateness(RUN_OUT - SECOND) == []
    assert order.count_lateness(RUN_OUT) == [
        e.AllowanceUsed(vendor_id=SHIELD, used_up_at=RUN_OUT, start_by=None, deliver_by=DELIVER_BY + hours(72))
    ]
    assert after(order, order.count_lateness(RUN_OUT)).count_lateness(RUN_OUT + hours(1)) == []


def test_four_months_of_a_vendors_pause_cost_it_half_its_fee() -> None:
    order = paused()

    used, missed = order.count_lateness(TEN + hours(24 * 120))
    late = after(order, [used, missed])

    assert isinstance(used, e.AllowanceUsed) and isinstance(missed, e.ClockMissed)
    assert (missed.clock, missed.due_at, missed.periods) == (Clock.DELIVER, DELIVER_BY + hours(72), 10)
    assert late.credits == Money.cny("500.00")
    assert late.current_pause is not None


def test_before_work_has_started_both_clocks_run_again() -> None:
    order = paused(an_order(offered(), accepted()))

    (used,) = order.count_lateness(RUN_OUT)

    assert isinstance(used, e.AllowanceUsed)
    assert (used.start_by, used.deliver_by) == (NOON + hours(48 + 72), DELIVER_BY + hours(72))


def test_two_pauses_share_one_allowance() -> None:
    order = paused()
    order = after(order, order.resume(TEN + hours(50)))

    (again,) = order.pause("figures", NOON + hours(100))
    order = after(order, [again])

    assert isinstance(again, e.Paused)
    assert again.allowed_until == NOON + hours(100 + 22)
    assert due(after(order, order.resume(NOON + hours(130)))) == DELIVER_BY + hours(72)


def test_a_pause_after_the_allowance_is_used_up_stops_no_clock() -> None:
    order = paused()
    order = after(order, order.resume(TEN + hours(80)))

    events = order.pause("again", NOON + hours(100))
    order = after(order, events)

    assert [type(event) for event in events] == [e.Paused, e.AllowanceUsed]
    assert due(order) == DELIVER_BY + hours(72)
    assert len(order.count_lateness(DELIVER_BY + hours(72))) == 1


def test_with_consent_before_the_allowance_is_used_up_the_clock_stands_to_the_end() -> None:
    order = paused()

    consent = order.consent_to_pause("underwriter", TEN + hours(20))
    order = after(order, consent)

    assert consent == [e.PauseConsented(vendor_id=SHIELD, consented_by="underwriter", consented_at=TEN + hours(20))]
    assert order.count_lateness(TEN + hours(24 * 120)) == []
    order = after(order, order.resume(TEN + hours(24 * 120)))
    assert due(order) == DELIVER_BY + hours(24 * 120)
    assert order.pause_used == hours(20)


def test_with_consent_afterwards_the_clock_stands_from_then_on() -> None:
    order = paused()

    order = after(order, order.consent_to_pause("underwriter", RUN_OUT + hours(30)))
    order = after(order, order.resume(RUN_OUT + hours(1000)))

    assert due(order) == DELIVER_BY + hours(72 + 970)
    assert order.pause_used == hours(72)


def test_what_was_missed_before_a_late_consent_stays_missed() -> None:
    order = paused()

    events = order.consent_to_pause("underwriter", DELIVER_BY + hours(72 + 30))

    assert [type(event) for event in events] == [e.AllowanceUsed, e.ClockMissed, e.PauseConsented]
    assert after(order, events).credits == Money.cny("100.00")


def test_consenting_twice_or_to_ones_own_pause_changes_nothing() -> None:
    order = paused()
    consented = after(order, order.consent_to_pause("underwriter", TEN))
    own = after(working(), working().pause("audit", TEN, by_insurer=True))

    assert consented.consent_to_pause("underwriter", TEN + hours(1)) == []
    assert own.consent_to_pause("underwriter", TEN + hours(1)) == []


def test_there_is_nothing_to_consent_to_when_nothing_is_paused() -> None:
    with pytest.raises(OrderNotPaused):
        working().consent_to_pause("underwriter", TEN)


def test_an_insurers_pause_has_no_bound_and_uses_nothing_up() -> None:
    order = after(working(), working().pause("audit", TEN, by_insurer=True))

    assert order.count_lateness(TEN + hours(24 * 120)) == []
    order = after(order, order.resume(TEN + hours(24 * 120), by_insurer=True))
    assert due(order) == DELIVER_BY + hours(24 * 120)
    assert order.pause_used == hours(0)


def test_a_pause_is_ended_by_the_side_that_asked_for_it() -> None:
    own = after(working(), working().pause("audit", TEN, by_insurer=True))

    with pytest.raises(PauseNotOwn):
        own.resume(TEN + hours(1))
    with pytest.raises(PauseNotOwn):
        paused().resume(TEN + hours(1), by_insurer=True)


def test_a_service_without_allowance_needs_consent_from_the_first_moment() -> None:
    none = given(ServiceOrder, requested(entitlement(pause_allowance_hours=0)), offered(), accepted(), started())

    assert [type(event) for event in none.pause("access", TEN)] == [e.Paused, e.AllowanceUsed]


def test_a_pause_of_before_there_were_allowances_has_no_bound() -> None:
    order = after(working(), [e.Paused(vendor_id=SHIELD, reason="access", paused_at=TEN)])

    assert order.count_lateness(TEN + hours(24 * 120)) == []
    assert due(after(order, order.resume(TEN + hours(24 * 120)))) == DELIVER_BY + hours(24 * 120)


def test_cover_that_ends_while_the_allowance_is_long_used_up_looks_at_the_clock_that_runs() -> None:
    order = paused()

    events = order.stop(e.CancelReason.POLICY_EXPIRED, TEN + hours(100))

    assert isinstance(events[-1], e.Stopped)
    assert events[-1].deliver_by == DELIVER_BY + hours(72)


def recorded(order: ServiceOrder, event: Any) -> Recorded[Any]:
    return Recorded(event, order.evolve(event), SHIELD, 1, "lead", NOON)


def test_the_allowance_has_a_timer_that_any_end_of_the_pause_stops() -> None:
    order = working()
    (pause,) = order.pause("access", TEN)
    (used,) = paused().count_lateness(RUN_OUT)
    (consent,) = paused().consent_to_pause("underwriter", TEN)
    (resumed,) = paused().resume(TEN + hours(1))

    stopped = [Cancel("start-clock"), Cancel("deliver-clock")]
    assert timers(recorded(order, pause)) == [*stopped, Schedule("pause-allowance", RUN_OUT)]
    assert timers(recorded(paused(), used)) == [Schedule("deliver-clock", DELIVER_BY + hours(72))]
    assert timers(recorded(paused(), consent)) == [*stopped, Cancel("pause-allowance")]
    assert timers(recorded(paused(), resumed)) == [
        Cancel("pause-allowance"),
        Schedule("deliver-clock", DELIVER_BY + hours(1)),
    ]


def test_a_clock_that_was_late_before_a_pause_is_looked_at_when_its_next_day_begins() -> None:
    order = working()
    order = after(order, order.pause("access", DELIVER_BY + hours(30)))

    (resumed,) = order.resume(DELIVER_BY + hours(40))

    assert timers(recorded(order, resumed))[1:] == [Schedule("deliver-clock", DELIVER_BY + hours(48 + 10))]
