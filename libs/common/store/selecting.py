"""Some of the log's events, chosen by what is known of them, with a bound on how many one question looks at."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.store.reading import EVENT_COLUMNS, Log, StoredRow

MOST_LOOKED_AT = 20_000
"""Events that one question looks at, whatever it finds: a rare principal must not read a whole log at once."""


@dataclass(frozen=True)
class Wanted:
    """Which events; None and "" stand for all. An event is of each of the `tenants`. In `type` a `*` is any text."""

    stream: UUID | None = None
    tenants: tuple[str, ...] = ()
    type: str = ""
    principal: str = ""
    correlation_id: str = ""


@dataclass(frozen=True)
class Span:
    """The positions from `first` up to, not with, `end`; looked at from the end backwards for the `newest`."""

    first: int
    end: int
    newest: bool


async def select_events(log: Log, wanted: Wanted, span: Span, limit: int) -> tuple[list[StoredRow], int]:
    """Events in the order of the log, and where the question is to go on, 0 if nothing is left to look at.

    A stream has an index of its own, so for one of them the bound does not hold.
    """
    first, end = span.first, span.end
    if wanted.stream is None and end - first > MOST_LOOKED_AT:
        first, end = (end - MOST_LOOKED_AT, end) if span.newest else (first, first + MOST_LOOKED_AT)
    conditions, values = _conditions(wanted)
    order = "DESC" if span.newest else "ASC"
    found = await log.all(
        f"SELECT {EVENT_COLUMNS} FROM event WHERE position >= %(first)s AND position < %(end)s{conditions}"
        f" ORDER BY position {order} LIMIT %(limit)s",
        values | {"first": first, "end": end, "limit": limit},
    )
    rows = sorted((StoredRow(*row) for row in found), key=lambda row: row.position)
    if len(rows) == limit:
        first, end = (rows[0].position, end) if span.newest else (first, rows[-1].position + 1)
    if span.newest:
        return rows, first if first > span.first else 0
    return rows, end if end < span.end else 0


def _conditions(wanted: Wanted) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {}
    text = ""
    if wanted.stream is not None:
        text += " AND stream = %(stream)s"
        values["stream"] = wanted.stream
    for number, tenant in enumerate(wanted.tenants):
        text += f" AND tenant = %(tenant_{number})s"
        values[f"tenant_{number}"] = tenant
    if wanted.type:
        text += " AND type LIKE %(type)s"
        values["type"] = _pattern(wanted.type)
    for name in ("principal", "correlation_id"):
        if given := getattr(wanted, name):
            text += f" AND metadata::jsonb ->> '{name}' = %({name})s"
            values[name] = given
    return text, values


def _pattern(glob: str) -> str:
    """A pattern for LIKE, in which only `*` of the glob means more than itself."""
    plain = glob.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return plain.replace("*", "%")
