"""Verification of a log from its events alone: numbering, chain, stream versions, every guard at every position."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from libs.common.store.reading import Log

_MOST = 20
_GENESIS = hashlib.sha256(b"").digest()


class _Metadata(msgspec.Struct):
    guards: list[list[Any]] = []


_DECODER = msgspec.json.Decoder(_Metadata)


@dataclass
class GuardReplay:
    """Guards as the events tell them: limits set, amounts drawn; never over a limit at the moment of a draw."""

    used: dict[str, int] = field(default_factory=dict)
    limit: dict[str, int] = field(default_factory=dict)

    def apply(self, changes: Iterable[list[Any]]) -> list[str]:
        """Applies the guard changes of one event and returns what they break."""
        wrong: list[str] = []
        for change in changes:
            key = change[0]
            if change[1] is None:
                self.limit[key] = change[2]
                self.used.setdefault(key, 0)
                continue
            self.used[key] = self.used.get(key, 0) + change[1]
            if key not in self.limit:
                wrong.append(f"guard {key} was drawn before it was opened")
            elif change[1] > 0 and self.used[key] > self.limit[key]:
                wrong.append(f"guard {key} is over its limit: {self.used[key]} of {self.limit[key]}")
            if self.used[key] < 0:
                wrong.append(f"guard {key} is below zero: {self.used[key]}")
        return wrong


async def verify(store: Log) -> tuple[int, list[str]]:
    """Checks the whole log; how many events there are, and what is wrong with the first position of each finding."""
    head = await store.head()
    chain, expected, violations, guards = _GENESIS, 1, list[str](), GuardReplay()
    async for position, canonical, stored, metadata in store.chained(0):
        if position > head.position:
            break
        if position != expected:
            violations.append(f"position {expected}: missing, the next event is at {position}")
            expected = position
        chain = hashlib.sha256(chain + canonical).digest()
        if chain != stored:
            violations.append(f"position {position}: the chain does not match the event")
            chain = stored
        violations.extend(f"position {position}: {wrong}" for wrong in guards.apply(_DECODER.decode(metadata).guards))
        expected += 1
        if len(violations) >= _MOST:
            return expected - 1, violations
    if expected - 1 != head.position or chain != head.chain:
        violations.append(f"position {head.position}: the head is not the end of the chain")
    violations.extend(await _tables(store, guards))
    return expected - 1, violations


async def _tables(store: Log, guards: GuardReplay) -> list[str]:
    """The engine's own tables against the log: guards as replayed, outbox without gaps, streams without gaps."""
    wrong = [
        f"guard {key}: the table says {used} of {limit},"
        f" the events say {guards.used.get(key)} of {guards.limit.get(key)}"
        for key, used, limit in await store.all('SELECT key, used, "limit" FROM guard')
        if (guards.used.get(key), guards.limit.get(key)) != (used, limit)
    ]
    (count, last), *_ = await store.all("SELECT count(*), coalesce(max(position), 0) FROM outbox")
    if count != last:
        wrong.append(f"outbox: {count} announcements up to position {last}")
    gaps = await store.all(
        "SELECT stream FROM event GROUP BY stream HAVING count(*) <> max(version) OR min(version) <> 1 LIMIT 5"
    )
    wrong.extend(f"stream {row[0]}: its versions have a gap" for row in gaps)
    return wrong
