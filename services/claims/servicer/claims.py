"""ClaimService: each method reads the request, calls one command, and writes the reply."""

from typing import Any
from uuid import UUID

from hubao.claims.v1 import claim_pb2 as claim_pb
from hubao.claims.v1 import claim_service_pb2 as pb
from hubao.claims.v1 import claim_service_pb2_grpc as pb_grpc

from libs.common.application import Application, Done, Loaded
from libs.common.context import current_call
from libs.common.grpc.convert import optional, timestamp_value, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.claims.application import Claims
from services.claims.domain.claim.value import Claim
from services.claims.projections import Reads
from services.claims.servicer import coverage_messages as coverage
from services.claims.servicer import messages, reading
from services.claims.servicer.authorities import AuthorityMethods


class ClaimServicer(AuthorityMethods, pb_grpc.ClaimServiceServicer):
    """Losses from first notice to the last payment."""

    def __init__(self, application: Application, reads: Reads) -> None:
        super().__init__(application, reads)
        self._claims = Claims(application)
        self._reads = reads

    async def NotifyClaim(self, request: pb.NotifyClaimRequest, context: Context) -> pb.NotifyClaimResponse:
        noticed = await self._claims.notify(current_call(), reading.notice_value(request))
        return pb.NotifyClaimResponse(claim=claim_of(noticed.done), repeated=noticed.repeated)

    async def AnswerQuestions(self, request: pb.AnswerQuestionsRequest, context: Context) -> pb.AnswerQuestionsResponse:
        answers = reading.answer_values(request)
        done = await self._claims.answer(current_call(), claim_id(request), answers, request.etag)
        return pb.AnswerQuestionsResponse(claim=claim_of(done))

    async def GetClaim(self, request: pb.GetClaimRequest, context: Context) -> pb.GetClaimResponse:
        loaded = await self._claims.get(current_call(), claim_id(request))
        return pb.GetClaimResponse(claim=claim_of(loaded))

    async def ListClaims(self, request: pb.ListClaimsRequest, context: Context) -> pb.ListClaimsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.list(tenant, reading.filter_value(request), page.after, page.size + 1)
        shown, token = next_token(page, rows, key=lambda row: (row.noticed_at, row.claim_id))
        return pb.ListClaimsResponse(claims=[messages.summary_message(row) for row in shown], next_page_token=token)

    async def CheckCoverage(self, request: pb.CheckCoverageRequest, context: Context) -> pb.CheckCoverageResponse:
        as_known = optional(request, "as_known_time", timestamp_value)
        check = await self._claims.check(current_call(), claim_id(request), as_known)
        return pb.CheckCoverageResponse(check=coverage.check_message(claim_id(request), check))

    async def SetReserves(self, request: pb.SetReservesRequest, context: Context) -> pb.SetReservesResponse:
        lines = reading.reserve_values(request)
        done = await self._claims.set_reserves(current_call(), claim_id(request), lines, request.reason, request.etag)
        return pb.SetReservesResponse(claim=claim_of(done))

    async def ApproveReserves(self, request: pb.ApproveReservesRequest, context: Context) -> pb.ApproveReservesResponse:
        done = await self._claims.approve_reserves(current_call(), claim_id(request), request.number, request.etag)
        return pb.ApproveReservesResponse(claim=claim_of(done))

    async def ProposeDecision(self, request: pb.ProposeDecisionRequest, context: Context) -> pb.ProposeDecisionResponse:
        done = await self._claims.propose_decision(
            current_call(),
            claim_id(request),
            reading.outcome_value(request),
            reading.reason_values(request),
            reading.assessed_values(request),
            request.etag,
        )
        return pb.ProposeDecisionResponse(claim=claim_of(done))

    async def ApproveDecision(self, request: pb.ApproveDecisionRequest, context: Context) -> pb.ApproveDecisionResponse:
        done = await self._claims.approve_decision(current_call(), claim_id(request), request.number, request.etag)
        return pb.ApproveDecisionResponse(claim=claim_of(done))

    async def RequestPayment(self, request: pb.RequestPaymentRequest, context: Context) -> pb.RequestPaymentResponse:
        wanted = reading.payment_value(request)
        done = await self._claims.request_payment(current_call(), claim_id(request), wanted, request.etag)
        return pb.RequestPaymentResponse(claim=claim_of(done))

    async def ApprovePayment(self, request: pb.ApprovePaymentRequest, context: Context) -> pb.ApprovePaymentResponse:
        payment = uuid_value("payment_id", request.payment_id)
        done = await self._claims.approve_payment(
            current_call(), claim_id(request), payment, request.override_code, request.etag
        )
        return pb.ApprovePaymentResponse(claim=claim_of(done))

    async def RejectPayment(self, request: pb.RejectPaymentRequest, context: Context) -> pb.RejectPaymentResponse:
        payment = uuid_value("payment_id", request.payment_id)
        done = await self._claims.reject_payment(
            current_call(), claim_id(request), payment, request.reason, request.etag
        )
        return pb.RejectPaymentResponse(claim=claim_of(done))

    async def CloseClaim(self, request: pb.CloseClaimRequest, context: Context) -> pb.CloseClaimResponse:
        done = await self._claims.close(current_call(), claim_id(request), request.etag)
        return pb.CloseClaimResponse(claim=claim_of(done))

    async def ReopenClaim(self, request: pb.ReopenClaimRequest, context: Context) -> pb.ReopenClaimResponse:
        done = await self._claims.reopen(current_call(), claim_id(request), request.reason, request.etag)
        return pb.ReopenClaimResponse(claim=claim_of(done))

    async def WithdrawClaim(self, request: pb.WithdrawClaimRequest, context: Context) -> pb.WithdrawClaimResponse:
        done = await self._claims.withdraw(current_call(), claim_id(request), request.reason, request.etag)
        return pb.WithdrawClaimResponse(claim=claim_of(done))

    async def GetCoverageAccount(
        self, request: pb.GetCoverageAccountRequest, context: Context
    ) -> pb.GetCoverageAccountResponse:
        policy_id = uuid_value("policy_id", request.policy_id)
        loaded = await self._claims.get_account(current_call(), policy_id)
        return pb.GetCoverageAccountResponse(account=coverage.account_message(loaded.version, loaded.value))

    async def GetClaimTotals(self, request: pb.GetClaimTotalsRequest, context: Context) -> pb.GetClaimTotalsResponse:
        policy_id = optional(request, "policy_id", uuid_value)
        totals = await self._reads.totals(current_call().tenant, policy_id)
        return pb.GetClaimTotalsResponse(totals=coverage.totals_message(totals))


def claim_id(request: Any) -> UUID:
    """The claim that any request about one claim names."""
    return uuid_value("claim_id", request.claim_id)


def claim_of(found: Done[Claim] | Loaded[Claim]) -> claim_pb.Claim:
    return messages.claim_message(found.stream, found.version, found.value)
