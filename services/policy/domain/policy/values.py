"""What a policy is made of: shares, segments of its timeline, movements of premium, changes of terms."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.cover import PartTerms
from services.policy.domain.policy.cession import CededAmount
from services.policy.domain.product.terms import CancellationMethod


class PolicyStatus(StrEnum):
    IN_FORCE = "in_force"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    LAPSED = "lapsed"


class TransactionKind(StrEnum):
    BIND = "bind"
    ENDORSE = "endorse"
    REVERSE = "reverse"
    REAPPLY = "reapply"
    CANCEL = "cancel"
    JOIN = "join"
    LEAVE = "leave"
    REINSTATE = "reinstate"
    EXTEND_REPORTING = "extend_reporting"


class ChangeKind(StrEnum):
    SET_PART = "set_part"
    ADD_PART = "add_part"
    REMOVE_PART = "remove_part"
    SET_ANSWER = "set_answer"


@dataclass(frozen=True)
class Share:
    """What part of the risk an insurer carries (共保), in percent."""

    insurer_id: str
    percent: Decimal
    lead: bool


@dataclass(frozen=True)
class CriticalSystem:
    """A system that was declared critical information infrastructure, and the department that protects it."""

    name: str
    protecting_department: str


@dataclass(frozen=True)
class QuotaShare:
    """The treaty that takes part of the lead's share, as it was when the policy was bound."""

    treaty_id: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal


@dataclass(frozen=True)
class Segment:
    """The terms that hold from one day of the term to another."""

    first: date
    end: date
    parts: tuple[PartTerms, ...]


@dataclass(frozen=True)
class PartAmount:
    part_code: str
    amount: Money


@dataclass(frozen=True)
class Taxed:
    """What of a movement bears one rate of VAT, and the VAT on it."""

    rate: Decimal
    parts: tuple[PartAmount, ...]
    vat: Money


@dataclass(frozen=True)
class InsurerAmount:
    insurer_id: str
    amount: Money


@dataclass(frozen=True)
class Transaction:
    """One movement of premium: never edited, only followed by others.

    `endorsement` is the endorsement whose premium this is, 0 for bind and cancel; `refers_to` the transaction that is
    reversed, or was reversed and is put back. `cessions` sum to `ceded` and `ceding_commission`; transactions that were
    stored before there were several have none. `taxed` says what bears which rate of VAT; nothing, if all of it
    bears the contract's own.
    """

    number: int
    kind: TransactionKind
    effective_date: date
    recorded_at: datetime
    parts: tuple[PartAmount, ...]
    net: Money
    vat: Money
    stamp_duty: Money
    shares: tuple[InsurerAmount, ...]
    ceded: Money
    ceding_commission: Money
    endorsement: int = 0
    refers_to: int = 0
    cessions: tuple[CededAmount, ...] = ()
    taxed: tuple[Taxed, ...] = ()


@dataclass(frozen=True)
class Change:
    """One change of terms. What it costs follows from the product version and the rating."""

    kind: ChangeKind
    part_code: str = ""
    limit: Money | None = None
    deductible: Money | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class Endorsement:
    """Changes that hold from a day of the term on. `request_id` tells a retry from a second one."""

    number: int
    effective_date: date
    recorded_at: datetime
    changes: tuple[Change, ...]
    reason: str
    request_id: str


@dataclass(frozen=True)
class Cancellation:
    """`despite_claims` is why a chief took away cover under which claims were paid or open, "" for any other."""

    effective_date: date
    method: CancellationMethod
    reason: str
    unearned: Money
    refund: Money
    despite_claims: str = ""

    @property
    def retained(self) -> Money:
        return self.unearned - self.refund
