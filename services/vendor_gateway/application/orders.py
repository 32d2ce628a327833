"""Commands about orders: of the vendor that an order is offered to or held by, and of the insurer whose it is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.unit import Unit
from services.vendor_gateway.application.finding import (
    is_own,
    order_id_of,
    own_order,
    services_id,
    tenants_order,
)
from services.vendor_gateway.application.placement import offer_order, request_order
from services.vendor_gateway.application.signatures import examine
from services.vendor_gateway.application.vendors import find_vendor
from services.vendor_gateway.domain.deliverable import Deliverable
from services.vendor_gateway.domain.errors import CapacityExhausted, OrderNotFound, PolicyNotKnown
from services.vendor_gateway.domain.guards import capacity_guard
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order.events import Accepted, CancelReason
from services.vendor_gateway.domain.policy_services import PolicyServices
from services.vendor_gateway.domain.values import Origin, OriginKind

Decision = Callable[[ServiceOrder], Sequence[object]]


class Orders:
    """Everything that someone may ask of an order."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, order_id: UUID) -> Loaded[ServiceOrder]:
        """An insurer gets its tenant's order; a vendor one that is offered to it, or that it has accepted."""
        found = await self.look(call, order_id)
        if found is None:
            raise OrderNotFound(order_id=order_id)
        return found

    async def look(self, call: Call, order_id: UUID) -> Loaded[ServiceOrder] | None:
        """The order, or None for whoever may not see it, or no longer."""
        try:
            missing, tenant = OrderNotFound(order_id=order_id), None if call.is_vendor else call.tenant
            loaded = await self._application.read(ServiceOrder, order_id, missing, tenant=tenant)
        except OrderNotFound:
            return None
        return None if call.is_vendor and not is_own(call, loaded.value) else loaded

    async def request(self, call: Call, policy_id: UUID, code: str, claim_id: UUID | None) -> Done[ServiceOrder]:
        order_id = order_id_of(call.tenant, "request", call.request_id)
        stream = services_id(call.tenant, policy_id)

        async def plan(unit: Unit) -> None:
            services = await unit.get(PolicyServices, stream, PolicyNotKnown(policy_id=policy_id))
            entitlement = services.entitlement(code)
            unit.record(PolicyServices, stream, services.order(code, order_id, claim_id, call.now))
            origin = Origin(OriginKind.POLICY, policy_id) if claim_id is None else Origin(OriginKind.CLAIM, claim_id)
            await request_order(
                unit,
                order_id,
                origin,
                entitlement,
                services.insured,
                policy_id=policy_id,
                assessors=services.assessors,
            )

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def reoffer(self, call: Call, order_id: UUID, *, etag: str = "") -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await tenants_order(unit, order_id, etag)
            events = order.reopen(call.principal, call.now)
            reopened = unit.record(ServiceOrder, order_id, events)
            if events and reopened is not None:
                await offer_order(unit, order_id, reopened)

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def accept(self, call: Call, order_id: UUID, *, etag: str = "") -> Done[ServiceOrder]:
        """The vendor takes an order, if its capacity allows one more: a guard, so two at once are never too many."""

        async def plan(unit: Unit) -> None:
            order = await own_order(unit, order_id, etag)
            assert order.vendor_id is not None
            vendor = await find_vendor(unit, order.vendor_id)
            events = order.accept(vendor, call.now)
            if any(isinstance(event, Accepted) for event in events):
                free = await unit.available(capacity_guard(order.vendor_id))
                if not free or free < 1:
                    raise CapacityExhausted(vendor_id=order.vendor_id)
            unit.record(ServiceOrder, order_id, events)

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def decline(self, call: Call, order_id: UUID, reason: str, *, etag: str = "") -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await own_order(unit, order_id, etag)
            declined = unit.record(ServiceOrder, order_id, order.decline(reason, call.now))
            assert declined is not None
            await offer_order(unit, order_id, declined)

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def schedule(self, call: Call, order_id: UUID, start_at: datetime, *, etag: str = "") -> Done[ServiceOrder]:
        return await self._own(call, order_id, lambda order: order.schedule(start_at, call.now), etag)

    async def start(self, call: Call, order_id: UUID, *, etag: str = "") -> Done[ServiceOrder]:
        return await self._own(call, order_id, lambda order: order.begin_work(call.now), etag)

    async def pause(self, call: Call, order_id: UUID, reason: str, *, etag: str = "") -> Done[ServiceOrder]:
        """A vendor pauses an order that it holds, an insurer one of its tenant."""
        side = self._own if call.is_vendor else self._tenants
        by_insurer = not call.is_vendor
        return await side(call, order_id, lambda order: order.pause(reason, call.now, by_insurer=by_insurer), etag)

    async def resume(self, call: Call, order_id: UUID, *, etag: str = "") -> Done[ServiceOrder]:
        side = self._own if call.is_vendor else self._tenants
        by_insurer = not call.is_vendor
        return await side(call, order_id, lambda order: order.resume(call.now, by_insurer=by_insurer), etag)

    async def consent_to_pause(self, call: Call, order_id: UUID, *, etag: str = "") -> Done[ServiceOrder]:
        return await self._tenants(call, order_id, lambda order: order.consent_to_pause(call.principal, call.now), etag)

    async def deliver(
        self, call: Call, order_id: UUID, deliverable: Deliverable, *, etag: str = ""
    ) -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await own_order(unit, order_id, etag)
            assert order.vendor_id is not None
            vendor = await find_vendor(unit, order.vendor_id)
            key = vendor.accreditation.signing_key if vendor.accreditation is not None else b""
            events = order.hand_in(deliverable, examine(deliverable, key), call.now)
            unit.record(ServiceOrder, order_id, events)

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def verify(self, call: Call, order_id: UUID, sha256: str, *, etag: str = "") -> Done[ServiceOrder]:
        return await self._tenants(call, order_id, lambda order: order.verify(sha256, call.principal, call.now), etag)

    async def ask_rework(
        self, call: Call, order_id: UUID, reason: str, within_hours: int, *, etag: str = ""
    ) -> Done[ServiceOrder]:
        def decide(order: ServiceOrder) -> Sequence[object]:
            return order.ask_rework(reason, within_hours, call.principal, call.now)

        return await self._tenants(call, order_id, decide, etag)

    async def cancel(self, call: Call, order_id: UUID, reason: CancelReason, *, etag: str = "") -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await tenants_order(unit, order_id, etag)
            unit.record(ServiceOrder, order_id, order.cancel(reason, call.principal, call.now))
            await give_back(unit, order_id, order.policy_id)

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def _own(self, call: Call, order_id: UUID, decide: Decision, etag: str) -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await own_order(unit, order_id, etag)
            unit.record(ServiceOrder, order_id, decide(order))

        return await self._application.execute(call, ServiceOrder, order_id, plan)

    async def _tenants(self, call: Call, order_id: UUID, decide: Decision, etag: str) -> Done[ServiceOrder]:
        async def plan(unit: Unit) -> None:
            order = await tenants_order(unit, order_id, etag)
            unit.record(ServiceOrder, order_id, decide(order))

        return await self._application.execute(call, ServiceOrder, order_id, plan)


async def give_back(unit: Unit, order_id: UUID, policy_id: UUID | None) -> None:
    """A cancelled order no longer uses up its policy's entitlement."""
    if policy_id is None:
        return
    stream = services_id(unit.call.tenant, policy_id)
    services = await unit.find(PolicyServices, stream)
    if services is not None:
        unit.record(PolicyServices, stream, services.give_back(order_id, unit.call.now))
