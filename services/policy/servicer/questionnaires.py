"""The methods of ProductService that are about questionnaires."""

from typing import Any

from hubao.policy.v1 import product_service_pb2 as pb
from sqlalchemy import Row

from libs.common.application import Application, Done, Loaded
from libs.common.context import current_call
from libs.common.grpc.convert import enum_text, timestamp_message, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.questionnaires import Questionnaires
from services.policy.domain.questionnaire import Questionnaire
from services.policy.projections.underwriting_reads import UnderwritingReads
from services.policy.servicer.product_messages import question_message
from services.policy.servicer.product_values import question_value
from services.policy.servicer.values import each, filter_name


class QuestionnaireMethods:
    def __init__(self, application: Application, reads: UnderwritingReads) -> None:
        self._questionnaires = Questionnaires(application)
        self._underwriting = reads

    async def CreateQuestionnaire(
        self, request: pb.CreateQuestionnaireRequest, context: Context
    ) -> pb.CreateQuestionnaireResponse:
        questions = each("questions", request.questions, question_value)
        done = await self._questionnaires.create(current_call(), request.questionnaire_key, request.name, questions)
        return pb.CreateQuestionnaireResponse(questionnaire=questionnaire_message(done))

    async def ReviseQuestionnaire(
        self, request: pb.ReviseQuestionnaireRequest, context: Context
    ) -> pb.ReviseQuestionnaireResponse:
        questionnaire_id = uuid_value("questionnaire_id", request.questionnaire_id)
        questions = each("questions", request.questions, question_value)
        done = await self._questionnaires.revise(current_call(), questionnaire_id, questions, request.etag)
        return pb.ReviseQuestionnaireResponse(questionnaire=questionnaire_message(done))

    async def PublishQuestionnaire(
        self, request: pb.PublishQuestionnaireRequest, context: Context
    ) -> pb.PublishQuestionnaireResponse:
        questionnaire_id = uuid_value("questionnaire_id", request.questionnaire_id)
        done = await self._questionnaires.publish(current_call(), questionnaire_id, request.etag)
        return pb.PublishQuestionnaireResponse(questionnaire=questionnaire_message(done))

    async def RetireQuestionnaire(
        self, request: pb.RetireQuestionnaireRequest, context: Context
    ) -> pb.RetireQuestionnaireResponse:
        questionnaire_id = uuid_value("questionnaire_id", request.questionnaire_id)
        done = await self._questionnaires.retire(current_call(), questionnaire_id, request.etag)
        return pb.RetireQuestionnaireResponse(questionnaire=questionnaire_message(done))

    async def GetQuestionnaire(
        self, request: pb.GetQuestionnaireRequest, context: Context
    ) -> pb.GetQuestionnaireResponse:
        questionnaire_id = uuid_value("questionnaire_id", request.questionnaire_id)
        loaded = await self._questionnaires.get(current_call(), questionnaire_id)
        return pb.GetQuestionnaireResponse(questionnaire=questionnaire_message(loaded))

    async def ListQuestionnaires(
        self, request: pb.ListQuestionnairesRequest, context: Context
    ) -> pb.ListQuestionnairesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._underwriting.questionnaires(tenant, page, filter_name(pb.ProductStatus, request.status))
        shown, token = next_token(page, rows, key=lambda row: (row.questionnaire_key, row.questionnaire_id))
        return pb.ListQuestionnairesResponse(questionnaires=[row_message(row) for row in shown], next_page_token=token)


def questionnaire_message(found: Done[Questionnaire] | Loaded[Questionnaire]) -> pb.Questionnaire:
    value = found.value
    return pb.Questionnaire(
        questionnaire_id=str(found.stream),
        questionnaire_key=value.questionnaire_key,
        name=value.name,
        status=enum_text(pb.ProductStatus, value.status),
        draft=[question_message(question) for question in value.draft],
        versions=[
            pb.QuestionnaireVersion(
                number=version.number,
                questions=[question_message(question) for question in version.questions],
                published_time=timestamp_message(version.published_at),
            )
            for version in value.versions
        ],
        etag=str(found.version),
    )


def row_message(row: Row[Any]) -> pb.QuestionnaireSummary:
    return pb.QuestionnaireSummary(
        questionnaire_id=str(row.questionnaire_id),
        questionnaire_key=row.questionnaire_key,
        name=row.name,
        status=enum_text(pb.ProductStatus, row.status),
        latest_version=row.latest_version,
    )
