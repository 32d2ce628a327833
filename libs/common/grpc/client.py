"""How one process of ours calls another: with a token, in the same trace, and again when that is safe."""

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from opentelemetry.instrumentation.grpc import aio_client_interceptors

from libs.common.settings import Tls

TokenSource = Callable[[], str]
"""Gives the token for the next call."""

LARGEST_ANSWER = 64 << 20
RETRIES = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE", "CANCELLED"],
            },
        }
    ]
}
"""Every call may be repeated: a read changes nothing, and a command carries a request id, if need be made here.

A call that reaches a server in the moment in which it stops may be CANCELLED by grpc, unseen by any method.
"""


class TokenUnreadable(Exception):
    """The token file can't be read; the message names it."""


def token_file(path: Path) -> TokenSource:
    """Reads a token from a file, again whenever the file has changed."""
    seen: tuple[int, int, int] | None = None
    token = ""

    def read() -> str:
        nonlocal seen, token
        try:
            stat = path.stat()
            now = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if now != seen:
                token, seen = path.read_text().strip(), now
        except OSError as error:
            raise TokenUnreadable(f"the token at {path} can't be read: {error.strerror}") from None
        return token

    return read


def channel(
    address: str, token_source: TokenSource | None = None, *, tls: Tls | None = None, retries: bool = True
) -> grpc.aio.Channel:
    """A channel to a service. Plain text unless `tls` is given, whose `ca` then says which servers to trust."""
    options: list[tuple[str, Any]] = [
        ("grpc.max_receive_message_length", LARGEST_ANSWER),
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.enable_retries", int(retries)),
        ("grpc.initial_reconnect_backoff_ms", 100),  # A service that was restarted is found again at once.
        ("grpc.max_reconnect_backoff_ms", 2_000),
    ]
    if retries:
        options.append(("grpc.service_config", json.dumps(RETRIES)))
    tracing: Sequence[grpc.aio.ClientInterceptor] = aio_client_interceptors()  # type: ignore[no-untyped-call]
    interceptors = [*tracing, *_ours(token_source)]
    if tls is None:
        return grpc.aio.insecure_channel(address, options=options, interceptors=interceptors)
    credentials = grpc.ssl_channel_credentials(
        tls.ca.read_bytes() if tls.ca else None, tls.key.read_bytes(), tls.cert.read_bytes()
    )
    return grpc.aio.secure_channel(address, credentials, options=options, interceptors=interceptors)


class _Caller:
    """Adds the token to each call."""

    def __init__(self, token_source: TokenSource | None) -> None:
        self._token_source = token_source

    def authorized(self, details: Any) -> grpc.aio.ClientCallDetails:
        if self._token_source is None:
            return details  # type: ignore[no-any-return]
        metadata = grpc.aio.Metadata(*tuple(details.metadata or ()))
        metadata.add("authorization", f"Bearer {self._token_source()}")
        return grpc.aio.ClientCallDetails(
            details.method, details.timeout, metadata, details.credentials, details.wait_for_ready
        )


Continue = Callable[..., Awaitable[Any]]


class _UnaryUnary(_Caller, grpc.aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(self, continuation: Continue, client_call_details: Any, request: Any) -> Any:
        return await continuation(self.authorized(client_call_details), identified(request))


class _UnaryStream(_Caller, grpc.aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(self, continuation: Continue, client_call_details: Any, request: Any) -> Any:
        return await continuation(self.authorized(client_call_details), identified(request))


class _StreamUnary(_Caller, grpc.aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(self, continuation: Continue, client_call_details: Any, requests: Any) -> Any:
        return await continuation(self.authorized(client_call_details), requests)


class _StreamStream(_Caller, grpc.aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(self, continuation: Continue, client_call_details: Any, requests: Any) -> Any:
        return await continuation(self.authorized(client_call_details), requests)


def _ours(token_source: TokenSource | None) -> Sequence[grpc.aio.ClientInterceptor]:
    return [kind(token_source) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]


def identified(request: Message) -> Message:
    """The request with a request id: its own, or a new one, so that a repetition of the call is recognised."""
    if getattr(request, "request_id", None) != "":
        return request
    named = type(request)()
    named.CopyFrom(request)
    named.request_id = str(uuid4())  # type: ignore[attr-defined]
    return named
