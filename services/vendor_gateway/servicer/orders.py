"""OrderService: what a vendor does with an order, and what the insurer does."""

from hubao.vendor_gateway.v1 import order_service_pb2 as pb

from libs.common.application import Done
from libs.common.context import current_call
from libs.common.grpc.convert import enum_name, optional, timestamp_value, uuid_value
from libs.common.grpc.methods import Context
from services.vendor_gateway.domain.order import ServiceOrder
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.servicer.messages import deliverable_value, order_message
from services.vendor_gateway.servicer.reading import OrderReading


class OrderServicer(OrderReading):
    """Each method reads the request, calls one command, and writes the reply."""

    async def RequestOrder(self, request: pb.RequestOrderRequest, context: Context) -> pb.RequestOrderResponse:
        policy_id = uuid_value("policy_id", request.policy_id)
        claim_id = optional(request, "claim_id", uuid_value)
        done = await self._orders.request(current_call(), policy_id, request.entitlement_code, claim_id)
        return pb.RequestOrderResponse(order=_done(done))

    async def ReofferOrder(self, request: pb.ReofferOrderRequest, context: Context) -> pb.ReofferOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.reoffer(current_call(), order_id, etag=request.etag)
        return pb.ReofferOrderResponse(order=_done(done))

    async def AcceptOrder(self, request: pb.AcceptOrderRequest, context: Context) -> pb.AcceptOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.accept(current_call(), order_id, etag=request.etag)
        return pb.AcceptOrderResponse(order=_done(done))

    async def DeclineOrder(self, request: pb.DeclineOrderRequest, context: Context) -> pb.DeclineOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.decline(current_call(), order_id, request.reason, etag=request.etag)
        return pb.DeclineOrderResponse(order_id=str(done.stream))

    async def ScheduleOrder(self, request: pb.ScheduleOrderRequest, context: Context) -> pb.ScheduleOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        start_at = timestamp_value("start_time", request.start_time)
        done = await self._orders.schedule(current_call(), order_id, start_at, etag=request.etag)
        return pb.ScheduleOrderResponse(order=_done(done))

    async def StartOrder(self, request: pb.StartOrderRequest, context: Context) -> pb.StartOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.start(current_call(), order_id, etag=request.etag)
        return pb.StartOrderResponse(order=_done(done))

    async def PauseOrder(self, request: pb.PauseOrderRequest, context: Context) -> pb.PauseOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.pause(current_call(), order_id, request.reason, etag=request.etag)
        return pb.PauseOrderResponse(order=_done(done))

    async def ResumeOrder(self, request: pb.ResumeOrderRequest, context: Context) -> pb.ResumeOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.resume(current_call(), order_id, etag=request.etag)
        return pb.ResumeOrderResponse(order=_done(done))

    async def ConsentToPause(self, request: pb.ConsentToPauseRequest, context: Context) -> pb.ConsentToPauseResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.consent_to_pause(current_call(), order_id, etag=request.etag)
        return pb.ConsentToPauseResponse(order=_done(done))

    async def DeliverOrder(self, request: pb.DeliverOrderRequest, context: Context) -> pb.DeliverOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        deliverable = deliverable_value(request.deliverable)
        done = await self._orders.deliver(current_call(), order_id, deliverable, etag=request.etag)
        return pb.DeliverOrderResponse(order=_done(done))

    async def VerifyOrder(self, request: pb.VerifyOrderRequest, context: Context) -> pb.VerifyOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.verify(current_call(), order_id, request.deliverable_sha256, etag=request.etag)
        return pb.VerifyOrderResponse(order=_done(done))

    async def RequestRework(self, request: pb.RequestReworkRequest, context: Context) -> pb.RequestReworkResponse:
        order_id = uuid_value("order_id", request.order_id)
        done = await self._orders.ask_rework(
            current_call(), order_id, request.reason, request.deliver_within_hours, etag=request.etag
        )
        return pb.RequestReworkResponse(order=_done(done))

    async def CancelOrder(self, request: pb.CancelOrderRequest, context: Context) -> pb.CancelOrderResponse:
        order_id = uuid_value("order_id", request.order_id)
        reason = CancelReason(enum_name("reason", pb.CancelReason, request.reason))
        done = await self._orders.cancel(current_call(), order_id, reason, etag=request.etag)
        return pb.CancelOrderResponse(order=_done(done))


def _done(done: Done[ServiceOrder]) -> pb.Order:
    return order_message(done.stream, done.value, done.version, for_vendor=current_call().is_vendor)
