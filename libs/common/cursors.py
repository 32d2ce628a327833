"""Cursors of the `Watch…` methods: how far a watcher has come, in which log. All watches read and write them here.

A cursor is a position with the beginning of the log's id, so that one of another log (a test's, another service's, or
one from before a restore) is found out. One that is ahead of its log is refused at once: it would wait in silence for
what may never come, and what comes first would be passed over. How far the log has come is not told then: it counts
what all insurers do.
"""

import re

from libs.common.errors import InvalidField, Refused
from libs.common.store.reading import Head

_CURSOR = re.compile(r"([0-9]{1,18})-([0-9a-f]{8})")


class CursorAhead(Refused):
    message = "The log has not come to {cursor} yet."


def cursor_of(position: int, head: Head) -> str:
    """The cursor of a position in this log."""
    return f"{position}-{head.id.hex[:8]}"


def position_of(cursor: str, head: Head, end: int) -> int:
    """The position that a caller's cursor stands at, 0 for none; `end` is how far what is watched has come."""
    if not cursor:
        return 0
    found = _CURSOR.fullmatch(cursor)
    if found is None or found[2] != head.id.hex[:8]:
        raise InvalidField(field="cursor", problem="is not a cursor of this log")
    position = int(found[1])
    if position > end:
        raise CursorAhead(cursor=position)
    return position
