"""The coverage check, clause by clause."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from libs.common.dates import PartialDate
from services.claims.domain.account import CoverageAccount
from services.claims.domain.claim.noticing import check_coverage
from services.claims.domain.claim.value import Claim
from services.claims.domain.codes import Veris
from services.claims.domain.coverage.basis import Premium, PremiumState
from services.claims.domain.coverage.results import Clause, ClauseAnswer, Says
from services.claims.domain.errors import TermsNotKnown
from services.claims.domain.facts import Asked, Question
from services.claims.domain.notice import ReportedLoss
from services.claims.domain.terms import PartTerms, Segment, Terms, Trigger
from tests.claims.examples import (
    CLAIM,
    EXPIRY,
    INCEPTION,
    NOW,
    OTHER_CLAIM,
    account_of,
    after,
    cny,
    noticed,
    part,
    terms_in,
    terms_of,
)


def clause(name: Clause, account: CoverageAccount, **notice: Any) -> ClauseAnswer:
    """What one clause of the part BI says to a notice."""
    claim = noticed(account, **notice)
    checked = check_coverage(CLAIM, claim, account, NOW)
    return next(a for p in checked.parts if p.code == "BI" for a in p.clauses if a.clause is name)


def made(**terms: Any) -> PartTerms:
    return part(trigger=Trigger.CLAIMS_MADE, **terms)


@pytest.mark.parametrize(
    ("occurred_on", "says", "reason"),
    [
        (PartialDate(2026, 1, 1), Says.COVERED, "OCCURRED_IN_TERM"),
        (PartialDate(2026), Says.COVERED, "OCCURRED_IN_TERM"),
        (PartialDate(2025, 12, 31), Says.NOT_COVERED, "OCCURRED_BEFORE_TERM"),
        (PartialDate(2025), Says.NOT_COVERED, "OCCURRED_BEFORE_TERM"),
        (None, Says.QUESTION, "OCCURRED_ON_NOT_KNOWN"),
    ],
)
def test_an_occurrence_part_covers_events_of_the_term(occurred_on: PartialDate | None, says: Says, reason: str) -> None:
    answer = clause(Clause.TRIGGER, account_of(), occurred_on=occurred_on)

    assert (answer.says, answer.reason) == (says, reason)


def test_a_month_that_cover_begins_in_is_a_question() -> None:
    terms = Terms(
        policy_number="P-2",
        insured_uscc=terms_of().insured_uscc,
        insured_name="x",
        inception=date(2026, 3, 15),
        expiry=date(2027, 3, 15),
        segments=(Segment(date(2026, 3, 15), date(2027, 3, 15), (part(),)),),
        aggregate_limit=cny("1000000"),
        exclusions=(),
    )

    answer = clause(Clause.TRIGGER, account_of(terms), occurred_on=PartialDate(2026, 3))

    assert answer.says is Says.QUESTION
    assert answer.question == Question(Asked.OCCURRED_ON)


@pytest.mark.parametrize(
    ("notified_on", "says", "reason"),
    [
        (None, Says.COVERED, "MADE_IN_TERM"),
        (PartialDate(2026, 2), Says.COVERED, "MADE_IN_TERM"),
        (PartialDate(2025, 12), Says.NOT_COVERED, "MADE_BEFORE_TERM"),
    ],
)
def test_a_claims_made_part_covers_claims_of_the_term(notified_on: PartialDate | None, says: Says, reason: str) -> None:
    account = account_of(terms_of(made()))

    answer = clause(Clause.TRIGGER, account, occurred_on=PartialDate(2024), notified_on=notified_on)

    assert (answer.says, answer.reason) == (says, reason)


@pytest.mark.parametrize(
    ("occurred_on", "says"),
    [
        (PartialDate(2019, 12, 31), Says.NOT_COVERED),
        (PartialDate(2020, 6), Says.QUESTION),
        (PartialDate(2020), Says.QUESTION),
        (PartialDate(2020, 6, 15), Says.COVERED),
        (PartialDate(2021), Says.COVERED),
        (None, Says.QUESTION),
    ],
)
def test_events_before_the_retroactive_date_are_not_covered(occurred_on: PartialDate | None, says: Says) -> None:
    account = account_of(terms_of(made(retroactive_date=date(2020, 6, 15))))

    assert clause(Clause.RETROACTIVE_DATE, account, occurred_on=occurred_on).says is says


@pytest.mark.parametrize(
    ("discovered_on", "says"),
    [
        (PartialDate(2025, 12), Says.NOT_COVERED),
        (PartialDate(2026, 2), Says.COVERED),
        (None, Says.QUESTION),
    ],
)
def test_what_was_known_before_the_term_is_not_covered(discovered_on: PartialDate | None, says: Says) -> None:
    account = account_of(terms_of(made()))

    answer = clause(Clause.DISCOVERY, account, occurred_on=PartialDate(2025, 3), discovered_on=discovered_on)

    assert answer.says is says


def test_what_happened_in_the_term_was_not_known_before_it() -> None:
    account = account_of(terms_of(made()))

    assert clause(Clause.DISCOVERY, account, occurred_on=PartialDate(2026, 3)).says is Says.COVERED


@pytest.mark.parametrize(
    ("days", "says", "reason"),
    [(0, Says.NOT_COVERED, "REPORTED_TOO_LATE"), (60, Says.COVERED, "IN_EXTENDED_REPORTING")],
)
def test_a_late_claim_needs_extended_reporting(days: int, says: Says, reason: str) -> None:
    ended = terms_in(Segment(INCEPTION, date(2026, 4, 1), (made(extended_reporting_days=days),)))

    answer = clause(Clause.REPORTING, account_of(ended), occurred_on=PartialDate(2026, 3, 1))

    assert (answer.says, answer.reason) == (says, reason)


def test_an_event_after_the_end_of_cover_is_not_covered_by_extended_reporting() -> None:
    ended = terms_in(Segment(INCEPTION, date(2026, 4, 1), (made(extended_reporting_days=60),)))

    answer = clause(Clause.TRIGGER, account_of(ended), occurred_on=PartialDate(2026, 4, 1))

    assert answer.reason == "OCCURRED_AFTER_COVER"


@pytest.mark.parametrize(
    ("premium", "says"),
    [
        (Premium(PremiumState.PAID), Says.COVERED),
        (Premium(PremiumState.IN_INSTALMENTS), Says.COVERED),
        (Premium(PremiumState.OVERDUE), Says.COVERED),
        (Premium(), Says.QUESTION),
        (Premium(PremiumState.UNPAID, since=date(2026, 4, 1)), Says.NOT_COVERED),
        (Premium(PremiumState.UNPAID, since=date(2026, 5, 2)), Says.COVERED),
    ],
)
def test_an_unpaid_premium_leaves_later_losses_uncovered(premium: Premium, says: Says) -> None:
    assert clause(Clause.PREMIUM, account_of(premium=premium)).says is says


def test_a_month_in_which_grace_ran_out_is_a_question() -> None:
    account = account_of(premium=Premium(PremiumState.UNPAID, since=date(2026, 4, 15)))

    assert clause(Clause.PREMIUM, account, occurred_on=PartialDate(2026, 4)).says is Says.QUESTION


@pytest.mark.parametrize(
    ("veris", "says"),
    [
        (Veris(actors=("internal",)), Says.COVERED),
        (Veris(actors=("external",)), Says.QUESTION),
        (Veris(), Says.QUESTION),
    ],
)
def test_an_outsider_may_wage_war(veris: Veris, says: Says) -> None:
    account = account_of(terms_of(exclusions=("WAR",)))

    assert clause(Clause.EXCLUSION, account, veris=veris).says is says


@pytest.mark.parametrize(
    ("actions", "says"),
    [
        (("environmental",), Says.NOT_COVERED),
        (("hacking",), Says.COVERED),
        (("environmental", "error"), Says.QUESTION),
        (("unknown",), Says.QUESTION),
        ((), Says.QUESTION),
    ],
)
def test_a_natural_hazard_is_read_from_the_actions(actions: tuple[str, ...], says: Says) -> None:
    account = account_of(terms_of(exclusions=("NATURAL_HAZARD",)))

    assert clause(Clause.EXCLUSION, account, veris=Veris(actions=actions)).says is says


def test_an_exclusion_that_codes_do_not_tell_is_asked_by_its_name() -> None:
    account = account_of(terms_of(exclusions=("BETTERMENT",)))

    assert clause(Clause.EXCLUSION, account).question == Question(Asked.EXCLUSION, "BETTERMENT")


def test_prior_knowledge_asks_for_the_discovery_and_not_for_an_opinion() -> None:
    account = account_of(terms_of(made(), exclusions=("PRIOR_KNOWLEDGE",)))

    claim = noticed(account, occurred_on=PartialDate(2025))

    assert claim.open_questions == (Question(Asked.DISCOVERED_ON),)


def test_a_waiting_period_asks_for_the_hours() -> None:
    account = account_of(terms_of(part(waiting_hours=12)))

    assert clause(Clause.WAITING_PERIOD, account).question == Question(Asked.INTERRUPTION_HOURS)


@pytest.mark.parametrize(
    ("amount", "says"), [("5000.00", Says.NOT_COVERED), ("5000.01", Says.COVERED), (None, Says.QUESTION)]
)
def test_a_loss_below_the_deductible_is_not_covered(amount: str | None, says: Says) -> None:
    account = account_of(terms_of(part(deductible=cny("5000"))))
    loss = ReportedLoss(Decimal(amount), "CNY") if amount else None

    assert clause(Clause.DEDUCTIBLE, account, loss=loss).says is says


def test_a_used_up_limit_covers_nothing_more() -> None:
    account = account_of()
    account = after(account, account.draw(OTHER_CLAIM, {"BI": cny("1000000"), "": cny("1000000")}, NOW))

    assert clause(Clause.SUB_LIMIT, account).reason == "LIMIT_EXHAUSTED"
    assert clause(Clause.AGGREGATE, account).says is Says.COVERED


def test_a_limit_that_was_used_up_later_was_not_known_then() -> None:
    account = account_of()
    account = after(account, account.draw(OTHER_CLAIM, {"BI": cny("1000000")}, NOW))

    earlier = check_coverage(CLAIM, noticed(account), account, NOW - timedelta(hours=1))

    assert earlier.opinion.says is Says.COVERED


def test_the_terms_are_those_that_were_known_at_the_time() -> None:
    account = account_of()
    dropped = terms_in(
        Segment(INCEPTION, date(2026, 4, 1), (part(), part("IR"))), Segment(date(2026, 4, 1), EXPIRY, (part("IR"),))
    )
    recorded = datetime(2026, 9, 1, tzinfo=UTC)
    later = after(account, account.reterm("CHANGED", dropped, recorded))
    claim = noticed(account, part_codes=("BI",))

    before = check_coverage(CLAIM, claim, later, recorded - timedelta(seconds=1))
    since = check_coverage(CLAIM, claim, later, recorded)

    assert before.opinion.says is Says.COVERED
    assert since.parts[0].clauses[0].reason == "PART_NOT_IN_FORCE"


def test_before_the_policy_was_recorded_there_are_no_terms() -> None:
    account = account_of()

    with pytest.raises(TermsNotKnown):
        check_coverage(CLAIM, noticed(account), account, datetime(2025, 1, 1, tzinfo=UTC))


def two_segments() -> CoverageAccount:
    changed = date(2026, 4, 10)
    first, second = part(deductible=cny("0")), part(deductible=cny("500000"))
    return account_of(terms_in(Segment(INCEPTION, changed, (first,)), Segment(changed, EXPIRY, (second,))))


def test_a_month_with_two_terms_is_a_question_where_they_disagree() -> None:
    answer = clause(Clause.DEDUCTIBLE, two_segments(), occurred_on=PartialDate(2026, 4))

    assert answer.question == Question(Asked.OCCURRED_ON)


def test_a_day_has_the_terms_of_its_segment() -> None:
    account = two_segments()

    assert clause(Clause.DEDUCTIBLE, account, occurred_on=PartialDate(2026, 4, 9)).says is Says.COVERED
    assert clause(Clause.DEDUCTIBLE, account, occurred_on=PartialDate(2026, 4, 10)).says is Says.NOT_COVERED


def test_a_month_with_two_terms_that_agree_has_their_answer() -> None:
    loss = ReportedLoss(Decimal("600000"), "CNY")

    assert clause(Clause.DEDUCTIBLE, two_segments(), occurred_on=PartialDate(2026, 4), loss=loss).says is Says.COVERED


def test_a_part_that_left_in_the_middle_of_the_month_is_a_question() -> None:
    left = terms_in(
        Segment(INCEPTION, date(2026, 4, 10), (part(), part("IR"))), Segment(date(2026, 4, 10), EXPIRY, (part("IR"),))
    )

    assert clause(Clause.TRIGGER, account_of(left), occurred_on=PartialDate(2026, 4)).says is Says.QUESTION


def test_parts_that_disagree_ask_which_of_them_is_affected() -> None:
    claim: Claim = noticed(account_of(terms_of(part(), part("IR", deductible=cny("900000")))))

    assert claim.coverage.says is Says.QUESTION
    assert claim.open_questions == (Question(Asked.AFFECTED_PARTS),)


def test_a_policy_that_never_began_covers_nothing() -> None:
    account = account_of()
    account = after(account, account.reterm("CANCELLED", terms_in(), NOW))

    assert noticed(account).coverage.says is Says.NOT_COVERED


def test_every_answer_lists_the_facts_that_it_used() -> None:
    answer = clause(Clause.TRIGGER, account_of(), occurred_on=PartialDate(2026, 3))

    assert {fact.name: fact.value for fact in answer.facts}["occurred_on"] == "2026-03"
