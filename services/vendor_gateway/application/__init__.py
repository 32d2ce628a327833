"""Commands: get, decide, save. `vendors` and `orders` are what callers may ask, `entitlements` what other services'
announcements lead to, `firing` what timers do; `placement` finds a vendor for an order."""

from services.vendor_gateway.application.firing import FIRING
from services.vendor_gateway.application.orders import Orders
from services.vendor_gateway.application.vendors import Vendors

__all__ = ["FIRING", "Orders", "Vendors"]
