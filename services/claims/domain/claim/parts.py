"""The values that a claim is made of: decisions, payments, service orders, and who acts."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from libs.common.money import Money
from services.claims.domain.authority.profile import NO_AUTHORITY, Held
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.coverage.results import Opinion
from services.claims.domain.loss import AssessedLoss, DecidedLine


class State(StrEnum):
    """How far a claim has come."""

    NOTIFIED = "notified"
    UNDER_ASSESSMENT = "under_assessment"
    DECIDED = "decided"
    SETTLED = "settled"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Approval(StrEnum):
    """Whether a second person has looked."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REPLACED = "replaced"


class Outcome(StrEnum):
    """What is done with a claim."""

    PAY_IN_FULL = "pay_in_full"
    PAY_IN_PART = "pay_in_part"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Actor:
    """Who decides, when, and with what authority; it is looked up where it counts, and is none elsewhere."""

    principal: str
    today: date
    now: datetime
    held: Held = NO_AUTHORITY


@dataclass(frozen=True)
class Reason:
    """A coded reason, and the same in words."""

    code: str
    text: str


@dataclass(frozen=True)
class ReserveSet:
    """Reserves that wait for a second person."""

    number: int
    author: str
    reason: str
    lines: tuple[Reserve, ...]


@dataclass(frozen=True)
class Proposal:
    """What somebody wants to be done, with the assessed losses that the lines follow from."""

    number: int
    outcome: Outcome
    reasons: tuple[Reason, ...]
    losses: tuple[AssessedLoss, ...]
    lines: tuple[DecidedLine, ...]
    payable: Money
    proposed_by: str
    coverage: Opinion


@dataclass(frozen=True)
class Decision:
    """A proposal with what became of it."""

    proposal: Proposal
    state: Approval = Approval.PENDING
    approved_by: str = ""


@dataclass(frozen=True)
class Payment:
    """Money that is to go out under a decision."""

    payment_id: UUID
    part_code: str
    cost_type: CostType
    amount: Money
    payee_uscc: str
    order_id: UUID | None
    requested_by: str
    state: Approval = Approval.PENDING
    override_code: str = ""
    decided_by: str = ""
    approved_on: date | None = None


@dataclass(frozen=True)
class VerifiedOrder:
    """A service order for the claim whose deliverable was checked and taken; its fee is the most that it may cost."""

    order_id: UUID
    vendor_id: str
    service_type: str
    fee: Money
    verified_on: date
