"""What can be asked of a policy account: the value without its decisions."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from libs.common.dates import Period, add_days
from libs.common.money import Money, total
from services.billing_subsidy.domain.account.arrears import USUAL_TOLERANCE, Arrears, Ground
from services.billing_subsidy.domain.account.events import PremiumEarned, Received, RefundPaid
from services.billing_subsidy.domain.account.invoices import (
    Invoice,
    InvoiceKind,
    PaymentPlan,
    due_by_end,
    net_paid,
    outstanding,
)
from services.billing_subsidy.domain.account.position import Position
from services.billing_subsidy.domain.account.premium import Movement, PolicyFacts


@dataclass(frozen=True)
class Standing:
    """What a policyholder owes and has paid for one policy."""

    facts: PolicyFacts
    plan: PaymentPlan
    bound_on: date
    position: Position
    movements: tuple[Movement, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    receipts: tuple[Received, ...] = ()
    refunds: tuple[RefundPaid, ...] = ()
    cancelled: bool = False
    arrears: tuple[Arrears, ...] = ()
    earned: PremiumEarned | None = None
    claim_payments: frozenset[UUID] = frozenset()
    programmes: tuple[UUID, ...] = ()
    claim_fractions: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    grounds: tuple[Ground, ...] = ()
    written_off: Money | None = None
    tolerance: Money = USUAL_TOLERANCE

    @property
    def net(self) -> Money:
        """The premium of the timeline, net of VAT."""
        return total((movement.net for movement in self.movements), self.facts.currency)

    @property
    def vat(self) -> Money:
        return total((movement.vat for movement in self.movements), self.facts.currency)

    @property
    def invoiced(self) -> Money:
        return total((invoice.gross for invoice in self.invoices), self.facts.currency)

    @property
    def received(self) -> Money:
        """All money that came in, less refunds paid."""
        return self.received_in(None)

    @property
    def earned_so_far(self) -> Money:
        """The lead's premium that is recognised as earned, net of VAT."""
        return self.earned.earned if self.earned else self.facts.zero

    @property
    def unearned(self) -> Money:
        """What of the lead's premium is not earned yet."""
        own = (movement.own(self.facts.lead) for movement in self.movements)
        return total(own, self.facts.currency) - self.earned_so_far

    def received_in(self, window: Period | None) -> Money:
        """Money with a value date in the window, less all refunds paid."""
        came = (receipt.amount for receipt in self.receipts if window is None or receipt.value_date in window)
        went = total((refund.amount for refund in self.refunds), self.facts.currency)
        return total(came, self.facts.currency) - went

    def net_paid(self, window: Period | None = None) -> Money:
        """The net premium that was paid with a value date in the window, at most the premium of the timeline."""
        return net_paid(self.invoices, self.received_in(window))

    @property
    def dues(self) -> tuple[Invoice, ...]:
        """The invoices with the days on which they are due as it stands: at once, when cover has ended."""
        return due_by_end(self.invoices, self.movements)

    def received_by(self, day: date) -> Money:
        """Money with value dates up to a day, less refunds paid by then."""
        came = (receipt.amount for receipt in self.receipts if receipt.value_date <= day)
        went = total((refund.amount for refund in self.refunds if refund.paid_on <= day), self.facts.currency)
        return total(came, self.facts.currency) - went

    def outstanding(self) -> dict[str, Money]:
        """What each invoice still lacks, by number."""
        return outstanding(self.invoices, self.received + (self.written_off or self.facts.zero))

    def overdue_on(self, today: date) -> Money:
        """What is owed past its due date."""
        return total((amount for due_on, amount in self.missing().items() if due_on < today), self.facts.currency)

    def missing(self) -> dict[date, Money]:
        """What the invoices of each due date lack, by date; only those that lack something."""
        lacking, missing = self.outstanding(), dict[date, Money]()
        for invoice in sorted(self.dues, key=lambda each: each.due_on):
            if amount := lacking.get(invoice.number):
                missing[invoice.due_on] = missing.get(invoice.due_on, amount.zero()) + amount
        return missing

    def owed_through(self, due_on: date) -> Money:
        """What the invoices up to a due date lack."""
        return self.overdue_on(add_days(due_on, 1))

    def is_small(self, difference: Money) -> bool:
        """Whether it is no arrears: below the tolerance."""
        return difference < self.tolerance

    def arrears_on(self, today: date) -> Money:
        """What is overdue, nothing if that is below the tolerance."""
        overdue = self.overdue_on(today)
        return overdue.zero() if self.is_small(overdue) else overdue

    def grace_until(self, due_on: date) -> date:
        """The last day of grace of a due date."""
        known = (each.grace_until for each in self.arrears if each.due_on == due_on)
        return next(known, add_days(due_on, self.plan.grace_days))

    def unsettled(self) -> list[Arrears]:
        """The arrears that still are some, by due date."""
        return [each for each in self.arrears if not self.is_small(self.owed_through(each.due_on))]

    def first_arrears(self) -> Arrears | None:
        """Those with the earliest due date, whose grace ends first."""
        return next(iter(self.unsettled()), None)

    def grace_expired_on(self) -> date | None:
        """The first day without grace of what is still missing, if grace ran out for some."""
        ended = (each.expired_on for each in self.unsettled() if not each.forborne)
        return next((day for day in ended if day is not None), None)

    def next_due(self) -> date | None:
        """The earliest due date that may turn into arrears and was not found to be some yet."""
        known = {each.due_on for each in self.arrears}
        dates = (due_on for due_on in self.missing() if due_on not in known)
        return next((due_on for due_on in dates if not self.is_small(self.owed_through(due_on))), None)

    def next_grace_end(self, today: date) -> date | None:
        """The next last day of grace on which something has to be done: of arrears, or of a small difference."""
        done = {each.due_on for each in self.arrears if each.expired_on is not None}
        ends = (
            self.grace_until(due_on)
            for due_on in self.missing()
            if due_on not in done and (due_on < today or self.is_small(self.owed_through(due_on)))
        )
        return min(ends, default=None)

    def fits_refund(self, amount: Money) -> bool:
        """Whether an amount is exactly one that is to be given back: all of it, its kinds, or one credit note."""
        notes = {-invoice.gross for invoice in self.invoices if invoice.kind is InvoiceKind.CREDIT_NOTE}
        return amount in {self.position.credit, self.position.refundable, self.position.unapplied, *notes}
