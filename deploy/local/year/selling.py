"""The policy's side of the year: from the submission to the binding, two endorsements and the cancellation."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local import orders
from deploy.local.cast import Cast
from deploy.local.market import FOLLOWER, PUDONG, TENANT, yuan
from libs.common.codes import uscc
from libs.common.grpc.convert import date_message

INCEPTION, EXPIRY = date(2026, 1, 1), date(2027, 1, 1)
INSURED = party_pb2.Enterprise(
    uscc=uscc.compose(PUDONG, 20_260_101),
    name="浦东云帆软件有限公司",
    industry_code="I65",
    region_code=PUDONG,
    size=party_pb2.ENTERPRISE_SIZE_MEDIUM,
)
LIMITS = {"INTERRUPTION": 5_000_000, "LIABILITY": 4_200_000, "EXTORTION": 800_000}
"""At one percent of each limit, 100,000.00 a year."""


@dataclass(frozen=True)
class Selling:
    """The acts that belong to the policy service, in the order of the year."""

    cast: Cast

    async def submit(self, product_id: str) -> str:
        """Enters the submission and orders the assessment before binding; the submission's id."""
        request = submission_pb.CreateSubmissionRequest(
            submission_key="YEAR-2026",
            product_id=product_id,
            insured=INSURED,
            inception=date_message(INCEPTION),
            expiry=date_message(EXPIRY),
            parts=[wanted(code, limit, date(2024, 1, 1)) for code, limit in LIMITS.items()],
            annual_revenue=yuan(80_000_000),
            systems=[
                submission_pb.DeclaredSystem(name="订单平台", mlps_level=2, mlps_filing_number="31011500001-26001")
            ],
            dependencies=[submission_pb.DeclaredDependency(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="浦江云")],
            bundled_services=True,
        )
        submission = (await self.cast.underwriter(request, "year/submit")).submission
        assess = submission_pb.RequestAssessmentRequest(
            submission_id=submission.submission_id, entitlement_code="ASSESSMENT"
        )
        await self.cast.underwriter(assess, "year/assess")
        return str(submission.submission_id)

    async def take_assessment(self, submission_id: str) -> None:
        """The assessor accepts the order of the assessment."""
        for order in await self.orders_of(submission_id=submission_id):
            await orders.accept(self.cast, order)

    async def assess(self, submission_id: str) -> None:
        """The assessor hands in the result, and the underwriter takes it."""
        for order in await self.orders_of(submission_id=submission_id):
            result = order_pb.AssessmentResult(score=86, critical_findings=0, high_findings=2)
            digest = await orders.deliver(self.cast, order, result)
            await orders.verify(self.cast.underwriter, order, digest)

    async def quote(self, submission_id: str) -> Any:
        """Prices the submission, with a condition that is met at once; the quote."""
        condition = submission_pb.Subjectivity(
            code="OFFLINE_BACKUP", text="离线备份的证明", phase=submission_pb.SUBJECTIVITY_PHASE_PRE_BIND
        )
        request = submission_pb.CreateQuoteRequest(submission_id=submission_id, subjectivities=[condition])
        quote = (await self.cast.underwriter(request, "year/quote")).quote
        close = submission_pb.CloseSubjectivityRequest(
            submission_id=submission_id,
            quote_number=quote.number,
            code="OFFLINE_BACKUP",
            evidence_reference="evidence/offline-backup.pdf",
            evidence_sha256="5d" * 32,
        )
        await self.cast.underwriter(close, "year/quote/close")
        return quote

    async def bind(self, submission_id: str, quote: Any, treaty_id: str) -> str:
        """Binds the quote for lead and follower, ceding part of the lead's share; the policy's id."""
        shares = [
            terms_pb2.CoInsurerShare(insurer_id=TENANT, percent="60", lead=True),
            terms_pb2.CoInsurerShare(insurer_id=FOLLOWER, percent="40"),
        ]
        request = pb.BindPolicyRequest(
            submission_id=submission_id, quote_number=quote.number, shares=shares, treaty_id=treaty_id
        )
        return str((await self.cast.underwriter(request, "year/bind")).policy.policy_id)

    async def take_monitoring(self, policy_id: str) -> None:
        """Whoever is offered the monitoring accepts it."""
        for order in await self.orders_of(policy_id=policy_id):
            if order.service_type == "monitoring":
                await orders.accept(self.cast, order)

    async def monitor(self, policy_id: str) -> None:
        """The first report of the monitoring is handed in and taken."""
        for order in await self.orders_of(policy_id=policy_id):
            if order.service_type == "monitoring":
                await orders.verify(self.cast.underwriter, order, await orders.deliver(self.cast, order))

    async def raise_limit(self, policy_id: str) -> Any:
        """From 1 July on, 120,000.00 a year; the movements of premium."""
        change = pb.PolicyChange(kind=pb.CHANGE_KIND_SET_PART, part_code="INTERRUPTION", limit=yuan(7_000_000))
        return await self._endorse(policy_id, date(2026, 7, 1), change, "year/endorse/july")

    async def drop_part(self, policy_id: str) -> Any:
        """From 1 April on without a part, recorded after the change of July; the movements of premium."""
        change = pb.PolicyChange(kind=pb.CHANGE_KIND_REMOVE_PART, part_code="EXTORTION")
        return await self._endorse(policy_id, date(2026, 4, 1), change, "year/endorse/april")

    async def cancel(self, policy_id: str) -> Any:
        """The insured cancels on 1 October; the policy."""
        request = pb.CancelPolicyRequest(
            policy_id=policy_id,
            effective_date=date_message(date(2026, 10, 1)),
            method=product_pb.CANCELLATION_METHOD_SHORT_RATE,
            reason="INSURED_REQUEST",
        )
        return (await self.cast.underwriter(request, "year/cancel")).policy

    async def policy(self, policy_id: str) -> Any:
        return (await self.cast.auditor(pb.GetPolicyRequest(policy_id=policy_id))).policy

    async def orders_of(self, **origin: str) -> list[Any]:
        return [order async for order in orders.all_orders(self.cast.underwriter, **origin)]

    async def _endorse(self, policy_id: str, effective: date, change: Any, key: str) -> Any:
        request = pb.EndorsePolicyRequest(policy_id=policy_id, effective_date=date_message(effective), changes=[change])
        return (await self.cast.underwriter(request, key)).transactions


def wanted(code: str, limit: int, retroactive: date) -> Any:
    """A part as a submission asks for it, with the product's lowest deductible."""
    return submission_pb.WantedPart(part_code=code, limit=yuan(limit), retroactive_date=date_message(retroactive))
