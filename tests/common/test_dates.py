"""Insurance dates: half-open periods, Shanghai days, and dates of which only a part is known."""

from datetime import UTC, date, datetime

import pytest

from libs.common.dates import PartialDate, Period, add_days, date_in_shanghai, start_of_day


def test_a_year_has_365_or_366_days() -> None:
    assert Period(date(2026, 1, 1), date(2027, 1, 1)).days == 365
    assert Period(date(2028, 1, 1), date(2029, 1, 1)).days == 366


def test_a_period_has_its_first_day_and_not_its_last() -> None:
    period = Period(date(2026, 1, 1), date(2027, 1, 1))

    assert date(2026, 1, 1) in period
    assert date(2027, 1, 1) not in period
    assert period.days_from(date(2026, 7, 1)) == 184


def test_a_period_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="ends after it begins"):
        Period(date(2026, 1, 1), date(2026, 1, 1))


def test_a_day_outside_a_period_has_no_days_left() -> None:
    with pytest.raises(ValueError, match="outside"):
        Period(date(2026, 1, 1), date(2027, 1, 1)).days_from(date(2025, 12, 31))


def test_an_evening_in_utc_is_the_next_day_in_shanghai() -> None:
    assert date_in_shanghai(datetime(2026, 1, 14, 16, 0, tzinfo=UTC)) == date(2026, 1, 15)
    assert start_of_day(date(2026, 1, 15)).astimezone(UTC) == datetime(2026, 1, 14, 16, 0, tzinfo=UTC)


def test_an_instant_without_a_zone_has_no_date() -> None:
    with pytest.raises(ValueError, match="time zone"):
        date_in_shanghai(datetime(2026, 1, 14))


def test_a_year_alone_may_mean_any_of_its_days() -> None:
    year = PartialDate(2024)

    assert (year.earliest, year.latest, year.is_exact) == (date(2024, 1, 1), date(2024, 12, 31), False)
    assert PartialDate(2024, 2).latest == date(2024, 2, 29)
    assert str(PartialDate(2024, 2)) == "2024-02"


@pytest.mark.parametrize("parts", [(2018, 2, 29), (2022, 2, 29), (2024, 13), (2024, None, 3), (0,)])
def test_a_date_that_does_not_exist_is_refused(parts: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        PartialDate(*parts)


def test_a_day_beyond_the_calendar_is_its_first_or_last_day() -> None:
    assert add_days(date(9999, 12, 31), 1) == date.max
    assert add_days(date(1, 1, 3), -7) == date.min
    assert add_days(date(2199, 12, 31), 3650) == date(2209, 12, 29)
