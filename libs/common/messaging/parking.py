"""Parked announcements: seen, mended, and replayed or dropped by a person, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import DecodeError
from hubao.feed.v1.feed_service_pb2 import Announcement

from libs.common.errors import NotFound
from libs.common.messaging.hearing import Hearing, describe
from libs.common.messaging.jetstream import message_class
from libs.common.outages import is_outage
from libs.common.store.reading import Log


class NothingParked(NotFound):
    message = "Nothing is parked of {upstream} at {place}."


@dataclass(frozen=True, slots=True)
class Parked:
    """One announcement that waits for a person."""

    upstream: str
    position: int
    subject: UUID
    type: str
    error: str
    parked_at: datetime


class ParkingLot:
    """The parked announcements of one service."""

    def __init__(self, store: Log, hearings: Mapping[str, Hearing]) -> None:
        self._log = store
        self._hearings = hearings

    async def count(self) -> int:
        """How many wait."""
        row = await self._log.one("SELECT count(*) FROM parked WHERE dropped_at IS NULL")
        return int(row[0]) if row else 0

    async def list(self, after: tuple[str, int], limit: int) -> list[Parked]:
        """Those behind (upstream, position), in that order."""
        rows = await self._log.all(
            "SELECT upstream, position, subject, type, error, parked_at FROM parked"
            " WHERE dropped_at IS NULL AND (upstream, position) > (%s, %s) ORDER BY upstream, position LIMIT %s",
            (*after, limit),
        )
        return [Parked(*row) for row in rows]

    async def get(self, upstream: str, position: int) -> tuple[Parked, Announcement]:
        """One that waits, and the announcement as it was heard; NothingParked if none waits there."""
        row = await self._log.one(
            "SELECT upstream, position, subject, type, error, parked_at, announcement FROM parked"
            " WHERE dropped_at IS NULL AND upstream = %s AND position = %s",
            (upstream, position),
        )
        if row is None:
            raise NothingParked(upstream=upstream, place=position)
        *parked, announcement = row
        return Parked(*parked), Announcement.FromString(bytes(announcement))

    async def replay(self, upstream: str, subject: UUID) -> tuple[int, int, str]:
        """Handles the parked ones of a subject again, in order, until one fails: done, remaining, and why it failed."""
        rows = await self._log.all(
            "SELECT announcement FROM parked WHERE upstream = %s AND subject = %s AND dropped_at IS NULL"
            " ORDER BY position",
            (upstream, subject),
        )
        hearing = self._hearings.get(upstream)
        if not rows or hearing is None:
            raise NothingParked(upstream=upstream, place=subject)
        for done, row in enumerate(rows):
            try:
                await hearing.replay(Announcement.FromString(bytes(row[0])))
            except Exception as error:
                if is_outage(error):
                    raise
                # Whatever it is, the person who asked for the replay is told, and the announcement stays parked.
                return done, len(rows) - done, describe(error)
        return len(rows), 0, ""

    async def drop(self, upstream: str, position: int, reason: str, by: str, at: datetime) -> None:
        """Gives one up, and keeps on record who did and why."""
        touched = await self._log.run(
            "UPDATE parked SET dropped_at = coalesce(dropped_at, %s), dropped_by = coalesce(dropped_by, %s),"
            " reason = coalesce(reason, %s) WHERE upstream = %s AND position = %s",
            (at, by, reason, upstream, position),
        )
        if not touched:
            raise NothingParked(upstream=upstream, place=position)


def content_of(announcement: Announcement) -> str:
    """What an announcement says, as JSON; empty if its type is not known here, or its bytes are not of that type."""
    try:
        message = message_class(announcement.type).FromString(announcement.data)
    except (KeyError, DecodeError):
        return ""
    return MessageToJson(message, preserving_proto_field_name=True, ensure_ascii=False)
