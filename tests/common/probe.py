"""A small service for tests of the edge: every form of method, every scope, and whatever behaviour a test asks for.

Its proto is made here and never leaves the tests; the server, the edge, the tokens and the clients are the real ones.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hubao.common.v1 import access_pb2, bounds_pb2

from libs.common.context import current_call, note_position
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.client import channel
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.outages import OutcomeUnknown
from libs.common.settings import STREAMS, Most, Tls
from libs.common.tokens import LocalIssuer
from tests.common.failing import FAILURES

SERVICE = "hubao.probe.v1.ProbeService"
NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
"""The service's clock in these tests: far from real time, by which tokens expire."""

TENANT, ORGANISATION = access_pb2.SCOPE_TENANT, access_pb2.SCOPE_ORGANISATION
SHARED, PLATFORM = access_pb2.SCOPE_SHARED, access_pb2.SCOPE_PLATFORM
UNDERWRITER, VENDOR, OPERATOR = access_pb2.ROLE_UNDERWRITER, access_pb2.ROLE_VENDOR, access_pb2.ROLE_OPERATOR
METHODS: dict[str, tuple[bool, bool, Any, list[Any]]] = {
    # name: (client streams, server streams, scope or None for no option at all, roles)
    "Ask": (False, False, TENANT, [UNDERWRITER]),
    "ListAll": (False, True, TENANT, [UNDERWRITER]),
    "Collect": (True, False, TENANT, [UNDERWRITER]),
    "Chat": (True, True, TENANT, [UNDERWRITER]),
    "WatchNews": (False, True, TENANT, [UNDERWRITER]),
    "Offer": (False, False, ORGANISATION, [VENDOR]),
    "Look": (False, False, SHARED, [UNDERWRITER, VENDOR]),
    "Operate": (False, False, PLATFORM, [OPERATOR]),
    "Undeclared": (False, False, None, []),
    "Scopeless": (False, False, access_pb2.SCOPE_UNSPECIFIED, [UNDERWRITER]),
    "Roleless": (False, False, SHARED, []),
    "Missing": (False, False, SHARED, [UNDERWRITER]),
}
ANSWER = ("text", "tenant", "organisation", "principal", "roles", "request_id", "fingerprint", "now")
ANSWER += ("correlation_id", "traceparent")


def _field(kind: Any, name: str, of: Any, **more: Any) -> Any:
    optional = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
    return kind.field.add(name=name, number=len(kind.field) + 1, type=of, **{"label": optional, **more})


def _declare() -> None:
    """Enters the probe's proto in the pool where generated code enters its own."""
    of = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="hubao/probe/v1/probe.proto", package="hubao.probe.v1")
    file.syntax = "proto3"
    file.dependency.extend(
        ["buf/validate/validate.proto", "hubao/common/v1/access.proto", "hubao/common/v1/bounds.proto"]
    )
    item = file.message_type.add(name="Item")
    rule: Any = validate_pb2.field
    _field(item, "count", of.TYPE_INT32).options.Extensions[rule].int32.lte = 1000
    request = file.message_type.add(name="AskRequest")
    _field(request, "request_id", of.TYPE_STRING)
    _field(request, "name", of.TYPE_STRING).options.Extensions[rule].string.min_len = 1
    _field(request, "behaviour", of.TYPE_STRING)
    _field(request, "items", of.TYPE_MESSAGE, type_name=".hubao.probe.v1.Item", label=of.LABEL_REPEATED)
    _field(request, "payload", of.TYPE_BYTES)
    response = file.message_type.add(name="AskResponse")
    for name in ANSWER:
        _field(response, name, of.TYPE_STRING)
    service = file.service.add(name="ProbeService")
    for name, (streams_in, streams_out, scope, roles) in METHODS.items():
        method = service.method.add(name=name, client_streaming=streams_in, server_streaming=streams_out)
        method.input_type, method.output_type = ".hubao.probe.v1.AskRequest", ".hubao.probe.v1.AskResponse"
        if scope is not None:
            option: Any = access_pb2.access
            method.options.Extensions[option].CopyFrom(access_pb2.Access(roles=roles, scope=scope))
        if name != "Look":
            largest: Any = bounds_pb2.largest_request
            method.options.Extensions[largest] = 4 << 20
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())  # type: ignore[no-untyped-call]


_declare()
Request: Any = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("hubao.probe.v1.AskRequest")  # type: ignore[no-untyped-call]
)
Response: Any = message_factory.GetMessageClass(
    descriptor_pool.Default().FindMessageTypeByName("hubao.probe.v1.AskResponse")  # type: ignore[no-untyped-call]
)


@dataclass
class Probe:
    """The servicer: does what `behaviour` says, and remembers what it was asked."""

    seen: list[Any] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, request: Any, context: Any) -> Any:
        self.seen.append(request)
        behaviour = request.behaviour
        if behaviour in FAILURES:
            raise FAILURES[behaviour]
        if behaviour == "fail twice" and len(self.seen) < 3:
            raise OutcomeUnknown
        if behaviour == "abort":
            await context.abort(grpc.StatusCode.DATA_LOSS, "gone")
        if behaviour == "wait":
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.ended.append("cancelled")
                raise
        if behaviour.startswith("write "):
            for position in behaviour.split()[1:]:
                note_position(int(position))
        return told(request.name)

    async def stream(self, request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            for number, item in enumerate(request.items, start=1):
                yield told(f"{number}: {item.count}")
            if request.behaviour == "write 9":
                note_position(9)
            if request.behaviour in FAILURES:
                raise FAILURES[request.behaviour]
            if request.behaviour == "wait":
                await self.release.wait()
        finally:
            self.ended.append(current_call().principal)

    async def collect(self, requests: Any, context: Any) -> Any:
        return told(",".join([request.name async for request in requests]))

    async def chat(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield told(request.name)

    def missing(self, request: Any, context: Any) -> Any:
        """As a stub has it that nobody has overridden."""
        raise NotImplementedError


def told(text: str) -> Any:
    """What the current call is, as the client may see it in these tests."""
    call = current_call()
    return Response(
        text=text,
        tenant=call.tenant,
        organisation=call.organisation,
        principal=call.principal,
        roles=",".join(sorted(call.roles)),
        request_id=call.request_id,
        fingerprint=call.fingerprint.hex(),
        now=call.now.isoformat(),
        correlation_id=call.correlation_id,
        traceparent=call.traceparent,
    )


def add_probe(probe: Probe, server: Any) -> None:
    """What generated code does for its services."""
    own = {"ListAll": probe.stream, "WatchNews": probe.stream, "Collect": probe.collect, "Chat": probe.chat}
    own["Missing"] = probe.missing
    handlers = {}
    for name, (streams_in, streams_out, _, _) in METHODS.items():
        make = getattr(
            grpc, f"{'stream' if streams_in else 'unary'}_{'stream' if streams_out else 'unary'}_rpc_method_handler"
        )
        handlers[name] = make(own.get(name, probe.ask), Request.FromString, Response.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))


@dataclass
class Served:
    """A running server with its probe, and the way to call it."""

    port: int
    server: EdgeServer
    edge: Edge
    probe: Probe
    issuer: LocalIssuer
    waited: list[tuple[int, float]]
    channel: grpc.aio.Channel

    def token(self, tenant: str = "pingan", roles: tuple[str, ...] = ("underwriter",), **claims: Any) -> str:
        return self.issuer.token("wang", claims.pop("organisation", "org-1"), tenant, roles, **claims)

    def method(self, name: str) -> Any:
        streams_in, streams_out, _, _ = METHODS[name]
        make = getattr(self.channel, f"{'stream' if streams_in else 'unary'}_{'stream' if streams_out else 'unary'}")
        return make(f"/{SERVICE}/{name}", Request.SerializeToString, Response.FromString)

    def call(self, name: str, request: Any = None, *, token: str | None = "", metadata: Any = (), **more: Any) -> Any:
        """A call with a good token, with another one, or with None at all."""
        bearer = self.token() if token == "" else token
        sent = [*metadata, *([("authorization", f"Bearer {bearer}")] if bearer is not None else [])]
        return self.method(name)(request if request is not None else Request(name="x"), metadata=sent, **more)


@asynccontextmanager
async def served(
    directory: Path,
    *,
    limit: int = 1024,
    streams: Most = STREAMS,
    idle_seconds: float = 30.0,
    default_seconds: float = 30.0,
    reached: int = 100,
    tls: Tls | None = None,
    address: str = "127.0.0.1:0",
) -> AsyncIterator[Served]:
    """The probe on a real server; `reached` is how far its read tables have come."""
    issuer = LocalIssuer.create(directory)
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    waited: list[tuple[int, float]] = []

    async def wait_for_position(position: int, seconds: float) -> bool:
        waited.append((position, seconds))
        return position <= reached

    edge = Edge(
        "probe",
        authenticator,
        lambda: NOW,
        wait_for_position,
        calls=Most(limit, limit, limit),
        streams=streams,
        idle_seconds=idle_seconds,
        default_seconds=default_seconds,
    )
    probe = Probe()
    server = EdgeServer(address, edge, [(add_probe, probe, SERVICE)], tls=tls)  # type: ignore[list-item]
    port = await server.start()
    async with channel(f"127.0.0.1:{port}", retries=False) as ours:
        try:
            yield Served(port, server, edge, probe, issuer, waited, ours)
        finally:
            await server.drain(0.0)
