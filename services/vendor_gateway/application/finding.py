"""How aggregates are found: ids that follow from business keys, and who may see an order."""

from uuid import UUID

from libs.common.context import SHARED, Call
from libs.common.errors import Stale
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.vendor_gateway.domain.directory import Directory
from services.vendor_gateway.domain.errors import OrderNotFound
from services.vendor_gateway.domain.order import ServiceOrder, State
from services.vendor_gateway.domain.policy_services import PolicyServices
from services.vendor_gateway.domain.vendor import Vendor

DIRECTORY = stream_id(SHARED, Directory.KIND, "vendors")


def vendor_id_of(uscc: str) -> UUID:
    """A vendor's id follows from its credit code, so nobody is registered twice."""
    return stream_id(SHARED, Vendor.KIND, uscc)


def services_id(tenant: str, policy_id: UUID) -> UUID:
    return stream_id(tenant, PolicyServices.KIND, str(policy_id))


def order_id_of(tenant: str, *key: object) -> UUID:
    """An order's id follows from what asked for it: a second asking is the same order."""
    return stream_id(tenant, ServiceOrder.KIND, "/".join(str(part) for part in key))


async def assessment_order(unit: Unit, submission_id: UUID) -> tuple[UUID, ServiceOrder | None]:
    """A submission's assessment order that was not cancelled; without one, None and the id that the next will have."""
    number = 1
    order_id = order_id_of(unit.call.tenant, "submission", submission_id, number)
    order = await unit.find(ServiceOrder, order_id)
    while order is not None and order.state is State.CANCELLED:
        number += 1
        order_id = order_id_of(unit.call.tenant, "submission", submission_id, number)
        order = await unit.find(ServiceOrder, order_id)
    return order_id, order


def is_own(call: Call, order: ServiceOrder) -> bool:
    """Whether the calling vendor may see the order: it is offered to it, or was accepted by it."""
    return call.is_vendor and order.vendor_id is not None and str(order.vendor_id) == call.organisation


async def own_order(unit: Unit, order_id: UUID, etag: str) -> ServiceOrder:
    """The order, for the vendor that it is offered to or held by; not found for anyone else."""
    missing = OrderNotFound(order_id=order_id)
    order = await unit.get(ServiceOrder, order_id, missing, any_tenant=True)
    if not is_own(unit.call, order):
        raise missing
    check_etag(unit, order_id, etag)
    return order


async def tenants_order(unit: Unit, order_id: UUID, etag: str) -> ServiceOrder:
    """The order, for the insurer whose it is; not found for anyone else."""
    order = await unit.get(ServiceOrder, order_id, OrderNotFound(order_id=order_id))
    check_etag(unit, order_id, etag)
    return order


def check_etag(unit: Unit, stream: UUID, etag: str) -> None:
    """Only after it is clear that the caller may see the thing: a refusal tells its version."""
    entry = unit.entry(stream)
    current = str(entry.version) if entry is not None else "0"
    if etag and etag != current:
        raise Stale(current=current, given=etag)
