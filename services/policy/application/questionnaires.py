"""Questionnaires: drafted, published, retired; and pinned by products."""

from dataclasses import replace
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.errors import InvalidField
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.terms import ProductTerms, Question
from services.policy.domain.questionnaire import Questionnaire
from services.policy.domain.underwriting_errors import QuestionnaireExists, QuestionnaireNotFound


class Questionnaires:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def create(
        self, call: Call, questionnaire_key: str, name: str, questions: tuple[Question, ...]
    ) -> Done[Questionnaire]:
        key = questionnaire_key or call.request_id
        stream = stream_id(call.tenant, Questionnaire.KIND, key)

        async def plan(unit: Unit) -> None:
            if not await unit.is_new(Questionnaire, stream):
                raise QuestionnaireExists(questionnaire_key=key)
            unit.record(Questionnaire, stream, Questionnaire.create(key, name, questions))

        return await self._application.execute(call, Questionnaire, stream, plan)

    async def revise(
        self, call: Call, questionnaire_id: UUID, questions: tuple[Question, ...], etag: str
    ) -> Done[Questionnaire]:
        missing = QuestionnaireNotFound(questionnaire_id=questionnaire_id)
        return await self._application.change(
            call, Questionnaire, questionnaire_id, lambda found: found.revise(questions), missing, etag=etag
        )

    async def publish(self, call: Call, questionnaire_id: UUID, etag: str) -> Done[Questionnaire]:
        missing = QuestionnaireNotFound(questionnaire_id=questionnaire_id)
        return await self._application.change(
            call, Questionnaire, questionnaire_id, lambda found: found.publish(call.now), missing, etag=etag
        )

    async def retire(self, call: Call, questionnaire_id: UUID, etag: str) -> Done[Questionnaire]:
        missing = QuestionnaireNotFound(questionnaire_id=questionnaire_id)
        return await self._application.change(
            call, Questionnaire, questionnaire_id, lambda found: found.retire(), missing, etag=etag
        )

    async def get(self, call: Call, questionnaire_id: UUID) -> Loaded[Questionnaire]:
        missing = QuestionnaireNotFound(questionnaire_id=questionnaire_id)
        return await self._application.read(Questionnaire, questionnaire_id, missing, tenant=call.tenant)


async def with_questions(unit: Unit, terms: ProductTerms) -> ProductTerms:
    """The terms with the questions of the questionnaire that they pin; refuses other questions beside it."""
    pin = terms.questionnaire
    if pin is None:
        return terms
    missing = QuestionnaireNotFound(questionnaire_id=pin.questionnaire_id)
    found = await unit.get(Questionnaire, UUID(pin.questionnaire_id), missing)
    version = found.version_to_pin(pin.version)
    if terms.questions not in ((), version.questions):
        raise InvalidField(field="terms.questions", problem="are those of the pinned questionnaire; send none")
    pinned = QuestionnairePin(pin.questionnaire_id, pin.version, found.questionnaire_key)
    return replace(terms, questions=version.questions, questionnaire=pinned)
