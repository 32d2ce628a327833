"""Which rules about the end of a policy make sense: minimum earned, lapse, longer reporting."""

from libs.common.errors import InvalidField
from services.policy.domain.product.terms import CancellationMethod, ProductTerms, Trigger


def check_life(terms: ProductTerms, field: str) -> None:
    earned = terms.cancellation.minimum_earned_percent
    if not 0 <= earned <= 100:
        raise InvalidField(field=f"{field}.cancellation.minimum_earned_percent", problem="must be from 0 to 100")
    if earned and CancellationMethod.MINIMUM_EARNED not in terms.cancellation.methods:
        raise InvalidField(
            field=f"{field}.cancellation.minimum_earned_percent", problem="is of a method that is not allowed"
        )
    _check_lapse(terms, f"{field}.lapse_rules")
    _check_extensions(terms, f"{field}.reporting_extensions")


def _check_lapse(terms: ProductTerms, field: str) -> None:
    for index, rule in enumerate(terms.lapse_rules):
        if not 0 <= rule.cure_days <= 365:
            raise InvalidField(field=f"{field}[{index}].cure_days", problem="must be from 0 to 365")
        if rule.valid_from in [earlier.valid_from for earlier in terms.lapse_rules[:index]]:
            raise InvalidField(field=f"{field}[{index}].valid_from", problem="has a rule already")


def _check_extensions(terms: ProductTerms, field: str) -> None:
    longest = max(
        (each.extended_reporting_days for each in terms.parts if each.trigger is Trigger.CLAIMS_MADE), default=0
    )
    for index, extension in enumerate(terms.reporting_extensions):
        here = f"{field}[{index}]"
        if not longest < extension.days <= 3650:
            raise InvalidField(
                field=f"{here}.days", problem=f"must be above the parts' own, {longest}, and at most 3650"
            )
        if extension.days in [earlier.days for earlier in terms.reporting_extensions[:index]]:
            raise InvalidField(field=f"{here}.days", problem="comes twice")
        if not 0 <= extension.premium_percent <= 1000:
            raise InvalidField(field=f"{here}.premium_percent", problem="must be from 0 to 1000")
