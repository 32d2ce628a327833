"""The service order: its events, what is known of it, and its decisions in the order of its life."""

from services.vendor_gateway.domain.order.facts import State
from services.vendor_gateway.domain.order.order import ServiceOrder

__all__ = ["ServiceOrder", "State"]
