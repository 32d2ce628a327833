"""The read tables of certificates, and the reads over them.

A certificate's movements of premium stand in the tables of all movements under its own id, so that sums and bordereaux
have them; `contract` gives whoever joins those the number and the names of policies and certificates alike.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    Row,
    String,
    Table,
    Uuid,
    exists,
    literal,
    select,
    tuple_,
    union_all,
)

from libs.common.changes import Recorded
from libs.common.grpc.pages import Page
from libs.common.projection.rows import RowChange, added, changed
from libs.common.projection.sums import Sum
from libs.common.projection.tables import ReadTables
from services.policy.domain.park.events import (
    CertificateEnded,
    CertificateEvent,
    CertificateIssued,
    CertificateStatus,
    CertificateWithdrawn,
)
from services.policy.domain.product.terms import ProductLine
from services.policy.projections.tables import metadata, policy

certificate = Table(
    "certificate",
    metadata,
    Column("certificate_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("policy_id", Uuid, nullable=False),
    Column("certificate_number", String, nullable=False),
    Column("status", String, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("insured_name", String, nullable=False),
    Column("inception", Date, nullable=False),
    Column("expiry", Date, nullable=False),
    Column("joins_on", Date, nullable=False),
    Column("leaves_on", Date, nullable=False),
    Column("premium", Sum, nullable=False),
    Index("certificate_by_master", "tenant", "policy_id", "certificate_number", "certificate_id"),
)
stay = Table(
    "certificate_stay",
    metadata,
    Column("certificate_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("joins_on", Date, nullable=False),
    Column("leaves_on", Date, nullable=False),
)
contract = union_all(
    select(
        policy.c.policy_id,
        policy.c.policy_number,
        policy.c.insured_name,
        policy.c.insured_uscc,
        policy.c.line,
        policy.c.inception,
        policy.c.expiry,
    ),
    select(
        certificate.c.certificate_id,
        certificate.c.certificate_number,
        certificate.c.insured_name,
        certificate.c.insured_uscc,
        literal(str(ProductLine.PARK)),
        certificate.c.inception,
        certificate.c.expiry,
    ),
).subquery("contract")
"""Policies and certificates, by the id under which their movements of premium stand."""


def project_certificates(recorded: Recorded[Any]) -> Sequence[RowChange]:
    """What one event does to the rows of certificates; nothing for any other event."""
    match recorded.event:
        case CertificateIssued(stay=one, leads_to=status) as event:
            days = {"joins_on": one.joins_on, "leaves_on": one.leaves_on}
            here = {"certificate_id": recorded.stream, "number": one.number}
            return [_issued(recorded, event, {"status": status, **days}), added(stay, {**here, **days})]
        case CertificateWithdrawn() as event:
            days = {"joins_on": event.joins_on, "leaves_on": event.leaves_on}
            return [
                _moved(recorded, event, {"status": CertificateStatus.WITHDRAWN, **days}),
                _left(recorded, event.stay, event.leaves_on),
            ]
        case CertificateEnded(cause=cause, cut=cut) as event:
            last = {"leaves_on": cut[-1].leaves_on} if cut else {}
            cuts = (_left(recorded, each.stay, each.leaves_on) for each in cut)
            return [_moved(recorded, event, {"status": cause, **last}), *cuts]
    return []


def _issued(recorded: Recorded[Any], event: CertificateIssued, now: dict[str, Any]) -> RowChange:
    if recorded.version > 1:
        return _moved(recorded, event, now)
    return added(
        certificate,
        {
            "certificate_id": recorded.stream,
            "tenant": recorded.tenant,
            "policy_id": UUID(event.master.policy_id),
            "certificate_number": event.certificate_number,
            "insured_uscc": event.member.uscc,
            "insured_name": event.member.name,
            "inception": event.master.term.inception,
            "expiry": event.master.term.expiry,
            "premium": _net(event),
            **now,
        },
    )


def _moved(recorded: Recorded[Any], event: CertificateEvent, now: dict[str, Any]) -> RowChange:
    return changed(certificate, {"certificate_id": recorded.stream}, now, adds={"premium": _net(event)})


def _left(recorded: Recorded[Any], number: int, day: date) -> RowChange:
    return changed(stay, {"certificate_id": recorded.stream, "number": number}, {"leaves_on": day})


def _net(event: CertificateEvent) -> int:
    return sum(each.net.minor_units for each in event.transactions)


class CertificateReads:
    def __init__(self, tables: ReadTables) -> None:
        self._tables = tables

    async def page(
        self, tenant: str, page: Page, policy_id: UUID, status: str = "", covered_on: date | None = None
    ) -> Sequence[Row[Any]]:
        """The certificates of a master by number; one row more than the page, if there are more."""
        query = select(certificate).where(certificate.c.tenant == tenant, certificate.c.policy_id == policy_id)
        if status:
            query = query.where(certificate.c.status == CertificateStatus(status))
        if covered_on is not None:
            here = stay.c.certificate_id == certificate.c.certificate_id
            query = query.where(exists().where(here, stay.c.joins_on <= covered_on, stay.c.leaves_on > covered_on))
        key = (certificate.c.certificate_number, certificate.c.certificate_id)
        if page.after:
            query = query.where(tuple_(*key) > tuple_(*page.after))
        async with self._tables.connect() as connection:
            rows: Sequence[Row[Any]] = (await connection.execute(query.order_by(*key).limit(page.size + 1))).all()
        return rows
