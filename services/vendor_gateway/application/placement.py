"""Finds a vendor for an order: asks the directory who offers the service, ranks them, offers it to the best."""

from uuid import UUID

from libs.common.unit import Unit
from services.vendor_gateway.application.finding import DIRECTORY
from services.vendor_gateway.domain.directory import Directory
from services.vendor_gateway.domain.guards import capacity_guard
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order.events import Requested
from services.vendor_gateway.domain.ranking import Applicant
from services.vendor_gateway.domain.values import Entitlement, Insured, Origin
from services.vendor_gateway.domain.vendor import Vendor


async def request_order(
    unit: Unit,
    order_id: UUID,
    origin: Origin,
    service: Entitlement,
    insured: Insured,
    *,
    policy_id: UUID | None = None,
    assessors: frozenset[UUID] = frozenset(),
) -> None:
    """Begins an order and offers it. An order of that id that exists already is left as it is."""
    if not await unit.is_new(ServiceOrder, order_id):
        return
    requested = Requested(
        origin=origin,
        policy_id=policy_id,
        service=service,
        insured=insured,
        assessors=assessors,
        requested_at=unit.call.now,
    )
    order = unit.record(ServiceOrder, order_id, [requested])
    assert order is not None
    await offer_order(unit, order_id, order)


async def offer_order(unit: Unit, order_id: UUID, order: ServiceOrder) -> None:
    """Offers the order to the next candidate, or leaves it unplaced."""
    applicants = await find_applicants(unit, order.service.service_type)
    unit.record(ServiceOrder, order_id, order.offer(applicants, order_id, unit.call.now))


async def find_applicants(unit: Unit, service_type: str) -> list[Applicant]:
    """All vendors that offer a kind of service, with what their capacity allows still."""
    directory = await unit.find(Directory, DIRECTORY)
    applicants: list[Applicant] = []
    for vendor_id in directory.offering(service_type) if directory is not None else []:
        vendor = await unit.find(Vendor, vendor_id)
        if vendor is not None:
            free = await unit.available(capacity_guard(vendor_id))
            applicants.append(Applicant(vendor_id=vendor_id, vendor=vendor, free=free or 0))
    return applicants
