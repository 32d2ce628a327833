"""The edge: what happens to every call before and after its servicer's method.

authenticate → access → deadline → the request and its rules → current call → method → errors to statuses, inside
one span.
Each handler is wrapped once. A method whose name begins with `Watch` and that answers with a stream is endless
by nature: it ends when the process drains, and its client resumes elsewhere.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any

import grpc
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from grpc_status import rpc_status
from opentelemetry.trace import Span, Status, StatusCode

from libs.common import telemetry
from libs.common.context import Call, calling
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.calls import POSITION, Headers, call_of, position_of
from libs.common.grpc.errors import EdgeRefusal, is_bug, status_of
from libs.common.grpc.limits import Limit, TimeIsUp
from libs.common.grpc.methods import Method, handler_like, method_of
from libs.common.grpc.places import Places, in_time
from libs.common.grpc.validation import read, read_each
from libs.common.outages import Overloaded
from libs.common.settings import CALLS, STREAMS, Most

IDLE_SECONDS = 30.0
"""For how long a client's stream may be silent while its next message is awaited."""
ARRIVAL_SECONDS = 10.0
"""Within which the one message of a call must have come whole, behind its headers."""
LARGE = 4096
"""Bytes from which on a message waits for its turn to be understood: its many elements take milliseconds, and a
caller's calls that come together would keep everybody else waiting for all of them."""
BETWEEN = 0.005
"""Seconds at most between two large messages, as many as the first one took. grpc accepts the calls of one method one
after the other, some in this time; else one for each large message, and a small call would stand behind all of them."""
DEFAULT_SECONDS = 30.0
"""The deadline of a call whose client sets none, unless it answers with a stream."""
POSITION_PATIENCE = 10.0
"""Seconds for which a read waits for the position that its caller has written."""
SERVERS_FAULT = {Code.INTERNAL, Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.UNKNOWN, Code.DATA_LOSS}

WaitForPosition = Callable[[int, float], Awaitable[bool]]
"""`await wait_for_position(position, seconds)`: whether the read tables have come that far in time."""

_LOG = logging.getLogger(__name__)


class Edge:
    """Wraps every method of one server."""

    def __init__(
        self,
        service: str,
        authenticator: Authenticator,
        now: Callable[[], datetime],
        wait_for_position: WaitForPosition,
        *,
        calls: Most = CALLS,
        streams: Most = STREAMS,
        idle_seconds: float = IDLE_SECONDS,
        default_seconds: float = DEFAULT_SECONDS,
    ) -> None:
        self._service = service
        self._authenticator = authenticator
        self._now = now
        self._wait_for_position = wait_for_position
        self._places = Places(calls, streams)
        self._idle_seconds = idle_seconds
        self._default_seconds = default_seconds
        self._arrival_seconds = min(ARRIVAL_SECONDS, default_seconds)
        self._arriving = Limit(self._arrival_seconds)
        self._large = asyncio.Lock()
        self._free_at = 0.0
        self._draining = False
        self._idle = asyncio.Event()
        self._endless: set[asyncio.Task[Any]] = set()
        self.in_flight = 0

    async def open(self) -> None:
        """Gets ready for the first call; KeysUnreadable if no token could be checked."""
        await self._authenticator.open()

    def drain(self) -> None:
        """From now on new calls are turned away, and endless ones end."""
        self._draining = True
        if self.in_flight == 0:
            self._idle.set()
        for task in self._endless:
            task.cancel()

    async def idle(self, seconds: float) -> int:
        """Waits until no call is running; returns how many still are when the time is up."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            _LOG.warning("%d calls are still running after %s s of draining", self.in_flight, seconds)
        return self.in_flight

    def wrap(self, path: str, handler: Any) -> Any:
        """A grpc handler that does what this one does, behind the edge."""
        method = method_of(path, handler, self._default_seconds)

        async def respond(sent: Any, context: Any) -> Any:
            return await self._answer(method, sent, context)

        return handler_like(handler, respond)

    async def _answer(self, method: Method, sent: Any, context: Any) -> Any:
        """One call from its first byte to its status."""
        started = perf_counter()
        headers: Headers = dict(context.invocation_metadata() or ())
        call: Call | None = None
        code: int = Code.OK
        self.in_flight += 1
        with telemetry.span_of_call(str(headers.get("traceparent", "")), method.path, method.attributes) as span:
            try:
                try:
                    call, request = await self._admit(method, headers, sent, context, span)
                    with calling(call) as positions:
                        answer = await method.respond(request, context)
                    if positions:
                        context.set_trailing_metadata(((POSITION, str(max(positions))),))
                    return answer
                except asyncio.CancelledError:
                    code = Code.CANCELLED
                    if not self._ended_by_drain(method):
                        raise  # The client went away, or its deadline passed.
                    failure: Exception = _going_away()
                except grpc.aio.AbortError:
                    code = Code.UNKNOWN
                    raise
                except Exception as error:
                    failure = error
                status = self._describe(method, call, failure, span)
                # Its traceback leads back here: as long as this frame keeps it, the two keep all that the call had.
                del failure
                code = status.code
                await _tell(context, status)
                return None
            finally:
                self._left(method, code, span, perf_counter() - started)

    async def _admit(
        self, method: Method, headers: Headers, sent: Any, context: Any, span: Span
    ) -> tuple[Call, Message | AsyncIterator[Message]]:
        """All that stands before a method: its call and its request. Raises what keeps the call out."""
        if self._draining:
            raise _going_away()
        if self.in_flight > self._places.most:
            raise Overloaded
        identity = await self._authenticator.identify(headers.get("authorization"))
        method.access.check(identity)
        self._places.take(_this_task(), identity, lasts=method.streams_in or method.endless)
        remaining: float | None = context.time_remaining()
        if remaining is not None and remaining <= 0:
            raise EdgeRefusal(Code.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "The deadline had passed; nothing was begun.")
        message = None if method.streams_in else await self._read(method, context)
        call = call_of(method.path, identity, headers, message, self._now(), span)
        position = position_of(headers)
        if position:
            patience = POSITION_PATIENCE if remaining is None else min(POSITION_PATIENCE, remaining * 0.9)
            if not await self._wait_for_position(position, patience):
                raise EdgeRefusal(
                    Code.UNAVAILABLE, "POSITION_NOT_REACHED", f"The read tables have not come to {position} in time."
                )
        if method.endless:
            self._endless.add(_this_task())
        if message is None:
            return call, in_time(read_each(sent, partial(self._understand, method)), self._idle_seconds)
        return call, message

    async def _read(self, method: Method, context: Any) -> Message:
        """The one message of a request. Whatever the deadline, a place is not held for long by who sends nothing."""
        try:
            sent = await self._arriving.run(context.read())
        except TimeIsUp:
            problem = f"The request has not come within {self._arrival_seconds:g} s."
            raise EdgeRefusal(Code.DEADLINE_EXCEEDED, "DEADLINE_PASSED", problem) from None
        if sent is grpc.aio.EOF:
            raise EdgeRefusal(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST", "The request has no message.")
        return await self._understand(method, sent)

    async def _understand(self, method: Method, sent: bytes) -> Message:
        """The message in these bytes; one large one at a time, and whatever is small comes between two of them."""
        if len(sent) < LARGE:
            return read(sent, method.parse, method.largest)
        async with self._large:
            began = perf_counter()
            if began < self._free_at:
                await asyncio.sleep(self._free_at - began)
                began = perf_counter()
            try:
                return read(sent, method.parse, method.largest)
            finally:
                ended = perf_counter()
                self._free_at = ended + min(ended - began, BETWEEN)

    def _describe(self, method: Method, call: Call | None, failure: Exception, span: Span) -> Any:
        """The status of a failure; what nobody foresaw goes to the log, all of it."""
        status = status_of(failure, self._service)
        if is_bug(failure):
            request_id = call.request_id if call else ""
            _LOG.error("%s failed", method.path, exc_info=failure, extra={"request_id": request_id})
            span.record_exception(failure)
        if isinstance(failure, EdgeRefusal):
            telemetry.REFUSALS.add(1, {"reason": failure.reason})
        if status.code in SERVERS_FAULT:
            span.set_status(Status(StatusCode.ERROR, type(failure).__name__))
        return status

    def _ended_by_drain(self, method: Method) -> bool:
        """Whether this task was cancelled by `drain`; if so, it may go on to tell its client."""
        task = _this_task()
        if not (self._draining and task in self._endless):
            return False
        task.uncancel()
        return True

    def _left(self, method: Method, code: int, span: Span, seconds: float) -> None:
        self.in_flight -= 1
        self._places.leave(_this_task())
        if method.endless:
            self._endless.discard(_this_task())
        if self._draining and self.in_flight == 0:
            self._idle.set()
        span.set_attribute("rpc.grpc.status_code", code)
        telemetry.CALL_DURATION.record(seconds, {"method": method.path, "code": code})


async def _tell(context: Any, status: Any) -> None:
    """Ends a call with a status.

    grpc keeps the error that `abort` raises with the call, and by its traceback would keep every frame with the request
    in it, until the collector comes by. It raises the error once more when the method has returned.
    """
    try:
        await context.abort_with_status(rpc_status.to_status(status))
    except grpc.aio.AbortError as ended:
        ended.__traceback__ = None


def _going_away() -> EdgeRefusal:
    return EdgeRefusal(Code.UNAVAILABLE, "GOING_AWAY", "This process is going away; repeat the call.")


def _this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("grpc runs every call in a task")
    return task
