"""Years of one risk: what each part would pay in each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.policy.quantification.conditions import Risk, RiskPart, payable
from services.policy.quantification.distributions import Events, Floats
from services.policy.quantification.draws import BLOCK, blocks, generator
from services.policy.quantification.limits import Limits

MODEL_VERSION = "1"
"""Goes up with every change after which the same inputs give other figures."""


class Stopped(Exception):
    """Nobody waits for the answer any more."""


Stop = Callable[[], bool]


@dataclass(frozen=True)
class Happened:
    """The events of one part in a block of years, with the loss of each and, if they matter, its hours."""

    events: Events
    losses: Floats
    hours: Floats | None


@dataclass(frozen=True)
class YearLosses:
    """What was simulated: for each part what is paid in each year, in fen, and what happened before any term."""

    codes: tuple[str, ...]
    paid: Floats
    """A row for each part, a column for each year."""
    ground_up: Floats
    """The mean loss of a year for each part, before any term of the policy."""
    events: tuple[int, ...]

    @property
    def years(self) -> int:
        return int(self.paid.shape[1])

    @property
    def total(self) -> Floats:
        summed: Floats = self.paid.sum(axis=0)
        return summed


def simulate(risk: Risk, seed: int, years: int, stop: Stop = lambda: False) -> YearLosses:
    """The same for the same risk, seed and model version; more years begin with the same years."""
    paid = np.empty((len(risk.parts), years))
    ground_up, counts = np.zeros(len(risk.parts)), np.zeros(len(risk.parts), dtype=np.int64)
    limits = limits_of(risk)
    for block, first, end in blocks(years):
        if stop():
            raise Stopped
        happened = [happen(risk.key, part, seed, block) for part in risk.parts]
        paid[:, first:end] = paid_in_block(risk, limits, happened)[:, : end - first]
        for number, each in enumerate(happened):
            inside = slice(None) if end - first == BLOCK else each.events.years < end - first
            ground_up[number] += each.losses[inside].sum()
            counts[number] += len(each.losses[inside])
    codes = tuple(part.conditions.code for part in risk.parts)
    return YearLosses(codes, paid, ground_up / years, tuple(int(count) for count in counts))


def limits_of(risk: Risk) -> Limits:
    return Limits(tuple(part.conditions for part in risk.parts), risk.aggregate)


def happen(key: str, part: RiskPart, seed: int, block: int) -> Happened:
    """The part's own events in a block."""
    code = part.conditions.code
    events = part.frequency.events(generator(seed, block, key, code, "events"))
    count = len(events.years)
    losses = part.severity.draw(generator(seed, block, key, code, "losses"), count)
    hours = None
    if part.conditions.waiting_hours and part.outage is not None:
        hours = part.outage.draw(generator(seed, block, key, code, "hours"), count)
    return Happened(events, losses, hours)


def paid_in_block(
    risk: Risk, limits: Limits, happened: Sequence[Happened], more: Mapping[int, Sequence[Happened]] | None = None
) -> Floats:
    """What each part pays in each year of a block; `more` are further events by the part's number."""
    events, due = [], []
    for number, (part, own) in enumerate(zip(risk.parts, happened, strict=True)):
        all_of_it = [own, *(more or {}).get(number, ())]
        amounts = [payable(part.conditions, each.losses, each.hours) for each in all_of_it]
        if len(all_of_it) == 1:
            events.append(own.events)
            due.append(amounts[0])
            continue
        years = np.concatenate([each.events.years for each in all_of_it])
        times = np.concatenate([each.events.times for each in all_of_it])
        events.append(Events(years, times))
        due.append(np.concatenate(amounts))
    return limits.paid(events, due)
