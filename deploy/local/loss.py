"""A claim from its notice to its end: answered, reserved, decided by two people, paid by two people, closed."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from hubao.claims.v1 import claim_pb2, events_pb2
from hubao.claims.v1 import claim_service_pb2 as pb

from deploy.local import orders
from deploy.local.cast import Cast
from deploy.local.market import yuan
from libs.common.grpc.convert import date_message

ANSWERS = {"EXCLUSION": "no", "PREMIUM_PAID": "yes"}
"""What the handler finds in the file when a coverage check asks."""


@dataclass(frozen=True)
class Event:
    """What happened to an insured, and what it cost."""

    key: str
    policy_id: str
    insured_uscc: str
    occurred_on: date
    description: str
    part_code: str
    assessed: str
    reserve: str
    interruption_hours: int | None = None
    response_requested: bool = False


@dataclass(frozen=True)
class Loss:
    """The steps of one claim."""

    cast: Cast
    event: Event

    async def notify(self) -> str:
        """The insured reports the loss; the claim's id."""
        event = self.event
        request = pb.NotifyClaimRequest(
            policy_id=event.policy_id,
            insured_uscc=event.insured_uscc,
            reference=event.key,
            reported_by="insured's duty officer",
            occurred_on=date_message(event.occurred_on),
            discovered_on=date_message(event.occurred_on),
            description=event.description,
            veris=claim_pb2.VerisCodes(
                actions=["malware"],
                actors=["external"],
                assets=["S - Web application"],
                attributes=["availability"],
                action_varieties=["Ransomware"],
            ),
            incident_class="MALICIOUS_PROGRAM",
            reported_loss=claim_pb2.ReportedLoss(amount=event.assessed, currency_code="CNY"),
            affected_part_codes=[event.part_code],
            response_requested=event.response_requested,
        )
        return str((await self.cast.handler(request, f"{event.key}/notify")).claim.claim_id)

    async def take_response(self, claim_id: str) -> None:
        """Whoever is offered the incident response accepts it."""
        for order in await self._orders(claim_id):
            await orders.accept(self.cast, order)

    async def respond(self, claim_id: str) -> None:
        """The report of the incident response is handed in and taken."""
        for order in await self._orders(claim_id):
            await orders.verify(self.cast.handler, order, await orders.deliver(self.cast, order))

    async def settle(self, claim_id: str) -> None:
        """Everything between the notice and the end, by a handler and a manager."""
        await self._answer(claim_id)
        await self._reserve(claim_id)
        await self._pay(claim_id, await self._decide(claim_id))

    async def _answer(self, claim_id: str) -> None:
        """The handler answers what the coverage check asks."""
        claim = (await self.cast.handler(pb.GetClaimRequest(claim_id=claim_id))).claim
        known = ANSWERS | {"INTERRUPTION_HOURS": str(self.event.interruption_hours)}
        answers = [
            claim_pb2.Answer(code=asked.code, subject=asked.subject, value=known[asked.code], evidence="claim file")
            for asked in claim.open_questions
        ]
        if answers:
            key = "+".join(f"{answer.code}:{answer.subject}" for answer in answers)
            request = pb.AnswerQuestionsRequest(claim_id=claim_id, answers=answers)
            await self.cast.handler(request, f"{self.event.key}/answer/{key}")

    async def _reserve(self, claim_id: str) -> None:
        """The handler sets a reserve; a manager approves it if it is over the handler's authority."""
        line = claim_pb2.ReserveLine(
            part_code=self.event.part_code,
            cost_type=events_pb2.COST_TYPE_INDEMNITY,
            outstanding=yuan(self.event.reserve),
        )
        request = pb.SetReservesRequest(claim_id=claim_id, lines=[line], reason="first estimate")
        claim = (await self.cast.handler(request, f"{self.event.key}/reserve")).claim
        if claim.HasField("pending_reserves"):
            approve = pb.ApproveReservesRequest(claim_id=claim_id, number=claim.pending_reserves.number)
            await self.cast.manager(approve, f"{self.event.key}/reserve/approve")

    async def _decide(self, claim_id: str) -> Any:
        """The handler proposes to pay in full, a manager approves; what is to be paid."""
        loss = pb.AssessedLoss(
            part_code=self.event.part_code,
            cost_type=events_pb2.COST_TYPE_INDEMNITY,
            assessed=yuan(self.event.assessed),
            interruption_hours=self.event.interruption_hours,
        )
        outcome = claim_pb2.DECISION_OUTCOME_PAY_IN_FULL
        propose = pb.ProposeDecisionRequest(claim_id=claim_id, outcome=outcome, losses=[loss])
        claim = (await self.cast.handler(propose, f"{self.event.key}/decide")).claim
        approve = pb.ApproveDecisionRequest(claim_id=claim_id, number=claim.decisions[-1].number)
        return (await self.cast.manager(approve, f"{self.event.key}/decide/approve")).claim.decisions[-1].payable

    async def _pay(self, claim_id: str, payable: Any) -> None:
        """What was decided is paid, again by two people, and the claim is closed."""
        request = pb.RequestPaymentRequest(
            claim_id=claim_id,
            part_code=self.event.part_code,
            cost_type=events_pb2.COST_TYPE_INDEMNITY,
            amount=payable,
            payee_uscc=self.event.insured_uscc,
        )
        claim = (await self.cast.handler(request, f"{self.event.key}/pay")).claim
        approve = pb.ApprovePaymentRequest(claim_id=claim_id, payment_id=claim.payments[-1].payment_id)
        await self.cast.manager(approve, f"{self.event.key}/pay/approve")
        await self.cast.handler(pb.CloseClaimRequest(claim_id=claim_id), f"{self.event.key}/close")

    async def _orders(self, claim_id: str) -> list[Any]:
        return [order async for order in orders.all_orders(self.cast.handler, claim_id=claim_id)]
