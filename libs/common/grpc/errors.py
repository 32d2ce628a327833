"""The one place that maps refusals and outages to gRPC statuses, in the same way for every service.

A status describes what happened to a person (its message) and to a program (`ErrorInfo` with a pinned reason,
`BadRequest` with each wrong field). Statuses travel in trailers, which peers limit to 8 KiB of metadata, and where a
byte of the message that is no ASCII takes three; so texts are cut, by bytes; a cut text ends in an ellipsis.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from libs.common.errors import DomainError, Invalid, NotFound, Refused, Stale, problem_of
from libs.common.outages import Conflict, Outage, OutcomeUnknown, Overloaded, ShareUsed, TablesReplaced, Unanswered
from libs.common.texts import shown

T = TypeVar("T")

LONGEST_MESSAGE = 500
LONGEST_DETAIL = 300
MOST_VIOLATION_BYTES = 2200
MOST_METADATA_BYTES = 1000
RETRY_AFTER = timedelta(milliseconds=200)

CODES: Mapping[type[Exception], int] = {
    Invalid: Code.INVALID_ARGUMENT,
    NotFound: Code.NOT_FOUND,
    Refused: Code.FAILED_PRECONDITION,
    Stale: Code.ABORTED,
    DomainError: Code.FAILED_PRECONDITION,
    Overloaded: Code.RESOURCE_EXHAUSTED,
    Conflict: Code.ABORTED,
    Outage: Code.UNAVAILABLE,
}

OUTAGES: Mapping[type[Exception], str] = {
    ShareUsed: "The caller or its organisation has its share of what is in flight; nothing was begun. Repeat later.",
    Overloaded: "Too much is in flight; nothing was begun. Repeat after a while.",
    Conflict: "Others kept changing the same resource. Repeat with the same request_id.",
    Unanswered: "Another service that has to be asked did not answer; nothing was stored. Repeat after a while.",
    TablesReplaced: "The read tables were rebuilt meanwhile. Repeat the call; a watch goes on from its last cursor.",
    Outage: "The outcome is not known. Repeat with the same request_id.",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One wrong field: its path as in the proto, what is wrong, and the rule's name."""

    field: str
    description: str
    reason: str


@dataclass(eq=False)
class EdgeRefusal(Exception):
    """The edge itself says no, before any command: who are you, may you, what is this, not now."""

    code: int
    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    violations: Iterable[Violation] = ()
    more: int = 0
    """How many wrong fields there are besides."""

    def __post_init__(self) -> None:
        super().__init__(self.message)


def status_of(error: Exception, service: str) -> Status:
    """The status of any exception; what is neither a refusal nor an outage is INTERNAL and says nothing."""
    match error:
        case EdgeRefusal():
            extra = _bad(error.violations, error.more)
            return _status(error.code, error.message, error.reason, service, error.metadata, extra)
        case DomainError():
            violations: list[Violation] = []
            if isinstance(error, Invalid):
                violations = [Violation(one.field, problem_of(one), one.reason) for one in error.each]
            code = _first(CODES, error)
            return _status(code, str(error), error.reason, service, error.details, _bad(violations))
        case Outage():
            extra = []
            if isinstance(error, Overloaded | Unanswered):
                retry = RetryInfo()
                retry.retry_delay.FromTimedelta(RETRY_AFTER)
                extra.append(retry)
            reason, message = _reason(error), _first(OUTAGES, error)
            if isinstance(error, OutcomeUnknown) and error.why:
                message = f"{message} What is in the way: {error.why}."
            return _status(_first(CODES, error), message, reason, service, {}, extra)
        case _:
            return Status(code=Code.INTERNAL)


def is_bug(error: Exception) -> bool:
    """Whether nobody foresaw this, so that the log needs all of it."""
    return not isinstance(error, EdgeRefusal | DomainError | Outage)


def _status(
    code: int, message: str, reason: str, service: str, metadata: Mapping[str, str], extra: Iterable[Message]
) -> Status:
    info = ErrorInfo(reason=reason, domain=service)
    left = MOST_METADATA_BYTES
    for name, value in metadata.items():
        info.metadata[name] = told = _cut(value, min(LONGEST_DETAIL, max(left, 3)))
        left -= len(told.encode())
    status = Status(code=code, message=_cut(message, LONGEST_MESSAGE))
    for detail in (info, *extra):
        packed = Any()
        packed.Pack(detail)
        status.details.append(packed)
    return status


def _bad(violations: Iterable[Violation], more: int = 0) -> list[Message]:
    """All violations, or as many as fit, and how many more there are."""
    bad = BadRequest()
    size = 0
    for violation in violations:
        path, description = _cut(violation.field, LONGEST_DETAIL), _cut(violation.description, LONGEST_DETAIL)
        size += len(path.encode()) + len(description.encode()) + len(violation.reason) + 8
        if size > MOST_VIOLATION_BYTES:
            more += 1
            continue
        bad.field_violations.add(field=path, description=description, reason=violation.reason)
    if more:
        bad.field_violations.add(description=f"and {more} more violations")
    return [bad] if bad.field_violations else []


def _cut(text: str, longest: int) -> str:
    """The text as it may be told (see `libs.common.texts`), or as much of it as fits into so many bytes."""
    sent = shown(text).encode()
    if len(sent) <= longest:
        return sent.decode()
    return sent[: longest - 3].decode(errors="ignore") + "…"


def _first(table: Mapping[type[Exception], T], error: Exception) -> T:
    return next(value for kind, value in table.items() if isinstance(error, kind))


def _reason(error: Exception) -> str:
    return "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(type(error).__name__)).upper()
