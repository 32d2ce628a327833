"""One announcement, handled: the reaction's events and the upstream's position are one append, or it is parked."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from datetime import UTC
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

import psycopg
from google.protobuf.message import Message
from hubao.feed.v1.feed_service_pb2 import Announcement

from libs.common import telemetry
from libs.common.application import Application
from libs.common.clock import Clock
from libs.common.context import Call
from libs.common.errors import DomainError, NotYet
from libs.common.messaging.jetstream import message_class
from libs.common.outages import driver_error, in_a_line, is_outage
from libs.common.service import Reaction
from libs.common.store.reading import Log
from libs.common.store.requests import Parking, Position
from libs.common.unit import Unit

log = logging.getLogger(__name__)

NOT_YET_SECONDS = 30.0


class Hearing:
    """Handles the announcements of one upstream, one at a time."""

    def __init__(
        self,
        upstream: str,
        reactions: Mapping[type[Any], Reaction],
        application: Application,
        clock: Clock,
        store: Log,
        not_yet_seconds: float = NOT_YET_SECONDS,
    ) -> None:
        self.upstream = upstream
        self._reactions = {kind.DESCRIPTOR.full_name: reaction for kind, reaction in reactions.items()}
        self._application = application
        self._clock = clock
        self._log = store
        self._not_yet_seconds = not_yet_seconds
        self._maybe_parked: set[str] = set()

    async def open(self) -> None:
        """Reads which subjects have something parked."""
        rows = await self._log.all(
            "SELECT DISTINCT subject FROM parked WHERE upstream = %s AND dropped_at IS NULL", (self.upstream,)
        )
        self._maybe_parked = {str(row[0]) for row in rows}

    def interested(self, announcement: Announcement) -> bool:
        """Whether this service reacts to announcements of this type."""
        return announcement.type in self._reactions

    async def skip(self, after: int, upto: int) -> None:
        """Moves past announcements that are of no interest."""
        call = self._call(Announcement(position=upto), purpose="skip")
        await self._application.skip(call, Position(self.upstream, after, upto))

    async def hear(self, announcement: Announcement) -> None:
        """Handles the next announcement, or parks it; raises only what is no fault of the announcement."""
        if await self._is_parked(announcement.subject):
            await self._park(announcement, "waits behind an earlier one of the same subject")
            return
        tracking = Position(self.upstream, announcement.position - 1, announcement.position)
        until = monotonic() + self._not_yet_seconds
        while True:
            try:
                await self._react(announcement, tracking=tracking)
                return
            except NotYet as waiting:
                if monotonic() > until:
                    await self._park(announcement, f"still missing after {self._not_yet_seconds:.0f} s: {waiting}")
                    return
                await asyncio.sleep(0.05)
            except Exception as error:
                if is_outage(error):
                    raise  # No fault of the announcement: it is tried again, and never parked.
                log.exception("announcement parked", extra=_names(self.upstream, announcement))
                await self._park(announcement, describe(error))
                return

    async def replay(self, announcement: Announcement) -> None:
        """Handles a parked announcement again; raises what the reaction raises, and then it stays parked."""
        await self._react(announcement, unpark=(self.upstream, announcement.position))

    async def _react(
        self,
        announcement: Announcement,
        *,
        tracking: Position | None = None,
        unpark: tuple[str, int] | None = None,
    ) -> None:
        name = announcement.type.rpartition(".")[2]
        with telemetry.span_from(announcement.traceparent, f"react {name}"):
            reaction = self._reactions.get(announcement.type)
            heard: Message | None = None
            if reaction is not None:
                heard = message_class(announcement.type).FromString(announcement.data)

            async def plan(unit: Unit) -> None:
                if reaction is not None:
                    await reaction(unit, heard)

            await self._application.react(self._call(announcement), plan, tracking=tracking, unpark=unpark)

    async def _is_parked(self, subject: str) -> bool:
        if subject not in self._maybe_parked:
            return False
        row = await self._log.one(
            "SELECT 1 FROM parked WHERE upstream = %s AND subject = %s AND dropped_at IS NULL LIMIT 1",
            (self.upstream, UUID(subject)),
        )
        if row is None:
            self._maybe_parked.discard(subject)
        return row is not None

    async def _park(self, announcement: Announcement, error: str) -> None:
        parking = Parking(
            upstream=self.upstream,
            position=announcement.position,
            subject=UUID(announcement.subject),
            type=announcement.type,
            announcement=announcement.SerializeToString(),
            error=error,
            at=self._clock.now(),
        )
        call = self._call(announcement, purpose="park")
        tracking = Position(self.upstream, announcement.position - 1, announcement.position)
        await self._application.skip(call, tracking, (parking,))
        self._maybe_parked.add(announcement.subject)

    def _call(self, announcement: Announcement, purpose: str = "react") -> Call:
        """The call in whose name a reaction runs; its request id follows from upstream and position."""
        place = f"{self.upstream}/{announcement.position}"
        heard_at = announcement.recorded_time.ToDatetime(tzinfo=UTC) if announcement.HasField("recorded_time") else None
        return Call(
            tenant=announcement.tenant,
            organisation="",
            principal=f"announcement:{place}",
            roles=frozenset(),
            request_id=str(uuid5(_NAMESPACE, f"{purpose}/{place}")),
            fingerprint=hashlib.sha256(announcement.data).digest(),
            now=self._clock.now(),
            correlation_id=announcement.correlation_id or place,
            causation_id=place,
            traceparent=telemetry.current_traceparent(),
            heard_at=heard_at,
        )


_NAMESPACE = UUID("6f4d5f0e-2f3b-5b1e-9c55-6875626f0002")


def describe(error: Exception) -> str:
    """Why a reaction failed, for a person: the rule's name and words, or the kind of bug."""
    if isinstance(error, DomainError):
        return f"{error.reason}: {error}"
    if isinstance(driver_error(error), psycopg.Error):
        return in_a_line(error)  # What the database says of values is for nobody who only looks after it.
    return f"{type(error).__name__}: {error}"[:500]


def _names(upstream: str, announcement: Announcement) -> dict[str, object]:
    return {"upstream": upstream, "position": announcement.position, "type": announcement.type}
