from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from services.policy.domain.answers import Answer
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.product import Product, ProductStatus
from services.policy.domain.product.terms import AnswerKind, FactorBasis, ProductTerms, Question
from services.policy.domain.questionnaire import Questionnaire, QuestionnairePublished, QuestionnaireRevised
from services.policy.domain.rating import rate
from services.policy.domain.underwriting_errors import (
    AnotherQuestionnaire,
    QuestionnaireRetired,
    QuestionnaireVersionNotPublished,
    RequiredAnswersMissing,
)
from tests.policy import examples as an

ID = "00000000-0000-5000-8000-000000000009"
PIN = QuestionnairePin(ID, 1, "SME")
MFA = Question("MFA", "Is multi-factor authentication in use?", AnswerKind.YES_NO, (), required=True, factor="mfa")
STAFF = Question(
    "STAFF",
    "How many people work for you?",
    AnswerKind.WHOLE_NUMBER,
    (),
    required=True,
    minimum=Decimal(1),
    maximum=Decimal(500_000),
    factor="staff",
)
ONLINE = Question("ONLINE", "Revenue of the web shop?", AnswerKind.AMOUNT, (), factor="online")
BACKUP = Question("BACKUP", "When was a backup last restored?", AnswerKind.DATE, ())
REMARKS = Question("REMARKS", "What else should we know?", AnswerKind.TEXT, ())
HOSTING = Question("HOSTING", "Where do your systems run?", AnswerKind.CHOICE, ("own", "cloud"))
QUESTIONS = (MFA, STAFF, ONLINE, BACKUP, REMARKS, HOSTING)
ANSWERS = (
    an.mfa(),
    Answer("STAFF", AnswerKind.WHOLE_NUMBER, "240"),
    Answer("ONLINE", AnswerKind.AMOUNT, "1500000.00"),
    Answer("BACKUP", AnswerKind.DATE, "2025-11-30"),
    Answer("REMARKS", AnswerKind.TEXT, "none"),
)


def questionnaire(*events: Any) -> Questionnaire:
    value = replay(Questionnaire, [*Questionnaire.create("SME", "Small firms", QUESTIONS), *events])
    assert value is not None
    return value


def published(value: Questionnaire | None = None) -> Questionnaire:
    value = value or questionnaire()
    after = replay(Questionnaire, value.publish(an.BOUND_AT), value)
    assert after is not None
    return after


def pinned_terms(**changes: Any) -> ProductTerms:
    """The usual product with the six questions, two more of which have a factor."""
    plain = an.product_terms()
    tables = (
        *plain.rating.factor_tables,
        an.table("staff", FactorBasis.ANSWER, {"0": "1.00", "200": "1.10"}, question="STAFF"),
        an.table("online", FactorBasis.ANSWER, {"0": "1.00", "1500000": "1.20"}, question="ONLINE"),
    )
    rating = replace(plain.rating, factor_tables=tables)
    return replace(plain, questions=QUESTIONS, rating=rating, questionnaire=PIN, **changes)


def test_a_questionnaire_is_published_in_versions_that_never_change() -> None:
    first = published()

    revised = replay(Questionnaire, first.revise((MFA,)), first)
    assert revised is not None
    second = published(revised)

    assert [(version.number, version.questions) for version in second.versions] == [(1, QUESTIONS), (2, (MFA,))]
    assert second.status is ProductStatus.PUBLISHED


def test_publishing_or_revising_again_changes_nothing() -> None:
    assert published().publish(an.BOUND_AT) == []
    assert questionnaire().revise(QUESTIONS) == []
    assert questionnaire().revise((MFA,)) == [QuestionnaireRevised(questions=(MFA,))]
    assert questionnaire().publish(an.BOUND_AT) == [QuestionnairePublished(version=1, published_at=an.BOUND_AT)]


def test_a_retired_questionnaire_is_neither_revised_nor_published_nor_pinned() -> None:
    retired = replay(Questionnaire, published().retire(), published())
    assert retired is not None

    assert retired.retire() == []
    assert retired.status is ProductStatus.RETIRED
    for refused in (
        lambda: retired.revise((MFA,)),
        lambda: retired.publish(an.BOUND_AT),
        lambda: retired.version_to_pin(1),
    ):
        with pytest.raises(QuestionnaireRetired):
            refused()


def test_only_a_published_version_can_be_pinned() -> None:
    assert published().version_to_pin(1).questions == QUESTIONS
    for value, number in ((questionnaire(), 1), (published(), 2), (published(), 0)):
        with pytest.raises(QuestionnaireVersionNotPublished):
            value.version_to_pin(number)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (replace(MFA, code="mfa"), "questions[0].code"),
        (replace(MFA, text=" "), "questions[0].text"),
        (replace(HOSTING, options=("own",)), "questions[0].options"),
        (replace(HOSTING, options=("own", "own")), "questions[0].options[1]"),
        (replace(MFA, options=("yes", "no")), "questions[0].options"),
        (replace(MFA, minimum=Decimal(1)), "questions[0].minimum"),
        (replace(STAFF, minimum=Decimal(9), maximum=Decimal(8)), "questions[0].maximum"),
        (replace(BACKUP, factor="backup"), "questions[0].factor"),
        (replace(REMARKS, factor="remarks"), "questions[0].factor"),
    ],
)
def test_a_question_that_nobody_could_answer_is_named(question: Question, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        Questionnaire.create("SME", "Small firms", (question,))

    assert refusal.value.field == field


def test_a_questionnaire_without_a_question_or_a_name_is_refused() -> None:
    for name, questions in (("", QUESTIONS), ("Small firms", ())):
        with pytest.raises(InvalidField):
            Questionnaire.create("SME", name, questions)


def test_a_product_whose_plan_does_not_look_at_what_a_question_feeds_is_refused() -> None:
    terms = pinned_terms()
    without = replace(terms, rating=replace(terms.rating, factor_tables=terms.rating.factor_tables[:-1]))

    assert Product.create("CYBER", "Cyber", terms)
    with pytest.raises(InvalidField, match="ONLINE feeds online"):
        Product.create("CYBER", "Cyber", without)


def test_no_factor_looks_at_a_date_or_a_text() -> None:
    terms = pinned_terms()
    for question, key in ((BACKUP, "2025"), (REMARKS, "none")):
        table = an.table("odd", FactorBasis.ANSWER, {key: "1.00"}, question=question.code)
        odd = replace(terms, rating=replace(terms.rating, factor_tables=(*terms.rating.factor_tables, table)))
        with pytest.raises(InvalidField, match="is no key"):
            Product.create("CYBER", "Cyber", odd)


def test_answers_of_the_pinned_version_are_taken_and_feed_their_factors() -> None:
    (created,) = an.asked(pinned_terms(), answers=ANSWERS, questionnaire=QuestionnairePin(ID, 1))
    quoted = an.quoted(an.submission(pinned_terms(), answers=ANSWERS, questionnaire=PIN), terms=pinned_terms())

    assert created.questionnaire == PIN
    factors = {factor.name: factor.value for factor in quoted.quotes[0].worksheet.parts[0].factors}
    assert (factors["staff"], factors["online"]) == (Decimal("1.10"), Decimal("1.20"))
    assert rate(pinned_terms(), quoted.quotes[0].cover) == quoted.quotes[0].worksheet


def test_answers_to_another_version_are_refused_by_its_name() -> None:
    with pytest.raises(AnotherQuestionnaire) as refusal:
        an.asked(pinned_terms(), answers=ANSWERS, questionnaire=QuestionnairePin(ID, 2))

    assert refusal.value.details == {
        "asked": "version 1 of questionnaire SME",
        "answered": "version 2 of questionnaire SME",
    }


def test_a_quote_on_a_product_version_that_asks_something_else_is_refused() -> None:
    submission = an.submission(pinned_terms(), answers=ANSWERS, questionnaire=PIN)
    newer = replace(pinned_terms(), questionnaire=QuestionnairePin(ID, 2, "SME"))

    with pytest.raises(AnotherQuestionnaire, match="version 2 of questionnaire SME; what was answered is version 1"):
        an.quoted(submission, terms=newer)
    with pytest.raises(AnotherQuestionnaire, match="no questionnaire"):
        an.quoted(an.submission(), terms=newer)


def test_which_version_was_answered_must_be_said() -> None:
    for terms, pin in ((pinned_terms(), None), (an.product_terms(), PIN)):
        with pytest.raises(InvalidField) as refusal:
            an.asked(terms, answers=(an.mfa(),), questionnaire=pin)
        assert refusal.value.field == "questionnaire"


def test_missing_answers_are_asked_for_by_name_all_at_once() -> None:
    with pytest.raises(RequiredAnswersMissing) as refusal:
        an.asked(pinned_terms(), answers=ANSWERS[2:], questionnaire=PIN)

    assert refusal.value.details == {"questions": "MFA, STAFF"}


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer("STAFF", AnswerKind.NUMBER, "240"), "wants an answer of kind whole_number"),
        (Answer("STAFF", AnswerKind.WHOLE_NUMBER, "0"), "must be at least 1"),
        (Answer("STAFF", AnswerKind.WHOLE_NUMBER, "500001"), "must be at most 500000"),
        (Answer("HOSTING", AnswerKind.CHOICE, "elsewhere"), "must be one of own, cloud"),
        (Answer("BACKUP", AnswerKind.TEXT, "yesterday"), "wants an answer of kind date"),
    ],
)
def test_an_answer_that_does_not_fit_its_question_is_refused(answer: Answer, problem: str) -> None:
    with pytest.raises(InvalidField, match=problem):
        an.asked(pinned_terms(), answers=(*ANSWERS[:1], answer), questionnaire=PIN)


def test_a_product_without_a_pinned_questionnaire_goes_on_as_before() -> None:
    (created,) = an.asked(answers=())

    assert created.questionnaire is None
