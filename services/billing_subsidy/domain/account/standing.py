"""What can be asked of a policy account: the value without its decisions."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from libs.common.dates import Period
from libs.common.money import Money, total
from services.billing_subsidy.domain.account.events import (
    GraceLapsed,
    OverdueFound,
    PremiumEarned,
    Received,
    RefundPaid,
)
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
    overdue: OverdueFound | None = None
    grace: GraceLapsed | None = None
    earned: PremiumEarned | None = None
    claim_payments: frozenset[UUID] = frozenset()
    programmes: tuple[UUID, ...] = ()
    claim_fractions: dict[UUID, tuple[str, ...]] = field(default_factory=dict)

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

    def outstanding(self) -> dict[str, Money]:
        """What each invoice still lacks, by number."""
        return outstanding(self.invoices, self.received)

    def overdue_on(self, today: date) -> Money:
        """What is owed past its due date."""
        lacking = self.outstanding()
        late = (lacking[invoice.number] for invoice in self.dues if self._lacks(invoice, lacking, before=today))
        return total(late, self.facts.currency)

    def next_due(self) -> date | None:
        """The earliest due date of what is owed and was not found overdue yet."""
        lacking = self.outstanding()
        known = self.overdue.due_on if self.overdue else date.min
        dates = (invoice.due_on for invoice in self.dues if self._lacks(invoice, lacking))
        return min((due_on for due_on in dates if due_on > known), default=None)

    def fits_refund(self, amount: Money) -> bool:
        """Whether an amount is exactly one that is to be given back: all of it, its kinds, or one credit note."""
        notes = {-invoice.gross for invoice in self.invoices if invoice.kind is InvoiceKind.CREDIT_NOTE}
        return amount in {self.position.credit, self.position.refundable, self.position.unapplied, *notes}

    def _lacks(self, invoice: Invoice, lacking: dict[str, Money], before: date = date.max) -> bool:
        return bool(lacking.get(invoice.number)) and invoice.due_on < before
