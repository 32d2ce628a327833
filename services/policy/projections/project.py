"""What each event changes in the read tables. Nothing is read: an event carries what its rows need."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from libs.common.changes import Recorded
from libs.common.money import Money, total
from libs.common.projection.rows import RowChange, added, changed
from services.policy.domain.park.events import CertificateEnded, CertificateIssued, CertificateWithdrawn
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


def project(recorded: Recorded[Any]) -> Sequence[RowChange]:
    """What one event does to the rows; nothing for events that no list shows."""
    event, stream = recorded.event, recorded.stream
    match event:
        case ProductDrafted() | ProductPublished() | ProductWithdrawn():
            return [_product(recorded, event)]
        case TreatyCreated():
            return [_new_treaty(recorded, event)]
        case TreatyEnded():
            closed = {"ended_on": event.ended_on, "end_reason": event.reason, "version": recorded.version}
            return [changed(tables.treaty, {"treaty_id": stream}, closed)]
        case SubmissionCreated():
            return [_new_submission(recorded, event)]
        case AssessmentOrdered():
            ordered = {"status": SubmissionStatus.ASSESSMENT_ORDERED}
            return [changed(tables.submission, {"submission_id": stream}, ordered, where=_DRAFT)]
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
        case CertificateIssued() | CertificateWithdrawn() | CertificateEnded():
            return _transactions(recorded, event.transactions)
    return []


_DRAFT = tables.submission.c.status == SubmissionStatus.DRAFT


def _product(recorded: Recorded[Any], event: ProductDrafted | ProductPublished | ProductWithdrawn) -> RowChange:
    here = {"product_id": recorded.stream}
    match event:
        case ProductDrafted():
            return added(
                tables.product,
                {
                    "product_id": recorded.stream,
                    "tenant": recorded.tenant,
                    "product_key": event.product_key,
                    "name": event.name,
                    "status": ProductStatus.DRAFT,
                    "line": event.terms.line,
                    "latest_version": 0,
                },
            )
        case ProductPublished():
            published = {"status": ProductStatus.PUBLISHED, "latest_version": event.version, "line": event.line}
            return changed(tables.product, here, published)
        case ProductWithdrawn():
            return changed(tables.product, here, {"status": ProductStatus.RETIRED})


def _new_treaty(recorded: Recorded[Any], event: TreatyCreated) -> RowChange:
    return added(
        tables.treaty,
        {
            "treaty_id": recorded.stream,
            "tenant": recorded.tenant,
            "treaty_key": event.treaty_key,
            "reinsurer_id": event.reinsurer_id,
            "percent": format(event.percent, "f"),
            "commission_percent": format(event.commission_percent, "f"),
            "starts_on": event.period.inception,
            "ends_on": event.period.expiry,
            "version": recorded.version,
            "kind": event.terms.kind,
            "reinsurers": _panel(event),
            "retention": None if event.terms.retention is None else event.terms.retention.minor_units,
            "line_count": event.terms.line_count,
            "capacity": None if event.terms.capacity is None else event.terms.capacity.minor_units,
            "product_lines": ",".join(event.terms.product_lines),
            "end_reason": "",
        },
    )


def _panel(event: TreatyCreated) -> str:
    """The reinsurers and their percents, as JSON."""
    return json.dumps([[each.reinsurer_id, format(each.percent, "f")] for each in Treaty.begin(event).reinsurers])


def _new_submission(recorded: Recorded[Any], event: SubmissionCreated) -> RowChange:
    return added(
        tables.submission,
        {
            "submission_id": recorded.stream,
            "tenant": recorded.tenant,
            "created_at_position": recorded.position,
            "submission_key": event.submission_key,
            "status": SubmissionStatus.DRAFT,
            "insured_uscc": event.insured.uscc,
            "insured_name": event.insured.name,
            "product_id": event.product_id,
            "inception": event.period.inception,
            "policy_id": "",
        },
    )


def _submission(stream: UUID, **values: object) -> RowChange:
    return changed(tables.submission, {"submission_id": stream}, values)


def _new_policy(recorded: Recorded[Any], event: Bound) -> RowChange:
    return added(
        tables.policy,
        {
            "policy_id": recorded.stream,
            "tenant": recorded.tenant,
            "policy_number": event.policy_number,
            "status": PolicyStatus.IN_FORCE,
            "insured_uscc": event.insured.uscc,
            "insured_name": event.insured.name,
            "line": event.line,
            "inception": event.period.inception,
            "expiry": event.period.expiry,
            "cover_until": event.period.expiry,
            "premium": event.transaction.net.minor_units,
        },
    )


def _policy(stream: UUID, *, premium: int = 0, **values: object) -> RowChange:
    return changed(tables.policy, {"policy_id": stream}, values, adds={"premium": premium})


def _moved(recorded: Recorded[Any], transactions: Sequence[Transaction], **values: object) -> list[RowChange]:
    change = total(each.net for each in transactions).minor_units
    return [_policy(recorded.stream, premium=change, **values), *_transactions(recorded, transactions)]


def _transactions(recorded: Recorded[Any], transactions: Iterable[Transaction]) -> list[RowChange]:
    return [
        added(
            tables.premium_transaction,
            {
                "policy_id": recorded.stream,
                "number": each.number,
                "tenant": recorded.tenant,
                "kind": each.kind,
                "effective_date": each.effective_date,
                "recorded_at": each.recorded_at,
                "net": each.net.minor_units,
                "vat": each.vat.minor_units,
                "stamp_duty": each.stamp_duty.minor_units,
                "own": _own(each, recorded.tenant).minor_units,
                "ceded": each.ceded.minor_units,
                "ceding_commission": each.ceding_commission.minor_units,
            },
        )
        for each in transactions
    ]


def _own(transaction: Transaction, tenant: str) -> Money:
    """The lead's part; the lead is always the tenant."""
    return total(share.amount for share in transaction.shares if share.insurer_id == tenant)
