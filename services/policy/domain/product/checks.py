"""Which product terms make sense. Every refusal names the field, so that the author of a tariff finds the line."""

import re
from collections.abc import Iterator
from dataclasses import asdict

from libs.common.checking import all_at_once, problems
from libs.common.codes.industry import is_division_or_section
from libs.common.errors import Invalid, InvalidField
from libs.common.money import CNY, Money
from services.policy.domain.product.life_checks import check_cancellation, check_life
from services.policy.domain.product.naming import check_codes, unique
from services.policy.domain.product.park_tariff import check_park
from services.policy.domain.product.questions import check_feeds, check_questions
from services.policy.domain.product.rating_checks import check_rating
from services.policy.domain.product.terms import (
    DatedRate,
    LossParty,
    ProductLine,
    ProductTerms,
    RetroactiveRule,
    ServiceEntitlement,
    TaxClass,
    Trigger,
    UnderwritingRules,
)


@all_at_once
def check_terms(terms: ProductTerms, field: str = "terms") -> Iterator[Invalid]:
    """Refuses terms by which nobody could be insured, naming all wrong fields."""
    yield from problems(_check_parts, terms, f"{field}.parts")
    yield from problems(_check_line, terms, f"{field}.parts")
    yield from problems(check_rating, terms, f"{field}.rating")
    yield from problems(check_questions, terms.questions, f"{field}.questions")
    yield from problems(check_feeds, terms, f"{field}.questions")
    yield from problems(_check_entitlements, terms, f"{field}.entitlements")
    yield from problems(_check_underwriting, terms.underwriting, f"{field}.underwriting")
    yield from problems(check_cancellation, terms, f"{field}.cancellation")
    yield from problems(_check_rates, terms.vat_rates, f"{field}.vat_rates")
    if terms.tax_class is TaxClass.EXEMPT and any(rate.rate for rate in terms.vat_rates):
        yield InvalidField(field=f"{field}.vat_rates", problem="an exempt product has no rate but zero")
    yield from problems(_check_rates, terms.stamp_duty_rates, f"{field}.stamp_duty_rates")
    yield from problems(check_money, f"{field}.minimum_premium", terms.minimum_premium)
    yield from problems(check_codes, terms.subsidy_classes, f"{field}.subsidy_classes")
    yield from problems(check_codes, terms.exclusions, f"{field}.exclusions")
    yield from problems(check_park, terms, field)
    yield from problems(check_life, terms, field)


@all_at_once
def check_money(field: str, amount: Money, least: int = 0) -> Iterator[Invalid]:
    """Premium is charged in renminbi; the amount is in fen and not below `least`."""
    if amount.currency != CNY:
        yield InvalidField(field=f"{field}.currency_code", problem=f"must be {CNY}")
    if amount.minor_units < least:
        yield InvalidField(field=field, problem="must be positive" if least else "must not be negative")


@all_at_once
def _check_parts(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    if not terms.parts:
        yield InvalidField(field=field, problem="needs one part at least")
    yield from problems(check_codes, (part.code for part in terms.parts), field, ".code")
    for index, part in enumerate(terms.parts):
        here = f"{field}[{index}]"
        limits = [
            *problems(check_money, f"{here}.minimum_limit", part.minimum_limit, 1),
            *problems(check_money, f"{here}.maximum_limit", part.maximum_limit, 1),
        ]
        yield from limits
        yield from problems(check_money, f"{here}.minimum_deductible", part.minimum_deductible)
        if not limits and part.minimum_limit > part.maximum_limit:
            yield InvalidField(field=f"{here}.maximum_limit", problem="is below the minimum")
        if part.waiting_hours < 0 or part.extended_reporting_days < 0:
            yield InvalidField(field=here, problem="hours and days must not be negative")
        if not 0 <= part.coinsurance_percent <= 100:
            yield InvalidField(field=f"{here}.coinsurance_percent", problem="must be from 0 to 100")
        if part.trigger is Trigger.OCCURRENCE and part.retroactive_rule is RetroactiveRule.DATE:
            yield InvalidField(field=f"{here}.retroactive_rule", problem="an occurrence part has no retroactive date")
        if part.sub_limit_parent:
            parent = terms.part(part.sub_limit_parent)
            if parent is None or parent.code == part.code or parent.sub_limit_parent:
                yield InvalidField(
                    field=f"{here}.sub_limit_parent", problem="must be another part that is no sub-limit itself"
                )


@all_at_once
def _check_entitlements(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    yield from problems(check_codes, (service.code for service in terms.entitlements), field, ".code")
    for index, service in enumerate(terms.entitlements):
        here = f"{field}[{index}]"
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", service.service_type):
            yield InvalidField(field=f"{here}.service_type", problem="must be a word such as incident_response")
        if not 1 <= service.quantity <= 10_000:
            yield InvalidField(field=f"{here}.quantity", problem="must be from 1 to 10000")
        yield from problems(check_money, f"{here}.fee", service.fee)
        for name in ("respond_within_hours", "start_within_hours", "deliver_within_hours"):
            if not 1 <= getattr(service, name) <= 87_600:
                yield InvalidField(field=f"{here}.{name}", problem="must be from 1 to 87600")
        if not 0 <= service.pause_allowance_hours <= 8_784:
            yield InvalidField(field=f"{here}.pause_allowance_hours", problem="must be from 0 to 8784")
        yield from _check_critical_clocks(service, f"{here}.critical_infrastructure_clocks")


def _check_critical_clocks(service: ServiceEntitlement, field: str) -> Iterator[Invalid]:
    clocks = service.critical_infrastructure_clocks
    for name, hours in (asdict(clocks) if clocks else {}).items():
        if not 1 <= hours <= getattr(service, name):
            problem = f"must be from 1 to {getattr(service, name)}, which everybody is promised"
            yield InvalidField(field=f"{field}.{name}", problem=problem)


PARTY_OF_LINE = {
    ProductLine.PROPERTY: LossParty.FIRST,
    ProductLine.LIABILITY: LossParty.THIRD,
    ProductLine.PRODUCT_LIABILITY: LossParty.THIRD,
    ProductLine.PROFESSIONAL: LossParty.THIRD,
}
"""Whose loss a line is named for: a product of it has such a part at least. The other lines may cover either alone."""


@all_at_once
def _check_line(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    party = PARTY_OF_LINE.get(terms.line)
    if party and all(part.party is not party for part in terms.parts):
        yield InvalidField(field=field, problem=f"a product of line {terms.line} needs a part for {party}-party loss")


@all_at_once
def _check_underwriting(rules: UnderwritingRules, field: str) -> Iterator[Invalid]:
    yield from problems(check_money, f"{field}.authority_limit", rules.authority_limit)
    if rules.authority_revenue is not None:
        yield from problems(check_money, f"{field}.authority_revenue", rules.authority_revenue)
    if rules.critical_findings_allowed < 0:
        yield InvalidField(field=f"{field}.critical_findings_allowed", problem="must not be negative")
    if not 1 <= rules.quote_valid_days <= 365:
        yield InvalidField(field=f"{field}.quote_valid_days", problem="must be from 1 to 365")
    for name in ("loss_amount_allowed", "loss_amount_declined_above"):
        if (amount := getattr(rules, name)) is not None:
            yield from problems(check_money, f"{field}.{name}", amount)
    for name in ("assessment_industries", "excluded_industries"):
        for index, code in enumerate(getattr(rules, name)):
            if not is_division_or_section(code):
                yield InvalidField(
                    field=f"{field}.{name}[{index}]", problem="is no division or section of GB/T 4754-2017"
                )
    yield from problems(_check_losses, rules, field)


@all_at_once
def _check_losses(rules: UnderwritingRules, field: str) -> Iterator[Invalid]:
    """A loss that is declined would never be referred if the bound for declining were the lower one."""
    pairs = (
        ("losses_declined_above", rules.losses_allowed, rules.losses_declined_above),
        ("loss_amount_declined_above", rules.loss_amount_allowed, rules.loss_amount_declined_above),
    )
    for name, allowed, declined in pairs:
        if isinstance(allowed, Money) and isinstance(declined, Money) and allowed.currency != declined.currency:
            continue  # Said of the amount in foreign money.
        if allowed is not None and declined is not None and declined < allowed:  # type: ignore[operator]
            yield InvalidField(field=f"{field}.{name}", problem="is below what is referred")
    for name in ("loss_years", "losses_allowed", "losses_declined_above"):
        if (getattr(rules, name) or 0) < 0:
            yield InvalidField(field=f"{field}.{name}", problem="must not be negative")


@all_at_once
def _check_rates(rates: tuple[DatedRate, ...], field: str) -> Iterator[Invalid]:
    if not rates:
        yield InvalidField(field=field, problem="needs one rate at least")
    yield from problems(unique, field, (rate.valid_from.isoformat() for rate in rates))
    for index, rate in enumerate(rates):
        if not 0 <= rate.rate < 1:
            yield InvalidField(field=f"{field}[{index}].rate", problem="must be from 0 to below 1")
