"""Lists, totals and watching, and what makes them."""

from uuid import UUID

import pytest
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from libs.common import watching
from libs.common.cursors import CursorAhead
from libs.common.errors import InvalidField
from libs.common.store.verify import verify
from tests.vendor_gateway.examples import DIGEST
from tests.vendor_gateway.gateway import INSURER, Gateway, bound, money, service

POLICIES = [UUID(int=number) for number in range(41, 46)]


async def busy(gateway: Gateway) -> str:
    """A vendor with one order verified, one accepted, and three on offer."""
    vendor_id = await gateway.vendor(1)
    for policy_id in POLICIES:
        await gateway.hear(bound(policy_id, service(), service("INCIDENT_RESPONSE", "INCIDENT")))
    first, second, *_ = reversed(await gateway.orders())
    for order in (first, second):
        await gateway.order(vendor_id, "AcceptOrder", order.order_id)
    await gateway.order(vendor_id, "StartOrder", first.order_id)
    report = order_pb.Deliverable(sha256=DIGEST, size_bytes=9)
    await gateway.order(vendor_id, "DeliverOrder", first.order_id, deliverable=report)
    await gateway.order(INSURER, "VerifyOrder", first.order_id)
    return vendor_id


async def test_orders_are_listed_newest_first_page_by_page(gateway: Gateway) -> None:
    vendor_id = await busy(gateway)
    everything = await gateway.orders()

    pages, token = [], ""
    while True:
        answer = await gateway.ask(vendor_id, "ListOrders", order_pb.ListOrdersRequest(page_size=2, page_token=token))
        pages.append([order.policy_id for order in answer.orders])
        token = answer.next_page_token
        if not token:
            break

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [policy for page in pages for policy in page] == [order.policy_id for order in everything]
    assert [order.policy_id for order in everything] == [str(policy) for policy in reversed(POLICIES)]


async def test_a_page_token_of_another_caller_is_refused(gateway: Gateway) -> None:
    vendor_id = await busy(gateway)
    answer = await gateway.ask(vendor_id, "ListOrders", order_pb.ListOrdersRequest(page_size=2))

    with pytest.raises(InvalidField) as refusal:
        await gateway.ask(
            INSURER, "ListOrders", order_pb.ListOrdersRequest(page_size=2, page_token=answer.next_page_token)
        )

    assert refusal.value.field == "page_token"


async def test_a_listed_order_says_the_same_as_the_order_itself(gateway: Gateway) -> None:
    vendor_id = await busy(gateway)
    third = (await gateway.orders())[2]
    await gateway.order(vendor_id, "AcceptOrder", third.order_id)
    await gateway.order(vendor_id, "PauseOrder", third.order_id, reason="access")
    await gateway.pass_time(hours=49)
    await gateway.order(INSURER, "CancelOrder", (await gateway.orders())[0].order_id, reason=1)

    listing = await gateway.orders()

    assert len({listed.state for listed in listing}) == 4
    for listed in listing:
        order = await gateway.order(INSURER, "GetOrder", listed.order_id)
        for left_out in ("ranking", "deliverable", "breaches", "pause", "pause_allowance_hours", "pause_used"):
            order.ClearField(left_out)
        assert listed == order


async def test_totals_account_for_every_order_and_every_entitlement(gateway: Gateway) -> None:
    await busy(gateway)
    await gateway.pass_time(hours=49)
    await gateway.project()

    totals = await gateway.ask(INSURER, "GetOrderTotals", order_pb.GetOrderTotalsRequest())

    assert {order_pb.OrderState.Name(one.state): one.orders for one in totals.states} == {
        "ORDER_STATE_ACCEPTED": 1,
        "ORDER_STATE_CLOSED": 1,
        "ORDER_STATE_UNPLACED": 3,
    }
    assert (totals.orders, totals.verified_orders, totals.verified_fees) == (5, 1, money(1000))
    assert totals.credits == money(50)
    assert (totals.policies, totals.entitlements, totals.entitlements_ordered) == (5, 10, 5)
    assert [(one.reason, one.entitlements) for one in totals.entitlements_unordered] == [("AWAITS_INCIDENT", 5)]


async def test_another_insurer_sees_nothing_of_it(gateway: Gateway) -> None:
    await busy(gateway)
    await gateway.project()

    totals = await gateway.ask("follower", "GetOrderTotals", order_pb.GetOrderTotalsRequest())
    listed = await gateway.ask("follower", "ListEntitlements", order_pb.ListEntitlementsRequest())

    assert (totals.orders, totals.entitlements, totals.credits) == (0, 0, money(0))
    assert not listed.entitlements


async def test_entitlements_are_listed_page_by_page_and_by_whether_they_have_an_order(gateway: Gateway) -> None:
    await busy(gateway)
    await gateway.project()
    request = order_pb.ListEntitlementsRequest(page_size=3, unordered_only=True)

    first = await gateway.ask(INSURER, "ListEntitlements", request)
    request.page_token = first.next_page_token
    second = await gateway.ask(INSURER, "ListEntitlements", request)

    assert [one.policy_id for one in [*first.entitlements, *second.entitlements]] == [str(one) for one in POLICIES]
    assert {one.code for one in first.entitlements} == {"INCIDENT_RESPONSE"}


async def test_a_watch_tells_every_change_and_goes_on_from_its_cursor(gateway: Gateway) -> None:
    vendor_id = await busy(gateway)
    await gateway.project()

    first = await gateway.watch(vendor_id, "", 7)
    rest = await gateway.watch(vendor_id, first[-1].cursor, 4)
    whole = await gateway.watch(vendor_id, "", 11)

    changes = [order_pb.OrderChange.Name(item.change).removeprefix("ORDER_CHANGE_") for item in [*first, *rest]]
    assert changes == [*["OFFERED"] * 5, "ACCEPTED", "ACCEPTED", "STARTED", "DELIVERED", "VERIFIED", "CLOSED"]
    assert [item.cursor for item in [*first, *rest]] == [item.cursor for item in whole]
    assert rest[-1].order.state == order_pb.ORDER_STATE_CLOSED


async def test_a_watch_goes_on_while_things_happen(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    await gateway.hear(bound(POLICIES[0]))
    await gateway.project()
    (item,) = await gateway.watch(vendor_id, "", 1)

    await gateway.order(vendor_id, "AcceptOrder", item.order_id)
    await gateway.project()

    (item,) = await gateway.watch(vendor_id, item.cursor, 1)
    assert item.change == order_pb.ORDER_CHANGE_ACCEPTED


async def test_a_watching_vendor_learns_nothing_of_an_order_that_went_to_another(gateway: Gateway) -> None:
    near, far = await gateway.vendor(1, regions=("310115",)), await gateway.vendor(2)
    await gateway.hear(bound(POLICIES[0]))
    (order,) = await gateway.orders()
    await gateway.order(near, "DeclineOrder", order.order_id, reason="busy")
    await gateway.project()

    mine = await gateway.watch(near, "", 2)
    theirs = await gateway.watch(far, "", 1)

    assert [(item.change, item.HasField("order")) for item in mine] == [
        (order_pb.ORDER_CHANGE_OFFERED, False),
        (order_pb.ORDER_CHANGE_DECLINED, False),
    ]
    assert theirs[0].order.vendor_id == far


async def test_a_wrong_cursor_is_refused_at_once(gateway: Gateway) -> None:
    await busy(gateway)
    head = await gateway.log.head()
    log_id = head.id.hex[:8]

    for wrong in ("yesterday", "7", "²-00000000", f"٧-{log_id}", "7-00000000", f"-1-{log_id}", f"7-{log_id}\n"):
        with pytest.raises(InvalidField) as refusal:
            await gateway.watch(INSURER, wrong, 1)
        assert refusal.value.field == "cursor"
    for ahead in (head.position + 1, 10**17):
        with pytest.raises(CursorAhead):
            await gateway.watch(INSURER, f"{ahead}-{log_id}", 1)


async def test_silence_is_broken_by_a_cursor_to_go_on_from(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT", 0.05)
    vendor_id = await busy(gateway)
    await gateway.project()
    items = await gateway.watch(vendor_id, "", 12)

    (silent,) = await gateway.watch(vendor_id, items[-1].cursor, 1)

    assert items[-1] == silent == order_pb.WatchOrdersResponse(cursor=items[-2].cursor)


async def test_read_tables_that_are_built_anew_are_the_same(gateway: Gateway, copied_rows: None) -> None:
    await busy(gateway)
    await gateway.pass_time(days=3)
    await gateway.project()

    _, one_by_one = await gateway.projector.rebuild(batch=1)
    _, together = await gateway.projector.rebuild()

    assert one_by_one and together


async def test_the_log_alone_proves_every_guard(gateway: Gateway) -> None:
    vendor_id = await busy(gateway)
    await gateway.pass_time(days=3)

    events, violations = await verify(gateway.log)

    assert events > 30
    assert violations == []
    assert await gateway.free(vendor_id) == 2
