"""SubmissionService."""

from hubao.policy.v1 import submission_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.checking import reading
from libs.common.context import current_call
from libs.common.grpc.convert import date_value, enum_name, money_value, optional, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.submissions import QuoteWish, Submissions
from services.policy.domain.submission.values import (
    DeclaredDependency,
    DeclaredLoss,
    DeclaredSystem,
    DependencyKind,
    Subjectivity,
    SubjectivityPhase,
    SubmissionStatus,
)
from services.policy.projections.underwriting_reads import UnderwritingReads
from services.policy.servicer.authorities import AuthorityMethods
from services.policy.servicer.product_values import pin_value
from services.policy.servicer.submission_messages import quote_message, row_message, submission_message
from services.policy.servicer.values import answer_value, each, enterprise_value, filter_name, wanted_value, within


class SubmissionServicer(AuthorityMethods, pb_grpc.SubmissionServiceServicer):
    def __init__(self, application: Application, reads: UnderwritingReads) -> None:
        super().__init__(application, reads)
        self._submissions = Submissions(application)
        self._reads = reads

    async def CreateSubmission(
        self, request: pb.CreateSubmissionRequest, context: Context
    ) -> pb.CreateSubmissionResponse:
        with reading() as read:
            product_id = read(uuid_value, "product_id", request.product_id)
            asked = {
                "insured": read(enterprise_value, "insured", request.insured),
                "inception": read(date_value, "inception", request.inception),
                "expiry": read(date_value, "expiry", request.expiry),
                "parts": read(each, "parts", request.parts, wanted_value),
                "aggregate_limit": read(optional, request, "aggregate_limit", money_value),
                "annual_revenue": read(money_value, "annual_revenue", request.annual_revenue),
                "answers": read(each, "answers", request.answers, answer_value),
                "systems": read(each, "systems", request.systems, system_value),
                "dependencies": read(each, "dependencies", request.dependencies, dependency_value),
                "bundled_services": request.bundled_services,
                "questionnaire": read(optional, request, "questionnaire", pin_value),
                "losses": read(each, "losses", request.losses, loss_value),
            }
        done = await self._submissions.create(current_call(), request.submission_key, product_id, **asked)
        return pb.CreateSubmissionResponse(submission=submission_message(done))

    async def RequestAssessment(
        self, request: pb.RequestAssessmentRequest, context: Context
    ) -> pb.RequestAssessmentResponse:
        submission_id = uuid_value("submission_id", request.submission_id)
        done = await self._submissions.request_assessment(
            current_call(), submission_id, request.entitlement_code, request.etag
        )
        return pb.RequestAssessmentResponse(submission=submission_message(done))

    async def GetSubmission(self, request: pb.GetSubmissionRequest, context: Context) -> pb.GetSubmissionResponse:
        submission_id = uuid_value("submission_id", request.submission_id)
        loaded = await self._submissions.get(current_call(), submission_id)
        return pb.GetSubmissionResponse(submission=submission_message(loaded))

    async def ListSubmissions(self, request: pb.ListSubmissionsRequest, context: Context) -> pb.ListSubmissionsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        status = filter_name(pb.SubmissionStatus, request.status)
        rows = await self._reads.submissions(tenant, page, status, request.insured_uscc)
        shown, token = next_token(page, rows, key=lambda row: (row.created_at_position,))
        return pb.ListSubmissionsResponse(submissions=[row_message(row) for row in shown], next_page_token=token)

    async def CreateQuote(self, request: pb.CreateQuoteRequest, context: Context) -> pb.CreateQuoteResponse:
        wish = QuoteWish(
            product_version=request.product_version,
            parts=each("parts", request.parts, wanted_value),
            expires_on=optional(request, "expires_on", date_value),
            subjectivities=each("subjectivities", request.subjectivities, subjectivity_value),
        )
        submission_id = uuid_value("submission_id", request.submission_id)
        done = await self._submissions.quote(current_call(), submission_id, wish, request.etag)
        declined = done.value.status is SubmissionStatus.DECLINED
        quote = None if declined else quote_message(done.value.quotes[-1])
        return pb.CreateQuoteResponse(quote=quote, submission=submission_message(done))

    async def ReleaseReferral(self, request: pb.ReleaseReferralRequest, context: Context) -> pb.ReleaseReferralResponse:
        submission_id = uuid_value("submission_id", request.submission_id)
        done = await self._submissions.release(
            current_call(), submission_id, request.quote_number, request.note, request.etag
        )
        return pb.ReleaseReferralResponse(submission=submission_message(done))

    async def CloseSubjectivity(
        self, request: pb.CloseSubjectivityRequest, context: Context
    ) -> pb.CloseSubjectivityResponse:
        done = await self._submissions.close_subjectivity(
            current_call(),
            uuid_value("submission_id", request.submission_id),
            request.quote_number,
            request.code,
            request.evidence_reference,
            request.evidence_sha256,
            request.etag,
        )
        return pb.CloseSubjectivityResponse(submission=submission_message(done))

    async def DeclineSubmission(
        self, request: pb.DeclineSubmissionRequest, context: Context
    ) -> pb.DeclineSubmissionResponse:
        submission_id = uuid_value("submission_id", request.submission_id)
        done = await self._submissions.decline(current_call(), submission_id, request.reasons, request.etag)
        return pb.DeclineSubmissionResponse(submission=submission_message(done))


def system_value(field: str, message: pb.DeclaredSystem) -> DeclaredSystem:
    return DeclaredSystem(
        name=message.name,
        mlps_level=message.mlps_level,
        mlps_filing_number=message.mlps_filing_number,
        mlps_tested_on=within(field, message, "mlps_tested_on", date_value),
        critical_infrastructure=message.critical_infrastructure,
        protecting_department=message.protecting_department,
    )


def dependency_value(field: str, message: pb.DeclaredDependency) -> DeclaredDependency:
    kind = DependencyKind(enum_name(f"{field}.kind", pb.DependencyKind, message.kind))
    return DeclaredDependency(kind, message.name)


def loss_value(field: str, message: pb.DeclaredLoss) -> DeclaredLoss:
    with reading() as read:
        return DeclaredLoss(
            occurred_on=read(date_value, f"{field}.occurred_on", message.occurred_on),
            amount=read(money_value, f"{field}.amount", message.amount),
            description=message.description,
        )


def subjectivity_value(field: str, message: pb.Subjectivity) -> Subjectivity:
    return Subjectivity(
        code=message.code,
        text=message.text,
        phase=SubjectivityPhase(enum_name(f"{field}.phase", pb.SubjectivityPhase, message.phase)),
        due_on=within(field, message, "due_on", date_value),
    )
