"""Which rules about the end of a policy make sense: minimum earned, lapse, longer reporting."""

from collections.abc import Iterator

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from services.policy.domain.product.terms import CancellationMethod, ProductTerms, Trigger


@all_at_once
def check_cancellation(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    rule, earned = terms.cancellation, terms.cancellation.minimum_earned_percent
    if not rule.methods:
        yield InvalidField(field=f"{field}.methods", problem="needs one method at least")
    if not 0 <= rule.short_rate_percent <= 100:
        yield InvalidField(field=f"{field}.short_rate_percent", problem="must be from 0 to 100")
    if not 0 <= earned <= 100:
        yield InvalidField(field=f"{field}.minimum_earned_percent", problem="must be from 0 to 100")
    if earned and CancellationMethod.MINIMUM_EARNED not in rule.methods:
        yield InvalidField(field=f"{field}.minimum_earned_percent", problem="is of a method that is not allowed")


@all_at_once
def check_life(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    yield from problems(_check_lapse, terms, f"{field}.lapse_rules")
    yield from problems(_check_extensions, terms, f"{field}.reporting_extensions")


@all_at_once
def _check_lapse(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    for index, rule in enumerate(terms.lapse_rules):
        if not 0 <= rule.cure_days <= 365:
            yield InvalidField(field=f"{field}[{index}].cure_days", problem="must be from 0 to 365")
        if rule.valid_from in [earlier.valid_from for earlier in terms.lapse_rules[:index]]:
            yield InvalidField(field=f"{field}[{index}].valid_from", problem="has a rule already")


@all_at_once
def _check_extensions(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    longest = max(
        (each.extended_reporting_days for each in terms.parts if each.trigger is Trigger.CLAIMS_MADE), default=0
    )
    for index, extension in enumerate(terms.reporting_extensions):
        here = f"{field}[{index}]"
        if not longest < extension.days <= 3650:
            yield InvalidField(
                field=f"{here}.days", problem=f"must be above the parts' own, {longest}, and at most 3650"
            )
        if extension.days in [earlier.days for earlier in terms.reporting_extensions[:index]]:
            yield InvalidField(field=f"{here}.days", problem="comes twice")
        if not 0 <= extension.premium_percent <= 1000:
            yield InvalidField(field=f"{here}.premium_percent", problem="must be from 0 to 1000")
