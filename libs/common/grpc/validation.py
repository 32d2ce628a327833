"""Checks requests against the rules that stand in the protos, and describes each wrong field by its path there."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any

import protovalidate
from google.protobuf.message import DecodeError, Message
from google.rpc.code_pb2 import Code

from libs.common.grpc.errors import EdgeRefusal, Violation

Parse = Callable[[bytes], Message]
"""A message class's `FromString`."""

_VALIDATOR = protovalidate.Validator()


def read(sent: bytes, parse: Parse) -> Message:
    """The request in these bytes. Refuses what is no message, and a message with all of its wrong fields at once."""
    try:
        request = parse(sent)
    except DecodeError:
        raise EdgeRefusal(Code.INVALID_ARGUMENT, "MALFORMED_REQUEST", "The request's bytes are no message.") from None
    found = _VALIDATOR.collect_violations(request)
    if found:
        raise _refusal([_violation(violation.proto) for violation in found])
    return request


async def read_each(sent: AsyncIterable[bytes], parse: Parse) -> AsyncIterator[Message]:
    """A client's stream, each message read as it comes."""
    async for one in sent:
        yield read(one, parse)


def wrong(field: str, problem: str) -> EdgeRefusal:
    """The refusal of one wrong field, or of a wrong header."""
    return _refusal([Violation(field, problem, "INVALID_FIELD")])


def _refusal(violations: list[Violation]) -> EdgeRefusal:
    message = "; ".join(f"{violation.field or 'request'}: {violation.description}" for violation in violations)
    return EdgeRefusal(Code.INVALID_ARGUMENT, "INVALID_FIELD", message, violations=violations)


def _violation(proto: Any) -> Violation:
    path = _path(proto.field.elements) if proto.field is not None else ""
    rule = proto.rule_id or "rule"
    return Violation(path, proto.message or rule, rule.replace(".", "_").upper())


def _path(elements: Iterable[Any]) -> str:
    """`parts[2].limit.units`; `answers["mfa"]` for a map."""
    path = ""
    for element in elements:
        path += f".{element.field_name}" if path else element.field_name
        subscript = element.subscript
        if subscript is not None:
            value = subscript.value
            path += f'["{value}"]' if isinstance(value, str) else f"[{value}]"
    return path
