"""Checks requests against the rules that stand in the protos, and describes each wrong field by its path there."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

import protovalidate
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code

from libs.common.grpc.errors import EdgeRefusal, Violation

_VALIDATOR = protovalidate.Validator()


def check(request: Message) -> None:
    """Refuses a request with all of its wrong fields at once."""
    found = _VALIDATOR.collect_violations(request)
    if found:
        raise _refusal([_violation(violation.proto) for violation in found])


async def checked(requests: AsyncIterable[Message]) -> AsyncIterator[Message]:
    """A client's stream, each message checked as it comes."""
    async for request in requests:
        check(request)
        yield request


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
