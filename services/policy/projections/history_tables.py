"""The read tables of what was known of policies at any time: a row holds from `recorded_at` to before `replaced_at`."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, String, Table, Uuid

from services.policy.projections.tables import metadata

policy_known = Table(
    "policy_known",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("status", String, nullable=False),
    Column("cover_until", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("replaced_at", DateTime(timezone=True)),
)
policy_segment = Table(
    "policy_segment",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("first", Date, nullable=False),
    Column("until", Date, nullable=False),
    Column("annual_premium", BigInteger, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("replaced_at", DateTime(timezone=True)),
)
