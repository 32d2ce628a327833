"""What a change in a unit of work does to the capacities that a policy draws on."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from libs.common.changes import Draw
from libs.common.money import CNY, Money
from libs.common.unit import Unit
from services.policy.application.accumulations import accumulation_id, exposure_of_policy
from services.policy.domain.accumulation.accumulation import Accumulation, Dependency
from services.policy.domain.accumulation.exposure import PolicyExposure
from services.policy.domain.guards import accumulation_key, guard_words


@dataclass(frozen=True)
class CapacityUse:
    """A policy's exposure to one dependency, before and after. `left` is of the capacity after it; None without one."""

    dependency: Dependency
    before: Money
    after: Money
    left: Money | None


async def capacity_uses(unit: Unit, policy_id: UUID) -> list[CapacityUse]:
    """Of each dependency that was declared, in the order of declaration.

    GuardExceeded for the first capacity that would be passed, as the append would be refused.
    """
    tenant, drawn = unit.call.tenant, _drawn(unit)
    exposure = await unit.find(PolicyExposure, exposure_of_policy(tenant, policy_id))
    uses: list[CapacityUse] = []
    for dependency in exposure.dependencies if exposure else ():
        key = accumulation_key(tenant, dependency)
        change, available = drawn[key], await unit.available(key)
        if available is not None and change > max(available, 0):
            raise guard_words(key).exceeded(key, change, available)
        accumulation = await unit.find(Accumulation, accumulation_id(tenant, dependency))
        limited = available is not None and accumulation is not None and accumulation.capacity is not None
        left = Money(CNY, available - change) if limited and available is not None else None
        assert exposure is not None  # There are dependencies.
        uses.append(CapacityUse(dependency, exposure.amount - Money(CNY, change), exposure.amount, left))
    return uses


def _drawn(unit: Unit) -> defaultdict[str, int]:
    """What the unit would draw so far, by guard; negative for what it gives back."""
    drawn: defaultdict[str, int] = defaultdict(int)
    for change in (change for new in unit.events for change in new.guards if isinstance(change, Draw)):
        drawn[change.key] += change.amount
    return drawn
