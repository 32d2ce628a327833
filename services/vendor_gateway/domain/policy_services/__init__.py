"""What a policy promises of services, and what became of each promise."""

from services.vendor_gateway.domain.policy_services.services import PolicyServices

__all__ = ["PolicyServices"]
