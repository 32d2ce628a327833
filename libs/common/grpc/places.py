"""How many calls and streams may be open at once: in all, of one organisation, and of one principal.

Streams that last are counted apart from calls, so that silent ones take no call's place; and nobody has more than a
share, so that one caller's flood is that caller's own.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any, TypeVar

from google.rpc.code_pb2 import Code

from libs.common.grpc.auth import Identity
from libs.common.grpc.errors import EdgeRefusal
from libs.common.outages import Overloaded, ShareUsed
from libs.common.settings import CALLS, STREAMS, Most

T = TypeVar("T")

_END: Any = object()


class Places:
    """The places of one server, each with the task that has it."""

    def __init__(self, calls: Most = CALLS, streams: Most = STREAMS) -> None:
        self._kinds = (_Kind(calls), _Kind(streams))
        self._taken: dict[asyncio.Task[Any], tuple[_Kind, str, str]] = {}

    @property
    def most(self) -> int:
        """All places of both kinds: who comes beyond them need not say who they are."""
        return sum(kind.most.in_all for kind in self._kinds)

    def take(self, task: asyncio.Task[Any], identity: Identity, *, lasts: bool) -> None:
        """A place until `leave`. Overloaded if there is none, ShareUsed if this caller has too many of them."""
        kind, owner = self._kinds[lasts], identity.tenant or identity.organisation
        principal = f"{owner}\x1f{identity.principal}"
        kind.add(owner, principal)
        self._taken[task] = kind, owner, principal

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Gives a task's place back, if it has one."""
        if (taken := self._taken.pop(task, None)) is not None:
            kind, owner, principal = taken
            kind.remove(owner, principal)


class _Kind:
    """The places of one kind."""

    def __init__(self, most: Most) -> None:
        self.most = most
        self._count = 0
        self._organisations: Counter[str] = Counter()
        self._principals: Counter[str] = Counter()

    def add(self, organisation: str, principal: str) -> None:
        if self._count >= self.most.in_all:
            raise Overloaded
        if (
            self._organisations[organisation] >= self.most.of_organisation
            or self._principals[principal] >= self.most.of_principal
        ):
            raise ShareUsed
        self._count += 1
        self._organisations[organisation] += 1
        self._principals[principal] += 1

    def remove(self, organisation: str, principal: str) -> None:
        self._count -= 1
        for counter, key in ((self._organisations, organisation), (self._principals, principal)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]  # Names are the callers' to choose.


async def in_time(messages: AsyncIterator[T], seconds: float) -> AsyncIterator[T]:
    """A client's stream. It ends with DEADLINE_EXCEEDED if the next message does not come in time once it is awaited.

    While rows that have come are worked on nothing is awaited, so nobody has to hurry who is not waited for.
    """
    while True:
        try:
            async with asyncio.timeout(seconds):
                message = await anext(messages, _END)
        except TimeoutError:
            problem = f"No message came for {seconds:g} s, so the stream is at its end. What was answered is done."
            raise EdgeRefusal(Code.DEADLINE_EXCEEDED, "STREAM_IDLE", problem) from None
        if message is _END:
            return
        yield message
