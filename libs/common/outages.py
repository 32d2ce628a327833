"""What can keep a command from an answer without any rule having refused it.

The edge maps these to statuses that say what the caller may do: wait, repeat with the same request id, or read anew.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import grpc
import nats.errors
import psycopg
import sqlalchemy.exc

T = TypeVar("T")


class Outage(Exception):
    """The platform, not the domain, stood in the way."""


class Overloaded(Outage):
    """Too much is in flight; nothing was begun. gRPC: RESOURCE_EXHAUSTED with RetryInfo."""


class ShareUsed(Overloaded):
    """One caller, or its organisation, has all the places that one may have; nothing was begun."""


class OutcomeUnknown(Outage):
    """The answer of the database was lost and could not be had again in time. gRPC: UNAVAILABLE, safe to repeat."""


class Conflict(Outage):
    """Others kept changing the same aggregate until the deadline. gRPC: ABORTED."""


class Unanswered(Outage):
    """Another service, which has to be asked for the answer, gave none; nothing was begun. gRPC: UNAVAILABLE."""


class Fenced(Outage):
    """This writer's epoch is old: another one has taken over, and this process must end. gRPC: UNAVAILABLE."""


class OutOfStep(Outage):
    """An upstream's position is not where this consumer believed it to be: another one has moved it. Read it anew."""


_PLATFORM = (
    Outage,
    OSError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.TimeoutError,
    nats.errors.Error,
)
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


def is_outage(error: BaseException) -> bool:
    """Whether the platform failed, and neither the data nor the code: the same may well succeed later."""
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code() in _AWAY
    # A text that is too long for an index is an operational error to the driver, and fails again for ever.
    return isinstance(error, _PLATFORM) and not isinstance(error, psycopg.errors.ProgramLimitExceeded)


def in_a_line(error: BaseException) -> str:
    """What an error says, as one line of a log."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300].removesuffix(": ")


async def patiently(work: Callable[[], Awaitable[T]], seconds: float = 15.0) -> T:
    """Does what may be done again until no outage is in its way; OutcomeUnknown if one still is when the time is up."""
    until = monotonic() + seconds
    while True:
        try:
            return await work()
        except Exception as error:
            if not is_outage(error) or isinstance(error, Fenced):
                raise
            if monotonic() > until:
                raise OutcomeUnknown(in_a_line(error)) from error
        await asyncio.sleep(0.2)
