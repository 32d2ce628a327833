"""How calls fail in the tests of the edge: what a method raises, and what its client reads."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from grpc_status import rpc_status

from libs.common.errors import InvalidField, NotFound, Refused, Stale
from libs.common.outages import Conflict, OutcomeUnknown, Overloaded


class QuoteExpired(Refused):
    message = "The quote expired on {expired_on}; ask for a new one."


class PolicyNotFound(NotFound):
    message = "There is no policy {policy_id}."


FAILURES: dict[str, Exception] = {
    # What the probe raises when a test asks for it by name.
    "refuse": QuoteExpired(expired_on="2025-03-31"),
    "miss": PolicyNotFound(policy_id=UUID(int=7)),
    "invalid": InvalidField(field="parts[2].limit", problem="is missing"),
    "stale": Stale(current="4", given="3"),
    "overload": Overloaded(),
    "unknown": OutcomeUnknown(),
    "conflict": Conflict(),
    "bug": RuntimeError("the secret of 瀚海"),
    "long": QuoteExpired(expired_on="护" * 5000),
}


@dataclass(frozen=True)
class Failed:
    """How a call failed."""

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str]
    fields: dict[str, str]
    retry_after: float


async def failure(call: Any) -> Failed:
    """Awaits a call (or reads a stream) that must fail, and reads the rich status of its failure."""
    try:
        if hasattr(call, "__aiter__"):
            async for _ in call:
                pass
        else:
            await call
    except grpc.aio.AioRpcError as error:
        return _failed(error)
    raise AssertionError("the call did not fail")


def _failed(error: grpc.aio.AioRpcError) -> Failed:
    rich = rpc_status.from_call(as_call(error))
    info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in rich.details if rich else ():
        for kind in (info, bad, retry):
            if detail.Is(kind.DESCRIPTOR):
                detail.Unpack(kind)
    fields = {violation.field: violation.description for violation in bad.field_violations}
    seconds = retry.retry_delay.ToTimedelta().total_seconds()
    return Failed(error.code(), error.details() or "", info.reason, dict(info.metadata), fields, seconds)


def as_call(error: grpc.aio.AioRpcError) -> Any:
    """`rpc_status` wants pairs; grpc.aio has a map."""

    class View:
        code = staticmethod(error.code)
        details = staticmethod(error.details)

        @staticmethod
        def trailing_metadata() -> tuple[tuple[str, Any], ...]:
            return tuple(error.trailing_metadata() or ())

    return View()
