"""Makes the `Call` of a request: who asks for what, when, and what it belongs to."""

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from google.protobuf.message import Message
from opentelemetry.trace import Span

from libs.common import telemetry
from libs.common.context import Call
from libs.common.grpc.auth import Identity
from libs.common.grpc.convert import uuid_value
from libs.common.grpc.validation import wrong

CORRELATION_ID = "hubao-correlation-id"
"""Header: the id under which the caller wants all that follows to be found."""
MIN_POSITION = "hubao-min-position"
"""Header: a read must be at least as fresh as this position, the `hubao-position` of an earlier write."""
POSITION = "hubao-position"
"""Trailer: how far the log has come by this call."""

Header = str | bytes
Headers = Mapping[str, Header]

_CORRELATION = re.compile(r"[A-Za-z0-9._:/=+-]{1,128}")
_POSITION = re.compile(r"[0-9]{1,18}")


def call_of(
    path: str, identity: Identity, headers: Headers, request: Message | None, now: datetime, span: Span
) -> Call:
    """The call of a request; of a client's stream (None), which has no id of its own, each gets a new one."""
    request_id, fingerprint = _identified(path, request)
    context = span.get_span_context()
    correlation_id = _correlation_id(headers) or (f"{context.trace_id:032x}" if context.is_valid else request_id)
    return Call(
        tenant=identity.tenant,
        organisation=identity.organisation,
        principal=identity.principal,
        roles=identity.roles,
        request_id=request_id,
        fingerprint=fingerprint,
        now=now,
        correlation_id=correlation_id,
        traceparent=telemetry.traceparent_of(span),
        principal_before=identity.principal_before,
    )


def position_of(headers: Headers) -> int:
    """The position that a read must have reached, 0 if the client asks for none."""
    value = headers.get(MIN_POSITION)
    if value is None:
        return 0
    if not isinstance(value, str) or not _POSITION.fullmatch(value):
        raise wrong(MIN_POSITION, "must be a log position, a whole number")
    return int(value)


def _identified(path: str, request: Message | None) -> tuple[str, bytes]:
    """The request's id, and the SHA-256 of the method and of everything else in the request."""
    if request is None:
        return str(uuid4()), sha256(path.encode()).digest()
    given: str = getattr(request, "request_id", "")
    if not given:
        return str(uuid4()), sha256(path.encode() + b"\n" + request.SerializeToString(deterministic=True)).digest()
    request_id: UUID = uuid_value("request_id", given)
    request.ClearField("request_id")
    payload = request.SerializeToString(deterministic=True)
    request.request_id = given  # type: ignore[attr-defined]
    return str(request_id), sha256(path.encode() + b"\n" + payload).digest()


def _correlation_id(headers: Headers) -> str:
    value = headers.get(CORRELATION_ID)
    if value is None:
        return ""
    if not isinstance(value, str) or not _CORRELATION.fullmatch(value):
        raise wrong(CORRELATION_ID, "must be up to 128 letters, digits and . _ : / = + -")
    return value
