"""The claims service's whole engine in this process, on a real database; its servicer is called without the network."""

import hashlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money as MoneyMessage
from hubao.billing_subsidy.v1 import events_pb2 as billing_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendor_pb

from libs.common.codes.uscc import compose
from libs.common.context import Call, calling
from libs.common.grpc.validation import read
from services.claims.__main__ import SERVICE
from services.claims.servicer import servicers
from tests.claims.examples import BOUND_AT, INSURED, NOW, POLICY
from tests.common.engine import Engine

HANDLER, MANAGER = "handler", "manager"


class Desk(Engine):
    """One claims service. Who asks is HANDLER or MANAGER, of the insurer `tenant`."""

    def __init__(self, admin_url: str) -> None:
        super().__init__(SERVICE, servicers, admin_url, NOW)
        self.tenant = "lead"

    def call(
        self,
        who: str,
        payload: bytes = b"",
        request_id: str = "",
        heard_at: datetime | None = None,
        roles: frozenset[str] = frozenset(),
    ) -> Call:
        return Call(
            tenant=self.tenant,
            organisation=self.tenant,
            principal=f"user:{who}",
            roles=roles or frozenset({f"claims_{who}"}),
            request_id=request_id or str(uuid4()),
            fingerprint=hashlib.sha256(payload).digest(),
            now=self.clock.at,
            correlation_id="c",
            heard_at=heard_at,
        )

    async def ask(self, who: str, request: Any) -> Any:
        """Calls the method of a request as the edge would, which looks at the rules of the proto first."""
        return await self.ask_as(f"claims_{who}", who, request)

    async def ask_as(self, role: str, subject: str, request: Any) -> Any:
        """The same, as anybody with a role."""
        request = read(request.SerializeToString(), type(request).FromString)
        method = type(request).__name__.removesuffix("Request")
        payload = type(request)()
        payload.CopyFrom(request)
        given = getattr(request, "request_id", "")
        if given:
            payload.ClearField("request_id")
        with calling(self.call(subject, method.encode() + payload.SerializeToString(), given, roles=frozenset({role}))):
            return await getattr(self.servicers[0], method)(request, None)

    async def hear(self, heard: Message, at: datetime = BOUND_AT) -> None:
        """Reacts to another service's announcement that was recorded at a time."""
        await self.react(self.call("service", heard_at=at), heard)

    async def bind(
        self, policy_id: UUID = POLICY, *, aggregate: int = 1_500_000, paid: bool = True, **part: Any
    ) -> None:
        """A policy is bound, and its premium paid."""
        bound = policy_pb.PolicyBound(timeline=timeline(policy_id, aggregate=aggregate, **part))
        await self.hear(bound)
        if paid:
            received = billing_pb.PremiumReceived(
                policy_id=str(policy_id), amount=money(106_000), received=money(106_000), invoiced=money(106_000)
            )
            await self.hear(received)

    async def notify(self, **fields: Any) -> Any:
        return (await self.ask(HANDLER, notice(**fields))).claim

    async def decided(self, yuan: int = 300_000, cost_type: str = "COST_TYPE_INDEMNITY", **fields: Any) -> Any:
        """A claim with an approved decision."""
        claim = await self.notify(**fields)
        loss = pb.AssessedLoss(part_code="BI", cost_type=cost_type, assessed=money(yuan))
        await self.ask(HANDLER, proposal(claim.claim_id, loss))
        return (await self.ask(MANAGER, pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=1))).claim

    async def pay(self, claim_id: str, yuan: int, cost_type: str = "COST_TYPE_INDEMNITY", **fields: Any) -> Any:
        """A payment, requested and approved."""
        request = payment(claim_id, yuan, cost_type, **fields)
        payment_id = (await self.ask(HANDLER, request)).claim.payments[-1].payment_id
        approve = pb.ApprovePaymentRequest(claim_id=claim_id, payment_id=payment_id)
        return (await self.ask(MANAGER, approve)).claim

    async def totals(self, policy_id: str = "") -> Any:
        await self.project()
        return (await self.ask(HANDLER, pb.GetClaimTotalsRequest(policy_id=policy_id))).totals

    async def account(self, policy_id: UUID = POLICY) -> Any:
        return (await self.ask(HANDLER, pb.GetCoverageAccountRequest(policy_id=str(policy_id)))).account

    def pass_time(self, **spent: float) -> None:
        self.clock.at += timedelta(**spent)


def money(yuan: int) -> MoneyMessage:
    return MoneyMessage(currency_code="CNY", units=yuan)


def day(year: int, month: int = 0, of_month: int = 0) -> Date:
    return Date(year=year, month=month, day=of_month)


def notice(**fields: Any) -> pb.NotifyClaimRequest:
    plain: dict[str, Any] = {
        "policy_id": str(POLICY),
        "reference": "R-1",
        "reported_by": "duty officer",
        "occurred_on": day(2026, 5, 1),
        "reported_loss": claim_pb2.ReportedLoss(amount="300000.00", currency_code="CNY"),
        "veris": claim_pb2.VerisCodes(actions=["malware"], actors=["external"]),
    }
    return pb.NotifyClaimRequest(**{**plain, **fields})


def proposal(claim_id: str, *losses: pb.AssessedLoss, **fields: Any) -> pb.ProposeDecisionRequest:
    plain: dict[str, Any] = {"claim_id": claim_id, "outcome": "DECISION_OUTCOME_PAY_IN_FULL", "losses": losses}
    return pb.ProposeDecisionRequest(**{**plain, **fields})


def payment(
    claim_id: str, yuan: int, cost_type: str = "COST_TYPE_INDEMNITY", **fields: Any
) -> pb.RequestPaymentRequest:
    plain: dict[str, Any] = {
        "claim_id": claim_id,
        "part_code": "BI",
        "cost_type": cost_type,
        "amount": money(yuan),
        "payee_uscc": INSURED,
    }
    return pb.RequestPaymentRequest(**{**plain, **fields})


def reserve(claim_id: str, yuan: int, **fields: Any) -> pb.SetReservesRequest:
    line = claim_pb2.ReserveLine(part_code="BI", cost_type="COST_TYPE_INDEMNITY", outstanding=money(yuan))
    return pb.SetReservesRequest(claim_id=claim_id, lines=[line], reason="first view", **fields)


def timeline(policy_id: UUID = POLICY, *, aggregate: int = 1_500_000, **part: Any) -> terms_pb.PolicyTimeline:
    segment = terms_pb.TermsSegment(to=day(2027, 1, 1), parts=[part_terms(**part)])
    getattr(segment, "from").CopyFrom(day(2026, 1, 1))
    return terms_pb.PolicyTimeline(
        policy_id=str(policy_id),
        policy_number="P-1",
        insured=Enterprise(
            uscc=INSURED if policy_id == POLICY else compose("310115", policy_id.int % 10**8), name="Orchid"
        ),
        inception=day(2026, 1, 1),
        expiry=day(2027, 1, 1),
        segments=[segment],
        aggregate_limit=money(aggregate),
    )


def part_terms(**fields: Any) -> terms_pb.PartTerms:
    plain: dict[str, Any] = {
        "code": "BI",
        "limit": money(1_000_000),
        "deductible": money(0),
        "coinsurance_percent": "0",
        "trigger": "TRIGGER_OCCURRENCE",
    }
    return terms_pb.PartTerms(**{**plain, **fields})


def order_verified(claim_id: str, order_id: UUID, yuan: int) -> vendor_pb.OrderVerified:
    return vendor_pb.OrderVerified(
        order_id=str(order_id),
        origin=vendor_pb.OrderOrigin(claim_id=claim_id),
        policy_id=str(POLICY),
        vendor_id="vendor-1",
        service_type="incident_response",
        fee=money(yuan),
        verified_on=day(2026, 5, 9),
    )


def insured_of(policy_id: UUID) -> str:
    """Each policy has an insured of its own."""
    return INSURED if policy_id == POLICY else compose("310115", policy_id.int % 10**8)
