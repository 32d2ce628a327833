"""Read tables: the list of claims, their payments, and how much of each policy's limits is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    MetaData,
    Row,
    String,
    Table,
    Uuid,
    case,
    func,
    select,
    tuple_,
)

from libs.common.changes import Recorded
from libs.common.projection.rows import NOTHING, Computed, RowChange, Values, added, changed, put
from libs.common.projection.sums import Sum
from libs.common.projection.tables import ReadTables
from libs.common.service import Projection
from services.claims.domain import account
from services.claims.domain.authority import events as authority
from services.claims.domain.claim import events as claim
from services.claims.domain.claim.parts import State
from services.claims.domain.costs import CostType
from services.claims.domain.facts import Asked
from services.claims.domain.limits import AGGREGATE, PartAmount

metadata = MetaData()

claims = Table(
    "claim_list",
    metadata,
    Column("claim_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("policy_id", Uuid, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("state", String, nullable=False),
    Column("answer", String, nullable=False),
    Column("occurred_on", String, nullable=False),  # As far as it is known: "2026", "2026-03".
    Column("noticed_at", DateTime(timezone=True), nullable=False),
    Column("currency", String, nullable=False),
    Column("reserved", Sum, nullable=False, default=0),
    Column("recovery_reserved", Sum, nullable=False, default=0),
    Column("paid", Sum, nullable=False, default=0),
    Index("claim_list_by_notice", "tenant", "noticed_at", "claim_id"),
    Index("claim_list_by_policy", "tenant", "policy_id"),
)

payments = Table(
    "claim_payment",
    metadata,
    Column("payment_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("claim_id", Uuid, nullable=False),
    Column("policy_id", Uuid, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("approved_on", Date, nullable=False),
    Index("claim_payment_by_policy", "tenant", "policy_id"),
)

coverage = Table(
    "coverage_account",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("policy_id", Uuid, nullable=False),
    Column("drawn", Sum, nullable=False, default=0),
    Column("paid", Sum, nullable=False, default=0),
    Index("coverage_account_by_policy", "tenant", "policy_id"),
)

authorities = Table(
    "claims_authority",
    metadata,
    Column("authority_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Index("claims_authority_by_holder", "tenant", "holder"),
)


def project(recorded: Recorded[Any]) -> list[RowChange]:
    """What one event does to the rows."""
    happened = recorded.event
    match happened:
        case claim.Notified():
            return [_opened(recorded, happened)]
        case claim.QuestionsAnswered(coverage=opinion, answers=answers):
            days = [one.value for one in answers if one.question.asked is Asked.OCCURRED_ON]
            known = {"occurred_on": days[-1]} if days else {}
            return [_change(recorded, {"answer": opinion.says, **known}, computed=_ASSESSED)]
        case claim.ReservesProposed() | claim.ReservesSet() | claim.DecisionProposed():
            return [_change(recorded, computed=_ASSESSED)]
        case claim.ReserveChanged(cost_type=cost_type, delta=delta):
            column = "recovery_reserved" if cost_type is CostType.RECOVERY else "reserved"
            return [_change(recorded, adds={column: delta.minor_units})]
        case claim.DecisionApproved(settled=settled):
            return [_change(recorded, {"state": State.SETTLED if settled else State.DECIDED})]
        case claim.PaymentApproved():
            return _paid(recorded, happened)
        case claim.Closed():
            return [_change(recorded, {"state": State.CLOSED})]
        case claim.Reopened():
            return [_change(recorded, {"state": State.REOPENED})]
        case claim.Withdrawn():
            return [_change(recorded, {"state": State.WITHDRAWN})]
        case authority.AuthorityProposed(holder=holder):
            row = {"authority_id": recorded.stream, "tenant": recorded.tenant, "holder": holder, "waiting": True}
            return [put(authorities, row, sets={"waiting": True})]
        case authority.AuthorityGranted():
            return [changed(authorities, {"authority_id": recorded.stream}, {"waiting": False})]
        case account.CoverageOpened(policy_id=policy_id):
            return [added(coverage, {"account_id": recorded.stream, "tenant": recorded.tenant, "policy_id": policy_id})]
        case account.LimitsDrawn(amounts=amounts):
            return [_take(recorded, "drawn", amounts)]
        case account.LimitsPaid(amounts=amounts):
            return [_take(recorded, "paid", amounts)]
    return []


_ASSESSED = (("state", case((claims.c.state == State.NOTIFIED, State.UNDER_ASSESSMENT), else_=claims.c.state)),)


def _opened(recorded: Recorded[Any], event: claim.Notified) -> RowChange:
    row = {
        "claim_id": recorded.stream,
        "tenant": recorded.tenant,
        "policy_id": event.notice.policy_id,
        "insured_uscc": event.insured_uscc,
        "reference": event.notice.reference,
        "state": State.NOTIFIED,
        "answer": event.coverage.says,
        "occurred_on": str(event.notice.occurred_on or ""),
        "noticed_at": event.noticed_at,
        "currency": event.currency,
    }
    return added(claims, row)


def _paid(recorded: Recorded[Any], event: claim.PaymentApproved) -> list[RowChange]:
    amount = event.payment.amount.minor_units
    row = {
        "payment_id": event.payment.payment_id,
        "tenant": recorded.tenant,
        "claim_id": recorded.stream,
        "policy_id": event.policy_id,
        "amount": amount,
        "approved_on": event.approved_on,
    }
    state = {"state": State.SETTLED} if event.settled else {}
    return [added(payments, row), _change(recorded, state, adds={"paid": amount})]


def _change(
    recorded: Recorded[Any], sets: Values = NOTHING, *, adds: Values = NOTHING, computed: Computed = ()
) -> RowChange:
    return changed(claims, {"claim_id": recorded.stream}, sets, adds=adds, computed=computed)


def _take(recorded: Recorded[Any], column: str, amounts: Sequence[PartAmount]) -> RowChange:
    whole = sum(entry.amount.minor_units for entry in amounts if entry.part_code == AGGREGATE)
    return changed(coverage, {"account_id": recorded.stream}, adds={column: whole})


PROJECTION = Projection(version=3, metadata=metadata, project=project)


@dataclass(frozen=True)
class ClaimFilter:
    """Which claims are looked for; empty leaves a thing open."""

    policy_id: UUID | None = None
    state: State | None = None
    insured_uscc: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Totals:
    """Sums over the claims of one tenant, or of one of its policies. Amounts are fen."""

    by_state: dict[str, int]
    by_answer: dict[str, int]
    reserved: int
    recovery_reserved: int
    payments: int
    payments_approved: int
    coverage_paid: int
    coverage_drawn: int


class Reads:
    """The reads over these tables."""

    def __init__(self, tables: ReadTables) -> None:
        self._tables = tables

    async def list(self, tenant: str, wanted: ClaimFilter, after: tuple[Any, ...], limit: int) -> Sequence[Row[Any]]:
        """Claims, the latest notice first, after the one with the key (noticed_at, claim_id)."""
        query = select(claims).where(claims.c.tenant == tenant)
        for column, value in (
            (claims.c.policy_id, wanted.policy_id),
            (claims.c.state, wanted.state),
            (claims.c.insured_uscc, wanted.insured_uscc),
            (claims.c.reference, wanted.reference),
        ):
            if value:
                query = query.where(column == value)
        key = tuple_(claims.c.noticed_at, claims.c.claim_id)
        if after:
            query = query.where(key < after)
        query = query.order_by(claims.c.noticed_at.desc(), claims.c.claim_id.desc()).limit(limit)
        async with self._tables.connect() as connection:
            return (await connection.execute(query)).all()

    async def authorities(self, tenant: str, after: tuple[Any, ...], limit: int) -> Sequence[Row[Any]]:
        """Whoever was ever granted something, or waits for it, by holder."""
        query = select(authorities).where(authorities.c.tenant == tenant)
        key = tuple_(authorities.c.holder, authorities.c.authority_id)
        if after:
            query = query.where(key > after)
        query = query.order_by(authorities.c.holder, authorities.c.authority_id).limit(limit)
        async with self._tables.connect() as connection:
            return (await connection.execute(query)).all()

    async def totals(self, tenant: str, policy_id: UUID | None) -> Totals:
        async with self._tables.connect() as connection:
            counts = (await connection.execute(_counts(tenant, policy_id))).all()
            sums = (await connection.execute(_sums(tenant, policy_id))).one()
        by_state: dict[str, int] = {}
        by_answer: dict[str, int] = {}
        for state, answer, number in counts:
            by_state[state] = by_state.get(state, 0) + number
            by_answer[answer] = by_answer.get(answer, 0) + number
        return Totals(by_state, by_answer, *(int(value) for value in sums))


def _of(table: Table, tenant: str, policy_id: UUID | None) -> list[Any]:
    whose = [table.c.tenant == tenant]
    return whose if policy_id is None else [*whose, table.c.policy_id == policy_id]


def _counts(tenant: str, policy_id: UUID | None) -> Any:
    columns = (claims.c.state, claims.c.answer)
    return select(*columns, func.count()).where(*_of(claims, tenant, policy_id)).group_by(*columns)


def _sums(tenant: str, policy_id: UUID | None) -> Any:
    """All sums in one statement, so that they are of one moment."""

    def one(table: Table, value: Any) -> Any:
        return select(func.coalesce(value, 0)).where(*_of(table, tenant, policy_id)).scalar_subquery()

    return select(
        one(claims, func.sum(claims.c.reserved)),
        one(claims, func.sum(claims.c.recovery_reserved)),
        one(payments, func.count(payments.c.payment_id)),
        one(payments, func.sum(payments.c.amount)),
        one(coverage, func.sum(coverage.c.paid)),
        one(coverage, func.sum(coverage.c.drawn)),
    )
