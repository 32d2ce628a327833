"""What a caller sees follows from what it is; for a call that no token could have made, the narrower view holds."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb

from libs.common.context import Call, calling
from libs.common.errors import NotFound
from tests.vendor_gateway.gateway import INSURER, OPERATOR, Gateway, bound

INSURERS = ("underwriter", "chief_underwriter", "claims_handler", "claims_manager", "finance", "auditor")
OTHERS = (*INSURERS, "authority", "operator", "service", "insured")


class Scene:
    """Two vendors, an order on offer to the first, and whoever asks."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.first = self.second = self.order_id = ""

    async def set(self) -> "Scene":
        self.first = await self.gateway.vendor(1)
        await self.gateway.hear(bound(UUID(int=41)))
        (order,) = await self.gateway.orders()
        self.order_id = order.order_id
        self.second = await self.gateway.vendor(2)
        await self.gateway.project()
        return self

    async def ask(self, call: Call, servicer: int, method: str, request: Any) -> Any:
        with calling(call):
            return await getattr(self.gateway.servicers[servicer], method)(request, None)

    async def orders(self, call: Call) -> list[str]:
        answer = await self.ask(call, 1, "ListOrders", order_pb.ListOrdersRequest())
        return [order.order_id for order in answer.orders]

    async def sees(self, call: Call, servicer: int, method: str, request: Any) -> bool:
        try:
            await self.ask(call, servicer, method, request)
        except NotFound:
            return False
        return True

    async def watches(self, call: Call) -> bool:
        with calling(call):
            stream = self.gateway.servicers[1].WatchOrders(order_pb.WatchOrdersRequest(), None)
            try:
                async with asyncio.timeout(0.5):
                    return bool((await anext(stream)).order_id)
            except TimeoutError:
                return False
            finally:
                await stream.aclose()


def caller(gateway: Gateway, organisation: str, tenant: str, *roles: str) -> Call:
    made = gateway.call(OPERATOR, request_id=str(uuid4()))
    return replace(made, organisation=organisation, tenant=tenant, roles=frozenset(roles))


async def test_a_vendor_with_any_other_role_or_a_tenant_sees_its_own_and_nothing_else(gateway: Gateway) -> None:
    scene = await Scene(gateway).set()
    order, prices = (
        order_pb.GetOrderRequest(order_id=scene.order_id),
        vendor_pb.GetVendorRequest(vendor_id=scene.first),
    )

    for more in ("", *OTHERS):
        for tenant in ("", INSURER):
            owner = caller(gateway, scene.first, tenant, "vendor", more)
            other = caller(gateway, scene.second, tenant, "vendor", more)

            assert await scene.sees(owner, 1, "GetOrder", order), (more, tenant)
            assert await scene.sees(owner, 0, "GetVendor", prices), (more, tenant)
            assert not await scene.sees(other, 1, "GetOrder", order), (more, tenant)
            assert not await scene.sees(other, 0, "GetVendor", prices), (more, tenant)
            assert await scene.orders(owner) == [scene.order_id]
            assert await scene.orders(other) == []
    assert not await scene.watches(caller(gateway, scene.second, INSURER, "vendor", "auditor"))


@pytest.mark.parametrize("role", OTHERS)
async def test_whoever_is_no_vendor_and_has_no_tenant_sees_no_order(gateway: Gateway, role: str) -> None:
    scene = await Scene(gateway).set()
    order = order_pb.GetOrderRequest(order_id=scene.order_id)
    nobody = caller(gateway, scene.first, "", role)

    assert not await scene.sees(nobody, 1, "GetOrder", order)
    assert await scene.orders(nobody) == []
    assert not await scene.watches(nobody)
    assert await scene.orders(caller(gateway, INSURER, INSURER, "auditor")) == [scene.order_id]
    assert await scene.orders(caller(gateway, INSURER, "follower", "auditor")) == []
