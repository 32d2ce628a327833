"""Answers of a questionnaire: typed by their question, kept as the text by which factor tables find them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from services.policy.domain.product.terms import AnswerKind, ProductTerms
from services.policy.domain.underwriting_errors import RequiredAnswersMissing

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Answer:
    """`text` is "yes" or "no", a number or yuan in plain notation, an option, a date as 2026-01-31, or free text."""

    question: str
    kind: AnswerKind
    text: str

    @property
    def number(self) -> Decimal:
        return Decimal(self.text)


@all_at_once
def check_answer(terms: ProductTerms, answer: Answer, field: str) -> Iterator[Invalid]:
    """Refuses an answer to no question of the product, or of the wrong kind."""
    question = terms.question(answer.question)
    if question is None:
        yield InvalidField(field=f"{field}.question", problem=f"the product does not ask {answer.question}")
        return
    if question.kind is not answer.kind:
        yield InvalidField(field=field, problem=f"{answer.question} wants an answer of kind {question.kind}")
        return
    if question.kind is AnswerKind.CHOICE and answer.text not in question.options:
        yield InvalidField(field=f"{field}.choice", problem=f"must be one of {', '.join(question.options)}")
    if question.minimum is not None and answer.number < question.minimum:
        yield InvalidField(field=field, problem=f"the answer to {question.code} must be at least {question.minimum}")
    if question.maximum is not None and answer.number > question.maximum:
        yield InvalidField(field=field, problem=f"the answer to {question.code} must be at most {question.maximum}")


def check_required(terms: ProductTerms, answers: Iterable[Answer]) -> None:
    """Asks by name for all the answers that a submission must give and does not."""
    answered = {answer.question for answer in answers}
    missing = [each.code for each in terms.questions if each.required and each.code not in answered]
    if missing:
        raise RequiredAnswersMissing(questions=", ".join(missing))


@all_at_once
def check_answers(terms: ProductTerms, answers: Iterable[Answer], field: str) -> Iterator[Invalid]:
    """Refuses wrong answers, and a second one to the same question."""
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        yield from problems(check_answer, terms, answer, f"{field}[{index}]")
        if answer.question in seen:
            yield InvalidField(field=f"{field}[{index}].question", problem=f"{answer.question} is answered twice")
        seen.add(answer.question)
