"""Accumulations: capacities are set, and every policy's exposure follows what it promises."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.errors import InvalidField
from libs.common.money import Money
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.accumulation.accumulation import Accumulation, AccumulationOpened, Dependency
from services.policy.domain.accumulation.exposure import NONE, PolicyExposure, follow
from services.policy.domain.guards import accumulation_key
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredDependency


class Accumulations:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def set_capacity(
        self, call: Call, declared: DeclaredDependency, capacity: Money, percent: Decimal
    ) -> Done[Accumulation]:
        dependency = Dependency.of(declared)
        if not dependency.name:
            raise InvalidField(field="name", problem="is blank")
        stream = accumulation_id(call.tenant, dependency)

        async def plan(unit: Unit) -> None:
            accumulation = await _opened(unit, call.tenant, dependency)
            unit.record(Accumulation, stream, accumulation.set_capacity(capacity, percent, call.principal))

        return await self._application.execute(call, Accumulation, stream, plan)


async def follow_exposure(unit: Unit, policy_id: UUID) -> None:
    """Brings what a policy draws on its insurer's capacities to what it promises now.

    Every command, reaction and timer that changes cover (the segments of a policy) ends with it, after the policy's own
    events are recorded in this unit. Drawn, or given back, in the same append; that is refused whole, GUARD_EXCEEDED
    with the guard's name, if a capacity would be passed. Where no dependency was declared, nothing is drawn.
    """
    policy = await unit.find(Policy, policy_id)
    entry = unit.entry(policy_id)
    if policy is None or entry is None:
        return
    declared = await declared_dependencies(unit, policy.bound)
    if not declared:
        return
    stream = exposure_of_policy(entry.tenant, policy_id)
    # A policy that begins here has drawn nothing yet, and many begin at once: that is not looked up in the log.
    new = entry.version == 1 and await unit.is_new(PolicyExposure, stream)
    known = None if new else await unit.find(PolicyExposure, stream)
    dependencies = tuple(dict.fromkeys(Dependency.of(each) for each in declared))
    taken_over = await _drawn_by(unit, entry.tenant, policy.bound.renews, dependencies)
    followed = follow(known, str(policy_id), dependencies, policy.bound, policy.segments, unit.call.today, taken_over)
    if followed and known is None:
        for dependency in dependencies:
            await _opened(unit, entry.tenant, dependency)
    unit.record(PolicyExposure, stream, followed, tenant=entry.tenant)
    if policy.life.renewed_by:
        await follow_exposure(unit, UUID(policy.life.renewed_by))


async def _drawn_by(unit: Unit, tenant: str, policy_id: str, dependencies: Iterable[Dependency]) -> Money:
    """What a policy draws for all of these dependencies; nothing if it is none, or does not depend on one of them."""
    if not policy_id:
        return NONE
    exposure = await unit.find(PolicyExposure, exposure_of_policy(tenant, UUID(policy_id)))
    return exposure.amount if exposure is not None and set(dependencies) <= set(exposure.dependencies) else NONE


async def declared_dependencies(unit: Unit, bound: Bound) -> tuple[DeclaredDependency, ...]:
    """What was declared with the submission, or with the import, that a policy came from."""
    if bound.imported is not None:
        return bound.imported.dependencies
    submission = await unit.find(Submission, UUID(bound.submission_id)) if bound.submission_id else None
    return () if submission is None else submission.asked.dependencies


async def least_room(unit: Unit, declared: Iterable[DeclaredDependency], renews: str = "") -> Money | None:
    """What a quote may sum to before the fullest of these dependencies refers it; None if none has a capacity.

    A quote is held against it with all of its limits, before shares and cessions; so are those of the policy that it
    `renews` there for it, as long as that one draws on the same dependencies.
    """
    rooms: list[Money] = []
    dependencies = tuple(dict.fromkeys(Dependency.of(each) for each in declared))
    expiring = await unit.find(Policy, UUID(renews)) if renews else None
    drawn = await _drawn_by(unit, unit.call.tenant, renews, dependencies)
    taken_over = expiring.aggregate_limit if expiring is not None and drawn else NONE
    for dependency in dependencies:
        accumulation = await unit.find(Accumulation, accumulation_id(unit.call.tenant, dependency))
        if accumulation is None or accumulation.capacity is None:
            continue
        left = await unit.available(accumulation_key(unit.call.tenant, dependency))
        room = accumulation.room(left or 0)
        if room is not None:
            rooms.append(room + taken_over)
    return min(rooms, default=None)


def accumulation_id(tenant: str, dependency: Dependency) -> UUID:
    return stream_id(tenant, Accumulation.KIND, dependency.key)


def exposure_of_policy(tenant: str, policy_id: UUID) -> UUID:
    return stream_id(tenant, PolicyExposure.KIND, str(policy_id))


async def _opened(unit: Unit, tenant: str, dependency: Dependency) -> Accumulation:
    """The accumulation, which begins with the first policy or the first capacity."""
    stream = accumulation_id(tenant, dependency)
    known = await unit.find(Accumulation, stream)
    if known is None:
        known = unit.record(Accumulation, stream, [AccumulationOpened(dependency=dependency)], tenant=tenant)
    assert known is not None  # An event was recorded.
    return known
