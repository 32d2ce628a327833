"""The account of one policy.

It opens when the policy is bound; its stream is the policy's id. Invoices follow from the movements of premium;
receipts are applied to the oldest due date first; every fact brings the journal entries that it makes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from libs.common.dates import add_days
from libs.common.money import Money, total
from services.billing_subsidy.domain.account import arrears
from services.billing_subsidy.domain.account.arrears import Arrears, Ground
from services.billing_subsidy.domain.account.cessions import CededShare
from services.billing_subsidy.domain.account.events import (
    AccountEvent,
    AccountOpened,
    ArrearsForborne,
    CaseLinked,
    Cause,
    CessionsMoved,
    ClaimCeded,
    ClaimPaymentNoted,
    ClaimReserveNoted,
    CostType,
    DifferenceWrittenOff,
    GraceLapsed,
    GraceLapseWithdrawn,
    GraceReopened,
    Invoiced,
    OverdueCured,
    OverdueFound,
    PlanSet,
    PremiumEarned,
    PremiumMoved,
    Received,
    RefundPaid,
)
from services.billing_subsidy.domain.account.invoices import PaymentPlan, invoices_for, next_invoices, red_letters
from services.billing_subsidy.domain.account.position import Position
from services.billing_subsidy.domain.account.premium import Movement, earned_through
from services.billing_subsidy.domain.account.standing import Standing
from services.billing_subsidy.domain.checks import check_amount, check_not_future
from services.billing_subsidy.domain.errors import AlreadyEarned, PaymentPlanFixed, ReferenceUsed, RefundTooHigh
from services.billing_subsidy.domain.ledger import claims as claim_rules
from services.billing_subsidy.domain.ledger import premium as premium_rules
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion


@dataclass(frozen=True)
class PolicyAccount(Standing):
    """The account of one policy: its standing, and what may happen to it."""

    KIND: ClassVar[str] = "billing_subsidy.PolicyAccount"

    # Decisions.

    def move(self, cause: Cause, movements: Sequence[Movement], issued_on: date, today: date) -> list[AccountEvent]:
        """Takes over movements of premium, invoices the difference, and posts both."""
        new = tuple(movement for movement in movements if movement.number > len(self.movements))
        if not new:
            return []  # Heard before.
        if [movement.number for movement in new] != list(range(len(self.movements) + 1, new[-1].number + 1)):
            raise ValueError(f"a transaction is missing before number {new[0].number}")
        net = total((movement.net for movement in new), self.facts.currency)
        vat = total((movement.vat for movement in new), self.facts.currency)
        number = self.facts.policy_number
        invoices = next_invoices(self.invoices, self.movements, new, self.plan, number, issued_on)
        entries: list[EntryPosted] = []
        for movement in new:
            occasion = self._occasion(f"policy.PremiumTransaction/{movement.number}", movement.effective_date, today)
            entries += premium_rules.premium_written(movement, self.facts, occasion)
        restores = any(invoice.reverses for invoice in invoices)
        after = self.position.restore(net + vat) if restores else self.position.charge(net + vat)
        settled = self._occasion(f"policy.PremiumTransaction/{new[-1].number}", issued_on, today)
        entries += premium_rules.credit_settled(self.position, after, net + vat, settled)
        moved = PremiumMoved(cause=cause, movements=new, net=net, vat=vat, restores=restores)
        events: list[AccountEvent] = [moved, *(Invoiced(invoice=invoice) for invoice in invoices)]
        return [*events, *self._cured_by(events, "credit"), *entries, *self._earned_anew(new, today)]

    def set_plan(self, plan: PaymentPlan, today: date) -> list[PlanSet | Invoiced]:
        """Changes how the premium of the term is paid: red letters, then the same amounts under the new plan."""
        plan.check()
        if plan == self.plan:
            return []
        if self.receipts:
            raise PaymentPlanFixed(why="money came in")
        if self.arrears:
            raise PaymentPlanFixed(why="premium is overdue")
        if self.movements[-1].number != 1:
            raise PaymentPlanFixed(why="the premium has changed since binding")
        number = self.facts.policy_number
        back = red_letters(self.invoices, number, today)
        anew = invoices_for(self.movements, plan, number, len(self.invoices) + len(back), today)
        return [PlanSet(plan=plan), *(Invoiced(invoice=invoice) for invoice in (*back, *anew))]

    def receive(
        self,
        reference: str,
        amount: Money,
        value_date: date,
        payer_name: str,
        source: str,
        today: date,
        reason: str = "",
    ) -> list[AccountEvent]:
        """Takes money in; what is more than owed is kept as unapplied cash."""
        check_amount("amount", amount, self.facts.currency)
        check_not_future("value_date", value_date, today)
        for receipt in self.receipts:
            if receipt.reference == reference:
                if (receipt.amount, receipt.value_date) == (amount, value_date):
                    return []
                raise ReferenceUsed(reference=reference, use="receipt")
        after = self.position.receive(amount)
        event: AccountEvent = Received(
            reference=reference,
            amount=amount,
            applied=self.position.receivable - after.receivable,
            value_date=value_date,
            payer_name=payer_name,
            source=source,
            reason=reason,
        )
        occasion = self._occasion(f"billing_subsidy.Received/{reference}", value_date, today)
        entries = premium_rules.premium_received(self.position, after, amount, occasion)
        return [event, *self._cured_by([event], "receipt"), *entries]

    def pay_refund(
        self, reference: str, amount: Money, paid_on: date, source: str, today: date, reason: str = ""
    ) -> list[RefundPaid | EntryPosted]:
        """Notes that a credit was paid out."""
        check_amount("amount", amount, self.facts.currency)
        check_not_future("paid_on", paid_on, today)
        for refund in self.refunds:
            if refund.reference == reference:
                if (refund.amount, refund.paid_on) == (amount, paid_on):
                    return []
                raise ReferenceUsed(reference=reference, use="refund")
        if amount > self.position.credit:
            raise RefundTooHigh(credit=self.position.credit, amount=amount)
        after = self.position.refund(amount)
        occasion = self._occasion(f"billing_subsidy.RefundPaid/{reference}", paid_on, today)
        event = RefundPaid(reference=reference, amount=amount, paid_on=paid_on, source=source, reason=reason)
        return [event, *premium_rules.refund_paid(self.position, after, amount, occasion)]

    def find_overdue(self, today: date) -> list[OverdueFound]:
        """Notes each due date that has passed without its money; each once, with a grace of its own."""
        known = {each.due_on for each in self.arrears}
        passed = [due_on for due_on in self.missing() if due_on < today and due_on not in known]
        return [
            OverdueFound(outstanding=owed, due_on=due_on, grace_until=self.grace_until(due_on))
            for due_on in passed
            if not self.is_small(owed := self.owed_through(due_on))
        ]

    def end_grace(self, today: date) -> list[AccountEvent]:
        """Notes of each due date that its grace ran out, once; writes off what is missing if that is too little."""
        done = {each.due_on for each in self.arrears if each.expired_on is not None}
        events: list[AccountEvent] = [*self.find_overdue(today)]
        for due_on in self.missing():
            grace_until, owed = self.grace_until(due_on), self.owed_through(due_on)
            if due_on in done or today <= grace_until:
                continue
            if self.is_small(owed):
                return [*events, *self._write_off(due_on, today)]
            first = add_days(grace_until, 1)
            needed = self.received_by(grace_until) + owed
            overdue = self.overdue_on(first)
            events.append(GraceLapsed(outstanding=overdue, expired_on=first, due_on=due_on, needed=needed))
        return events

    def put_back(self, by_payment: bool, today: date) -> list[GraceReopened | ArrearsForborne]:
        """The policy is in force again. Grace that ran out is told again if a payment did it, to whom it matters now;
        a person who did it has forborne what was known."""
        over = [due_on for due_on in self.missing() if self.grace_until(due_on) < today]
        left = {each.due_on: each for each in self.arrears}
        due_dates = tuple(due_on for due_on in over if not (due_on in left and left[due_on].forborne))
        if not due_dates:
            return []
        return [GraceReopened(due_dates=due_dates) if by_payment else ArrearsForborne(due_dates=due_dates)]

    def _write_off(self, due_on: date, today: date) -> list[AccountEvent]:
        """Gives up what is missing of a due date, which is all that is missing of those before it too."""
        amount = self.owed_through(due_on)
        occasion = self._occasion(f"billing_subsidy.DifferenceWrittenOff/{due_on}", today, today)
        written_off = DifferenceWrittenOff(due_on=due_on, amount=amount)
        return [written_off, *premium_rules.difference_written_off(amount, occasion)]

    def earn(self, through: date, today: date) -> list[PremiumEarned | EntryPosted]:
        """Recognises premium through a day of cover that has come.

        A log of before may have recognised days that have not come; that does not bind.
        """
        check_not_future("through", through, today)
        if self.earned is not None and through < self.earned.through <= today:
            raise AlreadyEarned(through=self.earned.through)
        return self._earn(self.movements, through, today)

    def _earned_anew(self, moved: Sequence[Movement], today: date) -> list[PremiumEarned | EntryPosted]:
        """What movements change of the premium of days that were recognised already."""
        if self.earned is None:
            return []
        return self._earn((*self.movements, *moved), min(self.earned.through, today), today)

    def _earn(self, movements: Sequence[Movement], through: date, today: date) -> list[PremiumEarned | EntryPosted]:
        earned = earned_through(movements, self.facts, through)
        amount = earned - self.earned_so_far
        if not amount and self.earned is not None and self.earned.through == through:
            return []
        occasion = self._occasion(f"billing_subsidy.PremiumEarned/{through}", through, today)
        event = PremiumEarned(through=through, earned=earned, amount=amount)
        return [event, *premium_rules.premium_earned(amount, occasion)]

    def note_reserve(self, noted: ClaimReserveNoted, today: date) -> list[ClaimReserveNoted | EntryPosted]:
        """Posts a change of a claim's reserve."""
        occasion = self._occasion(f"claims.ReserveChanged/{noted.claim_id}", noted.effective_date, today)
        fractions = self.claim_fractions.get(noted.claim_id, ())
        entries = claim_rules.reserve_changed(
            self.facts, noted.cost_type, noted.outstanding, noted.delta, occasion, fractions
        )
        return [noted, *entries]

    def move_cessions(self, cessions: Sequence[CededShare]) -> list[CessionsMoved]:
        """Notes what reinsurers carry from now on; nothing if it is what they carried."""
        moved = tuple(cessions)
        return [] if moved == self.facts.cessions else [CessionsMoved(cessions=moved)]

    def open_claim(self, claim_id: UUID, day: date) -> list[ClaimCeded]:
        """Fixes with which fractions a claim is ceded."""
        if not self.facts.cessions or claim_id in self.claim_fractions:
            return []
        return [ClaimCeded(claim_id=claim_id, fractions=self.facts.fractions_on(day))]

    def note_claim_payment(self, noted: ClaimPaymentNoted, today: date) -> list[ClaimPaymentNoted | EntryPosted]:
        """Posts a payment that claims approved; each payment once."""
        if noted.payment_id in self.claim_payments:
            return []
        if noted.cost_type is CostType.RECOVERY:
            raise ValueError("a recovery is not paid out")
        occasion = self._occasion(f"claims.PaymentApproved/{noted.payment_id}", noted.approved_on, today)
        fractions = self.claim_fractions.get(noted.claim_id, ())
        return [noted, *claim_rules.claim_paid(self.facts, noted.amount, occasion, fractions)]

    def _cured_by(self, events: Sequence[AccountEvent], by: str) -> list[AccountEvent]:
        """Notes of what these events leave no arrears, and which grace never ran out, as money had come in time."""
        if not self.arrears and not self.grounds:
            return []
        after = self
        for event in events:
            after = after.evolve(event)
        left = [each.due_on for each in after.unsettled()]
        settled = tuple(each.due_on for each in self.arrears if each.due_on not in left)
        cured = [OverdueCured(by=by, due_dates=settled if left else ())] if settled else []
        fallen = [
            GraceLapseWithdrawn(due_on=ground.due_on, expired_on=ground.expired_on)
            for ground in self.grounds
            if self.is_small(ground.needed - after.received_by(ground.grace_until))
        ]
        return [*cured, *fallen]

    def link_case(self, programme_id: UUID, case_id: UUID) -> list[CaseLinked]:
        """Notes that a programme's case was opened for the policy."""
        return [] if programme_id in self.programmes else [CaseLinked(programme_id=programme_id, case_id=case_id)]

    def _occasion(self, cause: str, effective_date: date, booked_on: date) -> Occasion:
        return Occasion(cause, effective_date, booked_on, self.facts.policy_id)

    # Evolution.

    @classmethod
    def begin(cls, event: AccountOpened) -> "PolicyAccount":
        nothing, tolerance = Position.nothing(event.facts.currency), event.tolerance
        account = cls(event.facts, event.plan, event.bound_on, nothing)
        return account if tolerance is None else replace(account, tolerance=tolerance)

    def evolve(self, event: AccountEvent) -> "PolicyAccount":
        match event:
            case PremiumMoved():
                gross = event.net + event.vat
                position = self.position.restore(gross) if event.restores else self.position.charge(gross)
                return replace(
                    self,
                    movements=self.movements + event.movements,
                    position=position,
                    cancelled=event.cause is Cause.CANCELLED,
                )
            case Invoiced():
                return replace(self, invoices=(*self.invoices, event.invoice))
            case Received():
                position = self.position.receive(event.amount)
                return replace(self, receipts=(*self.receipts, event), position=position)
            case RefundPaid():
                return replace(self, refunds=(*self.refunds, event), position=self.position.refund(event.amount))
            case PlanSet():
                return replace(self, plan=event.plan)
            case OverdueFound():
                return replace(self, arrears=arrears.found(self.arrears, event))
            case OverdueCured():
                return replace(self, arrears=arrears.cured(self.arrears, event))
            case GraceLapsed():
                return self._without_grace(event)
            case GraceLapseWithdrawn():
                return replace(self, grounds=tuple(each for each in self.grounds if each.due_on != event.due_on))
            case GraceReopened(due_dates=due_dates):
                return replace(self, arrears=arrears.reopened(self.arrears, due_dates))
            case ArrearsForborne(due_dates=due_dates):
                these = [Arrears(due_on, self.grace_until(due_on)).without_grace() for due_on in due_dates]
                return replace(self, arrears=arrears.forborne(self.arrears, these))
            case DifferenceWrittenOff(amount=amount):
                given_up = amount if self.written_off is None else self.written_off + amount
                return replace(self, written_off=given_up, position=self.position.write_off(amount))
            case PremiumEarned():
                return replace(self, earned=event)
            case ClaimPaymentNoted():
                return replace(self, claim_payments=self.claim_payments | {event.payment_id})
            case CessionsMoved():
                return replace(self, facts=replace(self.facts, cessions=event.cessions))
            case ClaimCeded():
                return replace(self, claim_fractions={**self.claim_fractions, event.claim_id: event.fractions})
            case CaseLinked():
                return replace(self, programmes=(*self.programmes, event.programme_id))
            case ClaimReserveNoted() | EntryPosted() | AccountOpened():
                return self

    def _without_grace(self, event: GraceLapsed) -> "PolicyAccount":
        grace_until = add_days(event.expired_on, -1)
        after = arrears.expired(self.arrears, event)
        named = (each.due_on for each in after if each.expired_on == event.expired_on)
        due_on = next(named, grace_until) if event.due_on is None else event.due_on
        needed = self.received + event.outstanding if event.needed is None else event.needed
        others = (each for each in self.grounds if each.due_on != due_on)
        return replace(self, arrears=after, grounds=(*others, Ground(due_on, grace_until, needed)))
