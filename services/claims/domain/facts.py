"""What is known of a loss, and what is asked: questions, answers, and the facts that they and the notice add up to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from libs.common.dates import PartialDate, date_in_shanghai
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.claims.domain.codes import Veris
from services.claims.domain.currencies import checked_amount, checked_currency
from services.claims.domain.notice import Notice, ReportedLoss, checked_part_codes

_PARTIAL_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


class Asked(StrEnum):
    """The facts that can be asked for."""

    OCCURRED_ON = "OCCURRED_ON"
    DISCOVERED_ON = "DISCOVERED_ON"
    MADE_ON = "MADE_ON"
    LOSS_AMOUNT = "LOSS_AMOUNT"
    LOSS_CURRENCY = "LOSS_CURRENCY"
    EXCHANGE_EVIDENCE = "EXCHANGE_EVIDENCE"
    INTERRUPTION_HOURS = "INTERRUPTION_HOURS"
    AFFECTED_PARTS = "AFFECTED_PARTS"
    PREMIUM_PAID = "PREMIUM_PAID"
    EXCLUSION = "EXCLUSION"


CORRECTABLE = frozenset(
    {
        Asked.OCCURRED_ON,
        Asked.DISCOVERED_ON,
        Asked.MADE_ON,
        Asked.LOSS_AMOUNT,
        Asked.LOSS_CURRENCY,
        Asked.EXCHANGE_EVIDENCE,
        Asked.INTERRUPTION_HOURS,
        Asked.AFFECTED_PARTS,
    }
)
"""What may be told better, or told before it is asked, with where it is written."""


@dataclass(frozen=True, order=True)
class Question:
    """A fact that is missing, or not known exactly enough."""

    asked: Asked
    subject: str = ""

    def __str__(self) -> str:
        return f"{self.asked}:{self.subject}" if self.subject else str(self.asked)


@dataclass(frozen=True)
class Answer:
    """What somebody answered, in the plain text form of its question, with where it is written."""

    question: Question
    value: str
    evidence: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Facts:
    """All that is known of a loss at one time; None is not known."""

    occurred_on: PartialDate | None
    discovered_on: PartialDate | None
    made_on: PartialDate
    loss: ReportedLoss | None
    exchanged: Decimal | None
    interruption_hours: int | None
    part_codes: tuple[str, ...]
    veris: Veris
    premium_paid: bool | None
    exclusions: frozenset[tuple[str, bool]]

    def excluded(self, code: str) -> bool | None:
        """What was answered about an exclusion, if anything."""
        return dict(self.exclusions).get(code)

    def loss_in(self, currency: str) -> Money | None:
        """The loss in the policy's currency, if it is known in it or evidence for the exchange is there."""
        if self.loss is None or not self.loss.currency:
            return None
        amount = self.loss.amount if self.loss.currency == currency else self.exchanged
        return None if amount is None else Money(currency, int(amount * 100))


def facts_of(notice: Notice, noticed_at: datetime, answers: Sequence[Answer], as_known: datetime) -> Facts:
    """The facts as known at a time. The claim was made when the reporter says so, or else with its notice."""
    facts = Facts(
        occurred_on=notice.occurred_on,
        discovered_on=notice.discovered_on,
        made_on=notice.notified_on or PartialDate.of(date_in_shanghai(noticed_at)),
        loss=notice.loss,
        exchanged=None,
        interruption_hours=None,
        part_codes=notice.part_codes,
        veris=notice.veris,
        premium_paid=None,
        exclusions=frozenset(),
    )
    for answer in answers:
        if answer.at <= as_known:
            facts = _with(facts, answer)
    return facts


def checked_answer(field: str, question: Question, value: str, facts: Facts, today: date) -> None:
    """Refuses a value that does not answer its question. `facts` tell in which currency an amount is."""
    match question.asked:
        case Asked.OCCURRED_ON | Asked.DISCOVERED_ON | Asked.MADE_ON:
            if _partial_date(field, value).earliest > today:
                raise InvalidField(field=field, problem="lies in the future")
        case Asked.LOSS_AMOUNT:
            checked_amount(field, value, facts.loss.currency if facts.loss else "")
        case Asked.LOSS_CURRENCY:
            code = checked_currency(field, value)
            if not code:
                raise InvalidField(field=field, problem="is missing")
            if facts.loss:
                checked_amount(field, f"{facts.loss.amount:f}", code)
        case Asked.EXCHANGE_EVIDENCE:
            checked_amount(field, value, "CNY")
        case Asked.INTERRUPTION_HOURS:
            if not (value.isascii() and value.isdigit() and len(value) <= 6):
                raise InvalidField(field=field, problem="must be whole hours")
        case Asked.AFFECTED_PARTS:
            checked_part_codes(field, tuple(value.split(",")))
        case Asked.PREMIUM_PAID | Asked.EXCLUSION:
            if value not in ("yes", "no"):
                raise InvalidField(field=field, problem="must be 'yes' or 'no'")


def _with(facts: Facts, answer: Answer) -> Facts:
    value = answer.value
    changed: dict[str, Any]
    match answer.question.asked:
        case Asked.OCCURRED_ON | Asked.DISCOVERED_ON | Asked.MADE_ON:
            changed = {answer.question.asked.lower(): _partial_date("value", value)}
        case Asked.LOSS_AMOUNT:
            currency = facts.loss.currency if facts.loss else ""
            changed = {"loss": ReportedLoss(Decimal(value), currency), "exchanged": None}
        case Asked.LOSS_CURRENCY:
            changed = {"loss": replace(facts.loss, currency=value) if facts.loss else None, "exchanged": None}
        case Asked.EXCHANGE_EVIDENCE:
            changed = {"exchanged": Decimal(value)}
        case Asked.INTERRUPTION_HOURS:
            changed = {"interruption_hours": int(value)}
        case Asked.AFFECTED_PARTS:
            changed = {"part_codes": tuple(value.split(","))}
        case Asked.PREMIUM_PAID:
            changed = {"premium_paid": value == "yes"}
        case Asked.EXCLUSION:
            others = dict(facts.exclusions) | {answer.question.subject: value == "yes"}
            changed = {"exclusions": frozenset(others.items())}
    return replace(facts, **changed)


def _partial_date(field: str, text: str) -> PartialDate:
    if not _PARTIAL_DATE.fullmatch(text):
        raise InvalidField(field=field, problem="must be a date as far as it is known: 2026, 2026-03 or 2026-03-05")
    try:
        return PartialDate(*(int(part) for part in text.split("-")))
    except ValueError as error:
        raise InvalidField(field=field, problem=f"is no date: {error}") from None
