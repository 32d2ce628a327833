"""A policy that ended and is in force again: its services go on."""

from uuid import UUID

from google.type.date_pb2 import Date
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from tests.vendor_gateway.gateway import INSURER, Gateway, bound, claim_opened, service, timeline
from tests.vendor_gateway.test_reactions import POLICY, RESPONSE, cancelled, promises

CLAIM = UUID(int=24)
NOW, LATER = Date(year=2026, month=1, day=5), Date(year=2026, month=2, day=1)


def reinstated(*services: terms_pb.ServiceEntitlement) -> policy_pb.PolicyReinstated:
    return policy_pb.PolicyReinstated(timeline=timeline(POLICY, *services), effective_date=NOW, ended_on=NOW)


async def in_force(gateway: Gateway) -> int:
    await gateway.project()
    return int((await gateway.ask(INSURER, "GetOrderTotals", order_pb.GetOrderTotalsRequest())).policies)


async def test_an_order_that_the_end_of_cover_cancelled_is_placed_anew(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    await gateway.hear(bound(POLICY, service(), RESPONSE))
    await gateway.order(vendor_id, "AcceptOrder", (await gateway.orders())[0].order_id)
    await gateway.hear(cancelled(NOW))
    assert await in_force(gateway) == 0

    await gateway.hear(reinstated(service(), RESPONSE))

    newest, first = await gateway.orders()
    assert (newest.state, first.state) == (order_pb.ORDER_STATE_OFFERED, order_pb.ORDER_STATE_CANCELLED)
    assert newest.order_id != first.order_id
    assert await promises(gateway) == {"MONITORING": "OFFERED", "INCIDENT_RESPONSE": "AWAITS_INCIDENT"}
    assert await in_force(gateway) == 1


async def test_a_claim_after_the_end_of_before_is_answered(gateway: Gateway) -> None:
    await gateway.vendor(1, ("incident_response",))
    await gateway.hear(bound(POLICY, RESPONSE))
    await gateway.hear(cancelled(NOW))

    await gateway.hear(reinstated(RESPONSE))
    await gateway.hear(claim_opened(POLICY, CLAIM))

    assert [order.origin.claim_id for order in await gateway.orders()] == [str(CLAIM)]


async def test_services_that_would_have_stopped_later_do_not(gateway: Gateway) -> None:
    await gateway.vendor(1)
    await gateway.hear(bound(POLICY, service(respond_within_hours=2400)))
    await gateway.hear(cancelled(LATER))

    await gateway.hear(reinstated(service(respond_within_hours=2400)))
    await gateway.pass_time(days=40)

    (order,) = await gateway.orders()
    assert order.state == order_pb.ORDER_STATE_OFFERED


async def test_hearing_of_it_again_orders_nothing_more(gateway: Gateway) -> None:
    await gateway.vendor(1)
    await gateway.hear(bound(POLICY))
    await gateway.hear(cancelled(NOW))

    await gateway.hear(reinstated())
    await gateway.hear(reinstated())

    assert len(await gateway.orders()) == 2
    await gateway.hear(cancelled(NOW))  # And it may end again.
    assert {order.state for order in await gateway.orders()} == {order_pb.ORDER_STATE_CANCELLED}
