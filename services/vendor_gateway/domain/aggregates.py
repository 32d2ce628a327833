"""All kinds of aggregates of this service: every stream of its log is one of them."""

from services.vendor_gateway.domain.directory import Directory
from services.vendor_gateway.domain.order.order import ServiceOrder
from services.vendor_gateway.domain.policy_services.services import PolicyServices
from services.vendor_gateway.domain.vendor import Vendor

AGGREGATES = (
    Directory,
    PolicyServices,
    ServiceOrder,
    Vendor,
)
