from datetime import UTC, date, datetime
from typing import Any

from libs.common.changes import Cancel, Recorded, Schedule, TimerChange
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.terms import CancellationMethod
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import Evidence, Subjectivity, SubjectivityPhase
from services.policy.domain.timers import timers
from tests.policy import examples as an

POST = Subjectivity("BACKUP_TEST", "Test the backups", SubjectivityPhase.POST_BIND, date(2026, 3, 1))


def timers_of(event: object, value: Submission | Policy) -> list[TimerChange]:
    recorded: Recorded[Any] = Recorded(event, value, an.POLICY_ID, 1, an.TENANT, an.BOUND_AT)
    return timers(recorded)


def test_a_quote_runs_out_at_the_end_of_its_last_day_in_shanghai() -> None:
    submission = an.submission()
    (made,) = an.submission().quote(an.published().on_sale(), (), None, (), "wang", an.QUOTED_ON)

    assert timers_of(made, an.after(submission, [made])) == [
        Schedule("quote-expiry:1", datetime(2026, 1, 1, 16, tzinfo=UTC))
    ]


def test_binding_stops_the_quotes_and_starts_the_deadlines() -> None:
    submission = an.quoted(subjectivities=(POST,))
    (bound,) = submission.bind(1, str(an.POLICY_ID), an.QUOTED_ON)

    assert timers_of(bound, an.after(submission, [bound])) == [
        Cancel("quote-expiry:1"),
        Schedule("subjectivity-due:1:BACKUP_TEST", datetime(2026, 3, 1, 16, tzinfo=UTC)),
    ]


def test_evidence_stops_its_deadline() -> None:
    submission = an.quoted(subjectivities=(POST,))
    (closed,) = submission.close_subjectivity(1, POST.code, Evidence("f", "ab" * 32, an.QUOTED_ON))

    assert timers_of(closed, an.after(submission, [closed])) == [Cancel("subjectivity-due:1:BACKUP_TEST")]


def test_declining_stops_the_quotes() -> None:
    submission = an.quoted()
    (declined,) = submission.decline(("X",), "wang", an.QUOTED_ON)

    assert timers_of(declined, an.after(submission, [declined])) == [Cancel("quote-expiry:1")]


def test_a_policy_expires_at_the_start_of_its_last_day_unless_it_is_cancelled() -> None:
    policy = an.policy()
    (cancelled,) = policy.cancel(date(2026, 5, 1), CancellationMethod.PRO_RATA, "X", an.BOUND_AT)

    assert timers_of(policy.bound, policy) == [Schedule("policy-expiry", datetime(2026, 12, 31, 16, tzinfo=UTC))]
    assert timers_of(cancelled, policy) == [Cancel("policy-expiry")]
