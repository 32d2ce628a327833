"""How an insurer treats what is missing of a premium: what is too little to be asked for."""

from dataclasses import dataclass, replace
from typing import ClassVar

from libs.common.errors import InvalidField
from libs.common.events import event
from libs.common.money import CNY, Money
from services.billing_subsidy.domain.account.arrears import USUAL_TOLERANCE

HIGHEST_TOLERANCE = Money(CNY, 100_000)


@event("billing_subsidy.ArrearsToleranceSet")
class ArrearsToleranceSet:
    """Accounts that are opened from now on have this tolerance."""

    tolerance: Money
    set_by: str


@dataclass(frozen=True)
class CollectionRules:
    """Of one insurer. Without events, what is usual."""

    KIND: ClassVar[str] = "billing_subsidy.CollectionRules"

    tolerance: Money = USUAL_TOLERANCE

    @classmethod
    def begin(cls, event: ArrearsToleranceSet) -> "CollectionRules":
        return cls(event.tolerance)

    def evolve(self, event: ArrearsToleranceSet) -> "CollectionRules":
        return replace(self, tolerance=event.tolerance)


def set_tolerance(known: CollectionRules | None, tolerance: Money, by: str) -> list[ArrearsToleranceSet]:
    """Of an insurer that has set nothing yet, `known` is None."""
    if tolerance.currency != CNY:
        raise InvalidField(field="rules.arrears_tolerance.currency_code", problem=f"must be {CNY}")
    if not 0 <= tolerance.minor_units <= HIGHEST_TOLERANCE.minor_units:
        raise InvalidField(field="rules.arrears_tolerance", problem=f"must be from 0.00 to {HIGHEST_TOLERANCE}")
    if known is not None and known.tolerance == tolerance:
        return []
    return [ArrearsToleranceSet(tolerance=tolerance, set_by=by)]
