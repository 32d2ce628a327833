"""How vendors work in the local scene: they take what is offered, do it and hand it in, and the insurer checks it."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

from hubao.vendor_gateway.v1 import order_service_pb2 as pb

from deploy.local.cast import Cast
from deploy.local.clients import Caller

OPEN = (pb.ORDER_STATE_ACCEPTED, pb.ORDER_STATE_SCHEDULED, pb.ORDER_STATE_STARTED, pb.ORDER_STATE_REWORK)


async def all_orders(caller: Caller, **filters: Any) -> AsyncIterator[Any]:
    """Every order that the caller may see, page by page."""
    token = ""
    while True:
        page = await caller(pb.ListOrdersRequest(page_size=500, page_token=token, **filters))
        for order in page.orders:
            yield order
        token = page.next_page_token
        if not token:
            return


async def accept(cast: Cast, order: Any) -> None:
    """The vendor to whom the order is offered takes it."""
    vendor = cast.vendor(order.vendor_id)
    await vendor(pb.AcceptOrderRequest(order_id=order.order_id), f"order/{order.order_id}/accept/{order.vendor_id}")


async def decline(cast: Cast, order: Any, reason: str) -> None:
    """The vendor to whom the order is offered does not take it, so it goes to the next."""
    vendor = cast.vendor(order.vendor_id)
    request = pb.DeclineOrderRequest(order_id=order.order_id, reason=reason)
    await vendor(request, f"order/{order.order_id}/decline/{order.vendor_id}")


async def deliver(cast: Cast, order: Any, assessment: Any = None) -> str:
    """The vendor does the work and hands it in; the digest of what it handed in."""
    vendor, key = cast.vendor(order.vendor_id), f"order/{order.order_id}"
    await vendor(pb.StartOrderRequest(order_id=order.order_id), f"{key}/start")
    content = json.dumps({"order": order.order_id, "service": order.service_type}, sort_keys=True).encode()
    digest = hashlib.sha256(content).hexdigest()
    deliverable = pb.Deliverable(sha256=digest, size_bytes=len(content), content=content, assessment=assessment)
    await vendor(pb.DeliverOrderRequest(order_id=order.order_id, deliverable=deliverable), f"{key}/deliver")
    return digest


async def verify(insurer: Caller, order: Any, digest: str) -> None:
    """The insurer takes what was handed in; the fee becomes payable."""
    request = pb.VerifyOrderRequest(order_id=order.order_id, deliverable_sha256=digest)
    await insurer(request, f"order/{order.order_id}/verify")
