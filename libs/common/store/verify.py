"""Verification of a log from its events alone: numbering, chain, stream versions, every guard at every position.

All of it is read in one snapshot, so a log may be verified while it is written. The database puts the canonical form
of the next events together while this process hashes those before; see docs/performance.md.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from operator import itemgetter
from typing import Any

import msgspec
import psycopg

from libs.common.outages import is_outage, unknown_outcome
from libs.common.store.reading import CONNECTION, Log
from libs.common.store.recomputed import differences
from libs.common.workers import Stop, Workers

CHAINED = r"""
    SELECT position,
        textsend(concat_ws(E'\x1f', position, tenant, stream, version, type, schema_version,
            (extract(epoch FROM recorded_at) * 1000000)::bigint, metadata, '')) || payload,
        chain
    FROM event ORDER BY position
"""
"""Position, canonical form and chain value. The form is that of docs/operations.md, made of the stored columns here and
not by the function that the writer uses, so that each of the two would show a fault of the other."""

VERIFYING = Workers("verify", threads=1, places=3, share=3)
VERSIONS = "SELECT stream FROM event GROUP BY stream HAVING count(*) <> max(version) OR min(version) <> 1 LIMIT 5"
_MOST = 20
_CHUNK = 1000
_GENESIS = sha256(b"").digest()
_GUARDED, _ESCAPE = b'"guards"', b"\\"
_METADATA = 7
"""The place of the metadata in the canonical form."""

_Row = tuple[int, bytes, bytes]


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


@dataclass
class Replay:
    """What the events said so far."""

    position: int = 0
    chain: bytes = _GENESIS
    guards: GuardReplay = field(default_factory=GuardReplay)
    violations: list[str] = field(default_factory=list)

    def check(self, rows: Sequence[_Row]) -> None:
        """The next events of the log."""
        positions, canonical, stored = zip(*rows, strict=True)
        chain = [sha256(old + form).digest() for old, form in zip((self.chain, *stored[:-1]), canonical, strict=True)]
        found: list[tuple[int, str]] = []
        if positions != tuple(range(self.position + 1, self.position + 1 + len(rows))):
            found += _missing(self.position + 1, positions)
        if chain != list(stored):
            found += [
                (position, f"position {position}: the chain does not match the event")
                for position, made, kept in zip(positions, chain, stored, strict=True)
                if made != kept
            ]
        if _may_guard(b"".join(canonical)):
            for position, form in zip(positions, canonical, strict=True):
                if _may_guard(form):
                    found += [(position, f"position {position}: {wrong}") for wrong in self._guard(form)]
        self.violations += [wrong for _, wrong in sorted(found, key=itemgetter(0))]
        self.chain, self.position = stored[-1], positions[-1]

    def _guard(self, canonical: bytes) -> list[str]:
        metadata = canonical.split(b"\x1f", _METADATA + 1)[_METADATA]
        try:
            return self.guards.apply(_DECODER.decode(metadata).guards)
        except (msgspec.DecodeError, IndexError, TypeError) as error:
            return [f"its metadata can't be read: {type(error).__name__}: {error}"]


def _missing(expected: int, positions: Iterable[int]) -> Iterator[tuple[int, str]]:
    for position in positions:
        if position != expected:
            yield expected, f"position {expected}: missing, the next event is at {position}"
        expected = position + 1


def _may_guard(text: bytes) -> bool:
    """Whether there may be guards in it; a key may be written with escapes."""
    return _GUARDED in text or _ESCAPE in text


async def verify(store: Log, owners: Mapping[str, Sequence[str]] | None = None) -> tuple[int, list[str]]:
    """Checks the whole log; how many events there are, and what is wrong with the first position of each finding.

    `owners` tells which kinds an event type belongs to (`Kinds.owners`). None is the quick form: chain, numbering and
    guards alone.
    """
    try:
        return await VERIFYING.run("", lambda stop: _verify(store.url, stop, owners))
    except (psycopg.DataError, psycopg.NotSupportedError) as error:
        # No value that `append` has written: what stands in a table can't even be read as what it should be.
        return 0, [f"a table holds what can't be read: {type(error).__name__}"]
    except psycopg.Error as error:
        if is_outage(error):
            raise unknown_outcome(error) from error
        raise


def _verify(url: str, abandoned: Stop, owners: Mapping[str, Sequence[str]] | None) -> tuple[int, list[str]]:
    replay = Replay()
    with psycopg.connect(url, **CONNECTION) as connection, connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # In the order of the index, from the first row on: sorted first, nothing comes before all has been read.
        connection.execute("SET LOCAL enable_sort = off")
        for rows in chained(connection):
            replay.check(rows)
            if abandoned() or len(replay.violations) >= _MOST:
                return replay.position, replay.violations[:_MOST]
        if connection.execute("SELECT position, chain FROM head").fetchall() != [(replay.position, replay.chain)]:
            replay.violations.append(f"position {replay.position}: the head is not the end of the chain")
        found = [*replay.violations, *_tables(connection, replay.guards)]
        if owners is not None:
            connection.execute("SET LOCAL enable_sort = on")
            found += islice(differences(connection, owners), _MOST)
        return replay.position, found[:_MOST]


def chained(connection: psycopg.Connection[Any]) -> Iterator[list[_Row]]:
    """The rows of `CHAINED`, in order. The database is at those that follow while the caller looks at these."""
    rows: Iterator[Any] = connection.cursor().stream(CHAINED, binary=True, size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _tables(connection: psycopg.Connection[Any], guards: GuardReplay) -> list[str]:
    """Streams without gaps, guards as replayed, and an outbox without gaps."""
    stored = {key: (used, limit) for key, used, limit in connection.execute('SELECT key, used, "limit" FROM guard')}
    told = {key: (guards.used.get(key), guards.limit.get(key)) for key in {*guards.used, *guards.limit, *stored}}
    wrong = [f"stream {stream}: its versions have a gap" for (stream,) in connection.execute(VERSIONS)]
    wrong += [
        f"guard {key}: the table says {_of(stored.get(key))}, the events say {_of(said)}"
        for key, said in sorted(told.items())
        if stored.get(key) != said
    ]
    asked = "SELECT count(*), coalesce(max(position), 0), (SELECT outbox_position FROM head) FROM outbox"
    (count, last, told_last), *_ = connection.execute(asked)
    if count != last or last != told_last:
        wrong.append(f"outbox: {count} announcements up to position {last}, and the head says {told_last}")
    return wrong


def _of(guard: tuple[Any, Any] | None) -> str:
    return "nothing" if guard is None else f"{guard[0]} of {guard[1]}"
