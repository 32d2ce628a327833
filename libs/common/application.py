"""Load, decide, commit: how commands, reactions and timers reach the log.

Everything that writes goes through `_run`: the plan decides on values in memory, its events become one request, the
committer appends it, and the verdict tells whether it stands, was done before, must be decided again, or is refused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from time import monotonic
from typing import Generic, TypeVar
from uuid import UUID

from libs.common import telemetry
from libs.common.changes import Recorded
from libs.common.context import SHARED, Call, note_position
from libs.common.errors import DomainError, NotFound, RequestIdReused, Stale
from libs.common.events import Aggregate, Kinds
from libs.common.outages import Conflict, Outage, patiently
from libs.common.service import Service
from libs.common.store.cache import Cache, evolution
from libs.common.store.committer import Committer
from libs.common.store.reading import Log
from libs.common.store.requests import NOTHING_ELSE, AppendRequest, Parking, Position, Verdict
from libs.common.unit import Unit

A = TypeVar("A", bound=Aggregate)
Plan = Callable[[Unit], Awaitable[None]]

PATIENCE = 10.0
"""Seconds for which a command is decided again when others were faster, before it gives up with a conflict."""


@dataclass(frozen=True, slots=True)
class Loaded(Generic[A]):
    """An aggregate as the log holds it."""

    value: A
    version: int
    tenant: str
    stream: UUID


@dataclass(frozen=True, slots=True)
class Done(Generic[A]):
    """What a command led to. `position` is how far the log had come; `repeated` says that it had been done before."""

    value: A
    version: int
    position: int
    repeated: bool
    stream: UUID


class Application:
    """The commands' way to one service's log."""

    def __init__(self, service: Service, log: Log, url: str, *, wake: Callable[[], None] = lambda: None) -> None:
        self._wake = wake
        self.service = service
        self.log = log
        self.kinds = Kinds(service.aggregates)
        self.cache = Cache(log, self.kinds)
        self.committer = Committer(url, refused=self.cache.drop, trouble=log.trouble)

    async def open(self) -> None:
        await self.log.open()
        await patiently(self._declare_kinds)
        await patiently(self.committer.open)

    async def _declare_kinds(self) -> None:
        """Tells `append` which event types are whose; ValueError if the log knows it otherwise."""
        owners = self.kinds.owners
        pairs = [(name, kind) for name, kinds in owners.items() for kind in kinds]
        await self.log.run(
            "INSERT INTO event_type SELECT name, array_agg(kind ORDER BY kind)"
            " FROM unnest(%s::text[], %s::text[]) AS u (name, kind) GROUP BY name ON CONFLICT (type) DO NOTHING",
            ([name for name, _ in pairs], [kind for _, kind in pairs]),
        )
        for name, kinds in await self.log.all("SELECT type, kinds FROM event_type"):
            if name in owners and list(owners[name]) != kinds:
                raise ValueError(f"{name} is an event of {kinds} in the log, and of {list(owners[name])} here")

    async def settle(self) -> None:
        """Waits for what goes on in the background."""
        await self.cache.snapshots.settle()

    async def close(self) -> None:
        """Stores what is under way, then lets go of the database."""
        await self.committer.close()
        await self.settle()
        await self.log.close()

    async def execute(self, call: Call, kind: type[A], stream: UUID, plan: Plan, *, etag: str = "") -> Done[A]:
        """Runs a command whose result is the aggregate `stream`.

        The same request id and payload again answers with that aggregate as it was right after the first time.
        Raises what the plan raises; RequestIdReused; Stale if `etag` is not the version that the command finds;
        GuardExceeded; Conflict if others are faster for too long.
        """

        async def guarded(unit: Unit) -> None:
            if etag:
                await unit.find(kind, stream)
                entry = unit.entry(stream)
                # Of what is not the caller's, not even the etag is told; the plan then finds nothing there.
                ours = entry is not None and entry.is_of(kind) and entry.tenant in (call.tenant, SHARED)
                if entry is not None and ours and str(entry.version) != etag:
                    raise Stale(current=str(entry.version), given=etag)
            await plan(unit)

        try:
            unit, verdict = await self._run(call, stream, guarded, NOTHING_ELSE)
        except DomainError as refusal:
            # It may be refused only because it was done before.
            before = await self.answered(call, kind)
            if before is None:
                telemetry.REFUSALS.add(1, {"reason": refusal.reason})
                raise
            return before
        if verdict.verdict == "repeated" and (before := await self.answered(call, kind)) is not None:
            return before
        entry = unit.entry(stream)
        assert entry is not None
        note_position(position := verdict.last_position or 0)
        return Done(entry.value, entry.version, position, False, stream)

    async def change(
        self,
        call: Call,
        kind: type[A],
        stream: UUID,
        decide: Callable[[A], Sequence[object]],
        missing: NotFound,
        *,
        etag: str = "",
        any_tenant: bool = False,
    ) -> Done[A]:
        """Runs a command that is one decision of one aggregate."""

        async def plan(unit: Unit) -> None:
            value = await unit.get(kind, stream, missing, any_tenant=any_tenant)
            unit.record(kind, stream, decide(value))

        return await self.execute(call, kind, stream, plan, etag=etag)

    async def read(self, kind: type[A], stream: UUID, missing: NotFound, *, tenant: str | None) -> Loaded[A]:
        """The aggregate as the log holds it now; `missing` if there is none of this kind and tenant (None: any)."""
        entry = await self.cache.load(kind, stream)
        if entry is None or not entry.is_of(kind) or (tenant is not None and entry.tenant not in (tenant, SHARED)):
            raise missing
        return Loaded(entry.value, entry.version, entry.tenant, stream)

    async def history(
        self,
        kind: type[A],
        stream: UUID,
        missing: NotFound,
        *,
        tenant: str | None,
        recorded_until: datetime | None = None,
    ) -> list[Recorded[A]]:
        """Each event of an aggregate with the value after it, as far as was recorded by an instant.

        `missing` as for `read`.
        """
        rows = await self.log.stream(stream)
        if self.cache.kind_of(rows) is not kind or (tenant is not None and rows[0].tenant not in (tenant, SHARED)):
            raise missing
        history = evolution(kind, rows)
        if recorded_until is None:
            return history
        return list(takewhile(lambda recorded: recorded.recorded_at <= recorded_until, history))

    async def react(
        self, call: Call, plan: Plan, *, tracking: Position | None = None, unpark: tuple[str, int] | None = None
    ) -> None:
        """Runs a reaction; its events and the upstream's position (or the end of its parking) are one append."""
        request = AppendRequest(events=(), tracking=tracking, unpark=unpark)
        await self._run(call, None, plan, request)

    async def skip(self, call: Call, tracking: Position, parking: Sequence[Parking] = ()) -> None:
        """Moves an upstream's position past announcements that lead to nothing, or that are parked."""
        request = AppendRequest(events=(), tracking=tracking, parking=tuple(parking))
        await self._run(call, None, _nothing, request)

    async def fire(self, call: Call, timer: UUID, plan: Plan) -> None:
        """Runs what a timer does, and consumes the timer; nothing happens if it was cancelled meanwhile."""
        await self._run(call, None, plan, AppendRequest(events=(), timer=timer))

    async def _run(self, call: Call, stream: UUID | None, plan: Plan, base: AppendRequest) -> tuple[Unit, Verdict]:
        until = monotonic() + PATIENCE
        trusting = True
        while True:
            unit = Unit(call, self.service, self.cache, self.log, trusting=trusting)
            trusting = False
            try:
                await plan(unit)
            except Outage:
                raise
            except Exception:
                if await self.stands(unit):
                    raise
            else:
                if unit.still_true:
                    verdict = await self._append(call, stream, unit, base)
                    if verdict.verdict in ("ok", "repeated", "moot"):
                        return unit, verdict
                    await unit.judge(verdict)
            if monotonic() > until:
                raise Conflict("others kept changing it")
            await asyncio.sleep(0)

    async def stands(self, unit: Unit) -> bool:
        """Whether a plan failed on what the log holds, and not on a tip that is old, or never becomes true.

        Asked through the committer, behind everything that is on its way into the log.
        """
        if not unit.still_true or not unit.looked_at:
            return unit.still_true
        verdict = await self.committer.submit(AppendRequest(events=(), looked_at=unit.looked_at))
        return verdict.verdict == "ok"

    async def _append(self, call: Call, stream: UUID | None, unit: Unit, base: AppendRequest) -> Verdict:
        entry = unit.entry(stream) if stream else None
        if stream and entry is None:
            raise LookupError(f"the command leaves nothing at {stream}")
        results = unit.results()
        request = replace(
            base,
            events=unit.events,
            looked_at=[(seen, version) for seen, version in unit.looked_at if seen not in results],
            tenant=call.owner,
            request_id=call.request_id,
            fingerprint=call.fingerprint,
            stream=stream,
            version=entry.version if entry else 0,
            traceparent=call.traceparent,
            correlation_id=call.correlation_id,
        )
        answer = self.committer.submit(request)
        # From here to the await nothing else runs: what was submitted is at once the tip for whoever decides next.
        for changed, result in results.items():
            self.cache.advance(changed, result)
        verdict = await answer  # Whoever is cancelled here does not hear of it; the committer goes on.
        if verdict.verdict == "ok":
            self._wake()
            for changed, result in results.items():
                self.cache.commit(changed, result)
        return verdict

    async def answered(self, call: Call, kind: type[A]) -> Done[A] | None:
        """What this request led to the first time, None if it is new; RequestIdReused if it was another one's id."""
        stored = await self.log.request(call.owner, call.request_id)
        if stored is None:
            return None
        if stored.fingerprint != call.fingerprint:
            raise RequestIdReused(request_id=call.request_id)
        assert stored.stream is not None
        note_position(stored.position)
        history = evolution(kind, await self.log.stream(stored.stream))
        return Done(history[stored.version - 1].value, stored.version, stored.position, True, stored.stream)


async def _nothing(unit: Unit) -> None:
    """The plan of a step that decides nothing."""
