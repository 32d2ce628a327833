"""What an insurer is ready to pay if one thing fails on which many of its insureds depend."""

import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from libs.common.money import CNY, Money
from services.policy.domain.product.checks import check_money
from services.policy.domain.submission.values import DeclaredDependency, DependencyKind

USUAL_PERCENT = Decimal(80)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Dependency:
    """Something that insureds depend on. Its name is written in one way, so that all who declare it are counted."""

    kind: DependencyKind
    name: str

    @classmethod
    def of(cls, declared: DeclaredDependency) -> Self:
        """Full-width and half-width forms, capitals and spaces make no difference."""
        name = unicodedata.normalize("NFKC", declared.name)
        return cls(declared.kind, " ".join(name.split()).casefold())

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"


@event("policy.AccumulationOpened")
class AccumulationOpened:
    """A policy declared this, or a capacity is about to be set: from now on its exposure is counted."""

    dependency: Dependency


@event("policy.AccumulationCapacitySet")
class AccumulationCapacitySet:
    dependency: Dependency
    capacity: Money
    refer_above_percent: Decimal
    set_by: str


AccumulationEvent = AccumulationOpened | AccumulationCapacitySet


@dataclass(frozen=True)
class Accumulation:
    """Of one insurer, for one dependency. How much is exposed is what its guard says."""

    KIND: ClassVar[str] = "policy.Accumulation"

    dependency: Dependency
    capacity: Money | None = None
    refer_above_percent: Decimal = USUAL_PERCENT

    def set_capacity(self, capacity: Money, percent: Decimal, by: str) -> list[AccumulationCapacitySet]:
        """Also below what is exposed already: nothing is taken back, but nothing is added either."""
        check_money("capacity", capacity)
        if not 0 < percent <= HUNDRED:
            raise InvalidField(field="refer_above_percent", problem="must be above 0 and at most 100")
        if (capacity, percent) == (self.capacity, self.refer_above_percent):
            return []
        return [
            AccumulationCapacitySet(
                dependency=self.dependency, capacity=capacity, refer_above_percent=percent, set_by=by
            )
        ]

    def room(self, left: int) -> Money | None:
        """What may be added before a quote is referred, when so many fen are left of the capacity."""
        if self.capacity is None:
            return None
        whole = self.capacity.minor_units
        threshold = whole * Fraction(self.refer_above_percent) / 100
        return Money(CNY, int(threshold // 1) - (whole - left))

    @classmethod
    def begin(cls, event: AccumulationOpened) -> Self:
        return cls(event.dependency)

    def evolve(self, event: AccumulationEvent) -> "Accumulation":
        match event:
            case AccumulationOpened():
                return Accumulation.begin(event)
            case AccumulationCapacitySet():
                return replace(self, capacity=event.capacity, refer_above_percent=event.refer_above_percent)
