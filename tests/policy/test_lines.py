"""The lines of the 2023 Opinions as products: each is published, quoted and bound, with all that a version holds."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import (
    BaseRate,
    CancellationMethod,
    CoveragePart,
    DatedRate,
    LossParty,
    ProductLine,
    ProductTerms,
    RatingPlan,
    RetroactiveRule,
    ServicePhase,
    TaxClass,
    Trigger,
)
from services.policy.servicer.product_messages import terms_message
from services.policy.servicer.product_values import terms_value
from tests.policy import examples as an

FIRST, THIRD = LossParty.FIRST, LossParty.THIRD
OCCURRENCE: dict[str, Any] = {
    "trigger": Trigger.OCCURRENCE,
    "retroactive_rule": RetroactiveRule.NONE,
    "extended_reporting_days": 0,
}
LINES: dict[ProductLine, tuple[CoveragePart, ...]] = {
    ProductLine.PROPERTY: (
        an.part("BI", FIRST, waiting_hours=12, **OCCURRENCE),
        an.part("RESTORE", FIRST, **OCCURRENCE),
        an.part("FORENSIC", FIRST, sub_limit_parent="RESTORE", **OCCURRENCE),
    ),
    ProductLine.LIABILITY: (an.part("PRIVACY", THIRD), an.part("DEFENCE", THIRD, sub_limit_parent="PRIVACY")),
    ProductLine.COMPREHENSIVE: (an.part("BI", FIRST, waiting_hours=8, **OCCURRENCE), an.part("PRIVACY", THIRD)),
    ProductLine.PRODUCT_LIABILITY: (an.part("IT_PRODUCT", THIRD, retroactive_rule=RetroactiveRule.NONE),),
    ProductLine.SECURITY_PRODUCT: (an.part("FAILURE", FIRST), an.part("CUSTOMERS", THIRD)),
    ProductLine.PROFESSIONAL: (an.part("SERVICE", THIRD, extended_reporting_days=365),),
}
"""All but park, which is a master with certificates."""


def terms(line: ProductLine) -> ProductTerms:
    parts = LINES[line]
    plan = RatingPlan(
        base_rates=tuple(
            BaseRate(part.code, Decimal(rate), since)
            for part in parts
            for rate, since in (("0.004", an.TARIFF_FROM), ("0.006", date(2026, 7, 1)))
        ),
        factor_tables=an.product_terms().rating.factor_tables[:2],
        bundle_credit_percent=Decimal(5),
    )
    return an.product_terms(line=line, parts=parts, rating=plan, questions=())


def sold(line: ProductLine, inception: date = an.INCEPTION) -> Policy:
    fixed = terms(line)
    expiry = inception.replace(year=inception.year + 1)
    wanted = tuple(an.wanted(part.code, Money.cny(1_000_000)) for part in fixed.parts)
    submission = an.submission(fixed, parts=wanted, answers=(), inception=inception, expiry=expiry)
    return an.policy(an.quoted(submission, terms=fixed), fixed, alone=True)


@pytest.mark.parametrize("line", LINES)
def test_a_product_of_each_line_is_published_quoted_and_bound(line: ProductLine) -> None:
    product = an.published(terms(line))
    policy = sold(line)

    assert product.on_sale().terms == terms(line)
    assert policy.bound.line is line
    # 1 million × 0.004 × industry 1.25 × size 0.80 for each part.
    assert policy.premium == Money.cny(4_000 * len(LINES[line]))
    for part, fixed in zip(policy.bound.parts, LINES[line], strict=True):
        assert (part.waiting_hours, part.coinsurance_percent, part.sub_limit_parent, part.trigger) == (
            fixed.waiting_hours,
            fixed.coinsurance_percent,
            fixed.sub_limit_parent,
            fixed.trigger,
        )
        assert part.extended_reporting_days == fixed.extended_reporting_days
        assert part.retroactive_date == (an.INCEPTION if fixed.retroactive_rule is RetroactiveRule.DATE else None)


@pytest.mark.parametrize("line", LINES)
def test_the_tables_of_the_inception_hold_for_each_line(line: ProductLine) -> None:
    assert sold(line, date(2026, 7, 1)).premium == Money.cny(6_000 * len(LINES[line]))


@pytest.mark.parametrize("line", LINES)
def test_all_that_a_version_of_each_line_holds_goes_over_the_wire_and_back(line: ProductLine) -> None:
    fixed = replace(
        terms(line),
        tax_class=TaxClass.EXEMPT,
        vat_rates=(DatedRate(Decimal(0), an.TARIFF_FROM),),
        underwriting=replace(
            terms(line).underwriting,
            loss_years=3,
            losses_allowed=0,
            loss_amount_allowed=Money.cny(1),
            losses_declined_above=4,
            loss_amount_declined_above=Money.cny(9),
            excluded_industries=("B",),
        ),
    )

    assert terms_value("terms", terms_message(fixed)) == fixed
    assert Product.create("X", "x", fixed)


@pytest.mark.parametrize("line", LINES)
def test_a_policy_of_each_line_promises_the_services_of_each_phase(line: ProductLine) -> None:
    phases = {service.phase for service in terms(line).entitlements}

    assert phases == set(ServicePhase)
    assert {service.phase for service in sold(line).bound.entitlements} == {
        ServicePhase.IN_FORCE,
        ServicePhase.INCIDENT,
    }


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("method", [CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE])
def test_a_policy_of_each_line_is_cancelled_by_the_methods_that_its_product_allows(
    line: ProductLine, method: CancellationMethod
) -> None:
    ended = an.cancelled(sold(line), date(2026, 10, 1), method)

    assert ended.segments[-1].end == date(2026, 10, 1)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (ProductLine.PROPERTY, LINES[ProductLine.LIABILITY]),
        (ProductLine.LIABILITY, LINES[ProductLine.PROPERTY]),
        (ProductLine.PRODUCT_LIABILITY, LINES[ProductLine.PROPERTY]),
        (ProductLine.PROFESSIONAL, LINES[ProductLine.PROPERTY]),
    ],
)
def test_a_product_without_the_part_that_its_line_is_named_for_is_refused(
    line: ProductLine, parts: tuple[CoveragePart, ...]
) -> None:
    plan = RatingPlan(tuple(BaseRate(part.code, Decimal("0.004"), an.TARIFF_FROM) for part in parts), (), Decimal(0))

    with pytest.raises(InvalidField, match="needs a part for"):
        Product.create("X", "x", an.product_terms(line=line, parts=parts, rating=plan, questions=()))


def test_an_exempt_product_bears_no_vat() -> None:
    with pytest.raises(InvalidField) as refusal:
        Product.create("X", "x", an.product_terms(tax_class=TaxClass.EXEMPT))

    assert refusal.value.field == "terms.vat_rates"
