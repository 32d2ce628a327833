"""What a rule version grants, step by step."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from libs.common.dates import Period
from libs.common.money import Money
from services.billing_subsidy.domain.entitlement import Applicant, entitle
from services.billing_subsidy.domain.programme.rules import Level, Rate, WindowBasis
from tests.billing_subsidy.examples import TERM, level, rules, yuan


def applicant(base: str, **changed: Any) -> Applicant:
    known = Applicant("CNY", "small", "I65", "310115", "comprehensive", ("CYBER",), TERM, yuan(base))
    return replace(known, **changed)


@pytest.mark.parametrize(
    ("base", "city", "district"),
    [
        ("100000.00", "50000.00", "20000.00"),
        ("78647.67", "39323.84", "15729.53"),  # Half up of 39,323.835; 70 % in total is 55,053.37.
        ("200000.00", "60000.00", "30000.00"),  # Both caps.
        ("0.01", "0.01", "0.00"),
        ("0.00", "0.00", "0.00"),
    ],
)
def test_the_city_gives_half_and_the_district_tops_up_to_seventy_percent(base: str, city: str, district: str) -> None:
    found = entitle(rules(), 1, applicant(base))

    assert (found.at(Level.CITY), found.at(Level.DISTRICT)) == (yuan(city), yuan(district))


def test_the_arithmetic_is_kept_step_by_step() -> None:
    found = entitle(rules(), 1, applicant("200000.00"))

    assert [(step.code, step.level, str(step.amount)) for step in found.steps] == [
        ("BASE", None, "200,000.00 CNY"),
        ("RATE", Level.CITY, "100,000.00 CNY"),
        ("POLICY_CAP", Level.CITY, "60,000.00 CNY"),
        ("TOP_UP", Level.DISTRICT, "80,000.00 CNY"),
        ("POLICY_CAP", Level.DISTRICT, "30,000.00 CNY"),
    ]
    assert found.steps[3].explanation == ("70 % of 200,000.00 CNY in total, 140,000.00 CNY, less 60,000.00 CNY")


def test_all_levels_together_never_give_more_than_the_base() -> None:
    levels = (level("province", "80", "1000000", "1000000"), level("city", "40", "1000000", "1000000"))

    found = entitle(rules(levels=levels), 1, applicant("100.00"))

    assert (found.at(Level.PROVINCE), found.at(Level.CITY)) == (yuan("80.00"), yuan("20.00"))
    assert found.steps[-1].code == "BASE_CAP"


def test_the_first_rate_that_fits_line_and_size_is_taken() -> None:
    rates = (Rate("liability", "", Decimal(10)), Rate("", "small", Decimal(30)), Rate("", "", Decimal(5)))
    levels = (level("city", "1", "1000000", "1000000", rates=rates),)

    def gives(**changed: Any) -> Money:
        return entitle(rules(levels=levels), 1, applicant("100.00", **changed)).at(Level.CITY)

    assert gives(line="liability") == yuan("10.00")
    assert gives() == yuan("30.00")
    assert gives(size="large") == yuan("5.00")


@pytest.mark.parametrize(
    ("rule", "who", "code"),
    [
        ({"regions": ("32",)}, {}, "REGION_NOT_COVERED"),
        ({"industries": ("J", "I64")}, {}, "INDUSTRY_NOT_COVERED"),
        ({"lines": ("liability",)}, {}, "LINE_NOT_COVERED"),
        ({"subsidy_classes": ("PARK",)}, {}, "CLASS_NOT_COVERED"),
        ({"minimum_term_days": 366}, {}, "TERM_TOO_SHORT"),
        ({"critical_infrastructure_only": True}, {}, "NO_CRITICAL_INFRASTRUCTURE"),
        ({"exclude_already_subsidised": True}, {"subsidised_elsewhere": True}, "ALREADY_SUBSIDISED"),
        ({}, {"currency": "USD"}, "CURRENCY_NOT_CNY"),
        ({}, {"paid_outside": True}, "OUTSIDE_WINDOW"),
        (
            {"window_basis": WindowBasis.INCEPTION, "window": Period(date(2026, 2, 1), date(2027, 1, 1))},
            {},
            "OUTSIDE_WINDOW",
        ),
        (
            {"levels": (level("city", "1", "1", "1", rates=(Rate("", "micro", Decimal(5)),)),)},
            {},
            "SIZE_NOT_COVERED",
        ),
    ],
)
def test_whoever_the_rules_do_not_take_in_is_refused_by_a_code(
    rule: dict[str, Any], who: dict[str, Any], code: str
) -> None:
    found = entitle(rules(**rule), 1, applicant("100.00", **who))

    assert found.refusals == (code,)
    assert found.amounts == ()


def test_every_reason_of_a_refusal_is_named() -> None:
    found = entitle(rules(regions=("32",), minimum_term_days=400), 1, applicant("100.00"))

    assert found.refusals == ("REGION_NOT_COVERED", "TERM_TOO_SHORT")
