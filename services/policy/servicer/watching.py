"""WatchPolicies: what was announced of an insurer's policies, from a cursor on.

A cursor holds a position of the service's own announcements. Positions of others' announcements are passed over in
spans: however little of the log is the caller's own, each look costs little, and the cursor moves on.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from google.protobuf.any_pb2 import Any as Packed
from hubao.policy.v1 import events_pb2
from hubao.policy.v1 import policy_service_pb2 as pb
from sqlalchemy import Row

from libs.common import watching
from libs.common.cursors import cursor_of, position_of
from libs.common.errors import InvalidField
from libs.common.grpc.convert import timestamp_message
from libs.common.grpc.pages import Page
from libs.common.store.reading import Log
from libs.common.watching import Batch, Found, News, Watcher, follow
from services.policy.projections.reads import Reads
from services.policy.servicer.policy_messages import row_message

BATCH = 200
SPAN = 5_000
"""Positions that one look passes over."""
PAGE = 500
_OWN = (
    "SELECT position, type, subject, recorded_at, correlation_id, data FROM outbox"
    " WHERE position > %s AND position <= %s AND tenant = %s"
    " AND (type LIKE 'hubao.policy.v1.Policy%%' OR type LIKE 'hubao.policy.v1.Certificate%%')"
    " ORDER BY position LIMIT %s"
)
_CONCERNED = """
    SELECT position, tenant,
        type LIKE 'hubao.policy.v1.Policy%%' OR type LIKE 'hubao.policy.v1.Certificate%%'
    FROM outbox WHERE position > %s ORDER BY position LIMIT %s
"""
_BEFORE = "SELECT position FROM outbox WHERE log_position <= %s ORDER BY position DESC LIMIT 1"
_TYPES = "type.googleapis.com/"


class Watching:
    """All watches of one process; they share one look at what is new."""

    def __init__(self, log: Log, reads: Reads) -> None:
        self._log = log
        self._reads = reads
        self._news = News(self._look, reads.moved)

    async def changes(self, tenant: str, request: pb.WatchPoliciesRequest) -> AsyncGenerator[pb.WatchPoliciesResponse]:
        """The stream that a request asks for; it does not end by itself."""
        with self._news.watching(tenant) as watcher:
            async with aclosing(self._changes(tenant, request, watcher)) as answers:
                async for answer in answers:
                    yield answer

    async def _changes(
        self, tenant: str, request: pb.WatchPoliciesRequest, watcher: Watcher
    ) -> AsyncGenerator[pb.WatchPoliciesResponse]:
        head = await self._log.head()
        after = position_of(request.cursor, head, head.outbox_position)
        if request.snapshot:
            if request.cursor:
                raise InvalidField(field="snapshot", problem="can't stand beside a cursor")
            # Rows may be newer than this: then their changes come once more.
            after = await self._announced_by(await self._reads.position())
            async for rows in self._policies(tenant, after):
                async with watcher.turn(len(rows)):
                    for row in rows:
                        yield pb.WatchPoliciesResponse(policy=row_message(row))
            yield pb.WatchPoliciesResponse(cursor=cursor_of(after, head))

        async def read(behind: int) -> Batch[Any]:
            return await self._news.shared((tenant, behind), lambda: self._read(tenant, behind))

        async for position, announced in follow(read, after, watcher, heartbeat=watching.HEARTBEAT):
            answer = pb.WatchPoliciesResponse(cursor=cursor_of(position, head))
            if announced is not None:
                answer.change.CopyFrom(_event(*announced))
            yield answer

    async def _read(self, tenant: str, after: int) -> Batch[Any]:
        end = (await self._log.head()).outbox_position
        upto = min(after + SPAN, end)
        if upto <= after:
            return Batch((), after)
        rows = await self._log.all(_OWN, (after, upto, tenant, BATCH))
        items = [(row[0], row[1:]) for row in rows]
        if len(rows) == BATCH:
            return Batch(items, rows[-1][0], more=True)
        return Batch(items, upto, more=upto < end)

    async def _look(self, after: int | None) -> Found:
        """The tenants of what was announced behind a position."""
        if after is None:
            return Found((await self._log.head()).outbox_position, frozenset())
        rows = await self._log.all(_CONCERNED, (after, SPAN))
        concerned = frozenset(tenant for _, tenant, of_a_policy in rows if of_a_policy)
        return Found(rows[-1][0] if rows else after, concerned, more=len(rows) == SPAN)

    async def _announced_by(self, log_position: int) -> int:
        """The last announcement that a position of the log includes."""
        row = await self._log.one(_BEFORE, (log_position,))
        return int(row[0]) if row else 0

    async def _policies(self, tenant: str, after: int) -> AsyncIterator[Sequence[Row[Any]]]:
        """All of an insurer's policies, a page at a time; watchers who begin at one position share what they read."""
        page = Page(PAGE, (), b"")
        while True:
            rows = await self._news.shared((tenant, page.after, after), partial(self._reads.policies, tenant, page))
            yield rows[:PAGE]
            if len(rows) <= PAGE:
                return
            last = rows[PAGE - 1]
            page = Page(PAGE, (last.policy_number, last.policy_id), b"")


def _event(kind: str, subject: Any, recorded_at: Any, correlation_id: str, data: bytes) -> pb.PolicyEvent:
    packed = Packed(type_url=f"{_TYPES}{kind}", value=data)
    return pb.PolicyEvent(
        policy_id=_master(packed) or str(subject),
        recorded_time=timestamp_message(recorded_at),
        announcement=packed,
        correlation_id=correlation_id,
    )


def _master(announcement: Packed) -> str:
    """The policy of a certificate, which is announced under its own id; empty for what a policy announces of itself."""
    for kind in (events_pb2.CertificateIssued, events_pb2.CertificateWithdrawn, events_pb2.CertificateEnded):
        told = kind()
        if announcement.Unpack(told):
            return told.certificate.policy_id
    return ""
