"""What makes a service: its name and the tables of contents of its modules, put together in `__main__`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from libs.common.changes import GuardChange, GuardWords, Recorded, TimerChange, guard_itself
from libs.common.events import Aggregate

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from sqlalchemy import Executable, MetaData

    from libs.common.projection.rows import RowChange
    from libs.common.unit import Unit

Reaction = Callable[["Unit", Any], Awaitable[None]]
"""`async def open_account(unit, heard: PolicyBound)`: records events; they and the position are one append."""

Firing = Callable[["Unit", UUID], Awaitable[None]]
"""`async def lapse_offer(unit, stream)`: what a timer does when it is due; it may find that there is nothing to do."""


@dataclass(frozen=True)
class Projection:
    """Read tables and how they are made: `project` says what one event does to their rows, and reads nothing.

    A change of one row is best said by `libs.common.projection.rows`: many of those are executed at once. A statement
    is for what concerns more rows, and is executed by itself.

    Raise `version` whenever tables or `project` change; the new ones are built beside the old.
    In `project`, `recorded.value` is None: an event carries what its rows need.
    """

    version: int
    metadata: "MetaData"
    project: Callable[[Recorded[Any]], Sequence["Executable | RowChange"]]


def nothing(recorded: Recorded[Any]) -> tuple[()]:
    """For a service whose events draw on no guard, or start no timer."""
    return ()


@dataclass(frozen=True)
class Service:
    """One of the four.

    `announce` turns a recorded event into its public form or None. `aggregates` are all kinds of streams of its log.
    `draws` and `timers` are pure functions of the recorded event; `guard_words` says of a guard's key what it limits.
    `firing` is keyed by a timer's name up to its first colon; `reactions` by the upstream's name and the announcement's
    message class. `asks` are the services that it asks something while a caller waits: a channel to each, without a
    token, is given to `servicers` by the service's name.
    """

    name: str
    projection: Projection
    announce: Callable[[Recorded[Any]], "Message | None"]
    aggregates: Sequence[type[Aggregate]]
    draws: Callable[[Recorded[Any]], Sequence[GuardChange]] = nothing
    guard_words: Callable[[str], GuardWords] = guard_itself
    timers: Callable[[Recorded[Any]], Sequence[TimerChange]] = nothing
    firing: Mapping[str, Firing] = field(default_factory=dict)
    reactions: Mapping[str, Mapping[type[Any], Reaction]] = field(default_factory=dict)
    asks: Sequence[str] = ()
