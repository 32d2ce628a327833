"""OrderService: what only reads. An insurer sees its tenant's orders, a vendor its own."""

from collections.abc import AsyncIterator
from typing import Any

from hubao.vendor_gateway.v1 import order_service_pb2 as pb
from hubao.vendor_gateway.v1 import order_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common import watching
from libs.common.context import Call, current_call
from libs.common.cursors import cursor_of, position_of
from libs.common.grpc.convert import enum_name, enum_text, money_message, optional, timestamp_message, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import CNY, Money
from libs.common.store.reading import Log
from libs.common.watching import Batch, Found, News, follow
from services.vendor_gateway.application import Orders
from services.vendor_gateway.projections import OrderFilter, Reads, Viewer
from services.vendor_gateway.servicer.messages import entitlement_message, order_message, order_row_message

WATCH_BATCH = 200
LOOK = 1000
"""Changes that one look for all watchers passes over."""


class OrderReading(pb_grpc.OrderServiceServicer):
    """The reading half of the service."""

    def __init__(self, orders: Orders, reads: Reads, log: Log) -> None:
        self._log = log
        self._orders = orders
        self._reads = reads
        self._news = News(self._look, reads.moved)

    async def GetOrder(self, request: pb.GetOrderRequest, context: Context) -> pb.GetOrderResponse:
        call, order_id = current_call(), uuid_value("order_id", request.order_id)
        loaded = await self._orders.get(call, order_id)
        order = order_message(order_id, loaded.value, loaded.version, for_vendor=call.is_vendor)
        return pb.GetOrderResponse(order=order)

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Context) -> pb.ListOrdersResponse:
        viewer = viewer_of(current_call())
        page = page_of(request, f"{viewer.tenant}/{viewer.vendor_id}")
        wanted = OrderFilter(
            state=enum_name("state", pb.OrderState, request.state) if request.state else None,
            policy_id=optional(request, "policy_id", uuid_value),
            claim_id=optional(request, "claim_id", uuid_value),
            submission_id=optional(request, "submission_id", uuid_value),
        )
        rows = await self._reads.orders(viewer, wanted, page.after, page.size + 1)
        shown, token = next_token(page, rows, key=lambda row: (row.number,))
        return pb.ListOrdersResponse(orders=[order_row_message(row) for row in shown], next_page_token=token)

    async def WatchOrders(
        self, request: pb.WatchOrdersRequest, context: Context
    ) -> AsyncIterator[pb.WatchOrdersResponse]:
        """The cursor is the log position of the change, so it stays good when the read tables are rebuilt."""
        call, head = current_call(), await self._log.head()
        viewer = viewer_of(call)

        async def read(after: int) -> Batch[Row[Any]]:
            what = (viewer, after)
            rows = await self._news.shared(what, lambda: self._reads.changes(viewer, after, WATCH_BATCH))
            return Batch([(row.position, row) for row in rows], rows[-1].position if rows else after, more=bool(rows))

        after = position_of(request.cursor, head, head.position)
        with self._news.watching(viewer) as watcher:
            async for position, row in follow(read, after, watcher, heartbeat=watching.HEARTBEAT):
                cursor = cursor_of(position, head)
                yield pb.WatchOrdersResponse(cursor=cursor) if row is None else await self._change(call, cursor, row)

    async def _look(self, after: int | None) -> Found:
        """The insurers and vendors of whose orders some have changed."""
        if after is None:
            return Found(await self._reads.last_change(), frozenset())
        rows = await self._reads.all_changes(after, LOOK)
        insurers = {Viewer(tenant=row.tenant, vendor_id="") for row in rows}
        vendors = {Viewer(tenant="", vendor_id=row.vendor_id) for row in rows}
        return Found(rows[-1].position if rows else after, frozenset(insurers | vendors), more=len(rows) == LOOK)

    async def GetOrderTotals(self, request: pb.GetOrderTotalsRequest, context: Context) -> pb.GetOrderTotalsResponse:
        totals = await self._reads.totals(current_call().tenant)
        return pb.GetOrderTotalsResponse(
            states=[
                pb.StateTotal(state=enum_text(pb.OrderState, state), orders=number)
                for state, number in totals.by_state.items()
            ],
            orders=sum(totals.by_state.values()),
            verified_fees=money_message(Money(CNY, totals.verified_fees)),
            verified_orders=totals.verified_orders,
            credits=money_message(Money(CNY, totals.credits)),
            policies=totals.policies,
            entitlements=totals.ordered + sum(totals.unordered.values()),
            entitlements_ordered=totals.ordered,
            entitlements_unordered=[
                pb.ReasonTotal(reason=reason, entitlements=number) for reason, number in totals.unordered.items()
            ],
        )

    async def ListEntitlements(
        self, request: pb.ListEntitlementsRequest, context: Context
    ) -> pb.ListEntitlementsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        policy_id = optional(request, "policy_id", uuid_value)
        rows = await self._reads.entitlements(tenant, policy_id, request.unordered_only, page.after, page.size + 1)
        shown, token = next_token(page, rows, key=lambda row: (row.policy_id, row.code))
        return pb.ListEntitlementsResponse(
            entitlements=[entitlement_message(row) for row in shown], next_page_token=token
        )

    async def _change(self, call: Call, cursor: str, row: Row[Any]) -> pb.WatchOrdersResponse:
        found = await self._orders.look(call, row.order_id)
        order = None if found is None else order_message(row.order_id, found.value, found.version, for_vendor=True)
        if order is not None and order.HasField("deliverable"):
            order.deliverable.ClearField("content")
        return pb.WatchOrdersResponse(
            cursor=cursor,
            order_id=str(row.order_id),
            change=enum_text(pb.OrderChange, row.change),
            change_time=timestamp_message(row.changed_at),
            order=order,
        )


def viewer_of(call: Call) -> Viewer:
    return Viewer(tenant="", vendor_id=call.organisation) if call.is_vendor else Viewer(call.tenant, vendor_id="")
