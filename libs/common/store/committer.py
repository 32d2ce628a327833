"""Group commit: commands queue, and one asynchronous connection appends what is there as one batch.

One per process. While a batch is under way the next one gathers by itself; under load a short linger makes it
larger. A lost answer is not a failure: every request has an id that the database remembers, so the same batch is
sent again on a new connection, and what had been stored answers as `repeated`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg

from libs.common import telemetry
from libs.common.outages import Fenced, Outage, Overloaded, Trouble, in_a_line, is_outage, unknown_outcome
from libs.common.store.reading import CONNECTION, answering
from libs.common.store.requests import AppendRequest, Verdict
from libs.common.store.statement import APPEND, arguments, refuse_fenced

log = logging.getLogger(__name__)

MAX_BATCH = 256
MAX_QUEUE = 10_000
BUSY = 6
"""So many requests that wait at once say that more are coming."""
BUSY_SECONDS = 0.2
"""For how long after that."""
LINGER = 0.004
"""Seconds to wait for them: each batch costs as much as several requests, here and in the database."""
QUIET_TURNS = 3
"""A batch is complete when so many turns of the event loop have brought nothing; a call takes about as many."""
GATHER = 0.001
"""Seconds after which it is complete in any case."""
ANSWER_SECONDS = 8.0
"""For how long a connection may be silent after an append was sent, before it counts as lost."""


@dataclass(slots=True)
class _Ticket:
    request: AppendRequest
    answer: asyncio.Future[Verdict]


class Committer:
    """Appends requests in the order of `submit`, many at a time.

    `refused` is called with the streams of every request that was not stored as submitted, before anyone hears of it:
    whatever was decided on top of it must be decided again. Requests that already wait and were decided on those
    streams are answered with a conflict.
    """

    def __init__(
        self,
        url: str,
        *,
        refused: Callable[[Sequence[UUID]], None] = lambda streams: None,
        patience: float = 15.0,
        answer_within: float = ANSWER_SECONDS,
        trouble: Trouble | None = None,
    ) -> None:
        self._url = url
        self._trouble = trouble or Trouble()
        self._answer_within = answer_within
        self._refused = refused
        self._patience = patience
        self._queue: deque[_Ticket] = deque()
        self._wake = asyncio.Event()
        self._connection: psycopg.AsyncConnection[tuple[Any, ...]] | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._alone = 0
        self._busy_until = 0.0
        self._epoch = 0
        self.failed: Exception | None = None

    async def open(self) -> None:
        """Connects, takes the log's present epoch, and begins to work."""
        connection = await self._connected()
        row = await (await connection.execute("SELECT epoch FROM head")).fetchone()
        assert row is not None
        self._epoch = row[0]
        self._task = asyncio.create_task(self._run(), name="committer")

    @property
    def depth(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def submit(self, request: AppendRequest) -> "asyncio.Future[Verdict]":
        """Queues a request; Overloaded or Fenced at once if it can't be taken.

        If the result is cancelled, as when its caller goes away, the request is appended all the same.
        """
        if self.failed is not None:
            raise self.failed
        if len(self._queue) >= MAX_QUEUE or self._closing:
            raise Overloaded("the committer takes no more")
        ticket = _Ticket(request, asyncio.get_running_loop().create_future())
        self._queue.append(ticket)
        self._wake.set()
        return ticket.answer

    async def close(self) -> None:
        """Stores what has been submitted, then ends."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            if not self._closing:
                await self._gather()
            batch = self._take()
            await self._commit(batch)
            if len(batch) + len(self._queue) >= BUSY:
                self._busy_until = monotonic() + BUSY_SECONDS

    async def _gather(self) -> None:
        """Waits for whatever will be submitted soon, as long as waiting costs nobody much."""
        started = monotonic()
        if started < self._busy_until:
            if len(self._queue) < MAX_BATCH:
                await asyncio.sleep(LINGER)
            return
        quiet = 0
        while quiet < QUIET_TURNS and len(self._queue) < MAX_BATCH and monotonic() - started < GATHER:
            before = len(self._queue)
            await asyncio.sleep(0)
            quiet = 0 if len(self._queue) > before else quiet + 1

    def _take(self) -> list[_Ticket]:
        """The next batch, in order; it ends before a request id that it already holds."""
        batch: list[_Ticket] = []
        ids: set[tuple[str, str]] = set()
        most = 1 if self._alone else MAX_BATCH
        self._alone = max(self._alone - 1, 0)
        while self._queue and len(batch) < most:
            request = self._queue[0].request
            if request.request_id is not None:
                key = (request.tenant, request.request_id)
                if key in ids:
                    break
                ids.add(key)
            batch.append(self._queue.popleft())
        return batch

    async def _commit(self, batch: list[_Ticket]) -> None:
        started = monotonic()
        try:
            verdicts = await self._append([ticket.request for ticket in batch])
        except Exception as error:
            await self._fail(batch, error)
            return
        telemetry.COMMIT_BATCH_SIZE.record(len(batch))
        telemetry.COMMIT_DURATION.record(monotonic() - started)
        for ticket, verdict in zip(batch, verdicts, strict=True):
            self._answer(ticket, verdict)

    async def _fail(self, batch: list[_Ticket], error: Exception) -> None:
        """One bad request must not hurt its neighbours: after an error of the data itself each goes alone."""
        if len(batch) > 1 and not isinstance(error, Outage):
            # Back to where they came from, so that those who were decided on a bad one fall with it.
            self._queue.extendleft(reversed(batch))
            self._alone = len(batch)
            return
        if isinstance(error, Fenced):
            self.failed = error
        for ticket in batch:
            self._withdraw(ticket.request)
            if not ticket.answer.done():
                ticket.answer.set_exception(error)
                ticket.answer.exception()  # Whoever waited may have gone; then nobody else need be told.

    def _answer(self, ticket: _Ticket, verdict: Verdict) -> None:
        if verdict.verdict != "ok":
            self._withdraw(ticket.request)
        if verdict.verdict == "conflict":
            self._refused([stream for stream, _ in ticket.request.looked_at])
        if not ticket.answer.done():
            ticket.answer.set_result(verdict)

    def _withdraw(self, request: AppendRequest) -> None:
        streams = {new.stream for new in request.events}
        if not streams:
            return
        self._refused(tuple(streams))
        waiting = self._queue
        self._queue = deque()
        for ticket in waiting:
            if not streams.isdisjoint(_decided_on(ticket.request)):
                streams.update(new.stream for new in ticket.request.events)
                self._refused(tuple(streams))
                if not ticket.answer.done():
                    ticket.answer.set_result(Verdict("conflict", None, None, None, 0, "decided on a refused request"))
            else:
                self._queue.append(ticket)

    async def _append(self, requests: list[AppendRequest]) -> list[Verdict]:
        until = monotonic() + self._patience
        lost = False
        while True:
            try:
                connection = await self._connected()
                with answering(connection, self._answer_within):
                    cursor = await connection.execute(APPEND, arguments(self._epoch, requests), prepare=True)
                verdicts = [Verdict(*row) for row in await cursor.fetchall()]
                self._trouble.over()
                return verdicts
            except (psycopg.Error, OSError) as error:
                refuse_fenced(error)
                if not is_outage(error):
                    raise
                self._trouble.note(error)
                if monotonic() > until:
                    raise unknown_outcome(error) from error
                if not lost:
                    log.warning("append fails, and is tried again: %s", in_a_line(error))
                lost = True
                await asyncio.sleep(0.1)

    async def _connected(self) -> psycopg.AsyncConnection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(self._url, **CONNECTION)
        return self._connection


def _decided_on(request: AppendRequest) -> Iterator[UUID]:
    """The streams whose state a request was decided on."""
    yield from (new.stream for new in request.events)
    yield from (stream for stream, _ in request.looked_at)
