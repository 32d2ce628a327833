"""An operator at a terminal: where the services listen, the token that opens them, and one call at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.message import Message
from grpc_health.v1 import health_pb2, health_pb2_grpc
from hubao.feed.v1 import admin_service_pb2_grpc as admin_grpc
from hubao.feed.v1 import feed_service_pb2 as feed_pb
from hubao.feed.v1 import feed_service_pb2_grpc as feed_grpc

from deploy.local.clients import SERVICES, refusal_of

T = TypeVar("T")

SECONDS = 20.0
"""Longer than a service waits for its database, so that it can say what is the matter with it."""
LONG_SECONDS = 3600.0
"""For what reads a whole log."""
LARGEST_ANSWER = 64 << 20


class Failed(Exception):
    """The command could not be done, or what it looked at is not right; the message is one line for a person."""

    status = 1


class Misused(Failed):
    """The command line does not say what is needed."""

    status = 2


class Unanswered(Failed):
    """A service does not answer."""


@dataclass(frozen=True)
class Operator:
    """Who calls, and whom: `known` services have an address, `chosen` are those that the command is about."""

    known: Mapping[str, str]
    chosen: Sequence[str]
    token: str
    credentials: grpc.ChannelCredentials | None = None

    def only(self) -> str:
        """The one service that was chosen; Misused if there are several."""
        if len(self.chosen) != 1:
            raise Misused(f"say with --service which one is meant: {', '.join(self.chosen)}")
        return self.chosen[0]

    def ask(self, service: str, request: Message, seconds: float = SECONDS) -> Any:
        """The answer of a service's AdminService, or of its FeedService; Failed says why there is none."""
        method = request.DESCRIPTOR.name.removesuffix("Request")
        stub_of = feed_grpc.FeedServiceStub if isinstance(request, feed_pb.ReadRequest) else admin_grpc.AdminServiceStub
        metadata = (("authorization", f"Bearer {self.token}"),)
        return self._call(
            service,
            method,
            lambda channel: getattr(cast(Any, stub_of)(channel), method)(request, metadata=metadata, timeout=seconds),
        )

    def health(self, service: str) -> str:
        """SERVING, or what else the service says of itself."""
        request = health_pb2.HealthCheckRequest()
        answer = self._call(
            service, "Check", lambda channel: health_pb2_grpc.HealthStub(channel).Check(request, timeout=SECONDS)
        )
        return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))

    def stream(self, service: str, run: Callable[[grpc.Channel], T]) -> T:
        """What comes of a call of another kind on a channel to a service; Failed says what ended it."""
        return cast(T, self._call(service, "stream", run))

    def _call(self, service: str, method: str, call: Callable[[grpc.Channel], Any]) -> Any:
        address = self.known[service]
        options = [("grpc.max_receive_message_length", LARGEST_ANSWER)]
        opened = (
            grpc.insecure_channel(address, options)
            if self.credentials is None
            else grpc.secure_channel(address, self.credentials, options)
        )
        with opened as channel:
            try:
                return call(channel)
            except grpc.RpcError as error:
                refusal = refusal_of(method, cast(grpc.aio.AioRpcError, error))
                if refusal.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    said = refusal.code.name if refusal.reason == refusal.code.name else refusal.message
                    raise Unanswered(f"{service} at {address} does not answer: {said}") from None
                raise Failed(f"{service}: {refusal}") from None


def operator_of(
    services: Sequence[str],
    addresses: Sequence[str],
    data: Path,
    token: Path | None,
    credentials: grpc.ChannelCredentials | None,
) -> Operator:
    """The operator that a command line describes; Misused says what is missing in it."""
    for service in services:
        if service not in SERVICES:
            raise Misused(f"there is no service {service}; there are {', '.join(SERVICES)}")
    known = _given(services, addresses) if addresses else _written(data)
    chosen = list(dict.fromkeys(services)) or list(known)
    for service in chosen:
        if service not in known:
            raise Misused(f"where {service} listens is not known: --address {service}=host:port")
    return Operator(known, chosen, _token(token or data / "tokens" / "operator"), credentials)


def _given(services: Sequence[str], addresses: Sequence[str]) -> dict[str, str]:
    known = {}
    for given in addresses:
        service, equals, address = given.rpartition("=")
        if not equals and len(services) == 1:
            service = services[0]
        if service not in SERVICES or ":" not in address:
            raise Misused(f"--address must be like policy=127.0.0.1:5001, not {given!r}")
        known[service] = address
    return known


def _written(data: Path) -> dict[str, str]:
    """What the local stack wrote."""
    files = {service: data / "addresses" / service for service in SERVICES}
    known = {service: file.read_text().strip() for service, file in files.items() if file.is_file()}
    if not known:
        raise Misused(f"there are no addresses in {data / 'addresses'}: give --address, or --data of a local stack")
    return known


def _token(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise Misused(f"the token {path} can't be read: {error.strerror}") from None


def credentials_of(ca: Path | None, cert: Path | None, key: Path | None) -> grpc.ChannelCredentials | None:
    """TLS if the CA of the services is given, mutual with a certificate and key of one's own; else None."""
    if ca is None:
        if cert or key:
            raise Misused("--cert and --key need --ca")
        return None
    if (cert is None) != (key is None):
        raise Misused("--cert and --key go together")
    try:
        own = (key.read_bytes(), cert.read_bytes()) if key and cert else (None, None)
        return grpc.ssl_channel_credentials(ca.read_bytes(), *own)
    except OSError as error:
        raise Misused(f"{error.filename} can't be read: {error.strerror}") from None
