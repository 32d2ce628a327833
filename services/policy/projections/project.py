"""What each event changes in the read tables. Nothing is read: an event carries what its rows need."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, insert, update

from libs.common.changes import Recorded
from libs.common.money import Money, total
from services.policy.domain.policy.events import Bound, Cancelled, Endorsed, Expired
from services.policy.domain.policy.values import PolicyStatus, Transaction
from services.policy.domain.product.product import ProductDrafted, ProductPublished, ProductStatus, ProductWithdrawn
from services.policy.domain.submission.events import (
    AssessmentOrdered,
    AssessmentRecorded,
    QuoteBound,
    QuoteLapsed,
    QuoteMade,
    ReferralReleased,
    SubmissionCreated,
    SubmissionDeclined,
)
from services.policy.domain.submission.values import SubmissionStatus
from services.policy.domain.treaty.treaty import Treaty, TreatyCreated, TreatyEnded
from services.policy.projections import tables


def project(recorded: Recorded[Any]) -> Sequence[Executable]:
    """The statements for one event; none for events that no list shows."""
    event, stream = recorded.event, recorded.stream
    match event:
        case ProductDrafted() | ProductPublished() | ProductWithdrawn():
            return [_product(recorded, event)]
        case TreatyCreated():
            return [_new_treaty(recorded, event)]
        case TreatyEnded():
            here = tables.treaty.c.treaty_id == stream
            ended = {"ended_on": event.ended_on, "end_reason": event.reason, "version": recorded.version}
            return [update(tables.treaty).where(here).values(**ended)]
        case SubmissionCreated():
            return [_new_submission(recorded, event)]
        case AssessmentOrdered():
            table = tables.submission
            draft = table.c.status == SubmissionStatus.DRAFT
            return [_submission(stream, status=SubmissionStatus.ASSESSMENT_ORDERED).where(draft)]
        case AssessmentRecorded() | QuoteMade() | ReferralReleased() | QuoteLapsed():
            return [_submission(stream, status=event.leads_to)]
        case SubmissionDeclined():
            return [_submission(stream, status=SubmissionStatus.DECLINED)]
        case QuoteBound(policy_id=policy_id):
            return [_submission(stream, status=SubmissionStatus.BOUND, policy_id=policy_id)]
        case Bound():
            return [_new_policy(recorded, event), *_transactions(recorded, [event.transaction])]
        case Endorsed():
            return _moved(recorded, event.transactions)
        case Cancelled():
            ended = event.cancellation.effective_date
            return _moved(recorded, event.transactions, status=PolicyStatus.CANCELLED, cover_until=ended)
        case Expired():
            return [_policy(stream, status=PolicyStatus.EXPIRED)]
    return []


def _product(recorded: Recorded[Any], event: ProductDrafted | ProductPublished | ProductWithdrawn) -> Executable:
    here = tables.product.c.product_id == recorded.stream
    match event:
        case ProductDrafted():
            return insert(tables.product).values(
                product_id=recorded.stream,
                tenant=recorded.tenant,
                product_key=event.product_key,
                name=event.name,
                status=ProductStatus.DRAFT,
                line=event.terms.line,
                latest_version=0,
            )
        case ProductPublished():
            published = {"status": ProductStatus.PUBLISHED, "latest_version": event.version, "line": event.line}
            return update(tables.product).where(here).values(**published)
        case ProductWithdrawn():
            return update(tables.product).where(here).values(status=ProductStatus.RETIRED)


def _new_treaty(recorded: Recorded[Any], event: TreatyCreated) -> Executable:
    return insert(tables.treaty).values(
        treaty_id=recorded.stream,
        tenant=recorded.tenant,
        treaty_key=event.treaty_key,
        reinsurer_id=event.reinsurer_id,
        percent=format(event.percent, "f"),
        commission_percent=format(event.commission_percent, "f"),
        starts_on=event.period.inception,
        ends_on=event.period.expiry,
        version=recorded.version,
        kind=event.terms.kind,
        reinsurers=[[each.reinsurer_id, format(each.percent, "f")] for each in Treaty.begin(event).reinsurers],
        retention=None if event.terms.retention is None else event.terms.retention.minor_units,
        line_count=event.terms.line_count,
        capacity=None if event.terms.capacity is None else event.terms.capacity.minor_units,
        product_lines=",".join(event.terms.product_lines),
        end_reason="",
    )


def _new_submission(recorded: Recorded[Any], event: SubmissionCreated) -> Executable:
    return insert(tables.submission).values(
        submission_id=recorded.stream,
        tenant=recorded.tenant,
        created_at_position=recorded.position,
        submission_key=event.submission_key,
        status=SubmissionStatus.DRAFT,
        insured_uscc=event.insured.uscc,
        insured_name=event.insured.name,
        product_id=event.product_id,
        inception=event.period.inception,
        policy_id="",
    )


def _submission(stream: UUID, **values: object) -> Any:
    return update(tables.submission).where(tables.submission.c.submission_id == stream).values(**values)


def _new_policy(recorded: Recorded[Any], event: Bound) -> Executable:
    return insert(tables.policy).values(
        policy_id=recorded.stream,
        tenant=recorded.tenant,
        policy_number=event.policy_number,
        status=PolicyStatus.IN_FORCE,
        insured_uscc=event.insured.uscc,
        insured_name=event.insured.name,
        line=event.line,
        inception=event.period.inception,
        expiry=event.period.expiry,
        cover_until=event.period.expiry,
        premium=event.transaction.net.minor_units,
    )


def _policy(stream: UUID, **values: object) -> Executable:
    return update(tables.policy).where(tables.policy.c.policy_id == stream).values(**values)


def _moved(recorded: Recorded[Any], transactions: Sequence[Transaction], **values: object) -> list[Executable]:
    change = total(each.net for each in transactions).minor_units
    premium = tables.policy.c.premium + change
    return [_policy(recorded.stream, premium=premium, **values), *_transactions(recorded, transactions)]


def _transactions(recorded: Recorded[Any], transactions: Iterable[Transaction]) -> list[Executable]:
    return [
        insert(tables.premium_transaction).values(
            policy_id=recorded.stream,
            number=each.number,
            tenant=recorded.tenant,
            kind=each.kind,
            effective_date=each.effective_date,
            recorded_at=each.recorded_at,
            net=each.net.minor_units,
            vat=each.vat.minor_units,
            stamp_duty=each.stamp_duty.minor_units,
            own=_own(each, recorded.tenant).minor_units,
            ceded=each.ceded.minor_units,
            ceding_commission=each.ceding_commission.minor_units,
        )
        for each in transactions
    ]


def _own(transaction: Transaction, tenant: str) -> Money:
    """The lead's part; the lead is always the tenant."""
    return total(share.amount for share in transaction.shares if share.insurer_id == tenant)
