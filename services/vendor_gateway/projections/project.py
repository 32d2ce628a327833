"""Events to rows: nothing is read and nothing is judged."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, case, update

from libs.common.changes import Recorded
from libs.common.projection.rows import RowChange, added, changed, put
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
    order.AllowanceUsed: "pause_allowance_used",
    order.PauseConsented: "pause_consented",
    order.Delivered: "delivered",
    order.ReworkRequested: "rework",
    order.Verified: "verified",
    order.Closed: "closed",
    order.Cancelled: "cancelled",
    order.ClockMissed: "clock_missed",
    order.Stopped: "stopped",
}
"""What watchers are told of; the rest is of no interest to them."""


def project(recorded: Recorded[Any]) -> Sequence[RowChange | Executable]:
    name = type(recorded.event).__module__
    if name == vendor.__name__:
        return project_vendor(recorded)
    if name == order.__name__:
        return [*project_order(recorded), *project_change(recorded)]
    if name == services.__name__:
        return project_services(recorded)
    return []


def project_vendor(recorded: Recorded[Any]) -> list[RowChange]:
    event, table = recorded.event, tables.vendors
    if isinstance(event, vendor.Registered):
        row = {"uscc": event.uscc, "name": event.name, "kind": event.kind, "state": "registered"}
        return [added(table, {"vendor_id": recorded.stream, "version": recorded.version, **row})]
    values: dict[str, Any] = {}
    counts: dict[str, int] = {}
    match event:
        case vendor.Accredited():
            values = {"state": "accredited", "reason": ""}
        case vendor.Suspended():
            values = {"state": "suspended", "reason": event.reason}
        case vendor.Terminated():
            values = {"state": "terminated", "reason": event.reason}
        case vendor.Rated():
            counts = {
                "closed": 1,
                "on_time": int(event.on_time),
                "first_time_right": int(event.first_time_right),
            }
    return [changed(table, {"vendor_id": recorded.stream}, {"version": recorded.version, **values}, adds=counts)]


def project_order(recorded: Recorded[Any]) -> list[RowChange]:
    event: Any = recorded.event
    if isinstance(event, order.Ranked | order.AssessmentVerified):
        return []  # Never the last event of its command: the next one moves the row's version past it.
    if isinstance(event, order.Requested):
        return [added(tables.orders, requested_row(recorded, event))]
    values = {"version": recorded.version, **order_values(event)}
    more = {"credits": event.credit.minor_units} if isinstance(event, order.ClockMissed) else {}
    return [changed(tables.orders, {"order_id": recorded.stream}, values, adds=more)]


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
        case order.AllowanceUsed():
            moved = {} if event.start_by is None else {"start_by": event.start_by}
            return {"deliver_by": event.deliver_by, **moved}
        case order.Stopped():
            return {"deliver_by": event.deliver_by}
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


def project_change(recorded: Recorded[Any]) -> list[RowChange]:
    change = CHANGES.get(type(recorded.event))
    if change is None:
        return []
    vendor_id = getattr(recorded.event, "vendor_id", None)
    return [
        added(
            tables.changes,
            {
                "position": recorded.position,
                "order_id": recorded.stream,
                "tenant": recorded.tenant,
                "vendor_id": "" if vendor_id is None else str(vendor_id),
                "change": change,
                "changed_at": recorded.recorded_at,
            },
        )
    ]


_WITHOUT_ORDER = tables.entitlements.c.ordered == 0
_LAST = tables.entitlements.c.ordered <= 1
_GIVEN_BACK = (
    ("order_id", case((_LAST, None), else_=tables.entitlements.c.order_id)),
    ("reason", case((_LAST, services.WithheldReason.ORDER_CANCELLED.value), else_=tables.entitlements.c.reason)),
)


def project_services(recorded: Recorded[Any]) -> list[RowChange | Executable]:
    event: Any = recorded.event
    match event:
        case services.Opened():
            return [*promise_rows(recorded, event)]
        case services.PromisesChanged():
            return [_out_of_force(event.policy_id), *promise_rows(recorded, event)]
        case services.Resumed():
            return [_out_of_force(event.policy_id), *promise_rows(recorded, event)]
        case services.Ordered():
            return [_entitled(event, {"order_id": event.order_id, "reason": ""}, adds={"ordered": 1})]
        case services.GivenBack():
            return [_entitled(event, adds={"ordered": -1}, computed=_GIVEN_BACK)]
        case services.Withheld():
            return [_entitled(event, {"reason": event.reason.value}, where=_WITHOUT_ORDER)]
        case services.Stopped():
            return [_out_of_force(event.policy_id)]
    return []


def _entitled(event: Any, *values: Any, **more: Any) -> RowChange:
    return changed(tables.entitlements, {"policy_id": event.policy_id, "code": event.code}, *values, **more)


def _out_of_force(policy_id: UUID) -> Executable:
    """All that was promised under a policy: rows that the event does not name."""
    table = tables.entitlements
    return update(table).where(table.c.policy_id == policy_id).values(in_force=False)


def promise_rows(
    recorded: Recorded[Any], event: services.Opened | services.PromisesChanged | services.Resumed
) -> list[RowChange]:
    """Rows of what is promised now; what was ordered under a promise before stays with it."""
    return [promise_row(recorded.tenant, event.policy_id, one) for one in event.entitlements]


def promise_row(tenant: str, policy_id: UUID, one: Entitlement) -> RowChange:
    terms = {
        "service_type": one.service_type,
        "phase": one.phase.value,
        "quantity": one.quantity,
        "mandatory": one.mandatory,
        "in_force": True,
    }
    return put(tables.entitlements, {"tenant": tenant, "policy_id": policy_id, "code": one.code, **terms}, sets=terms)
