"""PolicyService."""

from typing import Any

import grpc
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.grpc.convert import (
    date_value,
    enum_name,
    money_value,
    optional,
    percent_value,
    timestamp_value,
    uuid_value,
)
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.ceding import Wish
from services.policy.application.policies import Policies
from services.policy.application.public import transaction_message
from services.policy.domain.policy.values import Change, ChangeKind, Share
from services.policy.projections.reads import Reads
from services.policy.servicer.policy_messages import policy_message, row_message, summary_message
from services.policy.servicer.policy_streams import PolicyStreams
from services.policy.servicer.product_values import method_value
from services.policy.servicer.values import answer_value, each, filter_name, within

Context = grpc.aio.ServicerContext[Any, Any]


class PolicyServicer(PolicyStreams):
    def __init__(self, application: Application, reads: Reads) -> None:
        super().__init__(application, reads)
        self._policies = Policies(application)
        self._reads = reads

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
        return pb.BindPolicyResponse(policy=policy_message(view, view.policy.bound.period.inception))

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
            request.etag,
        )
        return pb.CancelPolicyResponse(policy=policy_message(view, effective))

    async def GetPolicy(self, request: pb.GetPolicyRequest, context: Context) -> pb.GetPolicyResponse:
        call = current_call()
        view = await self._policies.get(
            call,
            uuid_value("policy_id", request.policy_id),
            optional(request, "recorded_time", timestamp_value),
        )
        effective = optional(request, "effective_date", date_value) or call.today
        return pb.GetPolicyResponse(policy=policy_message(view, effective))

    async def ListPolicies(self, request: pb.ListPoliciesRequest, context: Context) -> pb.ListPoliciesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        status = filter_name(pb.PolicyStatus, request.status)
        rows = await self._reads.policies(tenant, page, status, request.insured_uscc)
        shown, token = next_token(page, rows, key=lambda row: (row.policy_number, row.policy_id))
        return pb.ListPoliciesResponse(policies=[row_message(row) for row in shown], next_page_token=token)

    async def GetPremiumSummary(
        self, request: pb.GetPremiumSummaryRequest, context: Context
    ) -> pb.GetPremiumSummaryResponse:
        return summary_message(await self._reads.premium_summary(current_call().tenant))


def wish_value(request: pb.BindPolicyRequest) -> Wish:
    treaties = [request.treaty_id] if request.treaty_id else []
    return Wish(
        treaty_ids=each("treaty_ids", [*treaties, *request.treaty_ids], uuid_value),
        facultative_ids=each("facultative_ids", request.facultative_ids, uuid_value),
    )


def share_value(field: str, message: terms_pb2.CoInsurerShare) -> Share:
    return Share(message.insurer_id, percent_value(f"{field}.percent", message.percent), message.lead)


def change_value(field: str, message: pb.PolicyChange) -> Change:
    return Change(
        kind=ChangeKind(enum_name(f"{field}.kind", pb.ChangeKind, message.kind)),
        part_code=message.part_code,
        limit=within(field, message, "limit", money_value),
        deductible=within(field, message, "deductible", money_value),
        answer=within(field, message, "answer", answer_value),
    )
