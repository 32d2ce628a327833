"""Writing policies: the contract, its movements, its file."""

from datetime import date
from typing import Any

from hubao.policy.v1 import policy_import_pb2 as import_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2, terms_pb2
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from sqlalchemy import Row

from libs.common.grpc.convert import date_message, decimal_text, enum_text, money_message, timestamp_message
from libs.common.money import CNY, Money
from services.policy.application.policies import PolicyView
from services.policy.application.public import segment_message, timeline_message, transaction_message
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.importing import import_worksheet
from services.policy.domain.policy.values import Cancellation, Change, Endorsement
from services.policy.domain.policy_file import PolicyFile, SubsidyCase
from services.policy.projections.reads import PremiumSummary
from services.policy.servicer.life_messages import (
    duty_message,
    lapse_message,
    reinstatement_message,
    reporting_messages,
)
from services.policy.servicer.submission_messages import worksheet_message
from services.policy.servicer.values import answer_message


def policy_message(view: PolicyView, effective: date) -> pb.Policy:
    """The policy; `terms` are those of the effective date."""
    policy, bound = view.policy, view.policy.bound
    segment = policy.segment_on(effective)
    return pb.Policy(
        policy_id=str(view.policy_id),
        policy_number=bound.policy_number,
        status=enum_text(pb.PolicyStatus, policy.status),
        timeline=timeline_message(view.policy_id, policy),
        transactions=[transaction_message(each) for each in policy.transactions],
        terms=None if segment is None else segment_message(segment),
        endorsements=[endorsement_message(each) for each in policy.endorsements],
        cancellation=None if policy.cancellation is None else cancellation_message(policy.cancellation),
        file=file_message(view.file),
        submission_id=bound.submission_id,
        quote_number=bound.quote_number,
        bound_on=date_message(bound.bound_on),
        vat_rate=decimal_text(bound.vat_rate),
        stamp_duty_rate=decimal_text(bound.stamp_duty_rate),
        effective_date=date_message(effective),
        etag=str(view.version),
        reinstatements=[reinstatement_message(each) for each in policy.life.reinstatements],
        lapse=None if policy.life.lapse is None else lapse_message(policy.life.lapse),
        extended_reporting=reporting_messages(policy),
        renews_policy_id=bound.renews,
        renewed_by_policy_id=policy.life.renewed_by,
        origin=origin_message(bound),
    )


def endorsement_message(endorsement: Endorsement) -> pb.Endorsement:
    return pb.Endorsement(
        number=endorsement.number,
        effective_date=date_message(endorsement.effective_date),
        recorded_time=timestamp_message(endorsement.recorded_at),
        changes=[change_message(change) for change in endorsement.changes],
        reason=endorsement.reason,
    )


def change_message(change: Change) -> pb.PolicyChange:
    return pb.PolicyChange(
        kind=enum_text(pb.ChangeKind, change.kind),
        part_code=change.part_code,
        limit=None if change.limit is None else money_message(change.limit),
        deductible=None if change.deductible is None else money_message(change.deductible),
        answer=None if change.answer is None else answer_message(change.answer),
    )


def cancellation_message(cancellation: Cancellation) -> pb.Cancellation:
    return pb.Cancellation(
        effective_date=date_message(cancellation.effective_date),
        method=enum_text(product_service_pb2.CancellationMethod, cancellation.method),
        reason=cancellation.reason,
        unearned=money_message(cancellation.unearned),
        refund=money_message(cancellation.refund),
        retained=money_message(cancellation.retained),
        despite_claims=cancellation.despite_claims,
    )


def file_message(file: PolicyFile) -> pb.PolicyFile:
    return pb.PolicyFile(
        premium_received=money_message(file.premium_received),
        premium_invoiced=money_message(file.premium_invoiced),
        premium_overdue=money_message(file.premium_overdue),
        grace_expired_on=None if file.grace_expired_on is None else date_message(file.grace_expired_on),
        services=[
            pb.ServiceCondition(
                order_id=order_id,
                entitlement_code=service.entitlement_code,
                state=service.state or "",
                vendor_id=service.vendor_id,
                reason=service.reason,
                credit=money_message(service.credit),
            )
            for order_id, service in file.services.items()
        ],
        subsidies=[level for case_id, case in file.subsidies.items() for level in level_messages(case_id, case)],
        claims=[
            pb.ClaimExperience(
                claim_id=claim_id,
                paid=money_message(claim.paid),
                outcome=claim.outcome,
                outstanding=money_message(claim.outstanding),
                occurred_from=None if claim.occurred_from is None else date_message(claim.occurred_from),
            )
            for claim_id, claim in file.claims.items()
        ],
        duties=[duty_message(duty_id, duty) for duty_id, duty in file.duties.items()],
    )


def level_messages(case_id: str, case: SubsidyCase) -> list[pb.SubsidyLevel]:
    zero = Money(CNY, 0)
    return [
        pb.SubsidyLevel(
            case_id=case_id,
            level=level,
            granted=money_message(case.granted.get(level, zero)),
            disbursed=money_message(case.disbursed.get(level, zero)),
            clawed_back=money_message(case.clawed_back.get(level, zero)),
        )
        for level in dict.fromkeys((*case.granted, *case.disbursed, *case.clawed_back))
    ]


def origin_message(bound: Bound) -> import_pb.ImportOrigin | None:
    """Where an imported policy comes from, and what was taken over."""
    origin, worksheet = bound.imported, import_worksheet(bound)
    if origin is None or worksheet is None:
        return None
    return import_pb.ImportOrigin(
        import_key=origin.import_key,
        row_key=origin.row_key,
        source=origin.source,
        author=origin.author,
        dependencies=[
            import_pb.ImportedDependency(kind=enum_text(submission_pb.DependencyKind, each.kind), name=each.name)
            for each in origin.dependencies
        ],
        worksheet=worksheet_message(worksheet),
    )


def row_message(row: Row[Any]) -> pb.PolicySummary:
    annual = getattr(row, "annual_premium", None)  # Only what is listed for a day has one.
    return pb.PolicySummary(
        policy_id=str(row.policy_id),
        policy_number=row.policy_number,
        status=enum_text(pb.PolicyStatus, row.status),
        insured_uscc=row.insured_uscc,
        insured_name=row.insured_name,
        line=enum_text(terms_pb2.ProductLine, row.line),
        inception=date_message(row.inception),
        expiry=date_message(row.expiry),
        cover_until=date_message(row.cover_until),
        premium=money_message(Money(CNY, int(row.premium))),
        annual_premium=None if annual is None else money_message(Money(CNY, annual)),
    )


def summary_message(summary: PremiumSummary) -> pb.GetPremiumSummaryResponse:
    return pb.GetPremiumSummaryResponse(
        policies=summary.policies,
        policies_in_force=summary.policies_in_force,
        premium=money_message(summary.premium),
        vat=money_message(summary.vat),
        stamp_duty=money_message(summary.stamp_duty),
        own_premium=money_message(summary.own_premium),
        ceded=money_message(summary.ceded),
        ceding_commission=money_message(summary.ceding_commission),
    )
