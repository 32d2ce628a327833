"""What clients asked and what they were answered, on disk before they go on.

Whatever becomes of the services, this is what their clients know: an acknowledged change must be there, once; one
without an answer may be there or not, but not in part.
"""

import asyncio
import json
import os
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message

from deploy.local.clients import AGAIN, SERVICES, Caller, Channels, Refusal, request_id

ATTEMPT_SECONDS = 8.0
UNANSWERED = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)


LIVE = (("policy", "file"), ("programme", "usage"))
"""What an answer shows as it is now, beside the result of the change."""


@dataclass
class Entry:
    """One change that a client asked for."""

    key: str
    service: str
    request: Message
    caller: "JournalCaller"
    answer: bytes | None = None
    refused: str = ""

    @property
    def request_id(self) -> str:
        return request_id(self.key)


@dataclass
class Journal:
    """The journal of all clients of one run."""

    path: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    stored_from: float = 0.0
    """When the last of the attempts began by which a change was acknowledged, by the monotonic clock."""

    def __post_init__(self) -> None:
        self._file = self.path.open("ab", buffering=0)

    def write(self, **record: object) -> None:
        """Appends one record, and returns when it is on disk."""
        self._file.write(json.dumps(record).encode() + b"\n")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()

    def on_disk(self) -> set[str]:
        """The keys of the changes that were acknowledged, as the file has them."""
        records = map(json.loads, self.path.read_bytes().splitlines())
        return {record["answered"] for record in records if "answered" in record}

    @property
    def retries(self) -> int:
        """Attempts that told nothing, or to come again, and were made again."""
        return sum(self.failures[code.name] for code in {*AGAIN, *UNANSWERED})

    @property
    def acknowledged(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.answer is not None]


class JournalCaller(Caller):
    """A caller who writes down what it asks and what it is told, and asks again as long as it is told nothing."""

    def __init__(self, channels: Channels, token: str, journal: Journal) -> None:
        super().__init__(channels, token)
        self._methods = channels.methods
        self._journal = journal

    async def __call__(self, request: Message, key: str = "", *, at: str = "") -> Any:
        if not key:
            return await self._until_told(request, key, at)
        method = self._methods[request.DESCRIPTOR.full_name]
        service = at or method.full_name.split(".")[1]
        entry = self._journal.entries.setdefault(key, Entry(key, service, request, self))
        request.request_id = entry.request_id  # type: ignore[attr-defined]
        self._journal.write(asked=key, method=method.full_name, request=_text(request))
        try:
            answer = await self._until_told(request, key, at)
        except Refusal as refusal:
            entry.refused = entry.refused or refusal.reason
            self._journal.write(refused=key, reason=refusal.reason)
            raise
        entry.answer = entry.answer or essence(answer)
        self._journal.write(answered=key, answer=_text(answer))
        return answer

    async def repeat(self, entry: Entry) -> bytes:
        """Asks for the same change again; the answer."""
        return essence(await super().__call__(entry.request, entry.key))

    async def _until_told(self, request: Message, key: str, at: str) -> Any:
        while True:
            try:
                return await super().__call__(request, key, at=at)
            except Refusal as refusal:
                if refusal.code not in UNANSWERED:
                    raise
            await asyncio.sleep(0.2)


def _text(message: Message) -> str:
    """A message as text that is a message again."""
    return b64encode(message.SerializeToString(deterministic=True)).decode()


def essence(answer: Message) -> bytes:
    """What an answer says of the change itself: not that it is a repetition, nor what others have since reported."""
    copy = type(answer)()
    copy.CopyFrom(answer)
    fields = copy.DESCRIPTOR.fields_by_name
    if "repeated" in fields:
        copy.ClearField("repeated")
    for name, live in LIVE:
        if name in fields and live in fields[name].message_type.fields_by_name:
            getattr(copy, name).ClearField(live)
    return copy.SerializeToString(deterministic=True)


class Counting(grpc.aio.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Gives each attempt a short time, and counts what becomes of it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def intercept_unary_unary(
        self,
        continuation: Callable[..., Any],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Message,
    ) -> Any:
        method = client_call_details.method
        name = (method.decode() if isinstance(method, bytes) else method).rpartition("/")[2]
        self._journal.attempts[name] += 1
        begun = time.monotonic()
        details = client_call_details._replace(timeout=ATTEMPT_SECONDS)
        call = await continuation(details, request)
        code = await call.code()
        if code is not grpc.StatusCode.OK:
            self._journal.failures[code.name] += 1
        elif "request_id" in request.DESCRIPTOR.fields_by_name:
            self._journal.stored_from = max(self._journal.stored_from, begun)
        return call


def channels_to(addresses: dict[str, str], journal: Journal, prefer: int) -> Channels:
    """A client's connections: to one replica of each service, and to the other one while that is away."""
    options = [("grpc.max_reconnect_backoff_ms", 500), ("grpc.initial_reconnect_backoff_ms", 50)]
    options += [("grpc.use_local_subchannel_pool", 1)]
    by_service = {}
    for name in SERVICES:
        replicas = [addresses[name], addresses[f"{name}-2"]]
        target = "ipv4:" + ",".join(replicas[prefer:] + replicas[:prefer])
        by_service[name] = grpc.aio.insecure_channel(target, options, interceptors=[Counting(journal)])
    return Channels(by_service, Channels.to({}).methods)
