from datetime import date

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.errors import (
    DeductibleTooLow,
    LimitOutOfRange,
    NoAssessmentService,
    ParentPartMissing,
    QuoteAlreadyBound,
    QuoteExpired,
    QuoteNotFound,
    QuoteNotReferred,
    ReferralOpen,
    ReleasedByAuthor,
    SubjectivityClosedOtherwise,
    SubjectivityNotFound,
    SubjectivityOpen,
    SubLimitOverParent,
    SubmissionClosed,
    UnknownPart,
)
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import AnswerKind
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import (
    DeclaredDependency,
    DeclaredSystem,
    DependencyKind,
    Evidence,
    QuoteStatus,
    Subjectivity,
    SubjectivityPhase,
    SubmissionStatus,
)
from services.policy.domain.underwriting import ReferralReason
from tests.policy import examples as an

VERSION = ProductVersion(1, an.product_terms(), an.BOUND_AT)
EVIDENCE = Evidence("files/1", "cd" * 32, date(2025, 12, 22))
PRE = Subjectivity("MFA_PROOF", "Show that it is in use", SubjectivityPhase.PRE_BIND, None)
POST = Subjectivity("BACKUP_TEST", "Test the backups", SubjectivityPhase.POST_BIND, date(2026, 3, 1))


def referred() -> Submission:
    return an.quoted(an.submission(parts=(an.wanted(an.DATA, Money.cny(40_000_000)),)))


def bound(submission: Submission) -> Submission:
    return an.after(submission, submission.bind(1, str(an.POLICY_ID), an.QUOTED_ON))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"insured": an.enterprise(uscc="91310115MA1K4LD50A")}, "insured.uscc"),
        ({"insured": an.enterprise(uscc="9131")}, "insured.uscc"),
        ({"insured": an.enterprise(name=" ")}, "insured.name"),
        ({"insured": an.enterprise(industry_code="A65")}, "insured.industry_code"),
        ({"insured": an.enterprise(region_code="990000")}, "insured.region_code"),
        ({"expiry": date(2026, 12, 31)}, "expiry"),
        ({"expiry": an.INCEPTION}, "expiry"),
        ({"parts": ()}, "parts"),
        ({"parts": (an.wanted(an.DATA, Money("USD", 100)),)}, "parts[0].limit.currency_code"),
        ({"parts": (an.wanted(an.DATA, Money.cny(0)),)}, "parts[0].limit"),
        ({"parts": (an.wanted(an.DATA, an.DATA_LIMIT),) * 2}, "parts[1].part_code"),
        (
            {"parts": (an.wanted(an.DATA, an.DATA_LIMIT, retroactive=date(2026, 1, 2)),)},
            "parts[0].retroactive_date",
        ),
        ({"aggregate_limit": Money.cny(0)}, "aggregate_limit"),
        ({"annual_revenue": Money.cny(-1)}, "annual_revenue"),
        ({"answers": (Answer("EDR", AnswerKind.YES_NO, "yes"),)}, "answers[0].question"),
        ({"answers": (Answer("MFA", AnswerKind.NUMBER, "1"),)}, "answers[0]"),
        ({"answers": (an.mfa(), an.mfa("no"))}, "answers[1].question"),
        ({"systems": (DeclaredSystem("ERP", 6, "x", None, False),)}, "systems[0].mlps_level"),
        ({"systems": (DeclaredSystem("ERP", 3, "", None, True),)}, "systems[0].mlps_filing_number"),
        ({"dependencies": (DeclaredDependency(DependencyKind.CLOUD, "aliyun"),) * 2}, "dependencies[1]"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        an.asked(**changes)

    assert refusal.value.field == field


def test_all_wrong_fields_are_named_at_once() -> None:
    with pytest.raises(InvalidField) as refusal:
        an.asked(
            insured=an.enterprise(uscc="9131", region_code="990000"),
            expiry=an.INCEPTION,
            parts=(an.wanted(an.DATA, Money("USD", 100)), an.wanted(an.DATA, Money.cny(0))),
            annual_revenue=Money.cny(-1),
            answers=(Answer("EDR", AnswerKind.YES_NO, "yes"), an.mfa(), an.mfa("no")),
            systems=(DeclaredSystem("ERP", 6, "", None, False),),
        )

    assert [one.field for one in refusal.value.each] == [
        "insured.uscc",
        "insured.region_code",
        "expiry",
        "parts[0].limit.currency_code",
        "parts[1].part_code",
        "parts[1].limit",
        "annual_revenue",
        "answers[0].question",
        "answers[2].question",
        "systems[0].mlps_level",
        "systems[0].mlps_filing_number",
    ]


def test_a_term_from_a_leap_day_ends_on_either_side_of_it() -> None:
    for expiry in (date(2029, 2, 28), date(2029, 3, 1)):
        assert an.asked(inception=date(2028, 2, 29), expiry=expiry)


def test_a_part_that_the_product_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownPart):
        an.asked(parts=(an.wanted("CYBERWAR", an.DATA_LIMIT),))


def test_an_assessment_is_ordered_once() -> None:
    submission = an.submission()

    (ordered,) = submission.request_assessment(an.product_terms(), "", date(2025, 12, 1))
    after = an.after(submission, [ordered])

    assert ordered.service.code == "ASSESSMENT"
    assert after.status is SubmissionStatus.ASSESSMENT_ORDERED
    assert after.request_assessment(an.product_terms(), "ASSESSMENT", date(2025, 12, 2)) == []


def test_an_assessment_that_the_product_does_not_bundle_is_refused() -> None:
    with pytest.raises(NoAssessmentService):
        an.submission().request_assessment(an.product_terms(), "MONITORING", date(2025, 12, 1))


def test_an_assessment_is_recorded_and_heard_again_without_effect() -> None:
    submission = an.submission()
    after = an.after(submission, submission.record_assessment(an.assessed(80)))

    assert after.status is SubmissionStatus.ASSESSED
    assert after.assessment == an.assessed(80)
    assert after.record_assessment(an.assessed(80)) == []


def test_an_assessment_that_comes_after_the_quote_leaves_the_quote_alone() -> None:
    submission = an.quoted()
    after = an.after(submission, submission.record_assessment(an.assessed(10)))

    assert after.status is SubmissionStatus.QUOTED
    assert after.quotes == submission.quotes


def test_a_quote_within_authority_is_offered() -> None:
    submission = an.quoted()
    (quote,) = submission.quotes

    assert submission.status is SubmissionStatus.QUOTED
    assert quote.status is QuoteStatus.OFFERED
    assert quote.expires_on == an.INCEPTION  # Thirty days would pass the inception.


def test_a_second_quote_may_cover_other_parts() -> None:
    submission = an.quoted()

    after = an.after(
        submission,
        submission.quote(VERSION, (an.wanted(an.DATA, Money.cny(5_000_000)),), None, (), "wang", an.QUOTED_ON),
    )

    assert [len(quote.parts) for quote in after.quotes] == [2, 1]
    assert after.quotes[1].worksheet.annual_premium == Money.cny(20_000)


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ((an.wanted(an.DATA, Money.cny(60_000_000)),), LimitOutOfRange),
        ((an.wanted(an.DATA, an.DATA_LIMIT, Money.cny(1)),), DeductibleTooLow),
        ((an.wanted(an.RESPONSE, Money.cny(1_000_000)),), ParentPartMissing),
        (
            (an.wanted(an.DATA, Money.cny(1_000_000)), an.wanted(an.RESPONSE, Money.cny(2_000_000))),
            SubLimitOverParent,
        ),
    ],
)
def test_a_cover_that_the_product_does_not_offer_is_refused(parts: tuple, refusal: type[Exception]) -> None:  # type: ignore[type-arg]
    with pytest.raises(refusal):
        an.submission().quote(VERSION, parts, None, (), "wang", an.QUOTED_ON)


@pytest.mark.parametrize(
    ("expires_on", "problem"),
    [(date(2025, 12, 19), "is past"), (date(2026, 1, 2), "must not be after the inception")],
)
def test_a_quote_can_not_expire_at_any_time(expires_on: date, problem: str) -> None:
    with pytest.raises(InvalidField, match=problem):
        an.submission().quote(VERSION, (), expires_on, (), "wang", an.QUOTED_ON)


def test_a_condition_after_binding_needs_a_deadline() -> None:
    condition = Subjectivity("X", "Do it", SubjectivityPhase.POST_BIND, None)

    with pytest.raises(InvalidField, match="deadline"):
        an.quoted(subjectivities=(condition,))


def test_each_reason_refers_a_quote() -> None:
    key_industry = an.submission(insured=an.enterprise(industry_code="J66"), annual_revenue=Money.cny(2_000_000_000))
    findings = an.submission()
    findings = an.after(findings, findings.record_assessment(an.assessed(critical=1)))

    assert referred().quotes[0].referral_reasons == (ReferralReason.LIMIT_OVER_AUTHORITY,)
    assert an.quoted(key_industry).quotes[0].referral_reasons == (
        ReferralReason.REVENUE_OVER_AUTHORITY,
        ReferralReason.KEY_INDUSTRY_WITHOUT_ASSESSMENT,
    )
    assert an.quoted(findings).quotes[0].referral_reasons == (ReferralReason.CRITICAL_FINDINGS,)
    assert an.quoted(on=date(2026, 1, 2)).quotes[0].referral_reasons == (ReferralReason.BACKDATED_INCEPTION,)


def test_a_referred_quote_is_released_by_somebody_else() -> None:
    submission = referred()

    after = an.after(submission, submission.release(1, "chief", an.CHIEF, "seen", an.QUOTED_ON))

    assert submission.status is SubmissionStatus.REFERRED
    assert after.status is SubmissionStatus.QUOTED
    assert after.quotes[0].status is QuoteStatus.OFFERED
    assert after.release(1, "chief", an.CHIEF, "seen", an.QUOTED_ON) == []


def test_neither_who_entered_it_nor_who_quoted_it_releases_a_referral() -> None:
    submission = an.quoted(an.submission(parts=(an.wanted(an.DATA, Money.cny(40_000_000)),)), author="li")

    for principal in ("wang", "li", "Wang", "LI", "li ", "l\u200bi", "ｌｉ", "\u3000wang"):
        with pytest.raises(ReleasedByAuthor):
            submission.release(1, principal, an.CHIEF, "mine", an.QUOTED_ON)


def test_what_was_not_referred_is_not_released() -> None:
    with pytest.raises(QuoteNotReferred):
        an.quoted().release(1, "chief", an.CHIEF, "", an.QUOTED_ON)


def test_a_condition_is_closed_by_its_evidence_once() -> None:
    submission = an.quoted(subjectivities=(PRE,))

    after = an.after(submission, submission.close_subjectivity(1, PRE.code, EVIDENCE))

    assert after.quotes[0].subjectivities[0].evidence == EVIDENCE
    assert after.close_subjectivity(1, PRE.code, EVIDENCE) == []
    with pytest.raises(SubjectivityClosedOtherwise):
        after.close_subjectivity(1, PRE.code, Evidence("files/2", "ef" * 32, an.QUOTED_ON))


def test_a_condition_that_is_not_there_can_not_be_closed() -> None:
    with pytest.raises(SubjectivityNotFound):
        an.quoted().close_subjectivity(1, "X", EVIDENCE)
    with pytest.raises(QuoteNotFound):
        an.quoted().close_subjectivity(2, "X", EVIDENCE)


def test_a_quote_binds_once() -> None:
    submission = bound(an.quoted())

    assert submission.status is SubmissionStatus.BOUND
    assert submission.quotes[0].status is QuoteStatus.BOUND
    with pytest.raises(QuoteAlreadyBound, match=str(an.POLICY_ID)):
        submission.bind(1, "another", an.QUOTED_ON)


def test_an_expired_quote_does_not_bind() -> None:
    with pytest.raises(QuoteExpired) as refusal:
        an.quoted().bind(1, str(an.POLICY_ID), date(2026, 1, 2))

    assert refusal.value.details == {"expired_on": "2026-01-01"}


def test_an_open_referral_does_not_bind() -> None:
    with pytest.raises(ReferralOpen, match="LIMIT_OVER_AUTHORITY"):
        referred().bind(1, str(an.POLICY_ID), an.QUOTED_ON)


def test_an_open_condition_before_binding_does_not_bind_and_one_after_it_does() -> None:
    with pytest.raises(SubjectivityOpen, match="MFA_PROOF"):
        bound(an.quoted(subjectivities=(PRE, POST)))

    assert bound(an.quoted(subjectivities=(POST,))).policy_id == str(an.POLICY_ID)


def test_a_declined_submission_is_closed() -> None:
    submission = an.quoted()
    after = an.after(submission, submission.decline(("LOSS_HISTORY",), "wang", an.QUOTED_ON))

    assert after.status is SubmissionStatus.DECLINED
    assert after.decline((), "wang", an.QUOTED_ON) == []
    with pytest.raises(SubmissionClosed):
        bound(after)
    with pytest.raises(SubmissionClosed):
        after.quote(VERSION, (), None, (), "wang", an.QUOTED_ON)


def test_a_bound_submission_is_not_declined() -> None:
    with pytest.raises(SubmissionClosed):
        bound(an.quoted()).decline(("LATE",), "wang", an.QUOTED_ON)


def test_quotes_lapse_after_their_last_day_and_can_be_made_again() -> None:
    submission = an.quoted()

    assert submission.lapse_quotes(an.INCEPTION) == []
    lapsed = an.after(submission, submission.lapse_quotes(date(2026, 1, 2)))

    assert lapsed.status is SubmissionStatus.EXPIRED
    assert lapsed.quotes[0].status is QuoteStatus.EXPIRED
    assert lapsed.lapse_quotes(date(2026, 1, 3)) == []
    assert an.quoted(lapsed).quotes[1].status is QuoteStatus.OFFERED


def test_a_bound_quote_does_not_lapse() -> None:
    assert bound(an.quoted()).lapse_quotes(date(2026, 6, 1)) == []


def test_a_condition_after_binding_is_missed_when_its_day_passes() -> None:
    submission = bound(an.quoted(subjectivities=(POST,)))

    assert submission.miss_subjectivities(date(2026, 3, 1)) == []
    missed = an.after(submission, submission.miss_subjectivities(date(2026, 3, 2)))

    assert missed.quotes[0].subjectivities[0].overdue
    assert missed.miss_subjectivities(date(2026, 3, 3)) == []
