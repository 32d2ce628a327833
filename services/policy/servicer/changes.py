"""PreviewChange and CommitChange, which PolicyService has besides its commands; and reading what is proposed."""

from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2

from libs.common.context import Call, current_call
from libs.common.errors import InvalidField
from libs.common.grpc.calls import CORRELATION_ID
from libs.common.grpc.convert import date_message, date_value, enum_name, enum_text, money_value, uuid_value
from libs.common.grpc.methods import Context
from services.policy.application.billing import PATIENCE, Asking
from services.policy.application.previewing import Previews
from services.policy.application.public import transaction_message
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.servicer.life_messages import statement_message
from services.policy.servicer.lives import statement_value
from services.policy.servicer.policy_messages import change_message, policy_message
from services.policy.servicer.product_values import method_value
from services.policy.servicer.values import answer_value, each, within

PART_OF_THE_TIME = 0.8
"""What billing has at most of the time that the caller has left."""


class ChangeMethods:
    """A part of PolicyService."""

    _previews: Previews

    async def PreviewChange(self, request: pb.PreviewChangeRequest, context: Context) -> pb.PreviewChangeResponse:
        call = current_call()
        proposal = proposal_value("change", request.change)
        preview = await self._previews.preview(
            call,
            uuid_value("policy_id", request.policy_id),
            proposal,
            proposal_message(proposal),
            None if request.without_billing else asking_of(call, context),
        )
        return pb.PreviewChangeResponse(preview=preview)

    async def CommitChange(self, request: pb.CommitChangeRequest, context: Context) -> pb.CommitChangeResponse:
        call = current_call()
        proposal = proposal_value("change", request.change)
        done = await self._previews.commit(
            call,
            uuid_value("policy_id", request.policy_id),
            proposal,
            proposal_message(proposal),
            request.preview_hash,
            None if request.without_billing else asking_of(call, context),
        )
        return pb.CommitChangeResponse(
            policy=policy_message(await self._previews.view(call, done), proposal.effective_date),
            transactions=[transaction_message(made) for made in await self._previews.moved_by(call, done)],
        )


def asking_of(call: Call, context: Context) -> Asking:
    """How billing is asked for this caller: with the caller's token, for what the caller's deadline leaves."""
    headers = dict(context.invocation_metadata() or ())
    remaining = context.time_remaining()
    return Asking(
        metadata=(("authorization", str(headers["authorization"])), (CORRELATION_ID, call.correlation_id)),
        seconds=PATIENCE if remaining is None else min(PATIENCE, remaining * PART_OF_THE_TIME),
    )


def proposal_value(field: str, message: pb.ProposedChange) -> Proposal:
    match message.WhichOneof("change"):
        case "endorsement":
            return _endorsement(f"{field}.endorsement", message.endorsement)
        case "cancellation":
            return _cancellation(f"{field}.cancellation", message.cancellation)
        case "reinstatement":
            return _reinstatement(f"{field}.reinstatement", message.reinstatement)
    raise InvalidField(field=field, problem="is not said")


def proposal_message(proposal: Proposal) -> pb.ProposedChange:
    """The one form in which a proposal is put, whatever form it came in; it stands under the hash of a preview."""
    effective = date_message(proposal.effective_date)
    if proposal.method is not None:
        method = enum_text(product_service_pb2.CancellationMethod, proposal.method)
        ended = pb.ProposedCancellation(
            effective_date=effective, method=method, reason=proposal.reason, despite_claims=proposal.despite_claims
        )
        return pb.ProposedChange(cancellation=ended)
    if proposal.kind is ProposalKind.REINSTATE:
        said = None if proposal.statement is None else statement_message(proposal.statement)
        back = life_pb.ProposedReinstatement(effective_date=effective, reason=proposal.reason, statement=said)
        return pb.ProposedChange(reinstatement=back)
    changes = [change_message(change) for change in proposal.changes]
    endorsed = pb.ProposedEndorsement(effective_date=effective, changes=changes, reason=proposal.reason)
    return pb.ProposedChange(endorsement=endorsed)


def _endorsement(field: str, message: pb.ProposedEndorsement) -> Proposal:
    return Proposal(
        kind=ProposalKind.ENDORSE,
        effective_date=date_value(f"{field}.effective_date", message.effective_date),
        reason=message.reason,
        changes=each(f"{field}.changes", message.changes, change_value),
    )


def _cancellation(field: str, message: pb.ProposedCancellation) -> Proposal:
    return Proposal(
        kind=ProposalKind.CANCEL,
        effective_date=date_value(f"{field}.effective_date", message.effective_date),
        reason=message.reason,
        method=method_value(f"{field}.method", message.method),
        despite_claims=message.despite_claims,
    )


def _reinstatement(field: str, message: life_pb.ProposedReinstatement) -> Proposal:
    return Proposal(
        kind=ProposalKind.REINSTATE,
        effective_date=date_value(f"{field}.effective_date", message.effective_date),
        reason=message.reason,
        statement=within(field, message, "statement", statement_value),
    )


def change_value(field: str, message: pb.PolicyChange) -> Change:
    return Change(
        kind=ChangeKind(enum_name(f"{field}.kind", pb.ChangeKind, message.kind)),
        part_code=message.part_code,
        limit=within(field, message, "limit", money_value),
        deductible=within(field, message, "deductible", money_value),
        answer=within(field, message, "answer", answer_value),
    )
