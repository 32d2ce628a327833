"""Who was cut under a programme, in the order in which they came, and whether there is room again."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from libs.common.events import event


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that was given less than its entitlement, because a budget or a cap had no more."""

    case_id: UUID
    policy_id: UUID
    tenant: str


@event("billing_subsidy.CaseWaits")
class CaseWaits:
    programme_id: UUID
    waiting: Waiting


@event("billing_subsidy.CaseServed")
class CaseServed:
    """The case waits no more: it has all that it is entitled to, or is entitled to no more than it has."""

    case_id: UUID


@event("billing_subsidy.RoomFreed")
class RoomFreed:
    """Something came back to a budget or a cap, or a budget was raised, while cases waited."""


WaitingListEvent = CaseWaits | CaseServed | RoomFreed


@dataclass(frozen=True)
class WaitingList:
    """The cases of one programme that were cut, of all insurers, in the order in which they came."""

    KIND: ClassVar[str] = "billing_subsidy.WaitingList"

    programme_id: UUID
    waiting: tuple[Waiting, ...] = ()

    def has(self, case_id: UUID) -> bool:
        return any(each.case_id == case_id for each in self.waiting)

    def leave(self, case_id: UUID) -> list[CaseServed]:
        return [CaseServed(case_id=case_id)] if self.has(case_id) else []

    def free(self, by: UUID | None = None) -> list[RoomFreed]:
        """Calls those who wait, if there is one besides the case that gave room."""
        return [RoomFreed()] if any(each.case_id != by for each in self.waiting) else []

    @classmethod
    def begin(cls, event: CaseWaits) -> "WaitingList":
        return cls(event.programme_id, (event.waiting,))

    def evolve(self, event: WaitingListEvent) -> "WaitingList":
        match event:
            case CaseWaits():
                return WaitingList(self.programme_id, (*self.waiting, event.waiting))
            case CaseServed():
                left = tuple(each for each in self.waiting if each.case_id != event.case_id)
                return WaitingList(self.programme_id, left)
            case RoomFreed():
                return self
