"""The days of a period against a billing system's own expectations (Kill Bill): the same half-open periods, the same N.

We have no bill cycles, so the test makes them: a leading part up to the first billing day, whole cycles in advance
until the target, a part of the last one if the service ends in it. Each part is days over the days of its period.
"""

from calendar import monthrange
from datetime import date
from fractions import Fraction

import pytest

from libs.common.dates import Period
from libs.common.money import Money
from tests.published import document

VECTORS = document("money/killbill_proration_vectors.json")
MONTHS = {"monthly": 1, "quarterly": 3, "annual": 12}
NINE_DECIMALS = Fraction(1, 10**9)

OTHERWISE = {
    # The month before 28 February begins on 28 January for them (31 days): they step back from the clipped day. Ours is
    # the period from 31 January, the billing day, to 28 February: 28 days.
    ("testSinglePlan_ChangeBCDTo31", "2011-02-14", "1.451612903"): Fraction(14, 28) + 1,
    # They charge to the billing day of the next month only, 14 of the 89 days of the quarter from 10 February, because
    # the phase before keeps the quarter's own days. Without that phase, the quarter goes on to 10 May: 75 of 89 days.
    ("testSinglePlan_WithPhaseChange", "2011-02-24", "0.157303371"): Fraction(75, 89),
    # The same with billing on the 3rd: theirs ends on 3 March, ours on 3 May, when the target asks for one cycle more.
    ("testSinglePlan_WithPhaseChange_OnBillCycleDay", "2011-02-17", "0.157303371"): Fraction(75, 89) + 1,
}

FIXED_MONTHS = {
    # They can give every month the same number of days. A term of ours has the days of the calendar, so these differ.
    ("calculateProRationAfterLastBillingCycleDate", "2023-06-15", "2023-05-23", "0.733333333"): Fraction(23, 31),
    ("calculateProRationBeforeFirstBillingPeriod", "2023-02-23", "2023-03-15", "0.733333333"): Fraction(20, 28),
    ("daysBetweenWithFixedDaysInMonth", "2023-02-23", "2023-03-15", "22"): Fraction(20),
    ("daysBetweenWithFixedDaysInMonth", "2024-02-23", "2024-03-15", "20"): Fraction(21),
}


def billing_day(start: date, months: int, day: int) -> date:
    """That day of the month so many months on, or the month's last."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(day, monthrange(year, month + 1)[1]))


def cycles(vector: dict[str, str]) -> Fraction:
    start, target = date.fromisoformat(vector["start"]), date.fromisoformat(vector["target"])
    end = date.fromisoformat(vector["end"]) if "end" in vector else date.max
    months, day = MONTHS[vector["period"]], int(vector["bill_cycle_day"])
    shift = 0 if billing_day(start, 0, day) >= start else months

    def period(number: int) -> Period:
        first, last = (billing_day(start, shift + each * months, day) for each in (number, number + 1))
        return Period(first, last)

    leading = period(-1)
    charged = Fraction(leading.days_from(start) - leading.days_from(min(leading.expiry, end)), leading.days)
    number = 0
    while period(number).inception <= target and period(number).inception < end:
        cycle = period(number)
        charged += 1 - Fraction(cycle.days_from(min(cycle.expiry, end)), cycle.days)
        number += 1
    return charged


@pytest.mark.parametrize("vector", VECTORS["cycles"], ids=lambda vector: vector["source"].rpartition(".")[2])
def test_cycles_are_charged_as_published(vector: dict[str, str]) -> None:
    ours, theirs = cycles(vector), Fraction(vector["cycles"])

    named = (vector["source"].rpartition(".")[2], vector["start"], vector["cycles"])
    if named in OTHERWISE:
        assert ours == OTHERWISE[named] != theirs
    else:
        assert abs(ours - theirs) <= NINE_DECIMALS


@pytest.mark.parametrize("vector", VECTORS["proration"], ids=lambda vector: f"{vector['arg1']} {vector['arg2']}")
def test_shares_of_a_month_are_as_published_on_the_calendar_and_differ_where_each_month_has_30_days(
    vector: dict[str, str | int | None],
) -> None:
    one, two = sorted(date.fromisoformat(str(vector[name])) for name in ("arg1", "arg2"))
    function, theirs = str(vector["function"]), Fraction(str(vector["expected"]))

    if function == "daysBetweenWithFixedDaysInMonth":
        ours = Fraction(Period(one, two).days)
    elif function == "calculateProRationAfterLastBillingCycleDate":
        ours = Fraction(Period(one, two).days, Period(one, billing_day(one, 1, one.day)).days)
    else:
        ours = Fraction(Period(one, two).days, Period(billing_day(two, -1, two.day), two).days)

    named = (function, *(str(vector[name]) for name in ("arg1", "arg2", "expected")))
    if named in FIXED_MONTHS:
        assert vector["fixed_days_in_month"] is not None
        assert ours == FIXED_MONTHS[named] != theirs
    else:
        assert abs(ours - theirs) <= NINE_DECIMALS


def test_a_premium_for_such_a_share_is_rounded_once() -> None:
    [vector] = [each for each in VECTORS["proration"] if each["expected"] == "0.724137931"]

    assert Money.cny("100.00").times(Fraction(21, 29)) == Money.cny("72.41")
    assert Money.cny("100.00").times(Fraction(str(vector["expected"]))) == Money.cny("72.41")
