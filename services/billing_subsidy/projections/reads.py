"""The reads over the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, select, tuple_

from libs.common.grpc.pages import Page
from libs.common.money import CNY
from libs.common.projection.tables import ReadTables
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.projections import tables as t

Rows = Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class ControlTotals:
    """Sums that must agree, each from its own source; fen of CNY."""

    subsidy_granted_ledger: int
    subsidy_granted_cases: int
    subsidy_used_programmes: int
    subsidy_receivable_ledger: int
    subsidy_disbursed_cases: int
    claims_paid_ledger: int
    claims_paid_accounts: int
    vendor_payable_ledger: int
    vendor_fees_verified: int
    vendor_credits: int
    vendor_settled: int
    premium_receivable_ledger: int
    premium_timeline: int
    premium_invoiced: int
    premium_received: int
    claims_reserve_ledger: int
    ledger_difference: int
    premium_written_off: int


class Reads:
    """Everything that is read from tables; a page's reads return one row more than the page shows."""

    def __init__(self, tables: ReadTables) -> None:
        self._tables = tables

    async def accounts(self, tenant: str, page: Page, overdue_only: bool) -> Rows:
        query = select(t.accounts).where(t.accounts.c.tenant == tenant)
        if overdue_only:
            query = query.where(t.accounts.c.overdue_at.is_not(None))
        return await self._page(query, page, t.accounts.c.policy_number, t.accounts.c.policy_id)

    async def programmes(self, page: Page) -> Rows:
        query = select(t.programmes).where(t.programmes.c.version > 0)
        return await self._page(query, page, t.programmes.c.code, t.programmes.c.programme_id)

    async def cases(
        self, tenant: str, page: Page, policy_id: UUID | None, programme_id: UUID | None, status: str
    ) -> Rows:
        query = select(t.cases).where(t.cases.c.tenant == tenant)
        if policy_id:
            query = query.where(t.cases.c.policy_id == policy_id)
        if programme_id:
            query = query.where(t.cases.c.programme_id == programme_id)
        if status:
            query = query.where(t.cases.c.status == status)
        return await self._page(query, page, t.cases.c.case_number)

    async def subsidy_totals(self, tenant: str, programme_id: UUID | None) -> Rows:
        """Granted, clawed back, disbursed and drawn, by programme and level."""
        level = t.case_levels.c
        joined = t.case_levels.outerjoin(
            t.usage,
            (t.usage.c.tenant == level.tenant)
            & (t.usage.c.programme_id == level.programme_id)
            & (t.usage.c.level == level.level),
        )
        query = (
            select(
                level.programme_id,
                level.level,
                func.sum(level.granted).label("granted"),
                func.sum(level.clawed_back).label("clawed_back"),
                func.sum(level.disbursed).label("disbursed"),
                func.coalesce(func.max(t.usage.c.used), 0).label("used"),
            )
            .select_from(joined)
            .where(level.tenant == tenant)
            .group_by(level.programme_id, level.level)
            .order_by(level.programme_id, level.level)
        )
        return await self._all(query.where(level.programme_id == programme_id) if programme_id else query)

    async def trial_balance(self, tenant: str, effective_until: date | None, booked_until: date | None) -> Rows:
        """Debits and credits by account and currency."""
        line = t.lines.c
        query = (
            select(
                line.account_code,
                line.currency,
                func.sum(line.debit).label("debit"),
                func.sum(line.credit).label("credit"),
            )
            .where(line.tenant == tenant)
            .group_by(line.account_code, line.currency)
            .order_by(line.account_code, line.currency)
        )
        if effective_until:
            query = query.where(line.effective_date <= effective_until)
        if booked_until:
            query = query.where(line.booked_on <= booked_until)
        return await self._all(query)

    async def entries(self, tenant: str, page: Page, policy_id: UUID | None, account_code: str) -> Rows:
        """The first line of each entry, which says all that is common to its lines."""
        head, line = t.lines.alias("head"), t.lines.c
        query = select(head).where(head.c.tenant == tenant, head.c.number == 1)
        if policy_id:
            query = query.where(head.c.policy_id == policy_id)
        if account_code:
            query = query.where(exists().where(line.position == head.c.position, line.account_code == account_code))
        return await self._page(query, page, head.c.position)

    async def lines(self, positions: Sequence[int]) -> Rows:
        """The lines of these entries, in order."""
        query = select(t.lines).where(t.lines.c.position.in_(positions))
        return await self._all(query.order_by(t.lines.c.position, t.lines.c.number))

    async def vendor_lines(
        self, tenant: str, vendor_id: str, page: Page, since: date | None, until: date | None
    ) -> Rows:
        line = t.vendor_lines.c
        query = select(t.vendor_lines).where(line.tenant == tenant, line.vendor_id == vendor_id)
        if since:
            query = query.where(line.effective_date >= since)
        if until:
            query = query.where(line.effective_date < until)
        return await self._page(query, page, line.effective_date, line.position)

    async def control_totals(self, tenant: str) -> ControlTotals:
        """All sums at one instant: one statement, so that no event falls between two of them."""
        row = (await self._all(_control(tenant)))[0]
        return ControlTotals(**{name: int(value) for name, value in row._mapping.items()})

    async def _page(self, query: Select[Any], page: Page, *key: ColumnElement[Any]) -> Rows:
        if page.after:
            query = query.where(tuple_(*key) > tuple_(*page.after))
        return await self._all(query.order_by(*key).limit(page.size + 1))

    async def _all(self, query: Select[Any]) -> Rows:
        async with self._tables.connect() as connection:
            rows: Rows = (await connection.execute(query)).all()
            return rows


def _control(tenant: str) -> Select[Any]:
    subsidy_codes = [account.code for account in chart.SUBSIDY_RECEIVABLE.values()]
    premium = [chart.PREMIUM_RECEIVABLE.code, chart.UNAPPLIED_CASH.code, chart.REFUND_PAYABLE.code]
    line, vendor = t.lines.c, t.vendor_lines.c

    def ledger(*where: ColumnElement[bool]) -> Any:
        """Debits less credits."""
        total = func.coalesce(func.sum(line.debit - line.credit), 0)
        return select(total).where(line.tenant == tenant, line.currency == CNY, *where).scalar_subquery()

    def column(one: Any, *where: ColumnElement[bool]) -> Any:
        return select(func.coalesce(func.sum(one), 0)).where(one.table.c.tenant == tenant, *where).scalar_subquery()

    def account(one: Any) -> Any:
        return column(one, t.accounts.c.currency == CNY)

    on_subsidy = line.account_code.in_(subsidy_codes)
    sums = {
        "subsidy_granted_ledger": ledger(on_subsidy, line.rule.not_in(("SUBSIDY_DISBURSED", "SUBSIDY_REPAID"))),
        "subsidy_granted_cases": column(t.cases.c.granted),
        "subsidy_used_programmes": column(t.usage.c.used),
        "subsidy_receivable_ledger": ledger(on_subsidy),
        "subsidy_disbursed_cases": column(t.cases.c.disbursed),
        "claims_paid_ledger": -ledger(line.account_code == chart.CLAIMS_PAYABLE.code, line.rule == "CLAIM_PAID"),
        "claims_paid_accounts": account(t.accounts.c.claims_paid),
        "vendor_payable_ledger": -ledger(line.account_code == chart.VENDOR_PAYABLE.code),
        "vendor_fees_verified": column(vendor.amount, vendor.kind == "fee", vendor.currency == CNY),
        "vendor_credits": column(vendor.amount, vendor.kind == "credit", vendor.currency == CNY),
        "vendor_settled": column(vendor.amount, vendor.kind.in_(("payment", "claim")), vendor.currency == CNY),
        "premium_receivable_ledger": ledger(line.account_code.in_(premium)),
        "premium_timeline": account(t.accounts.c.timeline),
        "premium_invoiced": account(t.accounts.c.invoiced),
        "premium_received": account(t.accounts.c.received),
        "claims_reserve_ledger": -ledger(line.account_code == chart.CLAIMS_RESERVE.code),
        "ledger_difference": ledger(),
        "premium_written_off": account(t.accounts.c.written_off),
    }
    return select(*(value.label(name) for name, value in sums.items()))
