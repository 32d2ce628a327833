"""Which questions make sense, and whether the rating plan looks where they say that it does."""

from collections.abc import Iterator, Sequence

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from services.policy.domain.product.naming import check_codes, unique
from services.policy.domain.product.terms import NUMERIC, AnswerKind, FactorBasis, ProductTerms, Question


@all_at_once
def check_questions(questions: Sequence[Question], field: str) -> Iterator[Invalid]:
    """Refuses questions that nobody could answer, naming each wrong field."""
    yield from problems(check_codes, (question.code for question in questions), field, ".code")
    for index, question in enumerate(questions):
        here = f"{field}[{index}]"
        if not question.text.strip():
            yield InvalidField(field=f"{here}.text", problem="is blank")
        if question.kind is AnswerKind.CHOICE and len(question.options) < 2:
            yield InvalidField(field=f"{here}.options", problem="a choice needs two options at least")
        if question.kind is not AnswerKind.CHOICE and question.options:
            yield InvalidField(field=f"{here}.options", problem="only a choice has options")
        yield from problems(unique, f"{here}.options", question.options)
        yield from problems(_check_bounds, question, here)
        if question.factor and question.kind in (AnswerKind.DATE, AnswerKind.TEXT):
            yield InvalidField(field=f"{here}.factor", problem=f"an answer of kind {question.kind} feeds no factor")


@all_at_once
def check_feeds(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    """Refuses a question whose answer is said to feed a factor that does not look at it."""
    looked_at = {
        (table.name, table.question) for table in terms.rating.factor_tables if table.basis is FactorBasis.ANSWER
    }
    for index, question in enumerate(terms.questions):
        if question.factor and (question.factor, question.code) not in looked_at:
            yield InvalidField(
                field=f"{field}[{index}].factor",
                problem=f"{question.code} feeds {question.factor}, but no table of that name looks at it",
            )


@all_at_once
def _check_bounds(question: Question, field: str) -> Iterator[Invalid]:
    least, most = question.minimum, question.maximum
    if question.kind not in NUMERIC and (least is not None or most is not None):
        yield InvalidField(field=f"{field}.minimum", problem="only numbers and amounts have bounds")
    if least is not None and most is not None and least > most:
        yield InvalidField(field=f"{field}.maximum", problem="is below the minimum")
