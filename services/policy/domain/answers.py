"""Answers of a questionnaire: typed by their question, kept as the text by which factor tables find them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from libs.common.errors import InvalidField
from services.policy.domain.product.terms import AnswerKind, ProductTerms

YES, NO = "yes", "no"


@dataclass(frozen=True)
class Answer:
    """`text` is "yes" or "no", a decimal in plain notation, or one of the options."""

    question: str
    kind: AnswerKind
    text: str

    @property
    def number(self) -> Decimal:
        return Decimal(self.text)


def check_answer(terms: ProductTerms, answer: Answer, field: str) -> None:
    """Refuses an answer to no question of the product, or of the wrong kind."""
    question = terms.question(answer.question)
    if question is None:
        raise InvalidField(field=f"{field}.question", problem=f"the product does not ask {answer.question}")
    if question.kind is not answer.kind:
        raise InvalidField(field=field, problem=f"{answer.question} wants an answer of kind {question.kind}")
    if question.kind is AnswerKind.CHOICE and answer.text not in question.options:
        raise InvalidField(field=f"{field}.choice", problem=f"must be one of {', '.join(question.options)}")


def check_answers(terms: ProductTerms, answers: Iterable[Answer], field: str) -> None:
    """Refuses the first wrong answer, or a second one to the same question."""
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        check_answer(terms, answer, f"{field}[{index}]")
        if answer.question in seen:
            raise InvalidField(field=f"{field}[{index}].question", problem=f"{answer.question} is answered twice")
        seen.add(answer.question)
