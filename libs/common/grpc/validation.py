"""Checks requests against the rules that stand in the protos, and describes each wrong field by its path there."""

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import protovalidate
from google.protobuf.message import DecodeError, Message
from google.rpc.code_pb2 import Code

from libs.common.errors import InvalidField
from libs.common.grpc.access import LARGEST_REQUEST
from libs.common.grpc.errors import EdgeRefusal, Violation
from libs.common.grpc.fields import MOST_VIOLATIONS, look_at, subscript

Parse = Callable[[bytes], Message]
"""A message class's `FromString`."""

MOST_IN_FULL = 500
"""Elements of a request up to which all of its wrong fields are named, and from which on only the first one is: a
violation costs a hundred times what an element without one does."""

_VALIDATOR = protovalidate.Validator()


def read(sent: bytes, parse: Parse, largest: int = LARGEST_REQUEST) -> Message:
    """The request in these bytes. Refuses what is too large or no message, and names a handful of its wrong fields.

    What costs least comes first: the size, the message, its characters, amounts, dates and numbers of elements, and
    only then the rules of its proto.
    """
    if len(sent) > largest:
        problem = f"A message of this request has at most {largest:,} bytes, not {len(sent):,}."
        raise EdgeRefusal(Code.RESOURCE_EXHAUSTED, "REQUEST_TOO_LARGE", problem)
    try:
        request = parse(sent)
    except DecodeError:
        raise EdgeRefusal(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST", "The request's bytes are no message.") from None
    findings = look_at(request)
    if findings.violations and (not findings.complete or findings.elements > MOST_IN_FULL):
        raise _refusal(findings.violations)
    first_only = findings.elements > MOST_IN_FULL
    broken = _VALIDATOR.collect_violations(request, fail_fast=first_only)
    if findings.violations or broken:
        named = {(violation.field, violation.reason) for violation in findings.violations}
        more = [violation for violation in map(_violation, broken) if (violation.field, violation.reason) not in named]
        raise _refusal([*findings.violations, *more], perhaps_more=first_only)
    return request


def sound(part: Message) -> None:
    """Checks a part of a request that stands for itself, such as a row: its proto tells the edge to leave it alone.

    InvalidField names the first wrong field, by its path in the part.
    """
    found = look_at(part).violations or [
        _violation(violation) for violation in _VALIDATOR.collect_violations(part, fail_fast=True)
    ]
    if found:
        raise InvalidField(field=found[0].field, problem=found[0].description)


async def read_each(
    sent: AsyncIterable[bytes], understand: Callable[[bytes], Awaitable[Message]]
) -> AsyncIterator[Message]:
    """A client's stream, each message read as it comes."""
    async for one in sent:
        yield await understand(one)


def wrong(field: str, problem: str) -> EdgeRefusal:
    """The refusal of one wrong field, or of a wrong header."""
    return _refusal([Violation(field, problem, "INVALID_FIELD")])


def _refusal(violations: list[Violation], *, perhaps_more: bool = False) -> EdgeRefusal:
    shown, left = violations[:MOST_VIOLATIONS], len(violations) - MOST_VIOLATIONS
    message = "; ".join(f"{violation.field or 'request'}: {violation.description}" for violation in shown[:5])
    if perhaps_more or len(violations) == MOST_VIOLATIONS:
        message += "; there may be more"
    elif len(violations) > 5:
        message += f"; and {len(violations) - 5} more"
    return EdgeRefusal(Code.INVALID_ARGUMENT, "INVALID_FIELD", message, violations=shown, more=max(left, 0))


def _violation(found: Any) -> Violation:
    proto = found.proto
    path = _path(proto.field.elements) if proto.field is not None else ""
    rule = proto.rule_id or "rule"
    return Violation(path, proto.message or rule, rule.replace(".", "_").upper())


def _path(elements: Iterable[Any]) -> str:
    """`parts[2].limit.units`; `answers["mfa"]` for a map."""
    path = ""
    for element in elements:
        path += f".{element.field_name}" if path else element.field_name
        if element.subscript is not None:
            path += subscript(element.subscript.value)
    return path
