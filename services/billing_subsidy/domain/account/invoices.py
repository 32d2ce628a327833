"""Invoices: a pure function of the movements of premium and the payment plan.

The movements of one announcement are invoiced together as the difference that they make; so the invoices always sum
to the premium of the timeline, and none is ever edited. Money is applied to the oldest due date first, a credit to the
latest.
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from libs.common.dates import add_days
from libs.common.errors import InvalidField
from libs.common.money import Money, total
from services.billing_subsidy.domain.account.premium import Movement, MovementKind, live


class InvoiceKind(StrEnum):
    PREMIUM = "premium"
    ADDITIONAL = "additional"
    CREDIT_NOTE = "credit_note"
    RED_LETTER = "red_letter"


OPENING = (MovementKind.BIND, MovementKind.JOIN)
"""The movements whose premium is paid by the plan."""

CLOSING = (MovementKind.CANCEL, MovementKind.LEAVE)
"""The movements by which cover ends before its time."""


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """How the premium of the term is paid."""

    instalments: int = 1
    due_days: int = 30
    grace_days: int = 30

    def check(self) -> None:
        """Refuses a plan that is wrong in itself."""
        if not 1 <= self.instalments <= 12:
            raise InvalidField(field="plan.instalments", problem="must be between 1 and 12")
        if not 0 <= self.due_days <= 180:
            raise InvalidField(field="plan.due_days", problem="must be between 0 and 180")
        if not 0 <= self.grace_days <= 180:
            raise InvalidField(field="plan.grace_days", problem="must be between 0 and 180")


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice or credit note; a credit's amounts are negative."""

    sequence: int
    number: str
    kind: InvoiceKind
    net: Money
    vat: Money
    issued_on: date
    due_on: date
    transactions: tuple[int, ...]
    reverses: str = ""

    @property
    def gross(self) -> Money:
        return self.net + self.vat


def invoices_for(
    movements: Sequence[Movement], plan: PaymentPlan, policy_number: str, after: int, issued_on: date
) -> tuple[Invoice, ...]:
    """The invoices for the movements of one announcement; `after` is how many the policy has already."""
    currency = movements[0].net.currency
    net = total((movement.net for movement in movements), currency)
    vat = total((movement.vat for movement in movements), currency)
    numbers = tuple(movement.number for movement in movements)
    due_on = add_days(issued_on, plan.due_days)
    if not net and not vat:
        return ()
    if (net + vat).minor_units < 0:
        kind, parts, due_on = InvoiceKind.CREDIT_NOTE, [(net, vat)], issued_on
    elif any(movement.kind in OPENING for movement in movements):
        equal = [1] * plan.instalments
        kind, parts = InvoiceKind.PREMIUM, list(zip(net.allocate(equal), vat.allocate(equal), strict=True))
    else:
        kind, parts = InvoiceKind.ADDITIONAL, [(net, vat)]
    return tuple(
        Invoice(
            sequence=after + index + 1,
            number=f"{policy_number}-{after + index + 1:02d}",
            kind=kind,
            net=part_net,
            vat=part_vat,
            issued_on=issued_on,
            due_on=add_months(due_on, index),
            transactions=numbers,
        )
        for index, (part_net, part_vat) in enumerate(parts)
        if part_net or part_vat
    )


def red_letters(invoices: Sequence[Invoice], policy_number: str, issued_on: date) -> tuple[Invoice, ...]:
    """The notes that take back every invoice that still counts."""
    return _taken_back(standing(invoices), len(invoices), policy_number, issued_on)


def _taken_back(back: Sequence[Invoice], after: int, policy_number: str, issued_on: date) -> tuple[Invoice, ...]:
    return tuple(
        Invoice(
            sequence=after + index + 1,
            number=f"{policy_number}-{after + index + 1:02d}",
            kind=InvoiceKind.RED_LETTER,
            net=-invoice.net,
            vat=-invoice.vat,
            issued_on=issued_on,
            due_on=issued_on,
            transactions=invoice.transactions,
            reverses=invoice.number,
        )
        for index, invoice in enumerate(back)
    )


def next_invoices(
    invoices: Sequence[Invoice],
    known: Sequence[Movement],
    movements: Sequence[Movement],
    plan: PaymentPlan,
    policy_number: str,
    issued_on: date,
) -> tuple[Invoice, ...]:
    """What the movements of one announcement add to the invoices that are there."""
    undone = _credit_taken_back(invoices, known, movements, policy_number, issued_on)
    return undone or invoices_for(movements, plan, policy_number, len(invoices), issued_on)


def _credit_taken_back(
    invoices: Sequence[Invoice],
    known: Sequence[Movement],
    movements: Sequence[Movement],
    policy_number: str,
    issued_on: date,
) -> tuple[Invoice, ...]:
    """The note that takes back a cancellation's credit note, if these movements undo that cancellation to the fen.

    So what was owed before is owed again on the days on which it was due: a payment plan goes on as it was.
    """
    credit = next((invoice for invoice in reversed(invoices) if invoice.kind is InvoiceKind.CREDIT_NOTE), None)
    if credit is None or any(invoice.reverses == credit.number for invoice in invoices):
        return ()
    net = total((movement.net for movement in movements), credit.net.currency)
    vat = total((movement.vat for movement in movements), credit.net.currency)
    ended = {each.effective_date for each in _of(known, MovementKind.CANCEL) if each.number in credit.transactions}
    again = {each.effective_date for each in _of(movements, MovementKind.REINSTATE)}
    if not again or again != ended or (net, vat) != (-credit.net, -credit.vat):
        return ()
    return _taken_back([credit], len(invoices), policy_number, issued_on)


def _of(movements: Sequence[Movement], kind: MovementKind) -> Iterable[Movement]:
    return (movement for movement in movements if movement.kind is kind)


def standing(invoices: Sequence[Invoice]) -> list[Invoice]:
    """Invoices that charge something and were not taken back, by due date."""
    reversed_ones = {invoice.reverses for invoice in invoices if invoice.reverses}
    charging = [
        invoice
        for invoice in invoices
        if invoice.kind in (InvoiceKind.PREMIUM, InvoiceKind.ADDITIONAL) and invoice.number not in reversed_ones
    ]
    return sorted(charging, key=lambda invoice: (invoice.due_on, invoice.sequence))


def outstanding(invoices: Sequence[Invoice], received: Money) -> dict[str, Money]:
    """What each invoice still lacks, by number.

    Money goes to the oldest due date first. A credit note takes the latest first, of the invoices that there were when
    it was issued: it gives back cover of the days to come, and what is owed for the days before stays owed.
    """
    pool, charging = received, standing(invoices)
    lacking = {invoice.number: invoice.gross for invoice in charging}
    for credit in _credits(invoices):
        left = -credit.gross
        for invoice in reversed(charging):
            if invoice.sequence < credit.sequence:
                taken = min(left, lacking[invoice.number])
                lacking[invoice.number], left = lacking[invoice.number] - taken, left - taken
        pool = pool + left
    for invoice in charging:
        covered = min(max(pool, pool.zero()), lacking[invoice.number])
        lacking[invoice.number], pool = lacking[invoice.number] - covered, pool - covered
    return lacking


def due_by_end(invoices: Sequence[Invoice], movements: Sequence[Movement]) -> tuple[Invoice, ...]:
    """The invoices with the days on which they are due as it stands: when cover ends before its time, what is owed for
    the cover given is due at once. Once cover is back without a gap, all is due as it was."""
    ends = [
        (movement.number, max(movement.effective_date, movement.recorded_on))
        for movement in live(movements)
        if movement.kind in CLOSING
    ]
    return tuple(
        replace(invoice, due_on=min([invoice.due_on, *(day for number, day in ends if max(numbers) < number)]))
        for invoice in invoices
        if (numbers := invoice.transactions or (0,))
    )


def net_paid(invoices: Sequence[Invoice], received: Money) -> Money:
    """How much of the money received is premium net of VAT.

    Who has paid all that is invoiced has paid the net premium of the timeline. Otherwise each invoice that is paid in
    part counts by its own ratio of net to gross, rounded half up. It is never more than the net premium invoiced.
    """
    currency = received.currency
    invoiced_net = total((invoice.net for invoice in invoices), currency)
    if received >= total((invoice.gross for invoice in invoices), currency):
        return max(invoiced_net, invoiced_net.zero())
    pool, paid = max(received, received.zero()), received.zero()
    for invoice in standing(invoices):
        covered = min(pool, invoice.gross)
        if covered == invoice.gross:
            paid = paid + invoice.net
        elif covered:
            paid = paid + invoice.net.times(Fraction(covered.minor_units, invoice.gross.minor_units))
        pool = pool - covered
    return max(min(paid, invoiced_net), invoiced_net.zero())


def _credits(invoices: Sequence[Invoice]) -> Iterable[Invoice]:
    """The credit notes that were not taken back."""
    reversed_ones = {invoice.reverses for invoice in invoices if invoice.reverses}
    return (
        invoice
        for invoice in invoices
        if invoice.kind is InvoiceKind.CREDIT_NOTE and invoice.number not in reversed_ones
    )


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day if that is shorter."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = divmod(month_index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
