"""A vendor: a security firm, an assessment body or a judicial appraiser. All insurers share it."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from libs.common.codes.uscc import problem_of
from libs.common.errors import InvalidField
from libs.common.events import event
from services.vendor_gateway.domain.accreditation import Accreditation, check_accreditation
from services.vendor_gateway.domain.errors import (
    CertificatesExpired,
    VendorAlreadyRegistered,
    VendorNotAccredited,
    VendorTerminated,
)


class VendorKind(StrEnum):
    SECURITY_FIRM = "security_firm"
    ASSESSMENT_BODY = "assessment_body"
    JUDICIAL_APPRAISER = "judicial_appraiser"


class VendorState(StrEnum):
    REGISTERED = "registered"
    ACCREDITED = "accredited"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@event("vendor_gateway.VendorRegistered")
class Registered:
    uscc: str
    name: str
    kind: VendorKind
    registered_on: date


@event("vendor_gateway.VendorAccredited")
class Accredited:
    accreditation: Accreditation
    accredited_on: date


@event("vendor_gateway.VendorSuspended")
class Suspended:
    reason: str
    suspended_on: date


@event("vendor_gateway.VendorTerminated")
class Terminated:
    reason: str
    terminated_on: date


@event("vendor_gateway.VendorRated")
class Rated:
    order_id: UUID
    on_time: bool
    first_time_right: bool
    rated_on: date


VendorEvent = Registered | Accredited | Suspended | Terminated | Rated


@dataclass(frozen=True)
class Rating:
    """What closed orders say about a vendor; nobody types it."""

    closed: int = 0
    on_time: int = 0
    first_time_right: int = 0

    @property
    def score(self) -> int | None:
        """0 to 100, half for being on time and half for being right the first time; None before the first order."""
        if not self.closed:
            return None
        return (self.on_time + self.first_time_right) * 100 // (2 * self.closed)


@dataclass(frozen=True)
class Vendor:
    """A firm that takes service orders, within what it is accredited for."""

    KIND: ClassVar[str] = "vendor_gateway.Vendor"

    uscc: str
    name: str
    kind: VendorKind
    state: VendorState = VendorState.REGISTERED
    accreditation: Accreditation | None = None
    rating: Rating = Rating()
    reason: str = ""

    def register(self, name: str, kind: VendorKind) -> list[Registered]:
        """Registering the same firm twice registers it once; `registration` is the first time."""
        if (name, kind) != (self.name, self.kind):
            raise VendorAlreadyRegistered(uscc=self.uscc, name=self.name, kind=self.kind)
        return []

    def accredit(self, accreditation: Accreditation, on: date) -> list[Accredited]:
        self._must_not_be_terminated()
        check_accreditation(accreditation)
        if self.state is VendorState.ACCREDITED and accreditation == self.accreditation:
            return []
        if not accreditation.certified(on):
            raise CertificatesExpired(on=on)
        return [Accredited(accreditation=accreditation, accredited_on=on)]

    def suspend(self, reason: str, on: date) -> list[Suspended]:
        self._must_not_be_terminated()
        if self.state is VendorState.SUSPENDED:
            return []
        if self.state is not VendorState.ACCREDITED:
            raise VendorNotAccredited(state=self.state)
        return [Suspended(reason=reason, suspended_on=on)]

    def terminate(self, reason: str, on: date) -> list[Terminated]:
        if self.state is VendorState.TERMINATED:
            return []
        return [Terminated(reason=reason, terminated_on=on)]

    def rate(self, order_id: UUID, on_time: bool, first_time_right: bool, on: date) -> list[Rated]:
        return [Rated(order_id=order_id, on_time=on_time, first_time_right=first_time_right, rated_on=on)]

    def may_work(self, on: date) -> Accreditation:
        """The accreditation under which it may take work on that day."""
        if self.state is not VendorState.ACCREDITED or self.accreditation is None:
            raise VendorNotAccredited(state=self.state)
        if not self.accreditation.certified(on):
            raise CertificatesExpired(on=on)
        return self.accreditation

    def _must_not_be_terminated(self) -> None:
        if self.state is VendorState.TERMINATED:
            raise VendorTerminated(reason=self.reason)

    @classmethod
    def begin(cls, event: Registered) -> "Vendor":
        return cls(uscc=event.uscc, name=event.name, kind=event.kind)

    def evolve(self, event: VendorEvent) -> "Vendor":
        match event:
            case Registered():
                return self
            case Accredited():
                return replace(self, state=VendorState.ACCREDITED, accreditation=event.accreditation, reason="")
            case Suspended():
                return replace(self, state=VendorState.SUSPENDED, reason=event.reason)
            case Terminated():
                return replace(self, state=VendorState.TERMINATED, reason=event.reason)
            case Rated():
                return replace(self, rating=rated(self.rating, event))


def registration(uscc: str, name: str, kind: VendorKind, on: date) -> list[Registered]:
    """The first time that a firm is registered."""
    if problem := problem_of(uscc):
        raise InvalidField(field="uscc", problem=problem)
    return [Registered(uscc=uscc, name=name, kind=kind, registered_on=on)]


def rated(rating: Rating, event: Rated) -> Rating:
    return Rating(
        closed=rating.closed + 1,
        on_time=rating.on_time + event.on_time,
        first_time_right=rating.first_time_right + event.first_time_right,
    )
