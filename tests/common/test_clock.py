from datetime import UTC, datetime, timedelta

import pytest

from libs.common.clock import ClockNotMovable, ClockOnlyForward, MovableClock, SystemClock

SECOND = timedelta(seconds=1)


def test_real_time_is_in_utc_and_can_not_be_set() -> None:
    clock = SystemClock()

    assert abs(clock.now() - datetime.now(UTC)) < SECOND
    assert clock.now().tzinfo is UTC
    with pytest.raises(ClockNotMovable):
        clock.set(clock.now() + SECOND)


def test_a_movable_clock_goes_on_from_where_it_is_set() -> None:
    clock = MovableClock()
    later = clock.now() + timedelta(days=200)

    clock.set(later)

    assert timedelta() <= clock.now() - later < SECOND


def test_a_clock_never_goes_back() -> None:
    clock = MovableClock(timedelta(days=10))
    before = clock.now()

    with pytest.raises(ClockOnlyForward) as refusal:
        clock.set(before - SECOND)

    assert clock.now() >= before
    assert set(refusal.value.details) == {"now", "asked"}


def test_setting_a_clock_to_the_same_time_again_changes_nothing() -> None:
    clock = MovableClock()
    later = clock.now() + timedelta(days=200)
    clock.set(later)
    offset = clock.offset

    clock.set(later)

    assert clock.offset == offset


def test_a_clock_is_where_it_was_after_a_restart() -> None:
    clock = MovableClock()
    clock.set(clock.now() + timedelta(days=200))

    again = MovableClock()
    again.offset = clock.offset

    assert abs(again.now() - clock.now()) < SECOND


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        MovableClock().set(datetime(2099, 1, 1))
