"""The limits of a year: of each part, of the part above it, and of all parts together.

They are used up by the events in the order in which these happen. In most years none of the shared limits is reached;
then each part pays its own sum, at most its limit, and no order matters. Only the other years are played event by
event, all of them at once: the first events of all years, then the second ones, and so on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf

import numpy as np
from numpy.typing import NDArray

from services.policy.quantification.conditions import Conditions
from services.policy.quantification.distributions import Events, Floats
from services.policy.quantification.draws import BLOCK


@dataclass(frozen=True)
class Limits:
    """The limits of one policy."""

    parts: tuple[Conditions, ...]
    aggregate: float = inf

    @cached_property
    def chains(self) -> list[list[int]]:
        """For each part the limits that a payment erodes: its own, those above it, the aggregate (the last number)."""
        place = {part.code: number for number, part in enumerate(self.parts)}
        chains = []
        for part in self.parts:
            chain = [place[part.code]]
            above = part.parent
            while above in place and place[above] not in chain:
                chain.append(place[above])
                above = self.parts[chain[-1]].parent
            chains.append([*chain, len(self.parts)])
        return chains

    @cached_property
    def shared(self) -> list[int]:
        """The limits that more than one part draws on."""
        users = [sum(limit in chain for chain in self.chains) for limit in range(len(self.parts) + 1)]
        return [limit for limit, count in enumerate(users) if count > 1 or limit == len(self.parts)]

    @cached_property
    def amounts(self) -> Floats:
        return np.array([*(part.limit for part in self.parts), self.aggregate])

    def paid(self, events: Sequence[Events], due: Sequence[Floats]) -> Floats:
        """What each part pays in each year of a block, from what is due of its events."""
        sums = np.empty((len(self.parts), BLOCK))
        for number, (happened, amounts) in enumerate(zip(events, due, strict=True)):
            sums[number] = np.bincount(happened.years, weights=amounts, minlength=BLOCK)
            np.minimum(sums[number], self.amounts[number], out=sums[number])
        reached = np.zeros(BLOCK, dtype=bool)
        for limit in self.shared:
            if self.amounts[limit] == inf:
                continue
            users = [number for number, chain in enumerate(self.chains) if limit in chain]
            reached |= sums[users].sum(axis=0) > self.amounts[limit]
        years = np.flatnonzero(reached)
        if len(years):
            sums[:, years] = self._in_order(years, reached, events, due)
        return sums

    def _in_order(
        self, years: NDArray[np.intp], reached: NDArray[np.bool_], events: Sequence[Events], due: Sequence[Floats]
    ) -> Floats:
        """The years in which a shared limit is reached, event by event."""
        place = np.zeros(BLOCK, dtype=np.int32)
        place[years] = np.arange(len(years), dtype=np.int32)
        chosen = [reached[happened.years] for happened in events]
        year = np.concatenate([place[each.years[mask]] for each, mask in zip(events, chosen, strict=True)])
        time = np.concatenate([each.times[mask] for each, mask in zip(events, chosen, strict=True)])
        amount = np.concatenate([each[mask] for each, mask in zip(due, chosen, strict=True)])
        part = np.repeat(np.arange(len(self.parts)), [int(mask.sum()) for mask in chosen])
        order = np.lexsort((part, time, year))
        rank = np.empty(len(order), dtype=np.int64)
        firsts = np.searchsorted(year[order], np.arange(len(years)))
        rank[order] = np.arange(len(order)) - firsts[year[order]]
        turns = np.argsort(rank, kind="stable")
        bounds = np.searchsorted(rank[turns], np.arange(int(rank.max()) + 2))
        longest = max(len(chain) for chain in self.chains)
        chains = np.array([chain + [chain[-1]] * (longest - len(chain)) for chain in self.chains])
        left = np.tile(self.amounts, (len(years), 1))
        paid = np.zeros((len(self.parts), len(years)))
        for first, end in pairwise(bounds):
            turn = turns[first:end]
            rows, who = year[turn], part[turn]
            drawn = np.minimum(amount[turn], left[rows[:, None], chains[who]].min(axis=1))
            paid[who, rows] += drawn
            for limit, chain in enumerate(
                np.array([[n in chain for chain in self.chains] for n in range(left.shape[1])])
            ):
                left[rows, limit] -= np.where(chain[who], drawn, 0.0)
        return paid
