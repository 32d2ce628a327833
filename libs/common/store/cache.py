"""Aggregates in memory: what is committed, and the tip that commands decide on.

A stream has one kind, and is loaded as what it is, whoever asks: an entry says its kind, and callers compare it with
the one that they look for.

The tip may be ahead of the database by what is on its way into it, so that commands on one aggregate chain their
versions in one batch. A tip that turns out wrong is dropped before anyone hears of it. Reads never see a tip.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.common.changes import Recorded
from libs.common.events import Aggregate, Kinds, follow
from libs.common.store import codec
from libs.common.store.reading import Log, StoredRow
from libs.common.store.snapshots import EVERY, Snapshots


@dataclass(frozen=True, slots=True)
class Entry:
    """An aggregate's value at a version. Entries are replaced, never changed: identity tells whether one has moved."""

    kind: type[Aggregate]
    tenant: str
    version: int
    value: Any

    def is_of(self, kind: type[Aggregate]) -> bool:
        """Whether this is what a caller looks for. An aggregate of another kind is nothing to it."""
        return self.kind is kind


class Cache:
    """A bounded cache of aggregates of a service's kinds over a log."""

    def __init__(self, log: Log, kinds: Kinds, size: int = 20_000) -> None:
        self._log = log
        self._kinds = kinds
        self._size = size
        self.snapshots = Snapshots(log)
        self._tips: OrderedDict[UUID, Entry] = OrderedDict()
        self._committed: OrderedDict[UUID, Entry] = OrderedDict()

    def tip(self, stream: UUID) -> Entry | None:
        """The newest value that commands may decide on, if it is here."""
        return self._tips.get(stream)

    async def load_tip(self, kind: type[Aggregate], stream: UUID) -> Entry | None:
        """The tip, read from the log if it is not here; None if the stream has no events.

        `kind` is what the caller looks for, and what is most likely found; the entry says what it is.
        """
        entry = self._tips.get(stream)
        if entry is None:
            loaded = await self.load(kind, stream)
            # Somebody may have read and even moved it meanwhile; theirs is newer then.
            entry = self._tips.get(stream)
            if entry is None and loaded is not None:
                entry = loaded
                self._put(self._tips, stream, entry)
        else:
            self._tips.move_to_end(stream)  # A product that is asked for all the time outlives the policies it makes.
        return entry

    async def load(self, kind: type[Aggregate], stream: UUID) -> Entry | None:
        """The committed value, brought up to date with the log; `kind` as for `load_tip`."""
        entry = self._committed.get(stream)
        start = snapshot = entry.version if entry else 0
        if entry is None:
            entry, rows = await self._begin(kind, stream)
            snapshot = entry.version if entry else 0
        else:
            rows = await self._log.stream(stream, after=start, limit=EVERY)
        entry = self._evolved(entry, rows)
        while len(rows) == EVERY and entry is not None:
            rows = await self._log.stream(stream, after=entry.version, limit=EVERY)
            entry = self._evolved(entry, rows)
        if entry is not None and entry.version > start:
            self.commit(stream, entry)
            if start == 0 and entry.version - snapshot >= EVERY:
                self.snapshots.make(entry.kind, stream, entry.version, entry.value)
        return entry

    def kind_of(self, rows: Sequence[StoredRow]) -> type[Aggregate] | None:
        """The kind of a stream, given its rows from the first on; None if there are none."""
        return self._kinds.begun_by(rows[0].type) if rows else None

    def advance(self, stream: UUID, entry: Entry) -> None:
        """Moves the tip to what has been submitted."""
        self._put(self._tips, stream, entry)

    def commit(self, stream: UUID, entry: Entry) -> None:
        """Keeps a value that the log holds."""
        known = self._committed.get(stream)
        if known is None or known.version < entry.version:
            self._put(self._committed, stream, entry)

    def drop(self, streams: Sequence[UUID]) -> None:
        """Forgets tips that were built on something refused, or overtaken by another process."""
        for stream in streams:
            self._tips.pop(stream, None)

    def _put(self, entries: OrderedDict[UUID, Entry], stream: UUID, entry: Entry) -> None:
        entries[stream] = entry
        entries.move_to_end(stream)
        if len(entries) > self._size:
            entries.popitem(last=False)

    async def _begin(self, kind: type[Aggregate], stream: UUID) -> tuple[Entry | None, list[StoredRow]]:
        """The snapshot of a stream, if there is one, and the events behind it."""
        found, rows = await self.snapshots.begin(kind, stream, EVERY)
        if found is None and (own := self.kind_of(rows)) is not None and own is not kind:
            # Somebody took it for something else; as what it is it may have a snapshot.
            kind = own
            found, rows = await self.snapshots.begin(own, stream, EVERY)
        return Entry(kind, *found) if found else None, rows

    def _evolved(self, entry: Entry | None, rows: Sequence[StoredRow]) -> Entry | None:
        for row in rows:
            kind = entry.kind if entry else self._kinds.begun_by(row.type)
            happened = codec.decode(row.type, row.schema_version, row.payload)
            value = follow(kind, entry.value if entry else None, happened)
            entry = Entry(kind, row.tenant, row.version, value)
        return entry


def evolution(kind: type[Aggregate], rows: Sequence[StoredRow]) -> list[Recorded[Any]]:
    """Each event of a stream, from its first, with the value after it."""
    value: Any = None
    history: list[Recorded[Any]] = []
    for row in rows:
        happened = codec.decode(row.type, row.schema_version, row.payload)
        value = follow(kind, value, happened)
        history.append(
            Recorded(happened, value, row.stream, row.version, row.tenant, row.recorded_at, position=row.position)
        )
    return history
