"""What this service changes because of others' announcements: submissions are assessed, policies get their notes."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from hubao.billing_subsidy.v1 import events_pb2 as billing
from hubao.claims.v1 import events_pb2 as claims
from hubao.vendor_gateway.v1 import events_pb2 as vendors

from libs.common.grpc.convert import date_value, money_value, optional, uuid_value
from libs.common.money import Money
from libs.common.unit import Unit
from services.policy.application.duties import breach_note, discharge_note, opening_note
from services.policy.application.lives import cure_paid, lapse_unpaid, withdraw_unfounded_lapse
from services.policy.application.losses import claim_note, payment_note, reserve_note
from services.policy.application.predecessors import file_of_policy
from services.policy.application.submissions import submission_of
from services.policy.domain.assessment import Assessment
from services.policy.domain.claim_notes import ClaimEndNoted
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.lapsing import Debt
from services.policy.domain.policy_file import (
    GraceExpiryNoted,
    PolicyFile,
    PremiumOverdueNoted,
    PremiumReceiptNoted,
    ServiceCreditNoted,
    ServiceState,
    ServiceStateNoted,
    SubsidyClawbackNoted,
    SubsidyGrantNoted,
    SubsidyReceiptNoted,
)
from services.policy.domain.submission.submission import Submission


async def record_assessment(unit: Unit, heard: vendors.AssessmentVerified) -> None:
    submission_id = uuid_value("submission_id", heard.submission_id)
    submission = await submission_of(unit, submission_id)
    assessment = Assessment(
        order_id=heard.order_id,
        vendor_id=heard.vendor_id,
        score=heard.score,
        critical_findings=heard.critical_findings,
        high_findings=heard.high_findings,
        report_sha256=heard.report_sha256,
        verified_on=date_value("verified_on", heard.verified_on),
    )
    unit.record(Submission, submission_id, submission.record_assessment(assessment))


async def note_activation(unit: Unit, heard: vendors.ServiceActivated) -> None:
    noted = ServiceStateNoted(
        order_id=heard.order_id,
        entitlement_code=heard.entitlement_code,
        state=ServiceState.ACTIVATED,
        vendor_id=heard.vendor_id,
        reason="",
    )
    await _note_service(unit, heard.policy_id, noted)


async def note_unplaced(unit: Unit, heard: vendors.ServiceUnplaced) -> None:
    noted = ServiceStateNoted(
        order_id=heard.order_id,
        entitlement_code=heard.entitlement_code,
        state=ServiceState.UNPLACED,
        vendor_id="",
        reason=heard.reason,
    )
    await _note_service(unit, heard.policy_id, noted)


async def note_credit(unit: Unit, heard: vendors.ServiceCreditDue) -> None:
    noted = ServiceCreditNoted(
        order_id=heard.order_id,
        vendor_id=heard.vendor_id,
        clock=heard.clock,
        amount=money_value("amount", heard.amount),
        due_on=date_value("due_on", heard.due_on),
    )
    await _note_service(unit, heard.policy_id, noted)


async def note_receipt(unit: Unit, heard: billing.PremiumReceived) -> None:
    noted = PremiumReceiptNoted(
        amount=money_value("amount", heard.amount),
        received=money_value("received", heard.received),
        invoiced=money_value("invoiced", heard.invoiced),
        received_on=date_value("received_on", heard.received_on),
        overdue=optional(heard, "overdue", money_value),
        grace_expired_on=optional(heard, "grace_expired_on", date_value),
        total_received=optional(heard, "total_received", money_value),
    )
    await _note(unit, heard.policy_id, noted)
    received = noted.received if noted.total_received is None else noted.total_received
    await cure_paid(unit, UUID(heard.policy_id), received, noted.received_on)


async def note_overdue(unit: Unit, heard: billing.PremiumOverdue) -> None:
    noted = PremiumOverdueNoted(
        outstanding=money_value("outstanding", heard.outstanding),
        due_on=date_value("due_on", heard.due_on),
        grace_until=date_value("grace_until", heard.grace_until),
    )
    await _note(unit, heard.policy_id, noted)


async def note_grace_expiry(unit: Unit, heard: billing.GraceExpired) -> None:
    noted = GraceExpiryNoted(
        outstanding=money_value("outstanding", heard.outstanding),
        expired_on=date_value("expired_on", heard.expired_on),
        received=optional(heard, "total_received", money_value),
        tolerance=optional(heard, "tolerance", money_value),
    )
    file = await _note(unit, heard.policy_id, noted)
    debt = Debt(noted.outstanding, file.grace_received, noted.expired_on, noted.tolerance)
    await lapse_unpaid(unit, UUID(heard.policy_id), debt)


async def withdraw_grace_expiry(unit: Unit, heard: billing.GraceExpiryWithdrawn) -> None:
    """What is still missing was told with the receipt by which this became known."""
    await withdraw_unfounded_lapse(unit, UUID(heard.policy_id), date_value("expired_on", heard.expired_on))


async def note_duty(unit: Unit, heard: vendors.DutyOpened) -> None:
    await _note(unit, heard.policy_id, opening_note(heard))


async def note_breach(unit: Unit, heard: vendors.DutyBreached) -> None:
    await _note(unit, heard.policy_id, breach_note(heard))


async def note_discharge(unit: Unit, heard: vendors.DutyDischarged) -> None:
    await _note(unit, heard.policy_id, discharge_note(heard))


async def note_subsidy(unit: Unit, heard: billing.SubsidyApproved) -> None:
    noted = SubsidyGrantNoted(
        case_id=heard.case_id, programme_id=heard.programme_id, granted=_by_level("granted", heard.granted)
    )
    await _note(unit, heard.policy_id, noted)


async def note_disbursement(unit: Unit, heard: billing.SubsidyDisbursed) -> None:
    noted = SubsidyReceiptNoted(
        case_id=heard.case_id,
        amounts=_by_level("amounts", heard.amounts),
        disbursed_on=date_value("disbursed_on", heard.disbursed_on),
    )
    await _note(unit, heard.policy_id, noted)


async def note_clawback(unit: Unit, heard: billing.SubsidyClawedBack) -> None:
    noted = SubsidyClawbackNoted(
        case_id=heard.case_id,
        amounts=_by_level("amounts", heard.amounts),
        granted=_by_level("granted", heard.granted),
        reason=heard.reason,
    )
    await _note(unit, heard.policy_id, noted)


async def note_claim(unit: Unit, heard: claims.ClaimOpened) -> None:
    await _note(unit, heard.policy_id, await claim_note(unit, heard))


async def note_payment(unit: Unit, heard: claims.PaymentApproved) -> None:
    await _note(unit, heard.policy_id, await payment_note(unit, heard))


async def note_reserve(unit: Unit, heard: claims.ReserveChanged) -> None:
    await _note(unit, heard.policy_id, await reserve_note(unit, heard))


async def note_claim_end(unit: Unit, heard: claims.ClaimClosed) -> None:
    noted = ClaimEndNoted(claim_id=heard.claim_id, outcome=heard.outcome, paid=money_value("paid", heard.paid))
    await _note(unit, heard.policy_id, noted)


REACTIONS: dict[str, dict[type, Any]] = {
    "vendor_gateway": {
        vendors.AssessmentVerified: record_assessment,
        vendors.ServiceActivated: note_activation,
        vendors.ServiceUnplaced: note_unplaced,
        vendors.ServiceCreditDue: note_credit,
        vendors.DutyOpened: note_duty,
        vendors.DutyBreached: note_breach,
        vendors.DutyDischarged: note_discharge,
    },
    "billing_subsidy": {
        billing.PremiumReceived: note_receipt,
        billing.PremiumOverdue: note_overdue,
        billing.GraceExpired: note_grace_expiry,
        billing.GraceExpiryWithdrawn: withdraw_grace_expiry,
        billing.SubsidyApproved: note_subsidy,
        billing.SubsidyDisbursed: note_disbursement,
        billing.SubsidyClawedBack: note_clawback,
    },
    "claims": {
        claims.ClaimOpened: note_claim,
        claims.PaymentApproved: note_payment,
        claims.ReserveChanged: note_reserve,
        claims.ClaimClosed: note_claim_end,
    },
}


async def _note(unit: Unit, policy_id: str, noted: object) -> PolicyFile:
    """Puts a note into the policy's file."""
    stream = file_of_policy(unit.call.tenant, UUID(policy_id))
    file = await unit.get(PolicyFile, stream, PolicyNotFound(policy_id=policy_id))
    return unit.record(PolicyFile, stream, [noted]) or file


async def _note_service(unit: Unit, policy_id: str, noted: object) -> None:
    """An order for an assessment before binding serves no policy yet."""
    if policy_id:
        await _note(unit, policy_id, noted)


def _by_level(field: str, amounts: Iterable[billing.LevelAmount]) -> dict[str, Money]:
    return {amount.level: money_value(f"{field}.amount", amount.amount) for amount in amounts}
