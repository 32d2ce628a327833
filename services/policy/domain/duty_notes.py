"""What the file of a policy says of the insured's duties (Insurance Law art. 51)."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from libs.common.events import event


class DutyState(StrEnum):
    OPEN = "open"
    BREACHED = "breached"
    DISCHARGED = "discharged"


@event("policy.DutyOpeningNoted")
class DutyOpeningNoted:
    duty_id: str
    what: str
    due_on: date
    opened_on: date


@event("policy.DutyBreachNoted")
class DutyBreachNoted:
    duty_id: str
    breached_on: date


@event("policy.DutyDischargeNoted")
class DutyDischargeNoted:
    duty_id: str
    discharged_on: date
    how: str


DutyEvent = DutyOpeningNoted | DutyBreachNoted | DutyDischargeNoted


@dataclass(frozen=True)
class Duty:
    """A breach stays known after the duty was done, late."""

    what: str = ""
    due_on: date | None = None
    breached_on: date | None = None
    discharged_on: date | None = None

    @property
    def state(self) -> DutyState:
        if self.discharged_on is not None:
            return DutyState.DISCHARGED
        return DutyState.OPEN if self.breached_on is None else DutyState.BREACHED

    def evolve(self, event: DutyEvent) -> "Duty":
        match event:
            case DutyOpeningNoted():
                return replace(self, what=event.what, due_on=event.due_on)
            case DutyBreachNoted():
                return replace(self, breached_on=event.breached_on)
            case DutyDischargeNoted():
                return replace(self, discharged_on=event.discharged_on)
