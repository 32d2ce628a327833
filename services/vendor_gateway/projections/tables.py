"""The read tables of the gateway; they may be dropped and rebuilt at any time."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
)

from libs.common.projection.sums import Sum

metadata = MetaData()

vendors = Table(
    "vendor_list",
    metadata,
    Column("vendor_id", Uuid, primary_key=True),
    Column("uscc", String, nullable=False),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("reason", String, nullable=False, default=""),
    Column("closed", Integer, nullable=False, default=0),
    Column("on_time", Integer, nullable=False, default=0),
    Column("first_time_right", Integer, nullable=False, default=0),
    Column("version", BigInteger, nullable=False),
)

orders = Table(
    "order_list",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # The log position of its beginning: newer is higher.
    Column("tenant", String, nullable=False),
    Column("vendor_id", String, nullable=False, default=""),
    Column("origin_kind", String, nullable=False),
    Column("origin_id", Uuid, nullable=False),
    Column("policy_id", Uuid),
    Column("code", String, nullable=False),
    Column("service_type", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("insured_uscc", String, nullable=False),
    Column("insured_name", String, nullable=False),
    Column("industry_code", String, nullable=False),
    Column("region_code", String, nullable=False),
    Column("currency", String, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("credits", Sum, nullable=False, default=0),
    Column("state", String, nullable=False, default="requested"),
    Column("paused", Boolean, nullable=False, default=False),
    Column("verified", Boolean, nullable=False, default=False),
    Column("requested_at", DateTime(timezone=True), nullable=False),
    Column("respond_by", DateTime(timezone=True)),
    Column("scheduled_at", DateTime(timezone=True)),
    Column("start_by", DateTime(timezone=True)),
    Column("deliver_by", DateTime(timezone=True)),
    Column("cancel_reason", String, nullable=False, default=""),
    Column("rework_reason", String, nullable=False, default=""),
    Column("unplaced_reason", String, nullable=False, default=""),
    Column("version", BigInteger, nullable=False),
    Index("order_list_tenant", "tenant", "number"),
    Index("order_list_vendor", "vendor_id", "number"),
    Index("order_list_policy", "policy_id"),
    Index("order_list_origin", "origin_id"),
)

changes = Table(
    "order_change",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", Uuid, nullable=False),
    Column("tenant", String, nullable=False),
    Column("vendor_id", String, nullable=False, default=""),
    Column("change", String, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("order_change_tenant", "tenant", "position"),
    Index("order_change_vendor", "vendor_id", "position"),
)

entitlements = Table(
    "entitlement_list",
    metadata,
    Column("policy_id", Uuid, primary_key=True),
    Column("code", String, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("service_type", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("ordered", Integer, nullable=False, default=0),
    Column("mandatory", Boolean, nullable=False),
    Column("in_force", Boolean, nullable=False, default=True),
    Column("order_id", Uuid),
    Column("reason", String, nullable=False, default=""),
    Index("entitlement_list_tenant", "tenant", "policy_id", "code"),
)
