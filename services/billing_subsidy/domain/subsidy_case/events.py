"""What happens to a subsidy case. All amounts are in CNY.

`Reserved` and `ClawedBack` carry all that their draws on the guards need, so that a replay of the events alone proves
every budget.
"""

from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Self
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.billing_subsidy.domain.entitlement import Entitlement, LevelAmount
from services.billing_subsidy.domain.ledger.entry import EntryPosted
from services.billing_subsidy.domain.programme.rules import Level

BUDGET_EXHAUSTED = "BUDGET_EXHAUSTED"
ENTERPRISE_CAP_REACHED = "ENTERPRISE_CAP_REACHED"
PROGRAMMES_CAP_REACHED = "PROGRAMMES_CAP_REACHED"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A dated fact on which an entitlement rests, with the digest of its canonical form."""

    kind: str
    reference: str
    dated: date
    sha256: str

    @classmethod
    def of(cls, kind: str, reference: str, dated: date, *facts: object) -> Self:
        canonical = "\x1f".join([kind, reference, dated.isoformat(), *(str(fact) for fact in facts)])
        return cls(kind, reference, dated, sha256(canonical.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Cut:
    """How much less than its entitlement a level grants, and why."""

    level: Level
    code: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Purse:
    """Where a case draws: its programme's budgets, and the caps of its enterprise's year at some levels."""

    programme_id: UUID
    enterprise: str
    year: int
    caps: tuple[LevelAmount, ...]

    def cap_key(self, level: Level) -> str | None:
        """The guard of the enterprise's year at a level, None if it has no cap."""
        if not any(cap.level is level for cap in self.caps):
            return None
        return f"enterprise:{self.programme_id}:{level}:{self.year}:{self.enterprise}"


@event("billing_subsidy.CaseOpened")
class CaseOpened:
    policy_id: UUID
    case_number: str
    rule_version: int
    purse: Purse
    opened_on: date


@event("billing_subsidy.Reckoned")
class Reckoned:
    """The entitlement was reckoned anew.

    `payable` is what may be here of a grant that does not rest on what was paid: what was paid net, as far as earlier
    programmes leave it. None of a grant that does, and in a log of before.
    """

    entitlement: Entitlement
    evidence: tuple[Evidence, ...]
    payable: Money | None = None


@event("billing_subsidy.Reserved")
class Reserved:
    """The budgets hold these amounts for the case, beyond what they held."""

    purse: Purse
    amounts: tuple[LevelAmount, ...]


@event("billing_subsidy.SubsidyGranted")
class SubsidyGranted:
    """What was reserved is granted. `granted` is the whole, `added` the difference; `cuts` are not empty if the budget
    or a cap gave less than the entitlement."""

    added: tuple[LevelAmount, ...]
    granted: tuple[LevelAmount, ...]
    cuts: tuple[Cut, ...]
    approved_on: date


@event("billing_subsidy.SubsidyRefused")
class SubsidyRefused:
    codes: tuple[str, ...]
    refused_on: date


@event("billing_subsidy.CutNoted")
class CutNoted:
    """The case grants what it did, and how far that falls short of its entitlement has changed."""

    cuts: tuple[Cut, ...]


@event("billing_subsidy.ClawedBack")
class ClawedBack:
    """These amounts go back to the budgets; `granted` is what is left."""

    purse: Purse
    amounts: tuple[LevelAmount, ...]
    granted: tuple[LevelAmount, ...]
    reason: str
    clawed_back_on: date


@event("billing_subsidy.Disbursed")
class Disbursed:
    level: Level
    reference: str
    amount: Money
    value_date: date
    source: str
    reason: str = ""


@event("billing_subsidy.SubsidyRepaid")
class SubsidyRepaid:
    """What a level had disbursed and was clawed back went back to the treasury."""

    level: Level
    reference: str
    amount: Money
    value_date: date
    source: str
    reason: str = ""


@event("billing_subsidy.SubsidyPassedOn")
class SubsidyPassedOn:
    """What the treasury paid was paid out to the insured, whom it belongs to."""

    reference: str
    amount: Money
    paid_on: date
    source: str
    reason: str = ""


@event("billing_subsidy.Reconciled")
class Reconciled:
    """What came in is what is granted, level by level."""

    reconciled_on: date


CaseEvent = (
    CaseOpened
    | Reckoned
    | Reserved
    | SubsidyGranted
    | SubsidyRefused
    | CutNoted
    | ClawedBack
    | Disbursed
    | SubsidyRepaid
    | SubsidyPassedOn
    | Reconciled
    | EntryPosted
)
