"""What has to happen later by itself: quotes run out, conditions fall due, policies expire."""

from datetime import date, datetime
from typing import Any

from libs.common.changes import Cancel, Recorded, Schedule, TimerChange
from libs.common.dates import add_days, start_of_day
from services.policy.domain.park.events import RollEnded
from services.policy.domain.policy.events import Bound, Cancelled, Expired
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.submission.events import (
    QuoteBound,
    QuoteMade,
    SubjectivityClosed,
    SubmissionDeclined,
)
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import SubjectivityPhase

QUOTE_EXPIRY = "quote-expiry"
SUBJECTIVITY_DUE = "subjectivity-due"
POLICY_EXPIRY = "policy-expiry"
CERTIFICATES_ENDING = "certificates-ending"
ROLL_ENDING = "roll-ending"


def timers(recorded: Recorded[Any]) -> list[TimerChange]:
    """The timers that an event starts or stops."""
    match recorded.event:
        case QuoteMade(quote=quote):
            return [Schedule(f"{QUOTE_EXPIRY}:{quote.number}", _end_of(quote.expires_on))]
        case SubmissionDeclined():
            return _stop_quotes(recorded.value)
        case QuoteBound():
            return [*_stop_quotes(recorded.value), *_watch_conditions(recorded.value, recorded.event.quote_number)]
        case SubjectivityClosed(quote_number=number, code=code):
            condition = recorded.value.quote_number(number).subjectivity(code)
            post_bind = condition.phase is SubjectivityPhase.POST_BIND
            return [Cancel(f"{SUBJECTIVITY_DUE}:{number}:{code}")] if post_bind else []
        case Bound(period=period):
            return [Schedule(POLICY_EXPIRY, start_of_day(period.expiry))]
        case Cancelled():
            return [Cancel(POLICY_EXPIRY), *_end_certificates(recorded)]
        case Expired():
            return _end_certificates(recorded)
        case RollEnded(left=left) if left:
            return [Schedule(ROLL_ENDING, recorded.recorded_at)]
    return []


def _stop_quotes(submission: Submission) -> list[TimerChange]:
    return [Cancel(f"{QUOTE_EXPIRY}:{quote.number}") for quote in submission.quotes if not quote.lapsed]


def _watch_conditions(submission: Submission, number: int) -> list[TimerChange]:
    return [
        Schedule(f"{SUBJECTIVITY_DUE}:{number}:{each.code}", _end_of(each.due_on))
        for each in submission.quote_number(number).open_in(SubjectivityPhase.POST_BIND)
        if each.due_on is not None
    ]


def _end_certificates(recorded: Recorded[Any]) -> list[TimerChange]:
    """At once, but in appends of their own: a master may have many members."""
    is_park = recorded.value.bound.line is ProductLine.PARK
    return [Schedule(CERTIFICATES_ENDING, recorded.recorded_at)] if is_park else []


def _end_of(day: date) -> datetime:
    """The instant after the last moment of a day in Shanghai."""
    return start_of_day(add_days(day, 1))
