"""How far a programme that was published has looked for the policies that its window reaches."""

from dataclasses import dataclass, replace
from typing import ClassVar
from uuid import UUID

from libs.common.events import event


@event("billing_subsidy.ReachAsked")
class ReachAsked:
    """A version was published: all accounts are looked through from the beginning."""

    programme_id: UUID
    number: int


@event("billing_subsidy.ReachSwept")
class ReachSwept:
    """The accounts that were opened up to a position of the log have been looked at, and there are more."""

    through: int


ReachEvent = ReachAsked | ReachSwept


@dataclass(frozen=True)
class Reach:
    """The search of one programme. `through` is the position of the log up to which it has come."""

    KIND: ClassVar[str] = "billing_subsidy.Reach"

    programme_id: UUID
    number: int
    through: int = 0

    @classmethod
    def begin(cls, event: ReachAsked) -> "Reach":
        return cls(event.programme_id, event.number)

    def evolve(self, event: ReachEvent) -> "Reach":
        match event:
            case ReachAsked():
                return Reach(event.programme_id, event.number)
            case ReachSwept():
                return replace(self, through=event.through)
