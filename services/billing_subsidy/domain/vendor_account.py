"""What an insurer owes one vendor: fees of verified orders, less service credits and payments. All net of VAT."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from libs.common.events import event
from libs.common.money import Money
from services.billing_subsidy.domain.checks import check_amount, check_not_future
from services.billing_subsidy.domain.errors import ReferenceUsed, VendorPaymentTooHigh
from services.billing_subsidy.domain.ledger import settlement as rules
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion


@event("billing_subsidy.VendorAccountOpened")
class VendorAccountOpened:
    vendor_id: str
    currency: str


@event("billing_subsidy.FeeAccrued")
class FeeAccrued:
    vendor_id: str
    order_id: str
    policy_id: str
    service_type: str
    fee: Money
    verified_on: date


@event("billing_subsidy.CreditAccrued")
class CreditAccrued:
    vendor_id: str
    order_id: str
    policy_id: str
    clock: str
    amount: Money
    due_on: date


@event("billing_subsidy.VendorPaid")
class VendorPaid:
    vendor_id: str
    reference: str
    amount: Money
    paid_on: date
    reason: str = ""


@event("billing_subsidy.FeeBorneByClaim")
class FeeBorneByClaim:
    """A claim paid for an order: what it paid is a claim's expense, and no longer owed to the vendor as a fee."""

    vendor_id: str
    order_id: str
    payment_id: str
    amount: Money
    borne_on: date


VendorAccountEvent = VendorAccountOpened | FeeAccrued | CreditAccrued | VendorPaid | FeeBorneByClaim | EntryPosted


@dataclass(frozen=True)
class VendorAccount:
    """One vendor's account at one insurer.

    A credit may come before its order's fee, and a claim may bear a fee that was paid already; then the vendor owes.
    """

    KIND: ClassVar[str] = "billing_subsidy.VendorAccount"

    vendor_id: str
    fees: Money
    credits: Money
    settled: Money
    fee_orders: frozenset[str] = frozenset()
    payments: tuple[VendorPaid, ...] = ()
    claim_payments: frozenset[str] = frozenset()

    @property
    def payable(self) -> Money:
        return self.fees - self.credits - self.settled

    @staticmethod
    def open(vendor_id: str, currency: str) -> list[VendorAccountOpened]:
        return [VendorAccountOpened(vendor_id=vendor_id, currency=currency)]

    def accrue_fee(self, fee: FeeAccrued, today: date) -> list[FeeAccrued | EntryPosted]:
        """Takes the fee of a verified order; each order has one."""
        if fee.order_id in self.fee_orders:
            return []
        occasion = Occasion(f"vendor_gateway.OrderVerified/{fee.order_id}", fee.verified_on, today)
        return [fee, *rules.fee_accrued(self.vendor_id, fee.fee, occasion)]

    def accrue_credit(self, credit: CreditAccrued, today: date) -> list[CreditAccrued | EntryPosted]:
        """Takes a service credit."""
        occasion = Occasion(f"vendor_gateway.ServiceCreditDue/{credit.order_id}", credit.due_on, today)
        return [credit, *rules.credit_accrued(self.vendor_id, credit.amount, occasion)]

    def bear_by_claim(self, borne: FeeBorneByClaim, today: date) -> list[FeeBorneByClaim | EntryPosted]:
        """Takes what a claim paid for an order off the fee, so that one piece of work is one expense."""
        if borne.payment_id in self.claim_payments:
            return []
        occasion = Occasion(f"claims.PaymentApproved/{borne.payment_id}", borne.borne_on, today)
        return [borne, *rules.fee_borne_by_claim(self.vendor_id, borne.amount, occasion)]

    def pay(
        self, reference: str, amount: Money, paid_on: date, today: date, reason: str = ""
    ) -> list[VendorPaid | EntryPosted]:
        """Notes a payment; at most what is payable."""
        check_amount("amount", amount, self.fees.currency)
        check_not_future("paid_on", paid_on, today)
        for payment in self.payments:
            if payment.reference == reference:
                if (payment.amount, payment.paid_on) == (amount, paid_on):
                    return []
                raise ReferenceUsed(reference=reference, use="payment")
        if amount > self.payable:
            raise VendorPaymentTooHigh(vendor_id=self.vendor_id, payable=self.payable, amount=amount)
        event = VendorPaid(vendor_id=self.vendor_id, reference=reference, amount=amount, paid_on=paid_on, reason=reason)
        occasion = Occasion(f"billing_subsidy.VendorPaid/{reference}", paid_on, today)
        return [event, *rules.vendor_paid(self.vendor_id, amount, occasion)]

    @classmethod
    def begin(cls, event: VendorAccountOpened) -> "VendorAccount":
        zero = Money(event.currency, 0)
        return cls(event.vendor_id, zero, zero, zero)

    def evolve(self, event: VendorAccountEvent) -> "VendorAccount":
        match event:
            case FeeAccrued():
                return replace(self, fees=self.fees + event.fee, fee_orders=self.fee_orders | {event.order_id})
            case CreditAccrued():
                return replace(self, credits=self.credits + event.amount)
            case VendorPaid():
                return replace(self, settled=self.settled + event.amount, payments=(*self.payments, event))
            case FeeBorneByClaim():
                borne = self.claim_payments | {event.payment_id}
                return replace(self, settled=self.settled + event.amount, claim_payments=borne)
            case VendorAccountOpened() | EntryPosted():
                return self
