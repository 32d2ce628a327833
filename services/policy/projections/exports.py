"""The rows of bordereaux and statements: as of one moment, page by page, so that memory does not grow with them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.common.dates import start_of_day
from libs.common.projection.tables import ReadTables
from services.policy.projections import share_tables as shares
from services.policy.projections import tables
from services.policy.projections.certificates import contract

PAGE = 1000

Rows = Sequence[Row[Any]]


@dataclass(frozen=True)
class Booked:
    """What was recorded for a tenant from one day, in Shanghai, to before another."""

    tenant: str
    first: date
    end: date

    def of(self, table: Any) -> tuple[Any, ...]:
        begins: datetime = start_of_day(self.first)
        return (
            table.c.tenant == self.tenant,
            table.c.recorded_at >= begins,
            table.c.recorded_at < start_of_day(self.end),
        )


class Exports:
    """One reading; all of it sees the tables as they were at its first query."""

    def __init__(self, connection: AsyncConnection, booked: Booked) -> None:
        self._connection = connection
        self._booked = booked

    async def ceded_premium(self, source_id: str, reinsurer_id: str) -> AsyncIterator[Rows]:
        """By time of recording, policy and number: one row for each movement."""
        ceded = shares.ceded_premium
        key = (ceded.c.recorded_at, ceded.c.policy_id, ceded.c.number)
        columns = (
            func.max(ceded.c.fraction).label("fraction"),
            func.sum(ceded.c.ceded).label("ceded"),
            func.sum(ceded.c.commission).label("commission"),
        )
        found = self._parts(ceded, key, columns, source_id, reinsurer_id)
        moved = tables.premium_transaction

        def joined(page: Any) -> Select[Any]:
            here = (moved.c.policy_id == page.c.policy_id) & (moved.c.number == page.c.number)
            return select(
                page, *_policy_columns(contract), moved.c.kind, moved.c.effective_date, moved.c.net, moved.c.own
            ).where(here, contract.c.policy_id == page.c.policy_id)

        async for rows in self._pages(found, key, joined):
            yield rows

    async def ceded_claims(self, source_id: str, reinsurer_id: str) -> AsyncIterator[Rows]:
        """By time of recording, file and version: one row for each payment and each change of a reserve."""
        ceded = shares.ceded_claim
        key = (ceded.c.recorded_at, ceded.c.file_id, ceded.c.version)
        columns = (func.max(ceded.c.fraction).label("fraction"), func.sum(ceded.c.amount).label("ceded"))
        async for rows in self._pages(self._parts(ceded, key, columns, source_id, reinsurer_id), key, _claims):
            yield rows

    async def shared_premium(self, insurer_id: str) -> AsyncIterator[Rows]:
        shared = shares.shared_premium
        key = (shared.c.recorded_at, shared.c.policy_id, shared.c.number)
        found = select(*key, shared.c.amount.label("share")).where(
            *self._booked.of(shared), shared.c.insurer_id == insurer_id
        )
        moved = tables.premium_transaction

        def joined(page: Any) -> Select[Any]:
            here = (moved.c.policy_id == page.c.policy_id) & (moved.c.number == page.c.number)
            return select(
                page, *_policy_columns(contract), moved.c.kind, moved.c.effective_date, moved.c.net, moved.c.vat
            ).where(here, contract.c.policy_id == page.c.policy_id)

        async for rows in self._pages(found, key, joined):
            yield rows

    async def shared_claims(self, insurer_id: str) -> AsyncIterator[Rows]:
        shared = shares.shared_claim
        key = (shared.c.recorded_at, shared.c.file_id, shared.c.version)
        found = select(*key, shared.c.amount.label("share")).where(
            *self._booked.of(shared), shared.c.insurer_id == insurer_id
        )
        async for rows in self._pages(found, key, _claims):
            yield rows

    async def sums(self, table: Any, names: Sequence[str], **where: str) -> list[int]:
        """The sums of some columns over all that the rows are made of, reckoned by the database alone."""
        columns = [func.coalesce(func.sum(table.c[name]), 0) for name in names]
        conditions = [table.c[name] == value for name, value in where.items() if value]
        row = (await self._connection.execute(select(*columns).where(*self._booked.of(table), *conditions))).one()
        return [int(value) for value in row]

    def _parts(self, table: Any, key: Any, columns: Any, source_id: str, reinsurer_id: str) -> Select[Any]:
        query = select(*key, *columns).where(*self._booked.of(table), table.c.source_id == source_id)
        if reinsurer_id:
            query = query.where(table.c.reinsurer_id == reinsurer_id)
        return query.group_by(*key)

    async def _pages(self, query: Select[Any], key: Any, joined: Any) -> AsyncIterator[Rows]:
        after: tuple[Any, ...] = ()
        while True:
            page = query.where(tuple_(*key) > tuple_(*after)) if after else query
            found = page.order_by(*key).limit(PAGE).subquery()
            order = [found.c[column.name] for column in key]
            rows: Rows = (await self._connection.execute(joined(found).order_by(*order))).all()
            if rows:
                yield rows
            if len(rows) < PAGE:
                return
            after = tuple(rows[-1][:3])


@asynccontextmanager
async def exports(read_tables: ReadTables, booked: Booked) -> AsyncIterator[Exports]:
    async with read_tables.connect() as connection:
        yield Exports(await connection.execution_options(isolation_level="REPEATABLE READ"), booked)


def _policy_columns(policy: Any) -> tuple[Any, ...]:
    return (
        policy.c.policy_number,
        policy.c.insured_name,
        policy.c.insured_uscc,
        policy.c.line,
        policy.c.inception,
        policy.c.expiry,
    )


def _claims(page: Any) -> Select[Any]:
    moved, file, claim, policy = shares.claim_movement, shares.policy_file, shares.claim, tables.policy
    columns = ("kind", "claim_id", "payment_id", "part_code", "cost_type", "effective_date", "amount", "own")
    noted = (claim.c.file_id == moved.c.file_id) & (claim.c.claim_id == moved.c.claim_id)
    whole = (
        moved.join(file, file.c.file_id == moved.c.file_id)
        .join(policy, policy.c.policy_id == file.c.policy_id)
        .outerjoin(claim, noted)
    )
    here = (moved.c.file_id == page.c.file_id) & (moved.c.version == page.c.version)
    return select(page, *_policy_columns(policy), *(moved.c[name] for name in columns), claim.c.occurred).select_from(
        whole.join(page, here)
    )
