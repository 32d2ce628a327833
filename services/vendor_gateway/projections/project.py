"""Events to rows: statements only, nothing is read and nothing is judged."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, case, insert, update
from sqlalchemy.dialects import postgresql

from libs.common.changes import Recorded
from services.vendor_gateway.domain import vendor
from services.vendor_gateway.domain.order import events as order
from services.vendor_gateway.domain.policy_services import events as services
from services.vendor_gateway.domain.values import Entitlement
from services.vendor_gateway.projections import tables

CHANGES: dict[type[Any], str] = {
    order.Requested: "requested",
    order.Offered: "offered",
    order.Declined: "declined",
    order.Lapsed: "lapsed",
    order.Unplaced: "unplaced",
    order.Accepted: "accepted",
    order.Scheduled: "scheduled",
    order.Started: "started",
    order.Paused: "paused",
    order.Resumed: "resumed",
    order.Delivered: "delivered",
    order.ReworkRequested: "rework",
    order.Verified: "verified",
    order.Closed: "closed",
    order.Cancelled: "cancelled",
    order.ClockMissed: "clock_missed",
    order.Stopped: "stopped",
}
"""What watchers are told of; the rest is of no interest to them."""


def project(recorded: Recorded[Any]) -> Sequence[Executable]:
    name = type(recorded.event).__module__
    if name == vendor.__name__:
        return project_vendor(recorded)
    if name == order.__name__:
        return [*project_order(recorded), *project_change(recorded)]
    if name == services.__name__:
        return project_services(recorded)
    return []


def project_vendor(recorded: Recorded[Any]) -> list[Executable]:
    event, table = recorded.event, tables.vendors
    if isinstance(event, vendor.Registered):
        row = {"uscc": event.uscc, "name": event.name, "kind": event.kind, "state": "registered"}
        return [insert(table).values(vendor_id=recorded.stream, version=recorded.version, **row)]
    values: dict[str, Any] = {}
    match event:
        case vendor.Accredited():
            values = {"state": "accredited", "reason": ""}
        case vendor.Suspended():
            values = {"state": "suspended", "reason": event.reason}
        case vendor.Terminated():
            values = {"state": "terminated", "reason": event.reason}
        case vendor.Rated():
            values = {
                "closed": table.c.closed + 1,
                "on_time": table.c.on_time + int(event.on_time),
                "first_time_right": table.c.first_time_right + int(event.first_time_right),
            }
    return [update(table).where(table.c.vendor_id == recorded.stream).values(version=recorded.version, **values)]


def project_order(recorded: Recorded[Any]) -> list[Executable]:
    event: Any = recorded.event
    if isinstance(event, order.Ranked | order.AssessmentVerified):
        return []  # Never the last event of its command: the next one moves the row's version past it.
    if isinstance(event, order.Requested):
        return [insert(tables.orders).values(**requested_row(recorded, event))]
    table = tables.orders
    values = {"version": recorded.version, **order_values(event)}
    return [update(table).where(table.c.order_id == recorded.stream).values(**values)]


def requested_row(recorded: Recorded[Any], event: order.Requested) -> dict[str, Any]:
    return {
        "order_id": recorded.stream,
        "number": recorded.position,
        "tenant": recorded.tenant,
        "origin_kind": event.origin.kind,
        "origin_id": event.origin.id,
        "policy_id": event.policy_id,
        "code": event.service.code,
        "service_type": event.service.service_type,
        "phase": event.service.phase,
        "insured_uscc": event.insured.uscc,
        "insured_name": event.insured.name,
        "industry_code": event.insured.industry_code,
        "region_code": event.insured.region_code,
        "currency": event.service.fee.currency,
        "fee": event.service.fee.minor_units,
        "requested_at": event.requested_at,
        "version": recorded.version,
    }


def order_values(event: order.OrderEvent) -> dict[str, Any]:
    """The columns that an event changes."""
    match event:
        case order.Offered():
            return {"state": "offered", "vendor_id": str(event.vendor_id), "respond_by": event.respond_by}
        case order.Declined() | order.Lapsed() | order.Reopened():
            return {"state": "requested", "vendor_id": "", "respond_by": None, "unplaced_reason": ""}
        case order.Unplaced():
            return {"state": "unplaced", "unplaced_reason": event.reason}
        case order.Accepted():
            deadlines = {"start_by": event.start_by, "deliver_by": event.deliver_by}
            return {"state": "accepted", "respond_by": None, **deadlines}
        case order.Scheduled():
            return {"state": "scheduled", "scheduled_at": event.start_at}
        case order.Started():
            return {"state": "started"}
        case order.Paused():
            return {"paused": True}
        case order.Resumed():
            moved = {} if event.start_by is None else {"start_by": event.start_by}
            return {"paused": False, "deliver_by": event.deliver_by, **moved}
        case order.Stopped():
            return {"deliver_by": event.deliver_by}
        case order.ClockMissed():
            return {"credits": tables.orders.c.credits + event.credit.minor_units}
        case order.Delivered():
            return {"state": "delivered"}
        case order.ReworkRequested():
            return {"state": "rework", "rework_reason": event.reason, "deliver_by": event.deliver_by}
        case order.Verified():
            return {"state": "verified", "verified": True}
        case order.Closed():
            return {"state": "closed"}
        case order.Cancelled():
            return {"state": "cancelled", "paused": False, "cancel_reason": event.reason, "unplaced_reason": ""}
        case _:
            return {}


def project_change(recorded: Recorded[Any]) -> list[Executable]:
    change = CHANGES.get(type(recorded.event))
    if change is None:
        return []
    vendor_id = getattr(recorded.event, "vendor_id", None)
    return [
        insert(tables.changes).values(
            position=recorded.position,
            order_id=recorded.stream,
            tenant=recorded.tenant,
            vendor_id="" if vendor_id is None else str(vendor_id),
            change=change,
            changed_at=recorded.recorded_at,
        )
    ]


def project_services(recorded: Recorded[Any]) -> list[Executable]:
    event: Any = recorded.event
    table = tables.entitlements
    of_policy = update(table).where(table.c.policy_id == event.policy_id)
    match event:
        case services.Opened():
            return promise_rows(recorded, event)
        case services.PromisesChanged():
            return [of_policy.values(in_force=False), *promise_rows(recorded, event)]
        case services.Ordered():
            more = {"ordered": table.c.ordered + 1, "order_id": event.order_id, "reason": ""}
            return [of_policy.where(table.c.code == event.code).values(**more)]
        case services.GivenBack():
            last = table.c.ordered <= 1
            less = {
                "ordered": table.c.ordered - 1,
                "order_id": case((last, None), else_=table.c.order_id),
                "reason": case((last, services.WithheldReason.ORDER_CANCELLED.value), else_=table.c.reason),
            }
            return [of_policy.where(table.c.code == event.code).values(**less)]
        case services.Withheld():
            without = (table.c.code == event.code) & (table.c.ordered == 0)
            return [of_policy.where(without).values(reason=event.reason.value)]
        case services.Stopped():
            return [of_policy.values(in_force=False)]
    return []


def promise_rows(recorded: Recorded[Any], event: services.Opened | services.PromisesChanged) -> list[Executable]:
    """Rows of what is promised now; what was ordered under a promise before stays with it."""
    return [promise_row(recorded.tenant, event.policy_id, one) for one in event.entitlements]


def promise_row(tenant: str, policy_id: UUID, one: Entitlement) -> Executable:
    terms = {
        "service_type": one.service_type,
        "phase": one.phase.value,
        "quantity": one.quantity,
        "mandatory": one.mandatory,
        "in_force": True,
    }
    row = postgresql.insert(tables.entitlements).values(tenant=tenant, policy_id=policy_id, code=one.code, **terms)
    return row.on_conflict_do_update(index_elements=["policy_id", "code"], set_=terms)
