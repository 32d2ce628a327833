"""What billing is asked while a caller waits: what it would book.

Billing is asked with the caller's own token, so it lets in whom it would let in, and nobody sees more by the detour.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status
from hubao.billing_subsidy.v1 import account_preview_pb2 as pb
from hubao.billing_subsidy.v1 import account_service_pb2_grpc as pb_grpc
from hubao.common.v1 import effects_pb2

from libs.common.grpc.errors import EdgeRefusal
from libs.common.outages import Unanswered
from libs.common.store.requests import Outgoing

PATIENCE = 3.0
"""Seconds that billing has for its answer, unless the caller has less."""
POLL = 0.1
"""Seconds until billing is asked again when it has not heard yet of what was done before."""
AWAY = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
)
NOT_THERE_YET = ("ACCOUNT_BEHIND", "ACCOUNT_NOT_FOUND")
ON_TO_THE_CALLER = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class BillingUnavailable(Unanswered):
    """Billing did not answer in time, or can't be reached."""


class BillingBehind(Unanswered):
    """Billing has not heard of all that this policy did before."""


@dataclass(frozen=True)
class Asking:
    """In whose name billing is asked, and how long there is."""

    metadata: Sequence[tuple[str, str]] = ()
    seconds: float = PATIENCE


class Billing:
    """The way to billing; without a channel there is none."""

    def __init__(self, channel: grpc.aio.Channel | None) -> None:
        self._stub = None if channel is None else pb_grpc.AccountServiceStub(channel)  # type: ignore[no-untyped-call]

    async def effects(self, asking: Asking, policy_id: UUID, announced: Outgoing) -> effects_pb2.BillingEffects:
        """What billing would book if it heard this. BillingUnavailable; BillingBehind; EdgeRefusal if it lets the
        caller not in."""
        if self._stub is None:
            raise BillingUnavailable("no way to billing is set")
        request = pb.PreviewPolicyChangeRequest(policy_id=str(policy_id), type=announced.type, data=announced.data)
        until = monotonic() + asking.seconds
        behind: BillingBehind | None = None
        while True:
            left = until - monotonic()
            try:
                answer = await self._stub.PreviewPolicyChange(
                    request, timeout=max(left, 0.001), metadata=asking.metadata
                )
            except grpc.aio.AioRpcError as error:
                if behind is not None and error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise behind from error  # It did answer; only the last time was too short.
                behind = _read(error)
            else:
                effects: effects_pb2.BillingEffects = answer.effects
                return effects
            if left <= POLL:
                raise behind
            await asyncio.sleep(POLL)


def _read(error: grpc.aio.AioRpcError) -> BillingBehind:
    """What keeps billing from an answer now, if it may answer in a moment; raises what will not pass so soon."""
    code, info = error.code(), ErrorInfo()
    status = rpc_status.from_call(error)
    any(detail.Unpack(info) for detail in (status.details if status else ()))
    if info.reason in NOT_THERE_YET:
        return BillingBehind(info.reason)
    if code in AWAY:
        raise BillingUnavailable(f"{code.name}: {error.details()}") from error
    if code in ON_TO_THE_CALLER:
        raise EdgeRefusal(code.value[0], info.reason, error.details() or "") from error
    raise error
