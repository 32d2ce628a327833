"""Own events to announcements. What is not listed here is private."""

from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from hubao.policy.v1 import events_pb2 as pb

from libs.common.changes import Recorded
from libs.common.dates import date_in_shanghai
from libs.common.grpc.convert import date_fields, date_message, money_message
from services.policy.application.public import (
    enterprise_message,
    service_message,
    timeline_fields,
    timeline_message,
    transaction_fields,
    transaction_message,
)
from services.policy.application.public_certificates import certificate_terms_message
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.events import CertificateEnded, CertificateIssued, CertificateWithdrawn
from services.policy.domain.policy.events import Bound, Cancelled, Endorsed, Expired
from services.policy.domain.policy.life import Lapsed, Reinstated, Renewed, ReportingExtended
from services.policy.domain.policy.policy import Policy
from services.policy.domain.submission.events import AssessmentOrdered
from services.policy.domain.submission.submission import Submission


def announce(recorded: Recorded[Any]) -> Message | None:
    """The public form of an event, if it has one."""
    match recorded.event:
        case AssessmentOrdered():
            return assessment_requested(recorded.stream, recorded.value, recorded.event)
        case Bound():
            return policy_bound(recorded.stream, recorded.value, recorded.event)
        case Endorsed():
            return policy_changed(recorded.stream, recorded.value, recorded.event)
        case Cancelled():
            return policy_cancelled(recorded.stream, recorded.value, recorded.event)
        case Lapsed():
            return policy_lapsed(recorded.stream, recorded.value, recorded.event)
        case Reinstated():
            return policy_reinstated(recorded.stream, recorded.value, recorded.event)
        case ReportingExtended():
            return reporting_extended(recorded.stream, recorded.value, recorded.event)
        case Renewed():
            return policy_renewed(recorded.stream, recorded.event)
        case Expired(expired_on=day):
            return pb.PolicyExpired(policy_id=str(recorded.stream), expired_on=date_message(day))
        case CertificateIssued() | CertificateWithdrawn() | CertificateEnded():
            return certificate_moved(recorded.stream, recorded.value, recorded.event)
    return None


def assessment_requested(
    submission_id: UUID, submission: Submission, event: AssessmentOrdered
) -> pb.SubmissionAssessmentRequested:
    return pb.SubmissionAssessmentRequested(
        submission_id=str(submission_id),
        insured=enterprise_message(submission.asked.insured),
        service=service_message(event.service),
        requested_on=date_message(event.requested_on),
    )


def policy_bound(policy_id: UUID, policy: Policy, event: Bound) -> pb.PolicyBound:
    return pb.PolicyBound(
        timeline=timeline_fields(policy_id, policy),
        transaction=transaction_fields(event.transaction),
        submission_id=event.submission_id,
        bound_on=date_fields(event.bound_on),
        renews_policy_id=event.renews,
    )


def policy_changed(policy_id: UUID, policy: Policy, event: Endorsed) -> pb.PolicyChanged:
    return pb.PolicyChanged(
        timeline=timeline_message(policy_id, policy),
        transactions=[transaction_message(each) for each in event.transactions],
        effective_date=date_message(event.endorsement.effective_date),
    )


def policy_cancelled(policy_id: UUID, policy: Policy, event: Cancelled) -> pb.PolicyCancelled:
    cancellation = event.cancellation
    return pb.PolicyCancelled(
        timeline=timeline_message(policy_id, policy),
        transactions=[transaction_message(each) for each in event.transactions],
        effective_date=date_message(cancellation.effective_date),
        reason=cancellation.reason,
        method=cancellation.method,
        retained=money_message(cancellation.retained),
    )


def certificate_moved(
    certificate_id: UUID,
    certificate: Certificate,
    event: CertificateIssued | CertificateWithdrawn | CertificateEnded,
) -> Message:
    said = certificate_terms_message(certificate_id, certificate)
    transactions = [transaction_message(each) for each in event.transactions]
    match event:
        case CertificateIssued(stay=stay):
            issued_on = date_message(date_in_shanghai(stay.recorded_at))
            return pb.CertificateIssued(certificate=said, transactions=transactions, issued_on=issued_on)
        case CertificateWithdrawn(leaves_on=day, reason=reason):
            return pb.CertificateWithdrawn(
                certificate=said, transactions=transactions, leaves_on=date_message(day), reason=reason
            )
        case CertificateEnded(ended_on=day, cause=cause):
            return pb.CertificateEnded(
                certificate=said, transactions=transactions, ended_on=date_message(day), cause=cause
            )


def policy_lapsed(policy_id: UUID, policy: Policy, event: Lapsed) -> pb.PolicyCancelled:
    """To the others a lapse is the end of cover as any other; its reason says why, and until when it may be cured."""
    cancellation, until = event.cancellation, event.lapse.cure_until
    return pb.PolicyCancelled(
        timeline=timeline_message(policy_id, policy),
        transactions=[transaction_message(each) for each in event.transactions],
        effective_date=date_message(cancellation.effective_date),
        reason=cancellation.reason,
        method=cancellation.method,
        retained=money_message(cancellation.retained),
        cure_until=None if until is None else date_message(until),
    )


def policy_reinstated(policy_id: UUID, policy: Policy, event: Reinstated) -> pb.PolicyReinstated:
    reinstatement = event.reinstatement
    return pb.PolicyReinstated(
        timeline=timeline_message(policy_id, policy),
        transactions=[transaction_message(each) for each in event.transactions],
        effective_date=date_message(reinstatement.effective_date),
        ended_on=date_message(reinstatement.ended_on),
        reason=reinstatement.reason,
    )


def reporting_extended(policy_id: UUID, policy: Policy, event: ReportingExtended) -> pb.PolicyChanged:
    """A change of terms as any other: the days stand with the parts."""
    return pb.PolicyChanged(
        timeline=timeline_message(policy_id, policy),
        transactions=[transaction_message(event.transaction)],
        effective_date=date_message(event.transaction.effective_date),
    )


def policy_renewed(policy_id: UUID, event: Renewed) -> pb.PolicyRenewed:
    return pb.PolicyRenewed(
        policy_id=str(policy_id),
        renewed_by_policy_id=event.policy_id,
        renewed_by_policy_number=event.policy_number,
        inception=date_message(event.inception),
        continuous=event.continuous,
    )
