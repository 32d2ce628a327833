"""One gRPC server: its port, health, reflection, limits, and a drain that lets running calls finish."""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from libs.common.grpc.access import largest_request_of
from libs.common.grpc.edge import Edge
from libs.common.grpc.reflection import add_reflection
from libs.common.settings import Tls

Servicer = tuple[Callable[[Any, Any], None], Any, str]
"""How a servicer is added, the servicer, and the full name of its service."""

MOST_CONNECTIONS = 4096
STREAMS_PER_CONNECTION = 100
"""A client's further calls wait in the client. Streams that are begun and reset at once are let in only as fast as
those before them are over, so one connection can't fill the process: at 1,000 instead of 100 the answers to others take
ten times as long in such a flood, and without a limit there are none."""
LONGEST_METADATA = 8 << 10
"""Bytes of a call's headers from which on gRPC turns calls away, at random up to twice as many, always beyond."""
IDLE_SECONDS = 120
"""A connection without a call is closed then; its client opens another when it has one."""
AGE_SECONDS, GRACE_SECONDS = 3600, 600
"""A connection takes no more calls then, and so long after that what still runs on it ends: also what nobody reads."""
HANDSHAKE_SECONDS = 10
"""Within which whoever connects must have said hello."""
LAST_WORDS = 0.5
"""Seconds for answers that are on their way to their clients when all calls have ended."""


class AddressUnusable(Exception):
    """The server can't listen where it should; the message is one line that says why."""


class EdgeServer:
    """Listens, serves, and drains."""

    def __init__(
        self,
        address: str,
        edge: Edge,
        servicers: Sequence[Servicer],
        *,
        tls: Tls | None = None,
        reuse_port: bool = False,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        self._address = address
        self._edge = edge
        self._servicers = servicers
        self._tls = tls
        self._reuse_port = reuse_port
        self._health = health.aio.HealthServicer()
        self._server = grpc.aio.server(
            options=[
                ("grpc.so_reuseport", int(reuse_port)),
                ("grpc.max_receive_message_length", largest_request_of(self.names)),
                ("grpc.keepalive_time_ms", 60_000),
                ("grpc.keepalive_timeout_ms", 20_000),
                ("grpc.keepalive_permit_without_calls", 1),
                ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
                ("grpc.http2.max_ping_strikes", 2),
                ("grpc.max_concurrent_streams", STREAMS_PER_CONNECTION),
                # Otherwise gRPC tells the client of more streams than it takes, and calls beyond the limit fail.
                ("grpc.http.overload_protection", 0),
                ("grpc.max_metadata_size", LONGEST_METADATA),
                ("grpc.absolute_max_metadata_size", 2 * LONGEST_METADATA),
                ("grpc.max_allowed_incoming_connections", most_connections),
                ("grpc.max_connection_idle_ms", IDLE_SECONDS * 1000),
                ("grpc.max_connection_age_ms", AGE_SECONDS * 1000),
                ("grpc.max_connection_age_grace_ms", GRACE_SECONDS * 1000),
                ("grpc.server_handshake_timeout_ms", HANDSHAKE_SECONDS * 1000),
                ("grpc.http2.settings_timeout", HANDSHAKE_SECONDS * 1000),
            ],
        )

    @property
    def names(self) -> list[str]:
        """The full names of the services here."""
        return [name for _, _, name in self._servicers]

    async def start(self, *, serving: bool = True) -> int:
        """Listens, and returns the bound port. AddressUnusable if that is not possible; KeysUnreadable.

        Without `serving`, health says NOT_SERVING until `serve` is called.
        """
        behind = _BehindEdge(self._edge, self._server)
        for add, servicer, _ in self._servicers:
            add(servicer, behind)
        # Open to everybody: a load balancer needs them, and a person with grpcurl, before they have a token.
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        add_reflection([*self.names, health.SERVICE_NAME], self._server)
        await self._edge.open()
        port = self._bind()
        await self._set_health(health_pb2.HealthCheckResponse.SERVING if serving else _NOT_SERVING)
        await self._server.start()
        return port

    async def serve(self) -> None:
        """Tells health that all services here are ready."""
        await self._set_health(health_pb2.HealthCheckResponse.SERVING)

    async def drain(self, grace: float) -> int:
        """Says NOT_SERVING, turns new calls away, lets running ones finish, stops.

        Returns how many calls had to be cut off after `grace` seconds. grpc's own `stop` does not wait for a method
        that has aborted its call but not ended yet, so the edge counts.
        """
        until = monotonic() + grace
        await self._health.enter_graceful_shutdown()
        self._edge.drain()
        left = await self._edge.idle(max(until - monotonic(), 0.0))
        await self._server.stop(None if left else min(LAST_WORDS, max(grace, 0.0)))
        if left:
            await self._edge.idle(LAST_WORDS)
        return left

    async def wait(self) -> None:
        """Returns when the server has stopped."""
        await self._server.wait_for_termination()

    async def _set_health(self, status: Any) -> None:
        for name in ("", *self.names):
            await self._health.set(name, status)

    def _bind(self) -> int:
        if self._tls is None and not is_loopback(self._address):
            raise AddressUnusable(
                f"{self._address} is not a loopback address: set HUBAO_TLS_CERT and HUBAO_TLS_KEY to listen there"
            )
        if not self._reuse_port:
            _try_to_bind(self._address)
        try:
            if self._tls is None:
                return self._server.add_insecure_port(self._address)
            return self._server.add_secure_port(self._address, _credentials(self._tls))
        except (RuntimeError, OSError) as error:
            raise AddressUnusable(f"can't listen on {self._address}: {error}") from None


class _BehindEdge:
    """Stands for the server when servicers are added, so that each of their methods is wrapped once and for all.

    As an interceptor of grpc the edge would be asked for the handler at every call, which costs as much as the call.
    """

    def __init__(self, edge: Edge, server: grpc.aio.Server) -> None:
        self._edge = edge
        self._server = server

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """What generated code calls; these are found first."""
        wrapped = {name: self._edge.wrap(f"/{service}/{name}", handler) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, wrapped)

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """What generated code calls too, and code that is not generated."""
        self._server.add_generic_rpc_handlers([_Wrapped(self._edge, handler) for handler in handlers])


class _Wrapped(grpc.GenericRpcHandler):
    """Finds methods by path where another handler has them."""

    def __init__(self, edge: Edge, handler: grpc.GenericRpcHandler) -> None:
        self._edge = edge
        self._handler = handler
        self._known: dict[str, Any] = {}

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        path = details.method
        if path not in self._known:
            found = self._handler.service(details)
            if found is None:
                return None  # Not kept, as paths are the client's to invent.
            self._known[path] = self._edge.wrap(path, found)
        return self._known[path]


_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def is_loopback(address: str) -> bool:
    """Whether host:port can only be reached from this machine."""
    host = address.rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _try_to_bind(address: str) -> None:
    """Finds out whether an address is free before grpc does, which would write lines of its own to stderr."""
    host, _, port = address.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, where = found[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(where)
            trial.listen(1)
    except (OSError, ValueError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise AddressUnusable(f"can't listen on {address}: {reason}") from None


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    callers = tls.ca.read_bytes() if tls.ca else None
    pair = (tls.key.read_bytes(), tls.cert.read_bytes())
    return grpc.ssl_server_credentials([pair], root_certificates=callers, require_client_auth=callers is not None)
