"""What timers do when they are due. Each asks the aggregate again: what is moot leads to nothing."""

from collections.abc import Mapping
from uuid import UUID

from libs.common.service import Firing
from libs.common.unit import Unit
from services.vendor_gateway.application.entitlements import stop_services
from services.vendor_gateway.application.placement import offer_order
from services.vendor_gateway.domain.clocks import Clock
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.timers import CLOCKS, COVER_END, OFFER_LAPSE, PAUSE_ALLOWANCE, RATING
from services.vendor_gateway.domain.vendor import Vendor


async def lapse_offer(unit: Unit, stream: UUID) -> None:
    """Takes an unanswered offer back and makes it to the next candidate."""
    order = await unit.find(ServiceOrder, stream)
    events = order.lapse(unit.call.now) if order is not None else []
    lapsed = unit.record(ServiceOrder, stream, events)
    if events and lapsed is not None:
        await offer_order(unit, stream, lapsed)


async def count_lateness(unit: Unit, stream: UUID) -> None:
    """A clock was missed, or stayed missed for one more period; or a pause has used up its allowance."""
    order = await unit.find(ServiceOrder, stream)
    if order is not None:
        unit.record(ServiceOrder, stream, order.count_lateness(unit.call.now))


async def rate_vendor(unit: Unit, stream: UUID) -> None:
    """Counts a closed order in its vendor's rating; apart from the closing, so orders don't wait for each other."""
    order = await unit.find(ServiceOrder, stream)
    events = order.note_rating() if order is not None else []
    if order is None or order.vendor_id is None or not events:
        return
    unit.record(ServiceOrder, stream, events)
    vendor = await unit.find(Vendor, order.vendor_id)
    if vendor is not None:
        rated = vendor.rate(stream, order.on_time, order.reworks == 0, unit.call.today)
        unit.record(Vendor, order.vendor_id, rated)


FIRING: Mapping[str, Firing] = {
    OFFER_LAPSE: lapse_offer,
    CLOCKS[Clock.START]: count_lateness,
    CLOCKS[Clock.DELIVER]: count_lateness,
    PAUSE_ALLOWANCE: count_lateness,
    RATING: rate_vendor,
    COVER_END: stop_services,
}
