"""The services of one policy: what it promises, what was ordered under it, and why not where nothing was.

One per policy, opened when the policy is bound. It holds the quantities, so a promise is never ordered more often than
it allows, and it holds every order's id, so orders can be found without reading a table.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from libs.common.dates import PartialDate
from services.vendor_gateway.domain.errors import CoverEnded, EntitlementNotPromised, EntitlementUsedUp
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.policy_services.events import (
    CoverEndHeard,
    GivenBack,
    Opened,
    Ordered,
    PromisesChanged,
    Resumed,
    ServicesEvent,
    Stopped,
    Withheld,
    WithheldReason,
)
from services.vendor_gateway.domain.values import Entitlement, Insured, Phase


@dataclass(frozen=True)
class Placed:
    """One order under a promise. A claim's order is not touched when cover ends: the loss was in the term."""

    code: str
    order_id: UUID
    claim_id: UUID | None
    cancelled: bool = False


@dataclass(frozen=True)
class PolicyServices:
    """What a policy promises, and what became of each promise."""

    KIND: ClassVar[str] = "vendor_gateway.PolicyServices"

    policy_id: UUID
    policy_number: str
    insured: Insured
    inception: date
    cover_ends: date
    entitlements: tuple[Entitlement, ...]
    assessors: frozenset[UUID]
    placed: tuple[Placed, ...] = ()
    ending: CancelReason | None = None
    stopped: CancelReason | None = None

    def entitlement(self, code: str) -> Entitlement:
        found = next((one for one in self.entitlements if one.code == code), None)
        if found is None:
            raise EntitlementNotPromised(code=code)
        return found

    def used(self, code: str) -> int:
        return sum(1 for order in self.placed if order.code == code and not order.cancelled)

    def number(self, code: str) -> int:
        """The number of the next order under a promise; cancelled ones count, so none is given twice."""
        return sum(1 for order in self.placed if order.code == code) + 1

    def due_now(self) -> list[Entitlement]:
        """Promises to be ordered without being asked: in force, and nothing ordered under them ever."""
        if self.stopped is not None:
            return []
        return [
            one
            for one in self.entitlements
            if one.phase is Phase.IN_FORCE and one.quantity > 0 and self.number(one.code) == 1
        ]

    def order(self, code: str, order_id: UUID, claim_id: UUID | None, at: datetime) -> list[Ordered]:
        if any(order.order_id == order_id for order in self.placed):
            return []
        entitlement = self.entitlement(code)
        if self.stopped is not None and claim_id is None:
            raise CoverEnded(reason=self.stopped)
        if self.used(code) >= entitlement.quantity:
            raise EntitlementUsedUp(code=code, quantity=entitlement.quantity)
        return [Ordered(policy_id=self.policy_id, code=code, order_id=order_id, claim_id=claim_id, ordered_at=at)]

    def assessed(self, code: str, order_id: UUID, at: datetime) -> list[Ordered]:
        """The assessment before binding was done under this promise already."""
        return [Ordered(policy_id=self.policy_id, code=code, order_id=order_id, claim_id=None, ordered_at=at)]

    def withhold(self, code: str, claim_id: UUID | None, reason: WithheldReason, at: datetime) -> list[Withheld]:
        return [Withheld(policy_id=self.policy_id, code=code, claim_id=claim_id, reason=reason, withheld_at=at)]

    def explain(self, at: datetime) -> list[Withheld]:
        """The coded reason of every promise that has no order, and none of which the reason was given before."""
        return [
            withheld
            for one in self.entitlements
            if self.number(one.code) == 1 and (reason := reason_for_none(one)) is not None
            for withheld in self.withhold(one.code, None, reason, at)
        ]

    def for_claim(self, occurred: PartialDate | None) -> list[Entitlement] | WithheldReason:
        """The promises that a claim may be answered with, or why there are none.

        A loss of which only a part of the date is known is outside of cover only if every day that it may have
        happened on is.
        """
        if occurred is not None and (occurred.latest < self.inception or occurred.earliest >= self.cover_ends):
            return WithheldReason.OUTSIDE_COVER
        promised = [one for one in self.entitlements if one.phase is Phase.INCIDENT]
        if not promised:
            return WithheldReason.NO_ENTITLEMENT
        left = [one for one in promised if self.used(one.code) < one.quantity]
        return left or WithheldReason.USED_UP

    def change(self, entitlements: tuple[Entitlement, ...], cover_ends: date, at: datetime) -> list[PromisesChanged]:
        if (entitlements, cover_ends) == (self.entitlements, self.cover_ends):
            return []
        return [
            PromisesChanged(policy_id=self.policy_id, cover_ends=cover_ends, entitlements=entitlements, changed_at=at)
        ]

    def end_cover(self, ends_on: date, reason: CancelReason, at: datetime) -> list[CoverEndHeard]:
        if self.stopped is not None:
            return []
        return [CoverEndHeard(policy_id=self.policy_id, ends_on=ends_on, reason=reason, heard_at=at)]

    def stop(self, at: datetime) -> list[Stopped]:
        if self.stopped is not None or self.ending is None:
            return []
        return [Stopped(policy_id=self.policy_id, reason=self.ending, stopped_at=at)]

    def resume(self, entitlements: tuple[Entitlement, ...], cover_ends: date, at: datetime) -> list[Resumed]:
        """The policy is in force again; nothing if it was all the time."""
        if self.ending is None:
            return []
        return [Resumed(policy_id=self.policy_id, cover_ends=cover_ends, entitlements=entitlements, resumed_at=at)]

    def due_again(self) -> list[Entitlement]:
        """Promises of which every order was cancelled: after a new beginning of cover they are ordered anew."""
        return [
            one
            for one in self.entitlements
            if one.phase is Phase.IN_FORCE
            and one.quantity > 0
            and self.number(one.code) > 1
            and not self.used(one.code)
        ]

    def give_back(self, order_id: UUID, at: datetime) -> list[GivenBack]:
        return [
            GivenBack(policy_id=self.policy_id, code=order.code, order_id=order_id, given_back_at=at)
            for order in self.placed
            if order.order_id == order_id and not order.cancelled
        ]

    def open_orders(self, *, claim_id: UUID | None = None, codes: frozenset[str] | None = None) -> list[UUID]:
        """Orders of one claim, or (without one) of the policy itself, that were not cancelled."""
        return [
            order.order_id
            for order in self.placed
            if not order.cancelled and order.claim_id == claim_id and (codes is None or order.code in codes)
        ]

    @classmethod
    def begin(cls, event: Opened) -> "PolicyServices":
        return cls(
            policy_id=event.policy_id,
            policy_number=event.policy_number,
            insured=event.insured,
            inception=event.inception,
            cover_ends=event.cover_ends,
            entitlements=event.entitlements,
            assessors=event.assessors,
        )

    def evolve(self, event: ServicesEvent) -> "PolicyServices":
        match event:
            case PromisesChanged():
                return replace(self, entitlements=event.entitlements, cover_ends=event.cover_ends)
            case Ordered():
                order = Placed(code=event.code, order_id=event.order_id, claim_id=event.claim_id)
                return replace(self, placed=(*self.placed, order))
            case GivenBack():
                placed = tuple(
                    replace(order, cancelled=True) if order.order_id == event.order_id else order
                    for order in self.placed
                )
                return replace(self, placed=placed)
            case CoverEndHeard():
                return replace(self, ending=event.reason, cover_ends=min(self.cover_ends, event.ends_on))
            case Stopped():
                return replace(self, stopped=event.reason)
            case Resumed():
                ends, promised = event.cover_ends, event.entitlements
                return replace(self, ending=None, stopped=None, cover_ends=ends, entitlements=promised)
            case Opened() | Withheld():
                return self


def reason_for_none(entitlement: Entitlement) -> WithheldReason | None:
    """Why a promise has no order right after binding; None if it should have one."""
    if entitlement.quantity < 1:
        return WithheldReason.NO_QUANTITY
    match entitlement.phase:
        case Phase.PRE_BIND:
            return WithheldReason.NOT_ASSESSED_BEFORE_BIND
        case Phase.INCIDENT | Phase.POST_INCIDENT:
            return WithheldReason.AWAITS_INCIDENT
        case Phase.IN_FORCE:
            return None
