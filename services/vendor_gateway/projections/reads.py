"""The reads over the tables of the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, select, tuple_

from libs.common.projection.tables import ReadTables
from libs.common.waking import Waker
from services.vendor_gateway.projections.tables import changes, entitlements, orders, vendors

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Viewer:
    """Who reads: an insurer by its tenant, or a vendor (without one) by its own id; who is neither sees nothing."""

    tenant: str
    vendor_id: str

    def of(self, table: Table) -> ColumnElement[bool]:
        """The rows of a table that the viewer may see."""
        if self.tenant:
            return table.c.tenant == self.tenant
        return and_(table.c.vendor_id == self.vendor_id, table.c.vendor_id != "")


@dataclass(frozen=True)
class OrderFilter:
    """What orders are looked for; None leaves a thing open."""

    state: str | None = None
    policy_id: UUID | None = None
    claim_id: UUID | None = None
    submission_id: UUID | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        origins = [("claim", self.claim_id), ("submission", self.submission_id)]
        found = [
            and_(orders.c.origin_kind == kind, orders.c.origin_id == one) for kind, one in origins if one is not None
        ]
        if self.state is not None:
            found.append(orders.c.state == self.state)
        if self.policy_id is not None:
            found.append(orders.c.policy_id == self.policy_id)
        return found


@dataclass(frozen=True)
class Totals:
    """Sums over the orders and entitlements of one tenant. Amounts are fen."""

    by_state: dict[str, int]
    verified_orders: int
    verified_fees: int
    credits: int
    policies: int
    ordered: int
    unordered: dict[str, int]


class Reads:
    """What lists, watchers and totals are made of. May lag behind the log by moments."""

    def __init__(self, tables: ReadTables) -> None:
        self._tables = tables

    async def vendors(self, state: str | None, after: tuple[Any, ...], limit: int) -> Rows:
        query = select(vendors).order_by(vendors.c.name, vendors.c.vendor_id).limit(limit)
        if state is not None:
            query = query.where(vendors.c.state == state)
        if after:
            query = query.where(tuple_(vendors.c.name, vendors.c.vendor_id) > tuple_(*after))
        return await self._all(query)

    async def orders(self, viewer: Viewer, wanted: OrderFilter, after: tuple[Any, ...], limit: int) -> Rows:
        query = select(orders).where(viewer.of(orders), *wanted.conditions())
        if after:
            query = query.where(orders.c.number < after[0])
        return await self._all(query.order_by(orders.c.number.desc()).limit(limit))

    @property
    def moved(self) -> Waker:
        """Tells when the tables may have changed."""
        return self._tables.moved

    async def last_change(self) -> int:
        """The position of the last change of any order."""
        async with self._tables.connect() as connection:
            return int(await connection.scalar(select(func.max(changes.c.position))) or 0)

    async def all_changes(self, after: int, limit: int) -> Rows:
        """Everybody's changes: their places, and who may see them."""
        columns = (changes.c.position, changes.c.tenant, changes.c.vendor_id)
        return await self._all(
            select(*columns).where(changes.c.position > after).order_by(changes.c.position).limit(limit)
        )

    async def changes(self, viewer: Viewer, after: int, limit: int) -> Rows:
        query = select(changes).where(viewer.of(changes), changes.c.position > after)
        return await self._all(query.order_by(changes.c.position).limit(limit))

    async def entitlements(
        self, tenant: str, policy_id: UUID | None, unordered_only: bool, after: tuple[Any, ...], limit: int
    ) -> Rows:
        query = select(entitlements).where(entitlements.c.tenant == tenant)
        if policy_id is not None:
            query = query.where(entitlements.c.policy_id == policy_id)
        if unordered_only:
            query = query.where(entitlements.c.ordered == 0)
        if after:
            query = query.where(tuple_(entitlements.c.policy_id, entitlements.c.code) > tuple_(*after))
        return await self._all(query.order_by(entitlements.c.policy_id, entitlements.c.code).limit(limit))

    async def totals(self, tenant: str) -> Totals:
        """All sums at one position of the log."""
        mine = orders.c.tenant == tenant
        states = select(orders.c.state, func.count()).where(mine).group_by(orders.c.state).order_by(orders.c.state)
        taken = orders.c.verified
        sums = select(
            func.count().filter(taken),
            func.coalesce(func.sum(orders.c.fee).filter(taken), 0),
            func.coalesce(func.sum(orders.c.credits), 0),
        ).where(mine)
        promised = and_(entitlements.c.tenant == tenant, entitlements.c.in_force)
        has_order = entitlements.c.ordered > 0
        policies = select(func.count(entitlements.c.policy_id.distinct()), func.count().filter(has_order)).where(
            promised
        )
        reasons = (
            select(entitlements.c.reason, func.count())
            .where(promised, entitlements.c.ordered == 0)
            .group_by(entitlements.c.reason)
            .order_by(entitlements.c.reason)
        )
        async with self._tables.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            by_state = (await connection.execute(states)).all()
            verified, fees, owed = (await connection.execute(sums)).one()
            in_force, ordered = (await connection.execute(policies)).one()
            unordered = (await connection.execute(reasons)).all()
        return Totals(
            by_state={row[0]: row[1] for row in by_state},
            verified_orders=verified,
            verified_fees=int(fees),
            credits=int(owed),
            policies=in_force,
            ordered=ordered,
            unordered={row[0]: row[1] for row in unordered},
        )

    async def _all(self, query: Select[Any]) -> Rows:
        async with self._tables.connect() as connection:
            rows: Rows = (await connection.execute(query)).all()
        return rows
