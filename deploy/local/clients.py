"""Callers of the public gRPC API: each a person or a system with a token, who sends a request and gets its answer.

Nothing here knows a service from inside. The method follows from the request's type, because the API names them
alike: a `BindPolicyRequest` goes to `BindPolicy`. Every change carries a request id made from a key, so whoever plays
the same scene again, after a crash or on the same data, changes nothing.
"""

import asyncio
import importlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

import grpc
import hubao
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_status import rpc_status

SERVICES = ("policy", "vendor_gateway", "claims", "billing_subsidy")
SCENE = uuid5(NAMESPACE_URL, "urn:hubao:local")
AGAIN = tuple(grpc.StatusCode[name] for name in ("UNAVAILABLE", "CANCELLED", "ABORTED", "RESOURCE_EXHAUSTED"))
PATIENCE = 90
"""Seconds for which a call is tried again while a service is away: as long as a restart may take on a busy machine."""


class Refusal(Exception):
    """A service said no: the status, the reason as programs see it, and the message for a person."""

    def __init__(self, method: str, code: grpc.StatusCode, reason: str, message: str) -> None:
        super().__init__(f"{method}: {reason}: {message}")
        self.code, self.reason, self.message = code, reason, message


def request_id(key: str) -> str:
    """The request id that stands for one change of the local scene."""
    return str(uuid5(SCENE, key))


def id_of(key: str) -> UUID:
    """An id that the scene itself gives to something."""
    return uuid5(SCENE, f"id/{key}")


def _methods() -> dict[str, MethodDescriptor]:
    """All methods of the API by the full name of their request; those of the feed are the same in every service."""
    found: dict[str, MethodDescriptor] = {}
    for root in map(Path, hubao.__path__):
        for path in root.rglob("*_service_pb2.py"):
            name = ".".join(("hubao", *path.relative_to(root).with_suffix("").parts))
            for service in importlib.import_module(name).DESCRIPTOR.services_by_name.values():
                found |= {method.input_type.full_name: method for method in service.methods}
    return found


@dataclass(frozen=True)
class Channels:
    """One connection to each service."""

    by_service: Mapping[str, grpc.aio.Channel]
    methods: Mapping[str, MethodDescriptor]

    @classmethod
    def to(cls, addresses: Mapping[str, str]) -> "Channels":
        options = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 50)]
        opened = {name: grpc.aio.insecure_channel(address, options) for name, address in addresses.items()}
        return cls(opened, _methods())

    async def close(self) -> None:
        await asyncio.gather(*(channel.close() for channel in self.by_service.values()))


class Caller:
    """Somebody with a token. Calling it with a request returns the answer, or raises a `Refusal`."""

    ANSWER_WITHIN: ClassVar[int] = 30
    """Seconds that one attempt may take."""

    def __init__(self, channels: Channels, token: str) -> None:
        self._channels = channels
        self._metadata = (("authorization", f"Bearer {token}"),)

    async def __call__(self, request: Message, key: str = "", *, at: str = "") -> Any:
        """Sends the request, under the request id of `key` if it changes something, to `at` if every service has it.

        Trying again is safe: the request id makes a change happen once.
        """
        method = self._channels.methods[request.DESCRIPTOR.full_name]
        if key:
            request.request_id = request_id(key)  # type: ignore[attr-defined]
        service = at or method.full_name.split(".")[1]
        call: grpc.aio.UnaryUnaryMultiCallable[Message, Message] = self._channels.by_service[service].unary_unary(
            f"/{method.containing_service.full_name}/{method.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return await call(request, metadata=self._metadata, timeout=self.ANSWER_WITHIN)
            except grpc.aio.AioRpcError as error:
                refusal = refusal_of(method.name, error)
                if refusal.code not in AGAIN or refusal.reason == "STALE" or time.monotonic() > deadline:
                    raise refusal from error
            await asyncio.sleep(0.1)


def refusal_of(method: str, error: grpc.aio.AioRpcError) -> Refusal:
    """What a failed call says, by the details that the API promises."""
    status: Status | None = rpc_status.from_call(error)
    reason, fields = error.code().name, set[str]()
    for detail in status.details if status else ():
        info, bad = ErrorInfo(), BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        elif detail.Unpack(bad):
            fields |= {violation.field for violation in bad.field_violations}
    return Refusal(method, error.code(), " ".join([reason, *sorted(fields)]), error.details() or "")
