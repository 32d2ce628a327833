from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.errors import ProductNotPublished, ProductRetired, ProductVersionNotFound
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.product import Product, ProductStatus
from services.policy.domain.product.terms import (
    AnswerKind,
    BaseRate,
    CancellationRule,
    DatedRate,
    FactorBasis,
    ProductTerms,
    Question,
    RetroactiveRule,
    ServicePhase,
    Trigger,
)
from tests.policy import examples as an

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def draft() -> Product:
    product = replay(Product, Product.create("CYBER", "Cyber", an.product_terms()))
    assert product is not None
    return product


def after(product: Product, events: list[Any]) -> Product:
    value = replay(Product, events, product)
    assert value is not None
    return value


def plan(**changes: Any) -> ProductTerms:
    terms = an.product_terms()
    return replace(terms, rating=replace(terms.rating, **changes))


def test_a_draft_can_not_be_quoted_on() -> None:
    assert draft().status is ProductStatus.DRAFT
    with pytest.raises(ProductNotPublished):
        draft().on_sale()


def test_publishing_makes_a_version_once() -> None:
    product = after(draft(), draft().publish(NOW))

    assert product.status is ProductStatus.PUBLISHED
    assert product.on_sale().number == 1
    assert product.publish(NOW) == []


def test_a_revision_becomes_the_next_version_and_leaves_the_first_alone() -> None:
    product = after(draft(), draft().publish(NOW))
    product = after(product, product.revise(an.product_terms(minimum_premium=Money.cny(5_000))))
    product = after(product, product.publish(NOW))

    assert [version.terms.minimum_premium for version in product.versions] == [Money.cny(1_000), Money.cny(5_000)]
    assert product.on_sale().number == 2
    assert product.on_sale(1).number == 1


def test_the_same_revision_again_changes_nothing() -> None:
    assert draft().revise(an.product_terms()) == []


def test_a_retired_product_is_not_sold_but_its_versions_stay() -> None:
    product = after(draft(), draft().publish(NOW))
    product = after(product, product.retire())

    assert product.status is ProductStatus.RETIRED
    assert product.retire() == []
    assert product.version(1).number == 1
    for refused in (product.on_sale, lambda: product.publish(NOW), lambda: product.revise(an.product_terms())):
        with pytest.raises(ProductRetired):
            refused()


def test_a_version_that_was_never_published_is_not_found() -> None:
    with pytest.raises(ProductVersionNotFound):
        draft().version(1)


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (an.product_terms(parts=()), "terms.parts"),
        (an.product_terms(parts=(an.part("data"),)), "terms.parts[0].code"),
        (an.product_terms(parts=(an.part("A"), an.part("A"))), "terms.parts[1]"),
        (an.product_terms(parts=(an.part("A", maximum_limit=Money.cny(1)),)), "terms.parts[0].maximum_limit"),
        (an.product_terms(parts=(an.part("A", sub_limit_parent="A"),)), "terms.parts[0].sub_limit_parent"),
        (an.product_terms(parts=(an.part("A", sub_limit_parent="B"),)), "terms.parts[0].sub_limit_parent"),
        (
            an.product_terms(parts=(an.part("A", trigger=Trigger.OCCURRENCE, retroactive_rule=RetroactiveRule.DATE),)),
            "terms.parts[0].retroactive_rule",
        ),
        (
            an.product_terms(parts=(an.part("A", coinsurance_percent=Decimal(101)),)),
            "terms.parts[0].coinsurance_percent",
        ),
        (
            an.product_terms(parts=(an.part("A", minimum_limit=Money("USD", 5)),)),
            "terms.parts[0].minimum_limit.currency_code",
        ),
        (plan(base_rates=an.product_terms().rating.base_rates[:2]), "terms.rating.base_rates"),
        (
            plan(base_rates=(BaseRate("X", Decimal("0.1"), an.TARIFF_FROM),)),
            "terms.rating.base_rates[0].part_code",
        ),
        (plan(base_rates=(BaseRate(an.DATA, Decimal(0), an.TARIFF_FROM),)), "terms.rating.base_rates[0].rate"),
        (plan(base_rates=(an.product_terms().rating.base_rates[0],) * 2), "terms.rating.base_rates[1]"),
        (plan(bundle_credit_percent=Decimal(100)), "terms.rating.bundle_credit_percent"),
        (
            plan(factor_tables=(an.table("i", FactorBasis.INDUSTRY, {"X99": "1"}),)),
            "terms.rating.factor_tables[0].rows[0].key",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.SIZE, {"small": "0"}),)),
            "terms.rating.factor_tables[0].rows[0].factor",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.DEDUCTIBLE, {"lots": "1"}),)),
            "terms.rating.factor_tables[0].rows[0].key",
        ),
        *(
            (
                plan(factor_tables=(an.table("i", FactorBasis.DEDUCTIBLE, {key: "1"}),)),
                "terms.rating.factor_tables[0].rows[0].key",
            )
            for key in ("１０", "١٠", "1_0", "1e3", " 10", "+10")
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.ANSWER, {"yes": "1"}, question="X"),)),
            "terms.rating.factor_tables[0].question",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.ANSWER, {"maybe": "1"}, question="MFA"),)),
            "terms.rating.factor_tables[0].rows[0].key",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.SIZE, {"small": "1"}, question="MFA"),)),
            "terms.rating.factor_tables[0].question",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.SIZE, {"small": "1"}, part_codes=("X",)),)),
            "terms.rating.factor_tables[0].part_codes[0]",
        ),
        (
            plan(factor_tables=(an.table("i", FactorBasis.SIZE, {"small": "1"}),) * 2),
            "terms.rating.factor_tables[1]",
        ),
        (
            an.product_terms(questions=(Question("MFA", "?", AnswerKind.CHOICE, ("one",)),)),
            "terms.questions[0].options",
        ),
        (
            an.product_terms(entitlements=(replace(an.service("S", "x", ServicePhase.IN_FORCE), quantity=0),)),
            "terms.entitlements[0].quantity",
        ),
        (
            an.product_terms(entitlements=(an.service("S", "Monitoring!", ServicePhase.IN_FORCE),)),
            "terms.entitlements[0].service_type",
        ),
        (an.product_terms(cancellation=CancellationRule((), Decimal(0))), "terms.cancellation.methods"),
        (an.product_terms(vat_rates=()), "terms.vat_rates"),
        (an.product_terms(vat_rates=(DatedRate(Decimal(6), date(2020, 1, 1)),)), "terms.vat_rates[0].rate"),
        (an.product_terms(minimum_premium=Money.cny(-1)), "terms.minimum_premium"),
        (an.product_terms(exclusions=("war",)), "terms.exclusions[0]"),
        (
            an.product_terms(underwriting=replace(an.product_terms().underwriting, assessment_industries=("Z",))),
            "terms.underwriting.assessment_industries[0]",
        ),
    ],
)
def test_terms_that_make_no_sense_are_refused_naming_the_field(terms: ProductTerms, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_terms(terms)

    assert field in [one.field for one in refusal.value.each]


def test_all_that_is_wrong_with_terms_is_named_at_once_in_the_order_of_the_form() -> None:
    wrong = an.product_terms(
        questions=(Question("MFA", " ", AnswerKind.YES_NO, ("x",)),),
        vat_rates=(DatedRate(Decimal(6), date(2020, 1, 1)),),
        cancellation=CancellationRule((), Decimal(101)),
        minimum_premium=Money.cny(-1),
        exclusions=("war", "LIFE", "strike"),
    )

    with pytest.raises(InvalidField) as refusal:
        check_terms(wrong)

    assert [one.field for one in refusal.value.each] == [
        "terms.questions[0].text",
        "terms.questions[0].options",
        "terms.cancellation.methods",
        "terms.cancellation.short_rate_percent",
        "terms.vat_rates[0].rate",
        "terms.minimum_premium",
        "terms.exclusions[0]",
        "terms.exclusions[2]",
    ]


def test_money_that_can_not_be_compared_is_named_and_not_compared() -> None:
    part = replace(an.product_terms().parts[0], minimum_limit=Money("USD", 100))

    with pytest.raises(InvalidField) as refusal:
        check_terms(an.product_terms(parts=(part, *an.product_terms().parts[1:])))

    assert [one.field for one in refusal.value.each] == ["terms.parts[0].minimum_limit.currency_code"]


def test_a_product_needs_a_name() -> None:
    with pytest.raises(InvalidField, match="name"):
        Product.create("CYBER", " ", an.product_terms())


@pytest.mark.parametrize(
    ("question", "rows", "missing"),
    [
        (Question("MFA", "Is it in use?", AnswerKind.YES_NO, ()), {"yes": "0.8"}, "no"),
        (Question("MFA", "Where?", AnswerKind.CHOICE, ("all", "some", "none")), {"all": "0.8", "none": "1.3"}, "some"),
    ],
)
def test_a_product_that_has_no_factor_for_an_option_is_drafted_and_not_published(
    question: Question, rows: dict[str, str], missing: str
) -> None:
    table = an.table("mfa", FactorBasis.ANSWER, rows, question="MFA")
    rating = replace(an.product_terms().rating, factor_tables=(table,))
    product = replay(Product, Product.create("CYBER", "Cyber", an.product_terms(questions=(question,), rating=rating)))
    assert product is not None

    with pytest.raises(InvalidField, match=f"no factor for {missing}") as refusal:
        product.publish(an.BOUND_AT)

    assert refusal.value.field == "draft.rating.factor_tables[0].rows"
