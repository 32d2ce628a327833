"""QuantificationService. Large requests are read in the simulation's thread too, so that they hold up nobody."""

from hubao.policy.v1 import development_pb2
from hubao.policy.v1 import quantification_service_pb2 as pb
from hubao.policy.v1 import quantification_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.context import Call, current_call
from libs.common.grpc.convert import date_value, uuid_value
from libs.common.grpc.methods import Context
from services.policy.application.quantification import Quantification, Terms
from services.policy.domain.errors import TooMuchToSimulate
from services.policy.projections.reads import Reads
from services.policy.servicer.development import develop_losses
from services.policy.servicer.given_risk import given_value
from services.policy.servicer.simulations import check_oneself, simulate_many, simulate_risk
from services.policy.servicer.values import each

MOST_POLICIES = 500
MOST_POLICY_YEARS = 20_000_000


class QuantificationServicer(pb_grpc.QuantificationServiceServicer):
    def __init__(self, application: Application, reads: Reads) -> None:
        self._quantification = Quantification(application)
        self._reads = reads

    async def SimulateRisk(self, request: pb.SimulateRiskRequest, context: Context) -> pb.SimulateRiskResponse:
        terms = await self._terms(current_call(), request)
        return await self._quantification.run(current_call().owner, lambda stop: simulate_risk(request, terms, stop))

    async def SimulatePortfolio(
        self, request: pb.SimulatePortfolioRequest, context: Context
    ) -> pb.SimulatePortfolioResponse:
        call = current_call()
        on = date_value("effective_date", request.effective_date)
        ids = each("policy_ids", request.policy_ids, uuid_value)
        ids = ids or tuple(await self._reads.policies_covering(call.tenant, on, MOST_POLICIES + 1))
        if len(ids) > MOST_POLICIES or len(ids) * request.years > MOST_POLICY_YEARS:
            asked = f"{len(ids)} policies, or more, over {request.years} years"
            allowed = f"{MOST_POLICIES} policies, and {MOST_POLICY_YEARS:,} years of policies,"
            raise TooMuchToSimulate(asked=asked, allowed=allowed)
        terms = [await self._quantification.of_policy(call, policy_id, on) for policy_id in ids]
        return await self._quantification.run(current_call().owner, lambda stop: simulate_many(request, terms, stop))

    async def SelfCheck(self, request: pb.SelfCheckRequest, context: Context) -> pb.SelfCheckResponse:
        return await self._quantification.run(current_call().owner, lambda stop: check_oneself(request, stop))

    async def DevelopLosses(
        self, request: development_pb2.DevelopLossesRequest, context: Context
    ) -> development_pb2.DevelopLossesResponse:
        return await self._quantification.run(current_call().owner, lambda stop: develop_losses(request))

    async def _terms(self, call: Call, request: pb.SimulateRiskRequest) -> Terms:
        match request.WhichOneof("risk"):
            case "policy":
                policy_id = uuid_value("policy.policy_id", request.policy.policy_id)
                on = date_value("policy.effective_date", request.policy.effective_date)
                return await self._quantification.of_policy(call, policy_id, on)
            case "quote":
                submission_id = uuid_value("quote.submission_id", request.quote.submission_id)
                return await self._quantification.of_quote(call, submission_id, request.quote.quote_number)
        return given_value("given", request.given)
