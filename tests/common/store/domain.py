"""A small domain for the engine's tests: purses, whose events carry the balance on which they were decided."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from google.protobuf.wrappers_pb2 import StringValue
from sqlalchemy import MetaData

from libs.common.changes import Cancel, Draw, GuardChange, Recorded, Schedule, SetLimit, TimerChange
from libs.common.errors import NotFound, Refused
from libs.common.events import event
from libs.common.service import Projection, Service


class PurseNotFound(NotFound):
    message = "There is no such purse."


class TooLittle(Refused):
    message = "The purse holds {held}, not {wanted}."


@event("test.Opened")
class Opened:
    holder: str


@event("test.PutIn")
class PutIn:
    amount: int
    found: int


@event("test.TakenOut")
class TakenOut:
    amount: int
    found: int


@event("test.Copied")
class Copied:
    source: UUID
    amount: int
    found: int


@event("test.LimitSet")
class LimitSet:
    guard: str
    limit: int


@event("test.Spent")
class Spent:
    guard: str
    amount: int


@event("test.Reminded")
class Reminded:
    name: str
    due_at: datetime | None


@event("test.Renamed", schema_version=2, upcasters={1: lambda fields: {"holder": fields["name"]}})
class Renamed:
    holder: str


@event("test.Noted")
class Noted:
    """What a purse and a box have in common."""

    text: str


@event("test.BoxMade")
class BoxMade:
    label: str


@event("test.BoxLabelled")
class BoxLabelled:
    label: str


PurseEvent = Opened | PutIn | TakenOut | Copied | LimitSet | Spent | Reminded | Renamed | Noted
BoxEvent = BoxLabelled | Noted


@dataclass(frozen=True)
class Purse:
    """Money in one place. `wrong` counts events that were decided on another balance than they found: always 0."""

    KIND: ClassVar[str] = "test.Purse"

    holder: str
    balance: int = 0
    events: int = 1
    wrong: int = 0

    def put_in(self, amount: int) -> list[PutIn]:
        return [PutIn(amount=amount, found=self.balance)]

    def take_out(self, amount: int) -> list[TakenOut]:
        if amount > self.balance:
            raise TooLittle(held=self.balance, wanted=amount)
        return [TakenOut(amount=amount, found=self.balance)]

    def copy(self, source: UUID, seen: int) -> list[Copied]:
        return [Copied(source=source, amount=seen, found=self.balance)]

    def rename(self, holder: str) -> list[Renamed]:
        return [] if holder == self.holder else [Renamed(holder=holder)]

    @classmethod
    def begin(cls, event: Opened) -> Self:
        return cls(holder=event.holder)

    def evolve(self, event: PurseEvent) -> "Purse":
        after = replace(self, events=self.events + 1)
        match event:
            case PutIn(amount=amount, found=found) | Copied(amount=amount, found=found):
                return replace(after, balance=self.balance + amount, wrong=self.wrong + (found != self.balance))
            case TakenOut(amount=amount, found=found):
                return replace(after, balance=self.balance - amount, wrong=self.wrong + (found != self.balance))
            case Renamed(holder=holder):
                return replace(after, holder=holder)
            case _:
                return after


@dataclass(frozen=True)
class Box:
    """Another kind of thing in the same log."""

    KIND: ClassVar[str] = "test.Box"

    label: str
    notes: int = 0

    @classmethod
    def begin(cls, event: BoxMade) -> Self:
        return cls(event.label)

    def evolve(self, event: BoxEvent) -> "Box":
        match event:
            case BoxLabelled(label=label):
                return replace(self, label=label)
            case Noted():
                return replace(self, notes=self.notes + 1)


def draws(recorded: Recorded[Purse]) -> list[GuardChange]:
    match recorded.event:
        case LimitSet(guard=guard, limit=limit):
            return [SetLimit(guard, limit)]
        case Spent(guard=guard, amount=amount):
            return [Draw(guard, amount)]
    return []


def timers(recorded: Recorded[Purse]) -> list[TimerChange]:
    match recorded.event:
        case Reminded(name=name, due_at=None):
            return [Cancel(name)]
        case Reminded(name=name, due_at=due_at) if due_at is not None:
            return [Schedule(name, due_at)]
    return []


def announce(recorded: Recorded[Purse]) -> StringValue | None:
    """Only openings and renamings are public."""
    match recorded.event:
        case Opened(holder=holder) | Renamed(holder=holder):
            return StringValue(value=holder)
    return None


SERVICE = Service(
    name="purse",
    projection=Projection(version=1, metadata=MetaData(), project=lambda recorded: ()),
    announce=announce,
    aggregates=(Purse, Box),
    draws=draws,
    timers=timers,
)


def not_found(purse: UUID) -> PurseNotFound:
    return PurseNotFound(purse=purse)
