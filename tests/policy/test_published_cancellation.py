"""Return premiums and changes in mid-term against published calculations, and a published short-rate table."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from libs.common.dates import Period
from libs.common.money import Money
from services.policy.domain.cover import PartTerms
from services.policy.domain.policy.cancellation import ReturnPremium, return_premium
from services.policy.domain.policy.timeline import deltas_between
from services.policy.domain.product.terms import CancellationMethod, CancellationRule
from tests.policy.quantification import examples as parts
from tests.published import document, rows

TERM = Period(date(2026, 1, 1), date(2027, 1, 1))
EXAMPLES = {example["id"]: example for example in document("money/worked_examples.json")}
TABLE = [(int(row["days_in_force"]), int(row["percent_retained"])) for row in rows("money/short_rate_365.csv")]


def part(annual: str) -> PartTerms:
    return replace(parts.terms("DATA"), annual_premium=Money.cny(annual))


def returned(annual: str, days: int, method: CancellationMethod, percent: Decimal = Decimal(10)) -> ReturnPremium:
    rule = CancellationRule((CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE), percent)
    return return_premium([part(annual)], TERM, TERM.inception + timedelta(days=days), method, rule, Money.cny(annual))


def test_ninety_percent_of_pro_rata_is_what_the_publication_says() -> None:
    example: dict[str, Any] = EXAMPLES["short-rate-90pct-500"]
    asked = (example["annual_premium"], example["days_in_force"])

    assert TERM.days == example["term_days"]
    assert returned(*asked, CancellationMethod.PRO_RATA).refund == Money.cny(example["pro_rata_return"])
    assert returned(*asked, CancellationMethod.SHORT_RATE).refund == Money.cny(example["short_rate_return"])


def test_one_day_in_force_keeps_the_published_percent() -> None:
    example: dict[str, Any] = EXAMPLES["first-day-90pct"]
    annual = Money.cny(example["annual_premium"])

    back = returned(example["annual_premium"], example["days_in_force"], CancellationMethod.SHORT_RATE).refund

    kept = Decimal((annual - back).minor_units) / annual.minor_units * 100
    assert kept.quantize(Decimal("0.1")) == Decimal(example["earned_percent_1dp"])


def test_a_change_half_way_costs_what_the_publication_says() -> None:
    """They write a credit and a charge and net them; we round the difference once. Here both come to the same."""
    example: dict[str, Any] = EXAMPLES["stripe-halfway"]

    left = Fraction(example["fraction_left"])
    [delta] = deltas_between([part(example["old"])], [part(example["new"])], left).values()

    assert delta == Money.cny(example["net"])
    assert Money.cny(example["credit"]) == -Money.cny(example["old"]).times(left)
    assert Money.cny(example["charge"]) == Money.cny(example["new"]).times(left)


def test_rounding_before_netting_would_differ_by_a_fen() -> None:
    """Why it matters: 0.03 to 0.04 half way is −0.02 + 0.02 = 0.00 by their lines, and 0.01 by our difference."""
    [delta] = deltas_between([part("0.03")], [part("0.04")], Fraction(1, 2)).values()

    by_lines = Money.cny("0.04").times(Fraction(1, 2)) - Money.cny("0.03").times(Fraction(1, 2))
    assert (delta, by_lines) == (Money.cny("0.01"), Money.cny("0.00"))


@pytest.mark.parametrize(("days", "retained"), TABLE)
def test_a_line_of_the_table_is_a_percent_of_the_unearned_premium(days: int, retained: int) -> None:
    """With the percent that its line amounts to, our rule gives back what the table gives back, to the fen."""
    earned = Fraction(days, TERM.days)
    percent = (Fraction(retained, 100) - earned) / (1 - earned) * 100

    exact = Decimal(percent.numerator) / Decimal(percent.denominator)
    refund = returned("10000.00", days, CancellationMethod.SHORT_RATE, exact).refund

    assert refund == Money.cny(10_000 - retained * 100)
    assert 0 < percent < 100


def test_our_rule_is_no_table_and_keeps_less_than_this_one_at_first() -> None:
    """The difference by name: theirs keeps 25 % of the premium from the third day on, ours 10 % of what is unearned."""
    kept = {
        days: Decimal(1_000_000 - returned("10000.00", days, CancellationMethod.SHORT_RATE).refund.minor_units) / 10_000
        for days, _ in TABLE
    }

    assert (kept[3], dict(TABLE)[3]) == (Decimal("10.7397"), 25)
    assert {days for days, retained in TABLE if kept[days] >= retained} == set()
