"""Years of many policies at once, with shocks through what they share.

A shock is an event at a dependency: a cloud region fails, an update of a key software is poisoned. It hits each
policy that depends on it with some probability, in the same instant and for the same hours, and causes a loss under
the parts that it names. Losses of policies are independent but for that. Run once more with `apart`, every policy
meets as many shocks, but none in common with others: the averages stay what they are, and the difference in the tail
is accumulation.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.policy.quantification.conditions import Risk, payable
from services.policy.quantification.distributions import Events, Floats, Frequency, Severity
from services.policy.quantification.draws import blocks, generator
from services.policy.quantification.limits import Limits
from services.policy.quantification.simulation import Happened, Stop, Stopped, happen, limits_of, paid_in_block


@dataclass(frozen=True)
class Shock:
    """How often something happens at a dependency, and what it does to those who depend on it."""

    dependency: str
    frequency: Frequency
    hit_probability: float
    severity_factor: float
    part_codes: tuple[str, ...]
    outage: Severity | None
    """Hours of a shock, the same for all whom it hits; without it, each outage has the hours of its own part."""


@dataclass(frozen=True)
class Member:
    """A policy with what it depends on, and the fraction of each payment that counts."""

    risk: Risk
    dependencies: frozenset[str]
    retained: float = 1.0


@dataclass(frozen=True)
class ShockLosses:
    """What the shocks of one dependency cost, one by one: the sum over all policies, before yearly limits."""

    dependency: str
    exposed: int
    events: Floats


@dataclass(frozen=True)
class PortfolioLosses:
    totals: Floats
    by_member: Floats
    """The mean of a year for each policy."""
    shocks: tuple[ShockLosses, ...]


@dataclass(frozen=True)
class _Struck:
    """The shocks of one dependency in a block."""

    events: Events
    hours: Floats | None


@dataclass
class _Costs:
    """Sums over the policies, for each shock of a block."""

    of: dict[str, list[Floats]] = field(default_factory=dict)

    def open(self, dependency: str, count: int) -> None:
        self.of.setdefault(dependency, []).append(np.zeros(count))

    def add(self, dependency: str, hit: NDArray[np.intp], amounts: Floats) -> None:
        self.of[dependency][-1][hit] += amounts


def simulate_portfolio(
    members: Sequence[Member],
    shocks: Sequence[Shock],
    seed: int,
    years: int,
    *,
    apart: bool = False,
    stop: Stop = lambda: False,
) -> PortfolioLosses:
    """The same for the same members, shocks, seed and model version, in whatever order the members come."""
    totals, by_member, costs = np.zeros(years), np.zeros(len(members)), _Costs()
    limits = [limits_of(member.risk) for member in members]
    for block, first, end in blocks(years):
        common = {} if apart else {shock.dependency: _strike(shock, seed, block, "") for shock in shocks}
        for dependency, struck in common.items():
            costs.open(dependency, len(struck.events.years))
        for number, member in enumerate(members):
            if stop():
                raise Stopped
            paid = _of_member(member, limits[number], shocks, common, costs, seed, block)
            totals[first:end] += paid[: end - first]
            by_member[number] += paid[: end - first].sum()
    told = tuple(
        ShockLosses(
            shock.dependency,
            sum(shock.dependency in member.dependencies for member in members),
            np.concatenate(costs.of[shock.dependency]),
        )
        for shock in shocks
        if shock.dependency in costs.of
    )
    return PortfolioLosses(totals, by_member / years, told)


def _of_member(
    member: Member,
    limits: Limits,
    shocks: Sequence[Shock],
    common: dict[str, _Struck],
    costs: _Costs,
    seed: int,
    block: int,
) -> Floats:
    """What one policy pays in each year of a block, for the fraction that counts."""
    risk = member.risk
    more: dict[int, list[Happened]] = {}
    for shock in shocks:
        if shock.dependency not in member.dependencies:
            continue
        struck = common.get(shock.dependency) or _strike(shock, seed, block, risk.key)
        source = generator(seed, block, "hit", shock.dependency, risk.key)
        hit = np.flatnonzero(source.random(len(struck.events.years)) < shock.hit_probability)
        for number, part in enumerate(risk.parts):
            if part.conditions.code not in shock.part_codes:
                continue
            losses = part.severity.draw(source, len(hit)) * shock.severity_factor
            hours = None if struck.hours is None else struck.hours[hit]
            if part.conditions.waiting_hours and hours is None and part.outage is not None:
                hours = part.outage.draw(source, len(hit))
            events = Events(struck.events.years[hit], struck.events.times[hit])
            more.setdefault(number, []).append(Happened(events, losses, hours))
            if shock.dependency in common:
                due = np.minimum(payable(part.conditions, losses, hours), part.conditions.limit)
                costs.add(shock.dependency, hit, due * member.retained)
    happened = [happen(risk.key, part, seed, block) for part in risk.parts]
    paid: Floats = paid_in_block(risk, limits, happened, more).sum(axis=0) * member.retained
    return paid


def _strike(shock: Shock, seed: int, block: int, whose: str) -> _Struck:
    """The shocks of a block: those of all, or of one policy alone."""
    source = generator(seed, block, "shock", shock.dependency, whose)
    events = shock.frequency.events(source)
    hours = None if shock.outage is None else shock.outage.draw(source, len(events.years))
    return _Struck(events, hours)
