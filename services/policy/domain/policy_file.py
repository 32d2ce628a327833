"""The file of a policy: what the other services announced about it.

It is a stream of its own, so that a payment or a claim never makes an underwriter's reading of the contract stale.
Nothing here changes what the policy promises.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import ClassVar, Self

from libs.common.events import event
from libs.common.money import CNY, Money, total
from services.policy.domain.claim_notes import ClaimEndNoted, ClaimNoted, ClaimPaymentNoted, ClaimReserveNoted
from services.policy.domain.duty_notes import Duty, DutyBreachNoted, DutyDischargeNoted, DutyEvent, DutyOpeningNoted

ZERO = Money(CNY, 0)
RECOVERY = "recovery"


class ServiceState(StrEnum):
    ACTIVATED = "ACTIVATED"
    UNPLACED = "UNPLACED"


@event("policy.FileOpened")
class FileOpened:
    """The policy was bound, or a member's certificate issued; from now on something may be heard about it."""

    policy_id: str
    master_policy_id: str = ""
    """The park policy of a certificate, "" for a policy."""


@event("policy.ServiceStateNoted")
class ServiceStateNoted:
    order_id: str
    entitlement_code: str
    state: ServiceState
    vendor_id: str
    reason: str


@event("policy.ServiceCreditNoted")
class ServiceCreditNoted:
    order_id: str
    vendor_id: str
    clock: str
    amount: Money
    due_on: date


@event("policy.PremiumReceiptNoted")
class PremiumReceiptNoted:
    """`overdue` and `grace_expired_on` are what billing says of what is missing, `total_received` all that came in.

    Of what was noted before billing said so, `overdue` is None.
    """

    amount: Money
    received: Money
    invoiced: Money
    received_on: date
    overdue: Money | None = None
    grace_expired_on: date | None = None
    total_received: Money | None = None


@event("policy.PremiumOverdueNoted")
class PremiumOverdueNoted:
    outstanding: Money
    due_on: date
    grace_until: date


@event("policy.GraceExpiryNoted")
class GraceExpiryNoted:
    """`received` is all that had come in, below `tolerance` nothing is missing; None of before billing said so."""

    outstanding: Money
    expired_on: date
    received: Money | None = None
    tolerance: Money | None = None


@event("policy.SubsidyGrantNoted")
class SubsidyGrantNoted:
    case_id: str
    programme_id: str
    granted: dict[str, Money]


@event("policy.SubsidyReceiptNoted")
class SubsidyReceiptNoted:
    case_id: str
    amounts: dict[str, Money]
    disbursed_on: date


@event("policy.SubsidyClawbackNoted")
class SubsidyClawbackNoted:
    case_id: str
    amounts: dict[str, Money]
    granted: dict[str, Money]
    reason: str


FileEvent = (
    FileOpened
    | ServiceStateNoted
    | ServiceCreditNoted
    | PremiumReceiptNoted
    | PremiumOverdueNoted
    | GraceExpiryNoted
    | SubsidyGrantNoted
    | SubsidyReceiptNoted
    | SubsidyClawbackNoted
    | ClaimNoted
    | ClaimPaymentNoted
    | ClaimReserveNoted
    | ClaimEndNoted
    | DutyEvent
)


@dataclass(frozen=True)
class ServiceCondition:
    entitlement_code: str = ""
    state: ServiceState | None = None
    vendor_id: str = ""
    reason: str = ""
    credit: Money = ZERO


@dataclass(frozen=True)
class SubsidyCase:
    """By level of government."""

    granted: dict[str, Money] = field(default_factory=dict)
    disbursed: dict[str, Money] = field(default_factory=dict)
    clawed_back: dict[str, Money] = field(default_factory=dict)


@dataclass(frozen=True)
class ClaimExperience:
    paid: Money = ZERO
    outcome: str = ""
    fractions: tuple[str, ...] = ()
    occurred_from: date | None = None
    reserves: dict[str, Money] = field(default_factory=dict)

    @property
    def outstanding(self) -> Money:
        """What is reserved, over all parts and costs; an expected recovery lowers it."""
        return total(self.reserves.values())


@dataclass(frozen=True)
class PolicyFile:
    """As far as we were told. Services are keyed by order, subsidies by case, claims by claim."""

    KIND: ClassVar[str] = "policy.PolicyFile"

    policy_id: str
    premium_received: Money = ZERO
    premium_invoiced: Money = ZERO
    premium_overdue: Money = ZERO
    grace_expired_on: date | None = None
    services: dict[str, ServiceCondition] = field(default_factory=dict)
    subsidies: dict[str, SubsidyCase] = field(default_factory=dict)
    claims: dict[str, ClaimExperience] = field(default_factory=dict)
    grace_received: Money = ZERO
    duties: dict[str, Duty] = field(default_factory=dict)
    master_policy_id: str = ""
    tolerance: Money | None = None

    @classmethod
    def begin(cls, event: FileOpened) -> Self:
        return cls(policy_id=event.policy_id, master_policy_id=event.master_policy_id)

    def evolve(self, event: FileEvent) -> Self:
        match event:
            case FileOpened():
                return self.begin(event)
            case ServiceStateNoted() | ServiceCreditNoted():
                return self._service(event)
            case SubsidyGrantNoted() | SubsidyReceiptNoted() | SubsidyClawbackNoted():
                return self._subsidy(event)
            case ClaimNoted() | ClaimPaymentNoted() | ClaimReserveNoted() | ClaimEndNoted():
                return self._claim(event)
            case DutyOpeningNoted() | DutyBreachNoted() | DutyDischargeNoted():
                duty = self.duties.get(event.duty_id, Duty())
                return replace(self, duties={**self.duties, event.duty_id: duty.evolve(event)})
            case PremiumReceiptNoted():
                return self._receipt(event)
            case PremiumOverdueNoted():
                return replace(self, premium_overdue=event.outstanding)
            case GraceExpiryNoted():
                received = self.premium_received if event.received is None else event.received
                first = min(event.expired_on, self.grace_expired_on or event.expired_on)
                known = replace(self, premium_overdue=event.outstanding, grace_expired_on=first)
                return replace(known, grace_received=received, tolerance=event.tolerance)

    def _receipt(self, event: PremiumReceiptNoted) -> Self:
        """What is still missing is what billing says; of before it did, nothing once all that was invoiced is there."""
        known = replace(self, premium_received=event.received, premium_invoiced=event.invoiced)
        if event.overdue is not None:
            total_received = event.received if event.total_received is None else event.total_received
            overdue, expired_on = event.overdue, event.grace_expired_on
            return replace(known, premium_overdue=overdue, grace_expired_on=expired_on, grace_received=total_received)
        cured = event.received >= event.invoiced
        return replace(known, premium_overdue=ZERO, grace_expired_on=None) if cured else known

    def _service(self, event: ServiceStateNoted | ServiceCreditNoted) -> Self:
        known = self.services.get(event.order_id, ServiceCondition())
        match event:
            case ServiceStateNoted():
                changed = replace(
                    known,
                    entitlement_code=event.entitlement_code,
                    state=event.state,
                    vendor_id=event.vendor_id,
                    reason=event.reason,
                )
            case ServiceCreditNoted():
                changed = replace(known, vendor_id=event.vendor_id, credit=known.credit + event.amount)
        return replace(self, services={**self.services, event.order_id: changed})

    def _subsidy(self, event: SubsidyGrantNoted | SubsidyReceiptNoted | SubsidyClawbackNoted) -> Self:
        known = self.subsidies.get(event.case_id, SubsidyCase())
        match event:
            case SubsidyGrantNoted():
                changed = replace(known, granted=event.granted)
            case SubsidyReceiptNoted():
                changed = replace(known, disbursed=_sum(known.disbursed, event.amounts))
            case SubsidyClawbackNoted():
                changed = replace(known, granted=event.granted, clawed_back=_sum(known.clawed_back, event.amounts))
        return replace(self, subsidies={**self.subsidies, event.case_id: changed})

    def _claim(self, event: ClaimNoted | ClaimPaymentNoted | ClaimReserveNoted | ClaimEndNoted) -> Self:
        known = self.claims.get(event.claim_id, ClaimExperience())
        match event:
            case ClaimNoted():
                changed = replace(known, fractions=event.fractions, occurred_from=event.occurred_from)
            case ClaimReserveNoted():
                sign = -1 if event.cost_type == RECOVERY else 1
                line = f"{event.part_code}/{event.cost_type}"
                changed = replace(known, reserves={**known.reserves, line: event.outstanding.times(sign)})
            case ClaimPaymentNoted():
                changed = replace(known, paid=known.paid + event.amount)
            case ClaimEndNoted():
                changed = replace(known, paid=event.paid, outcome=event.outcome, reserves={})
        return replace(self, claims={**self.claims, event.claim_id: changed})


def _sum(left: dict[str, Money], right: dict[str, Money]) -> dict[str, Money]:
    return {level: left.get(level, ZERO) + right.get(level, ZERO) for level in (*left, *right)}
