"""What a check is made from, and how a day that is only partly known is compared with one that is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from libs.common.dates import PartialDate
from libs.common.money import Money
from services.claims.domain.coverage.results import Clause, ClauseAnswer, Fact, Says
from services.claims.domain.facts import Asked, Facts, Question
from services.claims.domain.terms import Terms


class PremiumState(StrEnum):
    """What billing says about the premium."""

    UNKNOWN = "UNKNOWN"
    PAID = "PAID"
    IN_INSTALMENTS = "IN_INSTALMENTS"
    OVERDUE = "OVERDUE"
    UNPAID = "UNPAID"


@dataclass(frozen=True)
class Premium:
    """How the premium stands. `since` is the day from which an unpaid premium leaves the insured without cover."""

    state: PremiumState = PremiumState.UNKNOWN
    received: Money | None = None
    invoiced: Money | None = None
    outstanding: Money | None = None
    since: date | None = None


@dataclass(frozen=True)
class Basis:
    """Terms, facts and what is left of the limits, all as known at one time.

    `drawn` is what other claims have taken of each part's limit; under "" what they have taken of the aggregate.
    """

    terms: Terms
    terms_recorded_at: datetime
    facts: Facts
    premium: Premium
    drawn: Mapping[str, Money]
    as_known: datetime

    def drawn_on(self, code: str) -> Money:
        return self.drawn.get(code, Money(self.terms.currency, 0))


def before(known: PartialDate, day: date) -> bool | None:
    """Whether a date lies before a day: yes, no, or None when some of the days that it may mean do and some do not."""
    if known.latest < day:
        return True
    return False if known.earliest >= day else None


def covered(clause: Clause, reason: str, *facts: tuple[str, object]) -> ClauseAnswer:
    return ClauseAnswer(clause, Says.COVERED, reason, _facts(facts))


def not_covered(clause: Clause, reason: str, *facts: tuple[str, object]) -> ClauseAnswer:
    return ClauseAnswer(clause, Says.NOT_COVERED, reason, _facts(facts))


def question(clause: Clause, asked: Asked, *facts: tuple[str, object], subject: str = "") -> ClauseAnswer:
    reason = f"{asked}_NOT_KNOWN"
    return ClauseAnswer(clause, Says.QUESTION, reason, _facts(facts), Question(asked, subject))


def _facts(facts: tuple[tuple[str, object], ...]) -> tuple[Fact, ...]:
    return tuple(Fact(name, "" if value is None else str(value)) for name, value in facts)
