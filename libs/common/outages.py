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
    """The answer of the database was lost and could not be had again in time. gRPC: UNAVAILABLE, safe to repeat.

    `why` is what it is that keeps the database from answering, one of the phrases of `trouble_of`, or empty.
    """

    why = ""


class TablesReplaced(Outage):
    """The read tables were rebuilt while they were read; nothing was begun. gRPC: UNAVAILABLE, safe to repeat."""


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


LIMITS_OF_DATA = "54"
"""The class of SQLSTATEs that say that a text, a row or a statement is larger than PostgreSQL takes."""

SILENT = "the database does not answer"

_BY_STATE = {
    "53100": "the database's disk is full",
    "53200": "the database is out of memory",
    "53300": "the database takes no more connections",
    "53400": "a limit of the database's settings is reached",
    "25006": "the database is read only",
    "28000": "the database lets this user not in",
    "28P01": "the database refuses the user's password",
    "57P01": "the database is shutting down",
    "57P02": "the database has crashed and recovers",
    "57P03": "the database is starting or shutting down",
    "58030": "the database can't read or write its files",
}
# Where no connection comes about, the driver has only the server's words, in the language of its messages.
_BY_WORDS = {
    "too many connections": "53300",
    "too many clients": "53300",
    "connection slots are reserved": "53300",
    "the database system is": "57P03",
    "password authentication failed": "28P01",
    "no pg_hba.conf entry": "28000",
    "no space left on device": "53100",
    "could not resize shared memory": "53100",
    "out of memory": "53200",
}


def is_outage(error: BaseException) -> bool:
    """Whether the platform failed, and neither the data nor the code: the same may well succeed later."""
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code() in _AWAY
    error = driver_error(error)
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    if state.startswith(LIMITS_OF_DATA):
        return False  # An operational error to the driver, and fails again for ever.
    # A standby, or a server whose disk is full, may refuse to write: to the driver an internal error.
    return isinstance(error, (*_PLATFORM, psycopg.errors.ReadOnlySqlTransaction))


def driver_error(error: BaseException) -> BaseException:
    """What the driver raised, if SQLAlchemy has wrapped it."""
    if isinstance(error, sqlalchemy.exc.StatementError) and isinstance(error.orig, psycopg.Error):
        return error.orig
    return error


def trouble_of(error: BaseException | None) -> str:
    """What an outage of the database is, in a phrase that holds nothing of anybody's data."""
    if error is None:
        return SILENT
    if isinstance(error, OutcomeUnknown):
        return error.why or SILENT
    error = driver_error(error)
    state = (error.sqlstate or "") if isinstance(error, psycopg.Error) else ""
    if not state:
        said = str(error).lower()
        state = next((found for words, found in _BY_WORDS.items() if words in said), "")
    return _BY_STATE.get(state, SILENT)


def in_a_line(error: BaseException) -> str:
    """What an error says, as one line of a log; of the server's words only what holds nothing of anybody's data."""
    if isinstance(error, grpc.aio.AioRpcError):
        return f"{error.code().name}: {error.details()}"
    error = driver_error(error)
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return f"{type(error).__name__}: {_BY_STATE.get(error.sqlstate, f'SQLSTATE {error.sqlstate}')}"
    if isinstance(error, sqlalchemy.exc.StatementError):
        error = error.orig or error  # Its own text has the statement in it.
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300].removesuffix(": ")


def unknown_outcome(error: BaseException | None) -> OutcomeUnknown:
    """OutcomeUnknown that says what the trouble with the database is; raise it from the error."""
    outage = OutcomeUnknown(trouble_of(error))
    outage.why = str(outage)
    return outage


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
                outage = OutcomeUnknown(in_a_line(error))
                outage.why = trouble_of(error)
                raise outage from error
        await asyncio.sleep(0.2)


class Trouble:
    """What keeps a process from its database at present, as far as the last failures have said.

    That a connection is lost is not kept: whoever can read this has one again.
    """

    LASTS = 15.0
    """Seconds after which it is forgotten if it is not met again."""

    def __init__(self) -> None:
        self._said = ""
        self._until = 0.0

    def note(self, error: BaseException) -> None:
        """Keeps what a failure says."""
        said = trouble_of(error)
        if said != SILENT:
            self._said, self._until = said, monotonic() + self.LASTS

    def over(self) -> None:
        """Something was written, so nothing is in the way."""
        self._until = 0.0

    @property
    def now(self) -> str:
        """A phrase of `trouble_of`, empty if nothing is in the way."""
        return self._said if monotonic() < self._until else ""
