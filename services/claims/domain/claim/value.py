"""What a claim is, and how each event changes it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from libs.common.money import Money, total
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.events import (
    ClaimEvent,
    Closed,
    CommitteeApproved,
    DecisionApproved,
    DecisionProposed,
    Notified,
    PaymentApproved,
    PaymentRejected,
    PaymentRequested,
    QuestionsAnswered,
    Reopened,
    ReserveChanged,
    ReservesProposed,
    ReservesSet,
    ServiceOrderVerified,
    Withdrawn,
)
from services.claims.domain.claim.parts import Approval, Decision, Payment, Proposal, ReserveSet, State, VerifiedOrder
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.coverage.results import Opinion
from services.claims.domain.errors import ClaimEnded
from services.claims.domain.facts import Answer, Facts, Question, facts_of
from services.claims.domain.notice import Notice


@dataclass(frozen=True)
class Claim:
    """One loss under one policy."""

    KIND: ClassVar[str] = "claims.Claim"

    insured_uscc: str
    currency: str
    notice: Notice
    noticed_at: datetime
    coverage: Opinion
    possible_duplicates: tuple[UUID, ...]
    asked: frozenset[Question]
    state: State = State.NOTIFIED
    answers: tuple[Answer, ...] = ()
    reserves: tuple[Reserve, ...] = ()
    reserve_sets: int = 0
    reserve_set_held: int = 0
    pending_reserves: ReserveSet | None = None
    decisions: tuple[Decision, ...] = ()
    payments: tuple[Payment, ...] = ()
    orders: tuple[VerifiedOrder, ...] = ()
    outcome: str = ""
    certificate_id: UUID | None = None
    committee: tuple[CommitteeApproved, ...] = ()

    @property
    def policy_id(self) -> UUID:
        return self.notice.policy_id

    @property
    def zero(self) -> Money:
        return Money(self.currency, 0)

    @property
    def ended(self) -> bool:
        return self.state in (State.CLOSED, State.WITHDRAWN)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        return self.coverage.questions

    @property
    def pending_decision(self) -> Proposal | None:
        return next((d.proposal for d in self.decisions if d.state is Approval.PENDING), None)

    @property
    def decision(self) -> Proposal | None:
        """The decision that holds."""
        return next((d.proposal for d in self.decisions if d.state is Approval.APPROVED), None)

    @property
    def paid(self) -> Money:
        return self.paid_of(self.payments)

    def paid_of(self, payments: Iterable[Payment], states: tuple[Approval, ...] = (Approval.APPROVED,)) -> Money:
        return total((payment.amount for payment in payments if payment.state in states), self.currency)

    def payments_on(self, part_code: str, cost_type: CostType) -> list[Payment]:
        return [p for p in self.payments if (p.part_code, p.cost_type) == (part_code, cost_type)]

    def reserve_of(self, part_code: str, cost_type: CostType) -> Money:
        found = (r.outstanding for r in self.reserves if r.line == (part_code, cost_type))
        return next(found, self.zero)

    def approved_before(self, act: Act, number: int = 0, payment_id: UUID | None = None) -> tuple[str, ...]:
        """The members of the committee who have approved this."""
        return tuple(
            one.approved_by
            for one in self.committee
            if (one.act, one.number, one.payment_id) == (act, number, payment_id)
        )

    def facts(self, as_known: datetime) -> Facts:
        return facts_of(self.notice, self.noticed_at, self.answers, as_known)

    def must_go_on(self) -> None:
        """Refuses whatever needs a claim that has not ended."""
        if self.ended:
            raise ClaimEnded(state=self.state)

    @classmethod
    def begin(cls, event: Notified) -> "Claim":
        return cls(
            insured_uscc=event.insured_uscc,
            currency=event.currency,
            notice=event.notice,
            noticed_at=event.noticed_at,
            coverage=event.coverage,
            possible_duplicates=event.possible_duplicates,
            asked=frozenset(event.coverage.questions),
            certificate_id=event.certificate_id,
        )

    def evolve(self, event: ClaimEvent) -> "Claim":
        match event:
            case Notified():
                return self  # A claim is noticed once; `begin` has done it.
            case QuestionsAnswered():
                asked = self.asked | frozenset(event.coverage.questions)
                answers = (*self.answers, *event.answers)
                return replace(self._assessed(), answers=answers, coverage=event.coverage, asked=asked)
            case ServiceOrderVerified():
                return replace(self, orders=(*self.orders, event.order))
            case ReservesProposed():
                number = event.reserves.number
                return replace(self._assessed(), pending_reserves=event.reserves, reserve_sets=number)
            case ReservesSet():
                number = event.reserves.number
                return replace(self._assessed(), pending_reserves=None, reserve_sets=number, reserve_set_held=number)
            case ReserveChanged():
                line = Reserve(event.part_code, event.cost_type, event.outstanding)
                others = tuple(reserve for reserve in self.reserves if reserve.line != line.line)
                return replace(self, reserves=(*others, line) if line.outstanding else others)
            case DecisionProposed():
                decisions = _with_state(self.decisions, Approval.PENDING, Approval.REPLACED)
                return replace(self._assessed(), decisions=(*decisions, Decision(event.proposal)))
            case DecisionApproved():
                return self._decided(event)
            case CommitteeApproved():
                return replace(self, committee=(*self.committee, event))
            case PaymentRequested():
                return replace(self, payments=(*self.payments, event.payment))
            case PaymentApproved():
                payment = replace(
                    event.payment,
                    state=Approval.APPROVED,
                    override_code=event.override_code,
                    decided_by=event.approved_by,
                    approved_on=event.approved_on,
                )
                state = State.SETTLED if event.settled else self.state
                return replace(self, payments=_replaced(self.payments, payment), state=state)
            case PaymentRejected():
                found = next(p for p in self.payments if p.payment_id == event.payment_id)
                rejected = replace(found, state=Approval.REJECTED, decided_by=event.rejected_by)
                return replace(self, payments=_replaced(self.payments, rejected))
            case Closed():
                return replace(self, state=State.CLOSED, outcome=event.outcome, pending_reserves=None)
            case Reopened():
                return replace(self, state=State.REOPENED, outcome="")
            case Withdrawn():
                return self._withdrawn()

    def _assessed(self) -> "Claim":
        return replace(self, state=State.UNDER_ASSESSMENT) if self.state is State.NOTIFIED else self

    def _decided(self, event: DecisionApproved) -> "Claim":
        decisions = tuple(
            replace(decision, state=Approval.APPROVED, approved_by=event.approved_by)
            if decision.proposal.number == event.number
            else decision
            for decision in _with_state(self.decisions, Approval.APPROVED, Approval.REPLACED)
        )
        return replace(self, decisions=decisions, state=State.SETTLED if event.settled else State.DECIDED)

    def _withdrawn(self) -> "Claim":
        decisions = self.decisions
        for state in (Approval.PENDING, Approval.APPROVED):
            decisions = _with_state(decisions, state, Approval.REPLACED)
        # Nothing is paid yet, so every payment is one that waits or was rejected.
        payments = tuple(replace(payment, state=Approval.REJECTED) for payment in self.payments)
        return replace(
            self,
            state=State.WITHDRAWN,
            outcome="WITHDRAWN",
            pending_reserves=None,
            decisions=decisions,
            payments=payments,
        )


def _with_state(decisions: tuple[Decision, ...], state: Approval, then: Approval) -> tuple[Decision, ...]:
    return tuple(replace(d, state=then) if d.state is state else d for d in decisions)


def _replaced(payments: tuple[Payment, ...], payment: Payment) -> tuple[Payment, ...]:
    return tuple(payment if p.payment_id == payment.payment_id else p for p in payments)
