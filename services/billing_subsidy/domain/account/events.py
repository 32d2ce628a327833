"""What happens to a policy account. Amounts are gross of VAT if nothing else is said."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.billing_subsidy.domain.account.cessions import CededShare
from services.billing_subsidy.domain.account.invoices import Invoice, PaymentPlan
from services.billing_subsidy.domain.account.premium import Movement, PolicyFacts
from services.billing_subsidy.domain.ledger.entry import EntryPosted


class Cause(StrEnum):
    BOUND = "bound"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    REINSTATED = "reinstated"


class CostType(StrEnum):
    INDEMNITY = "indemnity"
    EXPENSE = "expense"
    RECOVERY = "recovery"


@event("billing_subsidy.AccountOpened")
class AccountOpened:
    """`tolerance` is the insurer's on that day; None of accounts that were opened before it could be set."""

    facts: PolicyFacts
    plan: PaymentPlan
    bound_on: date
    tolerance: Money | None = None


@event("billing_subsidy.PremiumMoved")
class PremiumMoved:
    """Policy announced movements of premium; `net` and `vat` are their sums.

    `restores` says that they take back a credit note, so that what it gave back is owed again first.
    """

    cause: Cause
    movements: tuple[Movement, ...]
    net: Money
    vat: Money
    restores: bool = False


@event("billing_subsidy.PlanSet")
class PlanSet:
    plan: PaymentPlan


@event("billing_subsidy.Invoiced")
class Invoiced:
    invoice: Invoice


@event("billing_subsidy.Received")
class Received:
    """Money came in; `applied` of it pays what was owed, the rest is unapplied cash. `reason` says why it was
    booked late, if it was."""

    reference: str
    amount: Money
    applied: Money
    value_date: date
    payer_name: str
    source: str
    reason: str = ""


@event("billing_subsidy.RefundPaid")
class RefundPaid:
    """A credit was paid out; `reason` says why it was booked late, if it was."""

    reference: str
    amount: Money
    paid_on: date
    source: str
    reason: str = ""


@event("billing_subsidy.OverdueFound")
class OverdueFound:
    outstanding: Money
    due_on: date
    grace_until: date


@event("billing_subsidy.OverdueCured")
class OverdueCured:
    """Nothing is missing any more of these due dates, or of any if none is named; `by` is "receipt" or "credit"."""

    by: str
    due_dates: tuple[date, ...] = ()


@event("billing_subsidy.GraceLapsed")
class GraceLapsed:
    """Grace of one due date ran out, and `needed` had not come in, less refunds, with value dates before that day.

    `outstanding` is all that was overdue then. Events of before each due date had a grace of its own name none.
    """

    outstanding: Money
    expired_on: date
    due_on: date | None = None
    needed: Money | None = None


@event("billing_subsidy.GraceLapseWithdrawn")
class GraceLapseWithdrawn:
    """Money with a value date in grace became known later: that grace had run out was never so."""

    due_on: date
    expired_on: date


@event("billing_subsidy.GraceReopened")
class GraceReopened:
    """A payment put the policy back in force: that grace of other due dates ran out is told again, to whom it matters
    now."""

    due_dates: tuple[date, ...]


@event("billing_subsidy.ArrearsForborne")
class ArrearsForborne:
    """A person put the policy back in force in spite of these: they stay owed, but end no cover."""

    due_dates: tuple[date, ...]


@event("billing_subsidy.DifferenceWrittenOff")
class DifferenceWrittenOff:
    """Less than the tolerance was missing when grace of a due date had ended; nobody asks for it any more."""

    due_on: date
    amount: Money


@event("billing_subsidy.PremiumEarned")
class PremiumEarned:
    """The lead's premium earned by the end of `through`, net of VAT; `amount` is the difference to before."""

    through: date
    earned: Money
    amount: Money


@event("billing_subsidy.ClaimReserveNoted")
class ClaimReserveNoted:
    claim_id: UUID
    part_code: str
    cost_type: CostType
    outstanding: Money
    delta: Money
    effective_date: date


@event("billing_subsidy.ClaimPaymentNoted")
class ClaimPaymentNoted:
    claim_id: UUID
    payment_id: UUID
    part_code: str
    cost_type: CostType
    amount: Money
    approved_on: date


@event("billing_subsidy.CessionsMoved")
class CessionsMoved:
    """What reinsurers carry changed with the terms of the policy."""

    cessions: tuple[CededShare, ...]


@event("billing_subsidy.ClaimCeded")
class ClaimCeded:
    """A claim was opened: its payments and reserves are ceded with the fractions of the day of the loss."""

    claim_id: UUID
    fractions: tuple[str, ...]


@event("billing_subsidy.CaseLinked")
class CaseLinked:
    """A subsidy case was opened for the policy under a programme."""

    programme_id: UUID
    case_id: UUID


AccountEvent = (
    AccountOpened
    | PremiumMoved
    | PlanSet
    | Invoiced
    | Received
    | RefundPaid
    | OverdueFound
    | OverdueCured
    | GraceLapsed
    | GraceLapseWithdrawn
    | GraceReopened
    | ArrearsForborne
    | DifferenceWrittenOff
    | PremiumEarned
    | ClaimReserveNoted
    | ClaimPaymentNoted
    | CessionsMoved
    | ClaimCeded
    | CaseLinked
    | EntryPosted
)
