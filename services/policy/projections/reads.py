"""The reads over the tables: pages in the order of a unique key, and the sums of the premium."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Table, case, func, null, or_, select, tuple_

from libs.common.grpc.pages import Page
from libs.common.money import CNY, Money
from libs.common.projection.tables import ReadTables
from libs.common.waking import Waker
from services.policy.domain.policy.values import PolicyStatus
from services.policy.projections import history_tables as history
from services.policy.projections import tables

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class PremiumSummary:
    """Of all policies of an insurer, ever."""

    policies: int
    policies_in_force: int
    premium: Money
    vat: Money
    stamp_duty: Money
    own_premium: Money
    ceded: Money
    ceding_commission: Money


class Reads:
    def __init__(self, read_tables: ReadTables) -> None:
        self._tables = read_tables

    @property
    def moved(self) -> Waker:
        """Tells of every look at the log."""
        return self._tables.moved

    async def products(self, tenant: str, page: Page, status: str = "") -> Rows:
        """By key; one row more than the page, if there are more."""
        table = tables.product
        query = select(table).where(table.c.tenant == tenant)
        if status:
            query = query.where(table.c.status == status)
        return await self._page(query, page, table.c.product_key, table.c.product_id)

    async def treaties(self, tenant: str, page: Page, kind: str = "", in_force_on: date | None = None) -> Rows:
        """By key."""
        table = tables.treaty
        query = select(table).where(table.c.tenant == tenant)
        if kind:
            query = query.where(table.c.kind == kind)
        if in_force_on is not None:
            ended = func.coalesce(table.c.ended_on, table.c.ends_on)
            query = query.where(table.c.starts_on <= in_force_on, ended > in_force_on)
        return await self._page(query, page, table.c.treaty_key, table.c.treaty_id)

    async def submissions(self, tenant: str, page: Page, status: str = "", uscc: str = "") -> Rows:
        """The newest first."""
        table = tables.submission
        query = select(table).where(table.c.tenant == tenant)
        if status:
            query = query.where(table.c.status == status)
        if uscc:
            query = query.where(table.c.insured_uscc == uscc)
        if page.after:
            query = query.where(table.c.created_at_position < page.after[0])
        return await self._all(query.order_by(table.c.created_at_position.desc()).limit(page.size + 1))

    async def policies(self, tenant: str, page: Page, status: str = "", uscc: str = "") -> Rows:
        """By number."""
        table = tables.policy
        query = select(table).where(table.c.tenant == tenant)
        if status:
            query = query.where(table.c.status == status)
        if uscc:
            query = query.where(table.c.insured_uscc == uscc)
        return await self._page(query, page, table.c.policy_number, table.c.policy_id)

    async def policies_known(
        self, tenant: str, page: Page, status: str, uscc: str, day: date | None, at: datetime | None
    ) -> Rows:
        """By number, as known at a time: those that cover something on a day, with the premium of a year by then."""
        known, segment, moved = history.policy_known, history.policy_segment, tables.premium_transaction
        table, at = tables.policy, at or datetime.max.replace(tzinfo=UTC)
        premium = (
            select(func.sum(moved.c.net))
            .where(moved.c.policy_id == table.c.policy_id, moved.c.recorded_at <= at)
            .scalar_subquery()
        )
        columns = [column for column in table.c if column.name not in ("status", "cover_until", "premium")]
        shown = [*columns, known.c.status, known.c.cover_until, premium.label("premium")]
        source = table.join(known, (known.c.policy_id == table.c.policy_id) & _held(known, at))
        query = select(*shown, null().label("annual_premium")).select_from(source)
        if day is not None:
            holds = _held(segment, at) & (segment.c.first <= day) & (segment.c.until > day)
            source = source.join(segment, (segment.c.policy_id == table.c.policy_id) & holds)
            query = select(*shown, segment.c.annual_premium).select_from(source)
        query = query.where(table.c.tenant == tenant)
        if status:
            query = query.where(known.c.status == status)
        if uscc:
            query = query.where(table.c.insured_uscc == uscc)
        return await self._page(query, page, table.c.policy_number, table.c.policy_id)

    async def policies_covering(self, tenant: str, day: date, most: int) -> list[UUID]:
        """The ids of the policies that cover something on a day, `most` of them at most, by number."""
        table, segment = tables.policy, history.policy_segment
        holds = segment.c.replaced_at.is_(None) & (segment.c.first <= day) & (segment.c.until > day)
        covering = table.join(segment, (segment.c.policy_id == table.c.policy_id) & holds)
        query = select(table.c.policy_id).select_from(covering).where(table.c.tenant == tenant)
        rows = await self._all(query.order_by(table.c.policy_number, table.c.policy_id).limit(most))
        return [row.policy_id for row in rows]

    async def premium_summary(self, tenant: str) -> PremiumSummary:
        policy, moved = tables.policy, tables.premium_transaction
        in_force = func.sum(case((policy.c.status == PolicyStatus.IN_FORCE, 1), else_=0))
        counted = select(func.count(), func.coalesce(in_force, 0)).where(policy.c.tenant == tenant)
        columns = (moved.c.net, moved.c.vat, moved.c.stamp_duty, moved.c.own, moved.c.ceded, moved.c.ceding_commission)
        summed = select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(moved.c.tenant == tenant)
        async with self._tables.connect() as connection:
            policies, policies_in_force = (await connection.execute(counted)).one()
            sums = (await connection.execute(summed)).one()
        return PremiumSummary(int(policies), int(policies_in_force), *(Money(CNY, int(each)) for each in sums))

    async def position(self) -> int:
        """The log position that all of this stands at."""
        return await self._tables.position()

    async def _page(self, query: Select[Any], page: Page, *key: Any) -> Rows:
        if page.after:
            query = query.where(tuple_(*key) > tuple_(*page.after))
        return await self._all(query.order_by(*key).limit(page.size + 1))

    async def _all(self, query: Select[Any]) -> Rows:
        async with self._tables.connect() as connection:
            rows: Rows = (await connection.execute(query)).all()
        return rows


def _held(table: Table, at: datetime) -> ColumnElement[bool]:
    """Whether a row is what was known at a time."""
    return (table.c.recorded_at <= at) & or_(table.c.replaced_at.is_(None), table.c.replaced_at > at)
