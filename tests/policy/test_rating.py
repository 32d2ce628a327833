from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.cover import Cover, PartChoice
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.errors import AnswerMissing, FactorMissing, PremiumTooLarge, RateMissing
from services.policy.domain.product.terms import (
    AnswerKind,
    BaseRate,
    DatedRate,
    FactorBasis,
    FactorTable,
    ProductTerms,
    Question,
)
from services.policy.domain.rating import rate
from services.policy.domain.submission.intake import rating_inputs
from tests.policy import examples as an


def cover(*limits: tuple[str, Money], score: int | None = None, bundled: bool = False, **changes: object) -> Cover:
    inputs = rating_inputs(an.submission().asked, None if score is None else an.assessed(score))
    choices = tuple(PartChoice(code, limit, Money.cny(10_000), an.INCEPTION) for code, limit in limits)
    return Cover(choices, replace(inputs, bundled=bundled, **changes))  # type: ignore[arg-type]


def with_plan(*tables: FactorTable, credit: str = "0", **changes: object) -> ProductTerms:
    terms = an.product_terms(**changes)
    return replace(terms, rating=replace(terms.rating, factor_tables=tables, bundle_credit_percent=Decimal(credit)))


DATA = (an.DATA, Money.cny(1_000_000))


def test_the_worksheet_names_each_factor_with_source_and_value() -> None:
    worksheet = rate(an.product_terms(), cover((an.DATA, an.DATA_LIMIT)))

    assert [(factor.name, factor.value) for factor in worksheet.parts[0].factors] == [
        ("industry", Decimal("1.25")),
        ("size", Decimal("0.80")),
        ("mfa", Decimal("0.80")),
        ("deductible", Decimal("1.00")),
    ]
    assert worksheet.parts[0].factors[0].source == "industry I65, line I of table industry from 2025-01-01"
    assert worksheet.parts[0].base_rate == Decimal("0.005")


def test_a_part_is_rounded_once_and_half_up() -> None:
    terms = with_plan(an.table("industry", FactorBasis.INDUSTRY, {"I65": "0.001001"}), minimum_premium=Money.cny(0))

    worksheet = rate(terms, cover((an.DATA, Money.cny("100000.00"))))

    assert worksheet.annual_premium == Money.cny("0.50")  # 100,000 × 0.005 × 0.001001 = 0.5005
    assert rate(terms, cover((an.DATA, Money.cny(101_000)))).annual_premium == Money.cny("0.51")  # 0.505505


def test_a_division_goes_before_its_section() -> None:
    terms = with_plan(an.table("industry", FactorBasis.INDUSTRY, {"I": "2", "I65": "3"}))

    assert rate(terms, cover(DATA)).parts[0].factors[0].value == 3


def test_the_longest_region_wins() -> None:
    terms = with_plan(an.table("region", FactorBasis.REGION, {"31": "2", "3101": "3", "310115": "4"}))

    assert rate(terms, cover(DATA)).parts[0].factors[0].value == 4
    assert rate(terms, cover(DATA, region_code="310200")).parts[0].factors[0].value == 2


def test_a_band_is_the_highest_threshold_that_is_reached() -> None:
    rows = {"0": "1", "50000000": "1.5", "80000000": "2", "90000000": "3"}
    terms = with_plan(an.table("revenue", FactorBasis.REVENUE, rows))

    assert rate(terms, cover(DATA)).parts[0].factors[0].value == 2  # The revenue is 80,000,000.00.


@pytest.mark.parametrize(("score", "value"), [(None, "1.2"), (59, "1.1"), (60, "1.0"), (100, "0.9")])
def test_the_score_of_the_assessment_is_a_factor(score: int | None, value: str) -> None:
    terms = with_plan(an.table("score", FactorBasis.SCORE, {"none": "1.2", "0": "1.1", "60": "1.0", "90": "0.9"}))

    assert rate(terms, cover(DATA, score=score)).parts[0].factors[0].value == Decimal(value)


def test_a_number_and_a_choice_can_be_rated() -> None:
    terms = with_plan(
        an.table("backups", FactorBasis.ANSWER, {"0": "1.4", "2": "0.9"}, question="BACKUPS"),
        an.table("edr", FactorBasis.ANSWER, {"full": "0.8", "part": "1.1"}, question="EDR"),
        questions=(
            Question("BACKUPS", "How many offline copies?", AnswerKind.NUMBER, ()),
            Question("EDR", "How far is it rolled out?", AnswerKind.CHOICE, ("full", "part")),
        ),
    )
    answers = (Answer("BACKUPS", AnswerKind.NUMBER, "2.5"), Answer("EDR", AnswerKind.CHOICE, "part"))

    factors = rate(terms, cover(DATA, answers=answers)).parts[0].factors

    assert [factor.value for factor in factors] == [Decimal("0.9"), Decimal("1.1")]


def test_a_premium_that_nobody_could_book_is_refused() -> None:
    """Ten trillion with VAT at the most: all parts together, however large each of them may be."""
    terms = with_plan(an.table("industry", FactorBasis.INDUSTRY, {"I65": "200"}), minimum_premium=Money.cny(0))
    most = cover((an.DATA, Money.cny(9_433_962_264_150)))

    worksheet = rate(terms, most)
    with pytest.raises(PremiumTooLarge) as refusal:
        rate(terms, cover((an.DATA, Money.cny(9_433_962_264_152))))

    assert (worksheet.annual_premium + worksheet.vat).minor_units <= 10**15
    assert refusal.value.details == {"gross": "10,000,000,000,001.12 CNY", "most": "10,000,000,000,000.00 CNY"}


def test_a_missing_answer_is_asked_for() -> None:
    with pytest.raises(AnswerMissing, match="MFA"):
        rate(an.product_terms(), cover(DATA, answers=()))


def test_no_line_means_no_price() -> None:
    terms = with_plan(an.table("size", FactorBasis.SIZE, {"large": "1"}))

    with pytest.raises(FactorMissing, match="size small"):
        rate(terms, cover(DATA))


def test_a_table_for_some_parts_leaves_the_others_alone() -> None:
    terms = with_plan(an.table("size", FactorBasis.SIZE, {"small": "2"}, part_codes=(an.EXTORTION,)))

    data, extortion = rate(terms, cover(DATA, (an.EXTORTION, Money.cny(1_000_000)))).parts

    assert data.factors == ()
    assert extortion.factors[0].value == 2


def test_the_tables_of_the_inception_are_used() -> None:
    terms = with_plan(
        an.table("size", FactorBasis.SIZE, {"small": "1"}),
        an.table("size", FactorBasis.SIZE, {"small": "3"}, valid_from=date(2027, 1, 1)),
        an.table("size", FactorBasis.SIZE, {"small": "2"}, valid_from=date(2026, 1, 1)),
        vat_rates=(DatedRate(Decimal("0.06"), date(2016, 5, 1)), DatedRate(Decimal("0.09"), date(2027, 1, 1))),
    )
    rates = (*terms.rating.base_rates, BaseRate(an.DATA, Decimal("0.01"), date(2027, 1, 1)))
    terms = replace(terms, rating=replace(terms.rating, base_rates=rates))

    this_year = rate(terms, cover(DATA))
    next_year = rate(terms, cover(DATA, rated_for=date(2027, 1, 1)))

    assert (this_year.parts[0].factors[0].value, this_year.vat_rate) == (2, Decimal("0.06"))
    assert (next_year.parts[0].factors[0].value, next_year.vat_rate) == (3, Decimal("0.09"))
    assert next_year.parts[0].base_rate == Decimal("0.01")


def test_an_inception_before_the_tariff_has_no_price() -> None:
    with pytest.raises(RateMissing, match="base rate of DATA"):
        rate(an.product_terms(), cover(DATA, rated_for=date(2024, 12, 31)))


def test_the_bundle_credit_comes_off_each_part() -> None:
    terms = with_plan(credit="7.5")

    worksheet = rate(terms, cover(DATA, bundled=True))

    assert worksheet.technical_premium == Money.cny(5_000)
    assert worksheet.bundle_credit == Money.cny(375)
    assert worksheet.annual_premium == Money.cny(4_625)
    assert rate(terms, cover(DATA)).bundle_credit == Money.cny(0)


def test_the_minimum_premium_is_topped_up_part_by_part() -> None:
    terms = with_plan(minimum_premium=Money.cny("10000.01"))

    worksheet = rate(terms, cover((an.DATA, Money.cny(1_000_000)), (an.EXTORTION, Money.cny(500_000))))

    assert worksheet.annual_premium == Money.cny("10000.01")
    assert [part.minimum_top_up for part in worksheet.parts] == [Money.cny("1666.67"), Money.cny("833.34")]


def test_the_size_is_a_factor() -> None:
    terms = an.product_terms()

    small = rate(terms, cover(DATA)).annual_premium
    large = rate(terms, cover(DATA, size=EnterpriseSize.LARGE)).annual_premium

    assert large == small.times(Decimal("1.5"))
