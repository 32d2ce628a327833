"""What happens to a claim."""

from datetime import date, datetime
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.parts import Payment, Proposal, ReserveSet, VerifiedOrder
from services.claims.domain.costs import CostType
from services.claims.domain.coverage.results import Opinion
from services.claims.domain.facts import Answer
from services.claims.domain.notice import Notice


@event("claims.Notified")
class Notified:
    """`insured_uscc` is the policy's, whether or not the reporter gave one; of a park policy, the member's, with its
    certificate."""

    insured_uscc: str
    currency: str
    notice: Notice
    noticed_at: datetime
    coverage: Opinion
    possible_duplicates: tuple[UUID, ...]
    certificate_id: UUID | None = None


@event("claims.QuestionsAnswered")
class QuestionsAnswered:
    answers: tuple[Answer, ...]
    coverage: Opinion


@event("claims.ServiceOrderVerified")
class ServiceOrderVerified:
    order: VerifiedOrder


@event("claims.ReservesProposed")
class ReservesProposed:
    reserves: ReserveSet


@event("claims.ReservesSet")
class ReservesSet:
    """A set holds; each line that it changes follows as `ReserveChanged`. `approved_by` is empty within authority."""

    reserves: ReserveSet
    approved_by: str


@event("claims.ReserveChanged")
class ReserveChanged:
    """One line's reserve moved. `cause` is "SET", "DECISION", "PAYMENT", "CLOSED" or "WITHDRAWN"."""

    policy_id: UUID
    part_code: str
    cost_type: CostType
    outstanding: Money
    delta: Money
    effective_date: date
    cause: str


@event("claims.DecisionProposed")
class DecisionProposed:
    proposal: Proposal


@event("claims.DecisionApproved")
class DecisionApproved:
    """`settled` says that nothing remains to be paid."""

    number: int
    approved_by: str
    settled: bool


@event("claims.CommitteeApproved")
class CommitteeApproved:
    """A member of the committee approves what is over every single authority; it waits for another member.

    `number` is the decision's or the set's of reserves; of a payment it is 0, and `payment_id` is set.
    """

    act: Act
    number: int
    payment_id: UUID | None
    approved_by: str


@event("claims.PaymentRequested")
class PaymentRequested:
    payment: Payment


@event("claims.PaymentApproved")
class PaymentApproved:
    """`settled` says that with this all that was decided is paid."""

    policy_id: UUID
    payment: Payment
    approved_by: str
    override_code: str
    approved_on: date
    settled: bool


@event("claims.PaymentRejected")
class PaymentRejected:
    payment_id: UUID
    rejected_by: str
    reason: str


@event("claims.Closed")
class Closed:
    policy_id: UUID
    outcome: str
    paid: Money
    closed_by: str
    closed_on: date


@event("claims.Reopened")
class Reopened:
    reason: str
    reopened_by: str


@event("claims.Withdrawn")
class Withdrawn:
    policy_id: UUID
    reason: str
    withdrawn_by: str
    paid: Money
    withdrawn_on: date


ClaimEvent = (
    Notified
    | QuestionsAnswered
    | ServiceOrderVerified
    | ReservesProposed
    | ReservesSet
    | ReserveChanged
    | DecisionProposed
    | DecisionApproved
    | CommitteeApproved
    | PaymentRequested
    | PaymentApproved
    | PaymentRejected
    | Closed
    | Reopened
    | Withdrawn
)
