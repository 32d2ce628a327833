"""The gateway behind the real edge: tokens, roles, field rules, statuses and streams, over a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc import StatusCode
from grpc_status import rpc_status
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb
from hubao.vendor_gateway.v1.order_service_pb2_grpc import OrderServiceStub
from hubao.vendor_gateway.v1.vendor_service_pb2_grpc import VendorServiceStub

from libs.common.codes.uscc import compose
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.client import channel
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.tokens import LocalIssuer
from services.vendor_gateway.servicer import servicers
from tests.vendor_gateway.examples import DIGEST
from tests.vendor_gateway.gateway import INSURER, Gateway, accreditation, bound

POLICY = UUID(int=21)


class Desk:
    """Clients of a served gateway, each with a token of its own."""

    def __init__(self, port: int, issuer: LocalIssuer) -> None:
        self._port = port
        self._issuer = issuer
        self._channels: list[grpc.aio.Channel] = []

    def link(self, organisation: str, *roles: str, tenant: str = "") -> grpc.aio.Channel:
        token = self._issuer.token(f"{organisation}-desk", organisation, tenant, roles)
        link = channel(f"127.0.0.1:{self._port}", lambda: token)
        self._channels.append(link)
        return link

    async def close(self) -> None:
        for link in self._channels:
            await link.close()


@asynccontextmanager
async def served(gateway: Gateway, directory: Path) -> AsyncIterator[Desk]:
    issuer = LocalIssuer.create(directory / "issuer")
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    await authenticator.open()
    edge = Edge("vendor_gateway", authenticator, lambda: datetime.now(UTC), gateway.tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, servicers(gateway.application, gateway.tables))
    desk = Desk(await server.start(), issuer)
    try:
        yield desk
    finally:
        await desk.close()
        await server.drain(1)


async def refusal(call: Any) -> tuple[StatusCode, str, str]:
    """Status, reason and first wrong field of a refused call."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    reason, field = "", ""
    for detail in rpc_status.from_call(failed.value).details:
        info, bad = ErrorInfo(), BadRequest()
        if detail.Unpack(info):
            reason = info.reason
        if detail.Unpack(bad):
            field = bad.field_violations[0].field
    return failed.value.code(), reason, field


async def test_an_order_from_registration_to_verification_over_the_network(gateway: Gateway, tmp_path: Path) -> None:
    async with served(gateway, tmp_path) as desk:
        operator = VendorServiceStub(desk.link("platform", "operator"))
        registered = await operator.RegisterVendor(
            vendor_pb.RegisterVendorRequest(
                uscc=compose("310115", 1), name="Shield", kind=vendor_pb.VENDOR_KIND_SECURITY_FIRM
            )
        )
        vendor_id = registered.vendor.vendor_id
        await operator.AccreditVendor(
            vendor_pb.AccreditVendorRequest(vendor_id=vendor_id, accreditation=accreditation(), etag="1")
        )
        gateway.clock.at = datetime.now(UTC)
        await gateway.hear(bound(POLICY))
        await gateway.project()
        vendor = OrderServiceStub(desk.link(vendor_id, "vendor"))
        underwriter = OrderServiceStub(desk.link(INSURER, "underwriter", tenant=INSURER))

        watch = vendor.WatchOrders(order_pb.WatchOrdersRequest())
        item = await asyncio.wait_for(watch.read(), 10)
        await vendor.AcceptOrder(order_pb.AcceptOrderRequest(order_id=item.order_id))
        await vendor.StartOrder(order_pb.StartOrderRequest(order_id=item.order_id))
        await vendor.DeliverOrder(
            order_pb.DeliverOrderRequest(
                order_id=item.order_id, deliverable=order_pb.Deliverable(sha256=DIGEST, size_bytes=9)
            )
        )
        verified = await underwriter.VerifyOrder(
            order_pb.VerifyOrderRequest(order_id=item.order_id, deliverable_sha256=DIGEST)
        )
        await gateway.project()
        changes = [(await asyncio.wait_for(watch.read(), 10)).change for _ in range(5)]
        watch.cancel()

    assert item.change == order_pb.ORDER_CHANGE_OFFERED
    assert verified.order.state == order_pb.ORDER_STATE_CLOSED
    assert changes == [
        order_pb.ORDER_CHANGE_ACCEPTED,
        order_pb.ORDER_CHANGE_STARTED,
        order_pb.ORDER_CHANGE_DELIVERED,
        order_pb.ORDER_CHANGE_VERIFIED,
        order_pb.ORDER_CHANGE_CLOSED,
    ]


async def test_what_is_refused_says_why(gateway: Gateway, tmp_path: Path) -> None:
    vendor_id = await gateway.vendor(1)
    gateway.clock.at = datetime.now(UTC)
    await gateway.hear(bound(POLICY))
    order_id = (await gateway.orders())[0].order_id
    report = order_pb.Deliverable(sha256=DIGEST.upper(), size_bytes=0)
    async with served(gateway, tmp_path) as desk:
        vendors = VendorServiceStub(desk.link(vendor_id, "vendor"))
        orders = OrderServiceStub(desk.link(vendor_id, "vendor"))
        stranger = OrderServiceStub(desk.link(str(uuid4()), "vendor"))
        follower = OrderServiceStub(desk.link("follower", "underwriter", tenant="follower"))
        operator = VendorServiceStub(desk.link("platform", "operator"))
        lost = accreditation()
        lost.prices[0].price.nanos = 1

        refusals = [
            await refusal(call)
            for call in (
                vendors.RegisterVendor(vendor_pb.RegisterVendorRequest(uscc=compose("310115", 1), name="x", kind=1)),
                operator.RegisterVendor(vendor_pb.RegisterVendorRequest(uscc="91", name="x", kind=1)),
                operator.AccreditVendor(vendor_pb.AccreditVendorRequest(vendor_id=vendor_id)),
                operator.AccreditVendor(vendor_pb.AccreditVendorRequest(vendor_id=vendor_id, accreditation=lost)),
                orders.StartOrder(order_pb.StartOrderRequest(order_id=order_id)),
                orders.DeliverOrder(order_pb.DeliverOrderRequest(order_id=order_id, deliverable=report)),
                orders.VerifyOrder(order_pb.VerifyOrderRequest(order_id=order_id)),
                stranger.AcceptOrder(order_pb.AcceptOrderRequest(order_id=order_id)),
                follower.CancelOrder(order_pb.CancelOrderRequest(order_id=order_id, reason=5)),
                follower.CancelOrder(order_pb.CancelOrderRequest(order_id=order_id, reason=1)),
                orders.AcceptOrder(order_pb.AcceptOrderRequest(order_id=order_id, etag="1")),
            )
        ]

    assert [(code, reason) for code, reason, _ in refusals] == [
        (StatusCode.PERMISSION_DENIED, "ROLE_MISSING"),
        (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (StatusCode.FAILED_PRECONDITION, "ORDER_NOT_ACCEPTED"),
        (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (StatusCode.PERMISSION_DENIED, "ROLE_MISSING"),
        (StatusCode.NOT_FOUND, "ORDER_NOT_FOUND"),
        (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (StatusCode.NOT_FOUND, "ORDER_NOT_FOUND"),
        (StatusCode.ABORTED, "STALE"),
    ]
    assert [field for _, reason, field in refusals if reason == "INVALID_FIELD"] == [
        "uscc",
        "accreditation",
        "accreditation.prices[0].price.nanos",
        "deliverable.sha256",
        "reason",
    ]
