"""Requests to values. Each function names the field that is wrong."""

from collections.abc import Callable
from uuid import UUID

from hubao.claims.v1 import claim_pb2 as claim_pb
from hubao.claims.v1 import claim_service_pb2 as pb
from hubao.claims.v1 import events_pb2 as events_pb

from libs.common.checking import reading
from libs.common.errors import InvalidField
from libs.common.grpc.convert import enum_name, money_value, optional, partial_date_value, uuid_value
from services.claims.domain.claim.parts import Outcome, Reason, State
from services.claims.domain.claim.paying import PaymentRequest
from services.claims.domain.codes import Veris, checked_class, checked_veris
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.facts import Asked, Question
from services.claims.domain.loss import AssessedLoss
from services.claims.domain.notice import Notice, ReportedLoss, checked_loss, checked_part_codes
from services.claims.projections import ClaimFilter


def notice_value(request: pb.NotifyClaimRequest) -> Notice:
    """The notice as given; a date of which nothing is known is None."""
    with reading() as read:
        return Notice(
            policy_id=read(uuid_value, "policy_id", request.policy_id),
            insured_uscc=request.insured_uscc,
            reference=request.reference,
            reported_by=request.reported_by,
            occurred_on=read(optional, request, "occurred_on", partial_date_value),
            discovered_on=read(optional, request, "discovered_on", partial_date_value),
            notified_on=read(optional, request, "notified_on", partial_date_value),
            description=request.description,
            veris=read(checked_veris, "veris", veris_value(request.veris)),
            incident_class=read(checked_class, "incident_class", request.incident_class),
            loss=read(optional, request, "reported_loss", loss_value),
            part_codes=read(checked_part_codes, "affected_part_codes", tuple(request.affected_part_codes)),
            response_requested=request.response_requested,
        )


def veris_value(message: claim_pb.VerisCodes) -> Veris:
    return Veris(
        actions=tuple(message.actions),
        actors=tuple(message.actors),
        assets=tuple(message.assets),
        attributes=tuple(message.attributes),
        action_varieties=tuple(message.action_varieties),
    )


def loss_value(field: str, message: claim_pb.ReportedLoss) -> ReportedLoss | None:
    return checked_loss(field, message.amount, message.currency_code)


def answer_values(request: pb.AnswerQuestionsRequest) -> list[tuple[Question, str, str]]:
    """Questions with value and evidence."""
    answers = []
    for index, message in enumerate(request.answers):
        if message.code not in tuple(Asked):
            raise InvalidField(field=f"answers[{index}].code", problem=f"must be one of {', '.join(Asked)}")
        if len(message.value) > 1000 or len(message.evidence) > 1000:
            raise InvalidField(field=f"answers[{index}]", problem="has texts of more than 1000 characters")
        answers.append((Question(Asked(message.code), message.subject), message.value, message.evidence))
    return answers


def reserve_values(request: pb.SetReservesRequest) -> list[Reserve]:
    return [
        Reserve(
            line.part_code,
            cost_type_value(f"lines[{index}].cost_type", line.cost_type),
            money_value(f"lines[{index}].outstanding", line.outstanding),
        )
        for index, line in enumerate(request.lines)
    ]


def outcome_value(request: pb.ProposeDecisionRequest) -> Outcome:
    return Outcome(enum_name("outcome", claim_pb.DecisionOutcome, request.outcome))


def reason_values(request: pb.ProposeDecisionRequest) -> tuple[Reason, ...]:
    for index, reason in enumerate(request.reasons):
        plain = reason.code.replace("_", "")
        if not (plain.isascii() and plain.isalnum() and plain == plain.upper() and len(reason.code) <= 60):
            raise InvalidField(field=f"reasons[{index}].code", problem="must be in capitals, such as OUTSIDE_TERM")
        if not 0 < len(reason.text) <= 2000:
            raise InvalidField(field=f"reasons[{index}].text", problem="must have 1 to 2000 characters")
    return tuple(Reason(reason.code, reason.text) for reason in request.reasons)


def assessed_values(request: pb.ProposeDecisionRequest) -> tuple[AssessedLoss, ...]:
    losses = []
    for index, message in enumerate(request.losses):
        field = f"losses[{index}]"
        assessed = money_value(f"{field}.assessed", message.assessed)
        # Allowed in full, if the field is not there.
        cut = assessed.zero()
        if message.HasField("disallowed"):
            cut = money_value(f"{field}.disallowed", message.disallowed)
        losses.append(
            AssessedLoss(
                part_code=message.part_code,
                cost_type=cost_type_value(f"{field}.cost_type", message.cost_type),
                assessed=assessed,
                disallowed=cut,
                interruption_hours=message.interruption_hours if message.HasField("interruption_hours") else None,
            )
        )
    return tuple(losses)


def payment_value(request: pb.RequestPaymentRequest) -> Callable[[UUID], PaymentRequest]:
    """The payment as soon as it has its id."""
    cost_type = cost_type_value("cost_type", request.cost_type)
    amount = money_value("amount", request.amount)
    order_id = optional(request, "order_id", uuid_value)

    def with_id(payment_id: UUID) -> PaymentRequest:
        return PaymentRequest(payment_id, request.part_code, cost_type, amount, request.payee_uscc, order_id)

    return with_id


def filter_value(request: pb.ListClaimsRequest) -> ClaimFilter:
    return ClaimFilter(
        policy_id=optional(request, "policy_id", uuid_value),
        state=State(enum_name("state", claim_pb.ClaimState, request.state)) if request.state else None,
        insured_uscc=request.insured_uscc,
        reference=request.reference,
    )


def cost_type_value(field: str, number: events_pb.CostType) -> CostType:
    return CostType(enum_name(field, events_pb.CostType, number))
