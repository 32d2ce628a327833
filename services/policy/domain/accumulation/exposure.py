"""What one policy adds to the accumulations of what its insured depends on.

Its net exposure on a day is the lead's sum insured (the tenant's percent of the limits, within the cap; sub-limits add
nothing) less the fractions that are ceded, rounded half up. What counts is the highest of any day of cover from today
on: so a change counts when it is recorded, not when it takes effect, and goes down by itself on the day on which the
highest is over (docs/adr/0013). Each dependency that was declared could cost all of it.

The two terms of a renewal share no day, so what the expiring policy draws is there for the new one: together they draw
the higher of the two, and the new one takes over what the expiring one gives back, in the same append.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import ClassVar, Self

from libs.common.events import event
from libs.common.money import CNY, Money, round_half_up
from services.policy.domain.accumulation.accumulation import Dependency
from services.policy.domain.policy.cession import fractions
from services.policy.domain.policy.charge import cessions_of, exposure_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.values import Segment

NONE = Money(CNY, 0)


@event("policy.ExposureFollowed")
class ExposureFollowed:
    """The exposure to each dependency is `amount` from now on, `change` more than before.

    `follow_on` is the first day on which it will be less if nothing happens; None when nothing is left.
    """

    policy_id: str
    dependencies: tuple[Dependency, ...]
    amount: Money
    change: Money
    follow_on: date | None


@dataclass(frozen=True)
class PolicyExposure:
    KIND: ClassVar[str] = "policy.PolicyExposure"

    policy_id: str
    dependencies: tuple[Dependency, ...]
    amount: Money
    follow_on: date | None

    @classmethod
    def begin(cls, event: ExposureFollowed) -> Self:
        return cls(event.policy_id, event.dependencies, event.amount, event.follow_on)

    def evolve(self, event: ExposureFollowed) -> "PolicyExposure":
        return PolicyExposure.begin(event)


def follow(
    known: PolicyExposure | None,
    policy_id: str,
    dependencies: tuple[Dependency, ...],
    bound: Bound,
    segments: Sequence[Segment],
    today: date,
    taken_over: Money = NONE,
) -> list[ExposureFollowed]:
    """Brings the exposure to what the policy promises now; nothing if it is there already.

    `taken_over` is what the policy that it renews draws still.
    """
    before = known.amount if known else Money(CNY, 0)
    to_come = _to_come(bound, segments, today)
    amount, follow_on = max(_highest(to_come) - taken_over, NONE), _first_drop(to_come)
    if (amount, follow_on) == (before, known.follow_on if known else None):
        return []
    return [
        ExposureFollowed(
            policy_id=policy_id,
            dependencies=known.dependencies if known else dependencies,
            amount=amount,
            change=amount - before,
            follow_on=follow_on,
        )
    ]


def net_exposure(bound: Bound, segments: Sequence[Segment], today: date) -> Money:
    """The highest net exposure of any day of cover from today on; zero when cover is over."""
    return _highest(_to_come(bound, segments, today))


def first_drop(bound: Bound, segments: Sequence[Segment], today: date) -> date | None:
    """The first day from which on less is exposed than today."""
    return _first_drop(_to_come(bound, segments, today))


_ToCome = list[tuple[date, int]]
"""The net exposure of each segment that is not over, with its end."""


def _to_come(bound: Bound, segments: Sequence[Segment], today: date) -> _ToCome:
    return [(segment.end, _net(bound, segment)) for segment in segments if segment.end > today]


def _highest(to_come: _ToCome) -> Money:
    return Money(CNY, max((net for _, net in to_come), default=0))


def _first_drop(to_come: _ToCome) -> date | None:
    """The end of the last segment that has the highest."""
    highest = _highest(to_come).minor_units
    return max((end for end, net in to_come if net == highest), default=None) if highest else None


def _net(bound: Bound, segment: Segment) -> int:
    insured = exposure_of(bound.shares, bound.aggregate_cap).of(segment.parts)
    cessions = cessions_of(bound)
    if not cessions:
        return round_half_up(insured)
    return round_half_up(insured * (1 - sum(fractions(cessions, insured), Fraction(0))))
