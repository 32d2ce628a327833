"""PolicyService, the methods about what comes after binding: lapse, reinstatement, longer reporting, renewal."""

from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.grpc.convert import date_value, money_value, optional, uuid_value
from libs.common.grpc.methods import Context
from services.policy.application.lives import PolicyLives
from services.policy.application.policies import PolicyView
from services.policy.application.renewals import Renewals, RenewalWish
from services.policy.domain.policy.life import NoKnownLosses
from services.policy.servicer.policy_messages import policy_message
from services.policy.servicer.submission_messages import submission_message
from services.policy.servicer.submissions import dependency_value, system_value
from services.policy.servicer.values import answer_value, each, enterprise_value, wanted_value


class LifeMethods:
    def __init__(self, application: Application) -> None:
        self._lives = PolicyLives(application)
        self._renewals = Renewals(application)

    async def ReinstatePolicy(
        self, request: life_pb.ReinstatePolicyRequest, context: Context
    ) -> pb.ReinstatePolicyResponse:
        effective = date_value("effective_date", request.effective_date)
        view = await self._lives.reinstate(
            current_call(),
            uuid_value("policy_id", request.policy_id),
            effective,
            request.reason,
            optional(request, "statement", statement_value),
            request.etag,
        )
        return pb.ReinstatePolicyResponse(policy=policy_message(view, effective))

    async def LapsePolicy(self, request: life_pb.LapsePolicyRequest, context: Context) -> pb.LapsePolicyResponse:
        policy_id = uuid_value("policy_id", request.policy_id)
        view = await self._lives.lapse(current_call(), policy_id, request.etag)
        return pb.LapsePolicyResponse(policy=_after_its_end(view))

    async def ExtendReporting(
        self, request: life_pb.ExtendReportingRequest, context: Context
    ) -> pb.ExtendReportingResponse:
        policy_id = uuid_value("policy_id", request.policy_id)
        view = await self._lives.extend_reporting(current_call(), policy_id, request.days, request.etag)
        return pb.ExtendReportingResponse(policy=_after_its_end(view))

    async def RenewPolicy(self, request: life_pb.RenewPolicyRequest, context: Context) -> pb.RenewPolicyResponse:
        done = await self._renewals.begin(
            current_call(), uuid_value("policy_id", request.policy_id), request.submission_key, renewal_value(request)
        )
        return pb.RenewPolicyResponse(submission=submission_message(done))


def _after_its_end(view: PolicyView) -> pb.Policy:
    """With the terms of the first day after cover, of which there are none."""
    cancellation = view.policy.cancellation
    ended_on = view.policy.bound.period.expiry if cancellation is None else cancellation.effective_date
    return policy_message(view, ended_on)


def statement_value(field: str, message: life_pb.NoKnownLosses) -> NoKnownLosses:
    return NoKnownLosses(message.reference, message.sha256, date_value(f"{field}.signed_on", message.signed_on))


def renewal_value(request: life_pb.RenewPolicyRequest) -> RenewalWish:
    return RenewalWish(
        inception=optional(request, "inception", date_value),
        expiry=optional(request, "expiry", date_value),
        gives_up_continuity=request.give_up_continuity,
        insured=optional(request, "insured", enterprise_value),
        parts=each("parts", request.parts, wanted_value),
        aggregate_limit=optional(request, "aggregate_limit", money_value),
        annual_revenue=optional(request, "annual_revenue", money_value),
        answers=each("answers", request.answers, answer_value),
        systems=each("systems", request.systems, system_value),
        dependencies=each("dependencies", request.dependencies, dependency_value),
        bundled_services=request.bundled_services if request.HasField("bundled_services") else None,
    )
