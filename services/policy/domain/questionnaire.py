"""A questionnaire: drafted, published in versions that never change, retired. Products pin a version of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from services.policy.domain.product.product import ProductStatus
from services.policy.domain.product.questions import check_questions
from services.policy.domain.product.terms import Question
from services.policy.domain.underwriting_errors import QuestionnaireRetired, QuestionnaireVersionNotPublished


@event("policy.QuestionnaireDrafted")
class QuestionnaireDrafted:
    questionnaire_key: str
    name: str
    questions: tuple[Question, ...]


@event("policy.QuestionnaireRevised")
class QuestionnaireRevised:
    questions: tuple[Question, ...]


@event("policy.QuestionnairePublished")
class QuestionnairePublished:
    version: int
    published_at: datetime


@event("policy.QuestionnaireWithdrawn")
class QuestionnaireWithdrawn:
    """No product can be made to ask it any more; those that do go on."""


QuestionnaireEvent = QuestionnaireDrafted | QuestionnaireRevised | QuestionnairePublished | QuestionnaireWithdrawn


@dataclass(frozen=True)
class QuestionnaireVersion:
    number: int
    questions: tuple[Question, ...]
    published_at: datetime


@dataclass(frozen=True)
class Questionnaire:
    """What an insurer asks those who want cover."""

    KIND: ClassVar[str] = "policy.Questionnaire"

    questionnaire_key: str
    name: str
    draft: tuple[Question, ...]
    versions: tuple[QuestionnaireVersion, ...] = ()
    retired: bool = False

    @property
    def status(self) -> ProductStatus:
        if self.retired:
            return ProductStatus.RETIRED
        return ProductStatus.PUBLISHED if self.versions else ProductStatus.DRAFT

    def version_to_pin(self, number: int) -> QuestionnaireVersion:
        """A published version, for a product that is to ask it."""
        self._check_used()
        if not 1 <= number <= len(self.versions):
            raise QuestionnaireVersionNotPublished(questionnaire_key=self.questionnaire_key, version=number)
        return self.versions[number - 1]

    @staticmethod
    def create(questionnaire_key: str, name: str, questions: tuple[Question, ...]) -> list[QuestionnaireDrafted]:
        if not name.strip():
            raise InvalidField(field="name", problem="is blank")
        _check(questions)
        return [QuestionnaireDrafted(questionnaire_key=questionnaire_key, name=name, questions=questions)]

    def revise(self, questions: tuple[Question, ...]) -> list[QuestionnaireRevised]:
        self._check_used()
        if questions == self.draft:
            return []
        _check(questions)
        return [QuestionnaireRevised(questions=questions)]

    def publish(self, at: datetime) -> list[QuestionnairePublished]:
        self._check_used()
        if not self.draft:
            return []  # A retry: the draft is the newest version already.
        return [QuestionnairePublished(version=len(self.versions) + 1, published_at=at)]

    def retire(self) -> list[QuestionnaireWithdrawn]:
        return [] if self.retired else [QuestionnaireWithdrawn()]

    def _check_used(self) -> None:
        if self.retired:
            raise QuestionnaireRetired(questionnaire_key=self.questionnaire_key)

    @classmethod
    def begin(cls, event: QuestionnaireDrafted) -> Self:
        return cls(event.questionnaire_key, event.name, event.questions)

    def evolve(self, event: QuestionnaireEvent) -> "Questionnaire":
        match event:
            case QuestionnaireDrafted():
                return Questionnaire.begin(event)
            case QuestionnaireRevised():
                return replace(self, draft=event.questions)
            case QuestionnairePublished():
                version = QuestionnaireVersion(event.version, self.draft, event.published_at)
                return replace(self, draft=(), versions=(*self.versions, version))
            case QuestionnaireWithdrawn():
                return replace(self, retired=True)


def _check(questions: tuple[Question, ...]) -> None:
    if not questions:
        raise InvalidField(field="questions", problem="needs one question at least")
    check_questions(questions, "questions")
