"""A policy that ended and began again later: what happened in between is not covered."""

from datetime import date
from typing import Any

import pytest
from hubao.claims.v1 import claim_pb2
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.dates import PartialDate
from services.claims.domain.coverage.basis import Premium, PremiumState
from services.claims.domain.coverage.results import Clause, Says
from services.claims.domain.terms import Segment, Trigger
from tests.claims.desk import Desk, day, part_terms, timeline
from tests.claims.examples import BOUND_AT, EXPIRY, INCEPTION, account_of, after, cny, part, terms_in
from tests.claims.test_coverage import clause

ENDED, AGAIN = date(2026, 3, 1), date(2026, 4, 1)


def gap(**terms: Any) -> Any:
    parts = (part(**terms),)
    return account_of(terms_in(Segment(INCEPTION, ENDED, parts), Segment(AGAIN, EXPIRY, parts)))


MADE = {"trigger": Trigger.CLAIMS_MADE, "extended_reporting_days": 10}


@pytest.mark.parametrize(
    ("occurred_on", "says", "reason"),
    [
        (PartialDate(2026, 2, 28), Says.COVERED, "OCCURRED_IN_TERM"),
        (PartialDate(2026, 3, 1), Says.NOT_COVERED, "OCCURRED_IN_GAP"),
        (PartialDate(2026, 3), Says.NOT_COVERED, "OCCURRED_IN_GAP"),
        (PartialDate(2026, 3, 31), Says.NOT_COVERED, "OCCURRED_IN_GAP"),
        (PartialDate(2026, 4, 1), Says.COVERED, "OCCURRED_IN_TERM"),
        (PartialDate(2026), Says.QUESTION, "OCCURRED_ON_NOT_KNOWN"),
        (None, Says.QUESTION, "OCCURRED_ON_NOT_KNOWN"),
    ],
)
def test_an_event_in_the_gap_is_not_covered(occurred_on: PartialDate | None, says: Says, reason: str) -> None:
    answer = clause(Clause.TRIGGER, gap(), occurred_on=occurred_on)

    assert (answer.says, answer.reason) == (says, reason)


@pytest.mark.parametrize(
    ("occurred_on", "made_on", "says", "reason"),
    [
        (PartialDate(2026, 2, 1), PartialDate(2026, 2, 20), Says.COVERED, "MADE_IN_TERM"),
        (PartialDate(2026, 2, 1), PartialDate(2026, 3, 10), Says.COVERED, "MADE_IN_TERM"),  # Extended reporting.
        (PartialDate(2026, 2, 1), PartialDate(2026, 3, 11), Says.NOT_COVERED, "MADE_IN_GAP"),
        (PartialDate(2026, 2, 1), PartialDate(2026, 4, 2), Says.COVERED, "MADE_IN_TERM"),
        (PartialDate(2026, 3, 5), PartialDate(2026, 4, 2), Says.NOT_COVERED, "OCCURRED_IN_GAP"),
    ],
)
def test_a_claim_made_needs_an_event_outside_of_the_gap(
    occurred_on: PartialDate, made_on: PartialDate, says: Says, reason: str
) -> None:
    answer = clause(Clause.TRIGGER, gap(**MADE), occurred_on=occurred_on, notified_on=made_on, discovered_on=made_on)

    assert (answer.says, answer.reason) == (says, reason)


def test_without_a_gap_nothing_is_asked_that_was_not_before() -> None:
    parts = (part(),)
    whole = account_of(terms_in(Segment(INCEPTION, AGAIN, parts), Segment(AGAIN, EXPIRY, parts)))

    assert clause(Clause.TRIGGER, whole, occurred_on=PartialDate(2026, 3)).reason == "OCCURRED_IN_TERM"


def test_cover_that_is_put_back_in_force_does_not_rest_on_the_debt_of_before() -> None:
    unpaid = account_of(premium=Premium(PremiumState.UNPAID, outstanding=cny("106000"), since=ENDED))

    back = after(unpaid, unpaid.bear_with_debt(BOUND_AT))

    assert clause(Clause.PREMIUM, unpaid, occurred_on=PartialDate(2026, 5, 1)).says is Says.NOT_COVERED
    assert clause(Clause.PREMIUM, back, occurred_on=PartialDate(2026, 5, 1)).says is Says.COVERED
    assert account_of().bear_with_debt(BOUND_AT) == []


async def test_a_reinstated_policy_covers_again_but_not_the_gap(desk: Desk) -> None:
    await desk.bind()
    cut = timeline()
    cut.segments[0].to.CopyFrom(day(2026, 3, 1))
    await desk.hear(policy_pb.PolicyCancelled(timeline=cut, effective_date=day(2026, 3, 1)), BOUND_AT)
    later = terms_pb.TermsSegment(to=day(2027, 1, 1), parts=[part_terms()])
    getattr(later, "from").CopyFrom(day(2026, 4, 1))
    cut.segments.append(later)

    await desk.hear(policy_pb.PolicyReinstated(timeline=cut, effective_date=day(2026, 4, 1)), BOUND_AT)
    inside = await desk.notify(occurred_on=day(2026, 3, 15), reference="R-gap")
    later_on = await desk.notify(occurred_on=day(2026, 5, 1), reference="R-after")

    assert [known.cause for known in (await desk.account()).terms_history] == ["BOUND", "CANCELLED", "REINSTATED"]
    assert inside.coverage.answer == claim_pb2.COVERAGE_ANSWER_NOT_COVERED
    assert list(inside.coverage.parts[0].reasons) == ["OCCURRED_IN_GAP"]
    assert "OCCURRED_IN_GAP" not in later_on.coverage.parts[0].reasons
    assert later_on.coverage.answer != claim_pb2.COVERAGE_ANSWER_NOT_COVERED
