"""The unit of work: what one command, reaction or timer decides, gathered into one atomic append."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from google.protobuf.message import Message

from libs.common.changes import Draw, GuardChange, Recorded, Schedule, TimerChange
from libs.common.context import SHARED, Call
from libs.common.errors import AmountOutOfRange, NotFound, RequestIdReused
from libs.common.events import Aggregate, follow
from libs.common.outages import OutOfStep
from libs.common.service import Service
from libs.common.store import codec
from libs.common.store.cache import Cache, Entry
from libs.common.store.reading import Log
from libs.common.store.recomputed import digest
from libs.common.store.requests import NewEvent, Outgoing, Verdict

A = TypeVar("A", bound=Aggregate)


class Unit:
    """Finds aggregates and records their events; nothing is stored until the whole plan has run.

    A plan may run several times (when others were faster), so it must have no effect besides `record`.
    """

    def __init__(self, call: Call, service: Service, cache: Cache, log: Log, *, trusting: bool = False) -> None:
        self.call = call
        self.events: list[NewEvent] = []
        self.consulted: set[str] = set()
        self._service = service
        self._cache = cache
        self._log = log
        self._trusting = trusting
        self._seen: dict[UUID, Entry | None] = {}
        self._begun: dict[UUID, type[Aggregate]] = {}
        self._now: dict[UUID, Entry] = {}

    async def find(self, kind: type[A], stream: UUID) -> A | None:
        """The aggregate as this unit would leave it, or None if it has not begun. The tenant is not looked at.

        What is of another kind is not found, whoever's it is.
        """
        entry = await self._entry(kind, stream)
        return entry.value if entry and entry.is_of(kind) else None

    async def is_new(self, kind: type[Aggregate], stream: UUID) -> bool:
        """Whether an aggregate has not begun, for a command that begins it.

        It mostly has not, so the first time a plan runs this is taken for granted without a look into the log: if it is
        wrong the append finds out, and the plan runs again.
        """
        if self._trusting and stream not in self._now and stream not in self._seen and self._cache.tip(stream) is None:
            self._seen[stream] = None
        return await self._entry(kind, stream) is None

    async def get(self, kind: type[A], stream: UUID, missing: NotFound, *, any_tenant: bool = False) -> A:
        """The aggregate; raises `missing` if there is none of this kind that belongs to the call's tenant, or to all.

        `any_tenant` is for callers whose right does not come from a tenant: a vendor at its own order, the engine.
        """
        entry = await self._entry(kind, stream)
        if entry is None or not entry.is_of(kind) or not (any_tenant or entry.tenant in (self.call.tenant, SHARED)):
            raise missing
        return entry.value  # type: ignore[no-any-return]

    async def available(self, guard_key: str) -> int | None:
        """What is left of a guard in the log, None if it was never opened.

        Others may draw on it meanwhile: then the append is refused, and a plan that asked here runs again.
        """
        self.consulted.add(guard_key)
        return await self._log.available(guard_key)

    async def begun(self, event_type: str, after: int, limit: int) -> list[tuple[int, UUID, str]]:
        """The streams that began with events of a type behind a position of the log, in order: position, id, tenant.

        For work over all aggregates of a kind, in steps. What this unit itself begins is not among them.
        """
        return await self._log.begun(event_type, after, limit)

    def record(self, kind: type[A], stream: UUID, events: Sequence[object], *, tenant: str | None = None) -> A | None:
        """Adds events to an aggregate and returns its next value.

        The aggregate must have been looked for in this unit before, unless it begins here. A new stream belongs to
        `tenant` (default: the call's); an old one stays whose it is. TypeError if the stream or an event is of another
        kind than `kind`.
        """
        entry = self._now.get(stream) or self._seen.get(stream)
        if entry is not None and not entry.is_of(kind):
            raise TypeError(f"{stream} is a {entry.kind.KIND}, and no {kind.KIND}")
        for happened in events:
            value = follow(kind, entry.value if entry else None, happened)
            owner = entry.tenant if entry else self.call.tenant if tenant is None else tenant
            entry = Entry(kind, owner, entry.version + 1 if entry else 1, value)
            if stream not in self._seen:
                self._begun[stream] = kind
            self._now[stream] = entry
            self.events.append(self._new_event(happened, stream, entry))
        return entry.value if entry else None

    @property
    def still_true(self) -> bool:
        """Whether every aggregate looked at is still the one that commands decide on."""
        return all(self._cache.tip(stream) is seen for stream, seen in self._seen.items())

    @property
    def looked_at(self) -> list[tuple[UUID, int]]:
        """Every aggregate looked at, with the version that was found, 0 for none."""
        return [(stream, seen.version if seen else 0) for stream, seen in self._seen.items()]

    async def judge(self, verdict: Verdict) -> None:
        """Raises what a verdict means that no other decision of the same plan would change."""
        if verdict.verdict == "reused":
            raise RequestIdReused(request_id=self.call.request_id)
        if verdict.verdict == "kind":
            raise TypeError(verdict.detail)
        if verdict.verdict == "tracking":
            raise OutOfStep(verdict.detail)
        if verdict.verdict == "guard" and verdict.detail not in self.consulted:
            draws = [change for new in self.events for change in new.guards if isinstance(change, Draw)]
            amount = sum(draw.amount for draw in draws if draw.key == verdict.detail)
            left = await self._log.available(verdict.detail)
            raise self._service.guard_words(verdict.detail).exceeded(verdict.detail, amount, left)
        for stream, kind in self._begun.items():
            if verdict.verdict == "conflict" and (there := await self._cache.load(kind, stream)) is not None:
                raise LookupError(f"{there.kind.KIND} {stream} is there already, and the plan has not looked for it")

    def results(self) -> dict[UUID, Entry]:
        """The aggregates that this unit changes, as it leaves them."""
        return self._now

    def entry(self, stream: UUID) -> Entry | None:
        """An aggregate as this unit leaves it, with version and tenant."""
        return self._now.get(stream) or self._seen.get(stream)

    async def _entry(self, kind: type[A], stream: UUID) -> Entry | None:
        if stream in self._now:
            return self._now[stream]
        if stream not in self._seen:
            self._seen[stream] = await self._cache.load_tip(kind, stream)
        return self._seen[stream]

    def _new_event(self, happened: object, stream: UUID, entry: Entry) -> NewEvent:
        recorded = Recorded(happened, entry.value, stream, entry.version, entry.tenant, self.call.now)
        name, schema_version, payload = codec.encode(happened)
        guards = tuple(self._service.draws(recorded))
        if not all(map(_fits, guards)):
            raise AmountOutOfRange(event=name)
        timers = tuple(self._service.timers(recorded))
        outgoing = _outgoing(self._service.announce(recorded))
        return NewEvent(
            tenant=entry.tenant,
            stream=stream,
            version=entry.version,
            type=name,
            schema_version=schema_version,
            payload=payload,
            metadata=metadata_of(self.call, stream, entry.version, guards, timers, outgoing),
            recorded_at=self.call.now,
            outgoing=outgoing,
            guards=guards,
            timers=timers,
        )


MOST_LIMIT, MOST_DRAWN = 2**62, 2**61
"""What a guard may be told: then what is used of it stays a number of 64 bits."""


def _fits(change: GuardChange) -> bool:
    return abs(change.amount) <= MOST_DRAWN if isinstance(change, Draw) else change.limit <= MOST_LIMIT


_ENCODER = msgspec.json.Encoder()
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _outgoing(announcement: Message | None) -> Outgoing | None:
    if announcement is None:
        return None
    return Outgoing(announcement.DESCRIPTOR.full_name, announcement.SerializeToString(deterministic=True))


def metadata_of(
    call: Call,
    stream: UUID,
    version: int,
    guards: Sequence[GuardChange],
    timers: Sequence[TimerChange] = (),
    outgoing: Outgoing | None = None,
) -> str:
    """Who, why and after what, as JSON text, with all that the event does, so that the log alone can prove it.

    A guard change is `[key, amount]` for a draw and `[key, null, limit]` for a limit; a timer change `[name, due]` in
    microseconds since 1970, or `[name, null]` when it stops; `announced` is the announcement's digest, null for none.
    """
    fields: dict[str, Any] = {
        "event_id": f"{stream}/{version}",
        "request_id": call.request_id,
        "principal": call.principal,
        "organisation": call.organisation,
        "correlation_id": call.correlation_id,
        "causation_id": call.causation_id,
        "traceparent": call.traceparent,
    }
    fields["announced"] = digest(outgoing.type, outgoing.data) if outgoing else None
    if timers:
        fields["timers"] = [
            [timer.name, (timer.due_at - _EPOCH) // _MICROSECOND if isinstance(timer, Schedule) else None]
            for timer in timers
        ]
    if guards:
        fields["guards"] = [
            [change.key, change.amount] if isinstance(change, Draw) else [change.key, None, change.limit]
            for change in guards
        ]
    return _ENCODER.encode(fields).decode()
