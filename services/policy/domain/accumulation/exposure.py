"""What one policy adds to the accumulations of what its insured depends on.

Its net exposure on a day is the lead's sum insured (the tenant's percent of the limits, within the cap; sub-limits add
nothing) less the fractions that are ceded, rounded half up. What counts is the highest of any day of cover from today
on: so a change counts when it is recorded, not when it takes effect, and goes down by itself on the day on which the
highest is over (docs/adr/0013). Each dependency that was declared could cost all of it.
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
) -> list[ExposureFollowed]:
    """Brings the exposure to what the policy promises now; nothing if it is there already."""
    before = known.amount if known else Money(CNY, 0)
    amount = net_exposure(bound, segments, today)
    follow_on = first_drop(bound, segments, today)
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
    to_come = [_net(bound, segment) for segment in segments if segment.end > today]
    return Money(CNY, max(to_come, default=0))


def first_drop(bound: Bound, segments: Sequence[Segment], today: date) -> date | None:
    """The first day from which on less is exposed than today."""
    now = net_exposure(bound, segments, today)
    ends = sorted(segment.end for segment in segments if segment.end > today)
    return next((day for day in ends if net_exposure(bound, segments, day) < now), None)


def _net(bound: Bound, segment: Segment) -> int:
    insured = exposure_of(bound.shares, bound.aggregate_cap).of(segment.parts)
    ceded = sum(fractions(cessions_of(bound), insured), Fraction(0))
    return round_half_up(insured * (1 - ceded))
