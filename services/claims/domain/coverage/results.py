"""What a coverage check says. A missing fact is a question, never a default."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.claims.domain.facts import Question


class Says(StrEnum):
    """What a clause, a part or a policy answers to a loss."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    QUESTION = "question"


class Clause(StrEnum):
    """The clauses, in the order in which they are read."""

    TRIGGER = "TRIGGER"
    RETROACTIVE_DATE = "RETROACTIVE_DATE"
    DISCOVERY = "DISCOVERY"
    REPORTING = "REPORTING"
    EXCLUSION = "EXCLUSION"
    PREMIUM = "PREMIUM"
    REPORTED_LOSS = "REPORTED_LOSS"
    WAITING_PERIOD = "WAITING_PERIOD"
    DEDUCTIBLE = "DEDUCTIBLE"
    COINSURANCE = "COINSURANCE"
    SUB_LIMIT = "SUB_LIMIT"
    AGGREGATE = "AGGREGATE"


WHETHER = frozenset(
    {Clause.TRIGGER, Clause.RETROACTIVE_DATE, Clause.DISCOVERY, Clause.REPORTING, Clause.EXCLUSION, Clause.PREMIUM}
)
"""The clauses that say whether anything is owed; the others say how much, and a decision reckons them itself."""


@dataclass(frozen=True)
class Fact:
    """A fact that was used, in words; an empty value is missing."""

    name: str
    value: str


@dataclass(frozen=True)
class ClauseAnswer:
    """What one clause says, why, and from what."""

    clause: Clause
    says: Says
    reason: str
    facts: tuple[Fact, ...] = ()
    question: Question | None = None


@dataclass(frozen=True)
class PartCheck:
    """What one part says, clause by clause."""

    code: str
    clauses: tuple[ClauseAnswer, ...]

    @property
    def says(self) -> Says:
        return worst(answer.says for answer in self.clauses)

    def reasons(self, among: Iterable[Clause] = tuple(Clause)) -> tuple[str, ...]:
        """Why it is not covered."""
        return tuple(a.reason for a in self._of(among) if a.says is Says.NOT_COVERED)

    def questions(self, among: Iterable[Clause] = tuple(Clause)) -> tuple[Question, ...]:
        return tuple(dict.fromkeys(a.question for a in self._of(among) if a.question))

    def _of(self, among: Iterable[Clause]) -> Sequence[ClauseAnswer]:
        wanted = frozenset(among)
        return [answer for answer in self.clauses if answer.clause in wanted]


@dataclass(frozen=True)
class PartOpinion:
    """What one part says, in short."""

    code: str
    says: Says
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Opinion:
    """A check without its clauses: what a claim keeps of it. The clauses can be had again, as known then."""

    says: Says
    parts: tuple[PartOpinion, ...]
    questions: tuple[Question, ...]
    as_known: datetime


@dataclass(frozen=True)
class Check:
    """A coverage check with everything that it used."""

    opinion: Opinion
    parts: tuple[PartCheck, ...]
    terms_recorded_at: datetime


def worst(answers: Iterable[Says]) -> Says:
    """Of clauses that must all hold: one that does not decides, then one that is open."""
    found = set(answers)
    for says in (Says.NOT_COVERED, Says.QUESTION):
        if says in found:
            return says
    return Says.COVERED
