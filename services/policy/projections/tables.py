"""The read tables. Money stands in whole fen: everything here is in renminbi."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, MetaData, String, Table, Uuid

from libs.common.projection.sums import Sum

metadata = MetaData()

product = Table(
    "product",
    metadata,
    Column("product_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("product_key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("line", String, nullable=False),
    Column("latest_version", Integer, nullable=False),
    Index("product_by_key", "tenant", "product_key"),
)
treaty = Table(
    "treaty",
    metadata,
    Column("treaty_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("treaty_key", String, nullable=False),
    Column("reinsurer_id", String, nullable=False),
    Column("percent", String, nullable=False),
    Column("commission_percent", String, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("reinsurers", String, nullable=False),
    Column("retention", BigInteger),
    Column("line_count", Integer, nullable=False),
    Column("capacity", BigInteger),
    Column("product_lines", String, nullable=False),
    Column("ended_on", Date),
    Column("end_reason", String, nullable=False),
    Index("treaty_by_key", "tenant", "treaty_key"),
)
submission = Table(
    "submission",
    metadata,
    Column("submission_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("created_at_position", BigInteger, nullable=False),
    Column("submission_key", String, nullable=False),
    Column("status", String, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("insured_name", String, nullable=False),
    Column("product_id", String, nullable=False),
    Column("inception", Date, nullable=False),
    Column("policy_id", String, nullable=False),
    Index("submission_by_position", "tenant", "created_at_position"),
    Index("submission_by_insured", "tenant", "insured_uscc"),
)
policy = Table(
    "policy",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("policy_number", String, nullable=False),
    Column("status", String, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("insured_name", String, nullable=False),
    Column("line", String, nullable=False),
    Column("inception", Date, nullable=False),
    Column("expiry", Date, nullable=False),
    Column("cover_until", Date, nullable=False),
    Column("premium", Sum, nullable=False),
    Index("policy_by_number", "tenant", "policy_number", "policy_id"),
    Index("policy_by_insured", "tenant", "insured_uscc"),
)
premium_transaction = Table(
    "premium_transaction",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("vat", BigInteger, nullable=False),
    Column("stamp_duty", BigInteger, nullable=False),
    Column("own", BigInteger, nullable=False),
    Column("ceded", BigInteger, nullable=False),
    Column("ceding_commission", BigInteger, nullable=False),
    Index("premium_transaction_by_tenant", "tenant"),
)
