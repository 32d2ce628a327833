"""PolicyService."""

from datetime import datetime

from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.application import Application
from libs.common.context import Call, current_call
from libs.common.errors import InvalidField
from libs.common.grpc.convert import (
    date_value,
    optional,
    percent_value,
    timestamp_value,
    uuid_value,
)
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.projection.tables import ReadTables
from services.policy.application.ceding import Wish
from services.policy.application.policies import Policies
from services.policy.application.previewing import Previews
from services.policy.application.public import transaction_message
from services.policy.domain.policy.values import Share
from services.policy.projections.underwriting_reads import UnderwritingReads
from services.policy.servicer.accumulations import AccumulationMethods
from services.policy.servicer.certificates import CertificateMethods
from services.policy.servicer.changes import ChangeMethods, change_value
from services.policy.servicer.lives import LifeMethods
from services.policy.servicer.policy_messages import policy_message, row_message, summary_message
from services.policy.servicer.policy_streams import PolicyStreams
from services.policy.servicer.product_values import method_value
from services.policy.servicer.values import each, filter_name


class PolicyServicer(ChangeMethods, CertificateMethods, LifeMethods, AccumulationMethods, PolicyStreams):
    def __init__(
        self, application: Application, reads: UnderwritingReads, tables: ReadTables, previews: Previews
    ) -> None:
        PolicyStreams.__init__(self, application, reads)
        LifeMethods.__init__(self, application)
        AccumulationMethods.__init__(self, application, reads)
        self._policies = Policies(application)
        self._previews = previews
        self._reads = reads
        self._serve_certificates(application, tables)

    async def BindPolicy(self, request: pb.BindPolicyRequest, context: Context) -> pb.BindPolicyResponse:
        call = current_call()
        view = await self._policies.bind(
            call,
            uuid_value("submission_id", request.submission_id),
            request.quote_number,
            each("shares", request.shares, share_value),
            wish_value(request),
            request.submission_etag,
        )
        members = await self._issue_many(call, view.policy_id, request.members) if request.members else ()
        message = policy_message(view, view.policy.bound.period.inception)
        return pb.BindPolicyResponse(policy=await self._with_park(call, message, view.policy), certificates=members)

    async def EndorsePolicy(self, request: pb.EndorsePolicyRequest, context: Context) -> pb.EndorsePolicyResponse:
        effective = date_value("effective_date", request.effective_date)
        view = await self._policies.endorse(
            current_call(),
            uuid_value("policy_id", request.policy_id),
            effective,
            each("changes", request.changes, change_value),
            request.reason,
            request.etag,
        )
        return pb.EndorsePolicyResponse(
            policy=policy_message(view, effective),
            transactions=[transaction_message(made) for made in view.policy.last_endorsed],
        )

    async def CancelPolicy(self, request: pb.CancelPolicyRequest, context: Context) -> pb.CancelPolicyResponse:
        effective = date_value("effective_date", request.effective_date)
        view = await self._policies.cancel(
            current_call(),
            uuid_value("policy_id", request.policy_id),
            effective,
            method_value("method", request.method),
            request.reason,
            request.despite_claims,
            request.etag,
        )
        return pb.CancelPolicyResponse(policy=policy_message(view, effective))

    async def GetPolicy(self, request: pb.GetPolicyRequest, context: Context) -> pb.GetPolicyResponse:
        call = current_call()
        known_at = known_time(request, call)
        view = await self._policies.get(call, uuid_value("policy_id", request.policy_id), known_at)
        effective = optional(request, "effective_date", date_value) or call.today
        message = policy_message(view, effective)
        return pb.GetPolicyResponse(policy=await self._with_park(call, message, view.policy, known_at))

    async def ListPolicies(self, request: pb.ListPoliciesRequest, context: Context) -> pb.ListPoliciesResponse:
        call = current_call()
        tenant = call.tenant
        page = page_of(request, tenant)
        status = filter_name(pb.PolicyStatus, request.status)
        day = optional(request, "effective_date", date_value)
        at = known_time(request, call)
        if day is None and at is None:
            rows = await self._reads.policies(tenant, page, status, request.insured_uscc)
        else:
            rows = await self._reads.policies_known(tenant, page, status, request.insured_uscc, day, at)
        shown, token = next_token(page, rows, key=lambda row: (row.policy_number, row.policy_id))
        return pb.ListPoliciesResponse(policies=[row_message(row) for row in shown], next_page_token=token)

    async def GetPremiumSummary(
        self, request: pb.GetPremiumSummaryRequest, context: Context
    ) -> pb.GetPremiumSummaryResponse:
        return summary_message(await self._reads.premium_summary(current_call().tenant))


def known_time(request: pb.GetPolicyRequest | pb.ListPoliciesRequest, call: Call) -> datetime | None:
    """The time as of which something is asked for; what will be known later nobody can say now."""
    known_at: datetime | None = optional(request, "recorded_time", timestamp_value)
    if known_at is not None and known_at > call.now:
        raise InvalidField(field="recorded_time", problem="is in the future")
    return known_at


def wish_value(request: pb.BindPolicyRequest) -> Wish:
    treaties = [request.treaty_id] if request.treaty_id else []
    return Wish(
        treaty_ids=each("treaty_ids", [*treaties, *request.treaty_ids], uuid_value),
        facultative_ids=each("facultative_ids", request.facultative_ids, uuid_value),
        without_treaties=request.without_treaties,
    )


def share_value(field: str, message: terms_pb2.CoInsurerShare) -> Share:
    return Share(message.insurer_id, percent_value(f"{field}.percent", message.percent), message.lead)
