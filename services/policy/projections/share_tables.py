"""The read tables of shares: who gets what of each movement of premium, and who bears what of each claim.

Rows of exports are read in the order in which they were recorded, so each table repeats the time of its movement.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, String, Table, Uuid

from services.policy.projections.tables import metadata


def _movement(*key: Column[Any]) -> list[Column[Any]]:
    return [
        *key,
        Column("tenant", String, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
    ]


ceded_premium = Table(
    "ceded_premium",
    metadata,
    *_movement(
        Column("policy_id", Uuid, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("source_id", String, primary_key=True),
        Column("reinsurer_id", String, primary_key=True),
    ),
    Column("fraction", String, nullable=False),
    Column("ceded", BigInteger, nullable=False),
    Column("commission", BigInteger, nullable=False),
    Index("ceded_premium_by_source", "tenant", "source_id", "recorded_at", "policy_id", "number"),
)
shared_premium = Table(
    "shared_premium",
    metadata,
    *_movement(
        Column("policy_id", Uuid, primary_key=True),
        Column("number", Integer, primary_key=True),
        Column("insurer_id", String, primary_key=True),
    ),
    Column("amount", BigInteger, nullable=False),
    Index("shared_premium_by_insurer", "tenant", "insurer_id", "recorded_at", "policy_id", "number"),
)
policy_cession = Table(
    "policy_cession",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("source_id", String, primary_key=True),
    Column("reinsurer_id", String, nullable=False),
    Column("fraction", String, nullable=False),
)
"""Sole quota shares, for movements that were recorded without their cessions."""

policy_file = Table(
    "policy_file",
    metadata,
    Column("file_id", Uuid, primary_key=True),
    Column("policy_id", Uuid, nullable=False),
)
claim = Table(
    "claim",
    metadata,
    Column("file_id", Uuid, primary_key=True),
    Column("claim_id", String, primary_key=True),
    Column("occurred", String, nullable=False),  # As exactly as it is known: a day, a month, a year, or nothing.
)
claim_movement = Table(
    "claim_movement",
    metadata,
    *_movement(Column("file_id", Uuid, primary_key=True), Column("version", Integer, primary_key=True)),
    Column("kind", String, nullable=False),
    Column("claim_id", String, nullable=False),
    Column("payment_id", String, nullable=False),
    Column("part_code", String, nullable=False),
    Column("cost_type", String, nullable=False),
    Column("effective_date", Date),
    Column("amount", BigInteger, nullable=False),
    Column("own", BigInteger, nullable=False),
)
ceded_claim = Table(
    "ceded_claim",
    metadata,
    *_movement(
        Column("file_id", Uuid, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("source_id", String, primary_key=True),
        Column("reinsurer_id", String, primary_key=True),
    ),
    Column("fraction", String, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Index("ceded_claim_by_source", "tenant", "source_id", "recorded_at", "file_id", "version"),
)
shared_claim = Table(
    "shared_claim",
    metadata,
    *_movement(
        Column("file_id", Uuid, primary_key=True),
        Column("version", Integer, primary_key=True),
        Column("insurer_id", String, primary_key=True),
    ),
    Column("amount", BigInteger, nullable=False),
    Index("shared_claim_by_insurer", "tenant", "insurer_id", "recorded_at", "file_id", "version"),
)
"""Payments alone: followers owe the lead what was paid, not what is expected."""
