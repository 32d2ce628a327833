"""What stands in bordereaux and statements, column by column. In every row, what is due is the difference of the
amounts before it; a movement that flows back is negative."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Row

from libs.common.dates import date_in_shanghai
from libs.common.money import CNY, Money, round_half_up
from libs.common.projection.tables import ReadTables
from libs.common.sheets import Column, Value
from services.policy.domain.treaty.treaty import Treaty
from services.policy.projections import share_tables
from services.policy.projections.exports import exports
from services.policy.servicer.exporting import Ask, Written, table_of

POLICY = ("policy_number", "insured_name", "insured_uscc", "line", "inception", "expiry")
PREMIUM = (
    *(Column(name) for name in (*POLICY, "transaction", "kind", "effective", "booked")),
    Column("gross_premium", total=True),
    Column("own_share", total=True),
    Column("ceded_fraction"),
    Column("ceded_percent"),
    Column("ceded_premium", total=True),
    Column("commission", total=True),
    Column("net_due", total=True),
)
CLAIMS = (
    *(Column(name) for name in (*POLICY, "claim_id", "payment_id", "part", "cost_type", "occurred", "effective")),
    Column("booked"),
    Column("ceded_fraction"),
    Column("ceded_percent"),
    *(Column(name, total=True) for name in ("paid", "own_paid", "ceded_paid")),
    *(Column(name, total=True) for name in ("reserve_change", "own_reserve_change", "ceded_reserve_change")),
)
FOLLOWER = (
    *(Column(name) for name in (*POLICY, "entry", "reference", "part", "effective", "booked")),
    Column("premium", total=True),
    Column("vat_booked_by_lead", total=True),
    Column("premium_share", total=True),
    Column("paid", total=True),
    Column("paid_share", total=True),
    Column("due_to_follower", total=True),
)
NOTHING = Money(CNY, 0)


@asynccontextmanager
async def premium_bordereau(
    tables: ReadTables, ask: Ask, treaty: Treaty, treaty_id: str, reinsurer_id: str
) -> AsyncIterator[Written]:
    async with table_of(ask, PREMIUM) as table:
        async with exports(tables, ask.booked) as found:
            where = {"source_id": treaty_id, "reinsurer_id": reinsurer_id}
            ceded, commission = await found.sums(share_tables.ceded_premium, ["ceded", "commission"], **where)
            async for rows in found.ceded_premium(**where):
                await table.add(rows, _premium)
        await table.finish(
            {
                "ceded_premium": Money(CNY, ceded),
                "commission": Money(CNY, commission),
                "net_due": Money(CNY, ceded - commission),
            }
        )
        name = ask.file_name(f"premium-{treaty.treaty_key}")
        yield Written(table.path, name, table.rows, table.totals)


@asynccontextmanager
async def claims_bordereau(
    tables: ReadTables, ask: Ask, treaty: Treaty, treaty_id: str, reinsurer_id: str
) -> AsyncIterator[Written]:
    async with table_of(ask, CLAIMS) as table:
        async with exports(tables, ask.booked) as found:
            where = {"source_id": treaty_id, "reinsurer_id": reinsurer_id}
            (ceded,) = await found.sums(share_tables.ceded_claim, ["amount"], **where)
            async for rows in found.ceded_claims(**where):
                await table.add(rows, _claim)
        reserves = table.totals["ceded_reserve_change"]
        await table.finish({"ceded_paid": Money(CNY, ceded) - reserves})
        yield Written(table.path, ask.file_name(f"claims-{treaty.treaty_key}"), table.rows, table.totals)


@asynccontextmanager
async def follower_statement(tables: ReadTables, ask: Ask, insurer_id: str) -> AsyncIterator[Written]:
    async with table_of(ask, FOLLOWER) as table:
        async with exports(tables, ask.booked) as found:
            (premium,) = await found.sums(share_tables.shared_premium, ["amount"], insurer_id=insurer_id)
            (paid,) = await found.sums(share_tables.shared_claim, ["amount"], insurer_id=insurer_id)
            async for rows in found.shared_premium(insurer_id):
                await table.add(rows, _shared_premium)
            async for rows in found.shared_claims(insurer_id):
                await table.add(rows, _shared_claim)
        await table.finish(
            {
                "premium_share": Money(CNY, premium),
                "paid_share": Money(CNY, paid),
                "due_to_follower": Money(CNY, premium - paid),
            }
        )
        yield Written(table.path, ask.file_name("follower"), table.rows, table.totals)


def _premium(row: Row[Any]) -> Sequence[Value]:
    ceded, commission = Money(CNY, int(row.ceded)), Money(CNY, int(row.commission))
    return (
        *_policy(row),
        row.number,
        row.kind,
        row.effective_date,
        date_in_shanghai(row.recorded_at),
        Money(CNY, row.net),
        Money(CNY, row.own),
        row.fraction,
        _percent(row.fraction),
        ceded,
        commission,
        ceded - commission,
    )


def _claim(row: Row[Any]) -> Sequence[Value]:
    amounts = (Money(CNY, row.amount), Money(CNY, row.own), Money(CNY, int(row.ceded)))
    none = (NOTHING, NOTHING, NOTHING)
    return (
        *_policy(row),
        row.claim_id,
        row.payment_id,
        row.part_code,
        row.cost_type,
        row.occurred,
        row.effective_date,
        date_in_shanghai(row.recorded_at),
        row.fraction,
        _percent(row.fraction),
        *((*amounts, *none) if row.kind == "payment" else (*none, *amounts)),
    )


def _shared_premium(row: Row[Any]) -> Sequence[Value]:
    share = Money(CNY, row.share)
    entry = (row.kind, str(row.number), "", row.effective_date, date_in_shanghai(row.recorded_at))
    return (*_policy(row), *entry, Money(CNY, row.net), Money(CNY, row.vat), share, NOTHING, NOTHING, share)


def _shared_claim(row: Row[Any]) -> Sequence[Value]:
    share = Money(CNY, row.share)
    entry = ("claim", row.claim_id, row.part_code, row.effective_date, date_in_shanghai(row.recorded_at))
    return (*_policy(row), *entry, NOTHING, NOTHING, NOTHING, Money(CNY, row.amount), share, -share)


def _policy(row: Row[Any]) -> tuple[Value, ...]:
    return tuple(getattr(row, name) for name in POLICY)


def _percent(fraction: str) -> Decimal:
    """A fraction of the lead's share as a percent with six decimals; the exact one stands beside it."""
    return Decimal(round_half_up(Fraction(fraction) * 100_000_000)).scaleb(-6)
