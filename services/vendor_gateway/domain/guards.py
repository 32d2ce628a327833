"""What events draw on guards: a vendor's capacity, by one for each order that it holds until that is over."""

from typing import Any
from uuid import UUID

from libs.common.changes import Draw, GuardChange, GuardWords, Recorded, SetLimit
from services.vendor_gateway.domain import vendor
from services.vendor_gateway.domain.order import events as order


def capacity_guard(vendor_id: UUID) -> str:
    return f"vendor-capacity:{vendor_id}"


def guard_words(key: str) -> GuardWords:
    """The capacity, which counts orders."""
    return GuardWords(f"The capacity of vendor {key.partition(':')[2]}")


def draws(recorded: Recorded[Any]) -> list[GuardChange]:
    """A suspended or terminated vendor has no capacity, even for an acceptance that is decided at the same moment."""
    match recorded.event:
        case vendor.Accredited(accreditation=accreditation):
            return [SetLimit(capacity_guard(recorded.stream), accreditation.capacity)]
        case vendor.Suspended() | vendor.Terminated():
            return [SetLimit(capacity_guard(recorded.stream), 0)]
        case order.Accepted(vendor_id=vendor_id):
            return [Draw(capacity_guard(vendor_id), 1)]
        case order.Closed(vendor_id=vendor_id):
            return [Draw(capacity_guard(vendor_id), -1)]
        case order.Cancelled(vendor_id=vendor_id, held=True) if vendor_id is not None:
            return [Draw(capacity_guard(vendor_id), -1)]
    return []
