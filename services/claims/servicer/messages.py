"""A claim to its message."""

from typing import Any
from uuid import UUID

from hubao.claims.v1 import claim_pb2 as pb
from hubao.claims.v1 import claim_service_pb2 as service_pb
from hubao.claims.v1 import events_pb2 as events_pb
from sqlalchemy import Row

from libs.common.dates import PartialDate
from libs.common.grpc.convert import (
    date_message,
    decimal_text,
    enum_text,
    money_message,
    partial_date_message,
    timestamp_message,
)
from libs.common.money import Money
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.parts import Decision, Payment, ReserveSet, VerifiedOrder
from services.claims.domain.claim.paying import order_used
from services.claims.domain.claim.value import Claim
from services.claims.domain.codes import Veris
from services.claims.domain.costs import Reserve
from services.claims.domain.coverage.results import Opinion
from services.claims.domain.facts import Answer, Question
from services.claims.domain.loss import DecidedLine
from services.claims.domain.notice import ReportedLoss


def claim_message(claim_id: UUID, version: int, claim: Claim) -> pb.Claim:
    notice = claim.notice
    known = claim.facts(max((answer.at for answer in claim.answers), default=claim.noticed_at))
    return pb.Claim(
        claim_id=str(claim_id),
        etag=str(version),
        state=enum_text(pb.ClaimState, claim.state),
        policy_id=str(claim.policy_id),
        insured_uscc=claim.insured_uscc,
        reference=notice.reference,
        reported_by=notice.reported_by,
        occurred_on=_partial(known.occurred_on),
        discovered_on=_partial(known.discovered_on),
        notified_on=_partial(notice.notified_on),
        noticed_time=timestamp_message(claim.noticed_at),
        description=notice.description,
        veris=veris_message(notice.veris),
        incident_class=notice.incident_class or "",
        reported_loss=loss_message(notice.loss) if notice.loss else None,
        affected_part_codes=notice.part_codes,
        response_requested=notice.response_requested,
        possible_duplicate_claim_ids=[str(other) for other in claim.possible_duplicates],
        coverage=opinion_message(claim.coverage),
        open_questions=[question_message(question) for question in claim.open_questions],
        answers=[answer_message(answer) for answer in claim.answers],
        reserves=[reserve_message(reserve) for reserve in claim.reserves],
        pending_reserves=pending_message(claim, claim.pending_reserves) if claim.pending_reserves else None,
        decisions=[decision_message(claim, decision) for decision in claim.decisions],
        payments=[payment_message(claim, payment) for payment in claim.payments],
        verified_orders=[order_message(claim, order) for order in claim.orders],
        paid=money_message(claim.paid),
        close_outcome=claim.outcome,
        certificate_id=str(claim.certificate_id or ""),
    )


def summary_message(row: Row[Any]) -> service_pb.ClaimSummary:
    return service_pb.ClaimSummary(
        claim_id=str(row.claim_id),
        policy_id=str(row.policy_id),
        insured_uscc=row.insured_uscc,
        reference=row.reference,
        state=enum_text(pb.ClaimState, row.state),
        answer=enum_text(pb.CoverageAnswer, row.answer),
        occurred_on=row.occurred_on,
        noticed_time=timestamp_message(row.noticed_at),
        reserved=money_message(Money(row.currency, row.reserved)),
        paid=money_message(Money(row.currency, row.paid)),
    )


def veris_message(veris: Veris) -> pb.VerisCodes:
    return pb.VerisCodes(
        actions=veris.actions,
        actors=veris.actors,
        assets=veris.assets,
        attributes=veris.attributes,
        action_varieties=veris.action_varieties,
    )


def loss_message(loss: ReportedLoss) -> pb.ReportedLoss:
    return pb.ReportedLoss(amount=decimal_text(loss.amount), currency_code=loss.currency)


def question_message(question: Question) -> pb.Question:
    return pb.Question(code=question.asked, subject=question.subject)


def answer_message(answer: Answer) -> pb.Answer:
    return pb.Answer(
        code=answer.question.asked,
        subject=answer.question.subject,
        value=answer.value,
        evidence=answer.evidence,
        answered_by=answer.by,
        answered_time=timestamp_message(answer.at),
    )


def opinion_message(opinion: Opinion) -> pb.CoverageOpinion:
    return pb.CoverageOpinion(
        answer=enum_text(pb.CoverageAnswer, opinion.says),
        parts=[
            pb.PartOpinion(part_code=part.code, answer=enum_text(pb.CoverageAnswer, part.says), reasons=part.reasons)
            for part in opinion.parts
        ],
        questions=[question_message(question) for question in opinion.questions],
        as_known_time=timestamp_message(opinion.as_known),
    )


def reserve_message(reserve: Reserve) -> pb.ReserveLine:
    return pb.ReserveLine(
        part_code=reserve.part_code,
        cost_type=enum_text(events_pb.CostType, reserve.cost_type),
        outstanding=money_message(reserve.outstanding),
    )


def pending_message(claim: Claim, pending: ReserveSet) -> pb.PendingReserves:
    return pb.PendingReserves(
        number=pending.number,
        author=pending.author,
        reason=pending.reason,
        lines=[reserve_message(line) for line in pending.lines],
        committee_approvals=claim.approved_before(Act.RESERVE, pending.number),
    )


def decision_message(claim: Claim, decision: Decision) -> pb.Decision:
    proposal = decision.proposal
    return pb.Decision(
        number=proposal.number,
        state=enum_text(pb.ApprovalState, decision.state),
        outcome=enum_text(pb.DecisionOutcome, proposal.outcome),
        reasons=[pb.DecisionReason(code=reason.code, text=reason.text) for reason in proposal.reasons],
        lines=[line_message(line) for line in proposal.lines],
        payable=money_message(proposal.payable),
        proposed_by=proposal.proposed_by,
        approved_by=decision.approved_by,
        coverage=opinion_message(proposal.coverage),
        committee_approvals=claim.approved_before(Act.DECISION, proposal.number),
    )


def line_message(line: DecidedLine) -> pb.DecidedLine:
    return pb.DecidedLine(
        part_code=line.part_code,
        cost_type=enum_text(events_pb.CostType, line.cost_type),
        assessed=money_message(line.assessed),
        payable=money_message(line.payable),
        steps=[
            pb.LossStep(
                step=step.name,
                taken=money_message(step.taken),
                left=money_message(step.left),
                explanation=step.explanation,
            )
            for step in line.steps
        ],
    )


def payment_message(claim: Claim, payment: Payment) -> pb.Payment:
    return pb.Payment(
        payment_id=str(payment.payment_id),
        state=enum_text(pb.ApprovalState, payment.state),
        part_code=payment.part_code,
        cost_type=enum_text(events_pb.CostType, payment.cost_type),
        amount=money_message(payment.amount),
        payee_uscc=payment.payee_uscc,
        order_id=str(payment.order_id) if payment.order_id else "",
        override_code=payment.override_code,
        requested_by=payment.requested_by,
        decided_by=payment.decided_by,
        approved_on=date_message(payment.approved_on) if payment.approved_on else None,
        committee_approvals=claim.approved_before(Act.PAYMENT, payment_id=payment.payment_id),
    )


def order_message(claim: Claim, order: VerifiedOrder) -> pb.VerifiedOrder:
    return pb.VerifiedOrder(
        order_id=str(order.order_id),
        vendor_id=order.vendor_id,
        service_type=order.service_type,
        fee=money_message(order.fee),
        used=money_message(order_used(claim, order.order_id)),
        verified_on=date_message(order.verified_on),
    )


def _partial(known: PartialDate | None) -> Any:
    return partial_date_message(known) if known else None
