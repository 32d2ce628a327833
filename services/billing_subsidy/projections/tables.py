"""Read tables of billing and subsidies. Amounts are fen of the row's currency; subsidies are in CNY."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, MetaData, String, Table, Uuid

from libs.common.projection.sums import Sum

metadata = MetaData()


def _fen(name: str) -> "Column[int]":
    return Column(name, BigInteger, nullable=False, default=0)


def _sum(name: str) -> "Column[int]":
    """Fen that events add to."""
    return Column(name, Sum, nullable=False, default=0)


accounts = Table(
    "account_list",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("policy_number", String, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("currency", String, nullable=False),
    _sum("timeline"),  # Premium and VAT of all movements.
    _sum("invoiced"),
    _sum("received"),  # Less refunds paid.
    _sum("claims_paid"),
    _sum("written_off"),
    Column("overdue_at", DateTime(timezone=True)),
    Index("account_list_by_number", "tenant", "policy_number", "policy_id"),
)

lines = Table(
    "journal_line",
    metadata,
    Column("position", BigInteger, primary_key=True),  # Of the entry's event in the log.
    Column("number", Integer, primary_key=True),  # Every entry has a line 1.
    Column("entry_id", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("policy_id", Uuid),
    Column("account_code", String, nullable=False),
    Column("currency", String, nullable=False),
    _fen("debit"),
    _fen("credit"),
    Column("party", String, nullable=False),
    Index("journal_line_by_account", "tenant", "account_code", "effective_date"),
    Index("journal_line_by_policy", "tenant", "policy_id", "position"),
    Index("journal_line_by_position", "tenant", "position"),
)

cases = Table(
    "subsidy_case_list",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("case_number", String, nullable=False),
    Column("policy_id", Uuid, nullable=False),
    Column("programme_id", Uuid, nullable=False),
    Column("status", String, nullable=False),
    _sum("granted"),
    _sum("clawed_back"),
    _sum("disbursed"),  # Less what was repaid.
    Column("payable", Sum),  # What of it may be here; none of a grant on what was paid.
    Index("subsidy_case_list_by_number", "tenant", "case_number"),
    Index("subsidy_case_list_by_policy", "tenant", "policy_id"),
)

case_levels = Table(
    "subsidy_case_level",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("level", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("programme_id", Uuid, nullable=False),
    _sum("granted"),
    _sum("clawed_back"),
    _sum("disbursed"),
    Index("subsidy_case_level_by_programme", "tenant", "programme_id", "level"),
)

usage = Table(
    "subsidy_usage",
    metadata,
    Column("tenant", String, primary_key=True),
    Column("guard", String, primary_key=True),  # The budget guard's key, as the draws name it.
    Column("programme_id", Uuid, nullable=False),
    Column("level", String, nullable=False),
    _sum("used"),
)

programmes = Table(
    "programme_list",
    metadata,
    Column("programme_id", Uuid, primary_key=True),
    Column("authority_id", String, nullable=False),
    Column("code", String, nullable=False),
    Column("name", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("window_from", Date, nullable=False),
    Column("window_to", Date, nullable=False),
    Index("programme_list_by_code", "code", "programme_id"),
)

vendor_lines = Table(
    "vendor_line",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("vendor_id", String, nullable=False),
    Column("kind", String, nullable=False),  # fee, credit, payment, claim
    Column("effective_date", Date, nullable=False),
    Column("order_id", String, nullable=False),
    Column("reference", String, nullable=False),
    Column("currency", String, nullable=False),
    _fen("amount"),
    Index("vendor_line_by_date", "tenant", "vendor_id", "effective_date", "position"),
)
