"""The commands of vendors and insurers, on a real log."""

import asyncio
from hashlib import sha256
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hubao.vendor_gateway.v1 import events_pb2
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb

from libs.common.codes.uscc import compose
from libs.common.errors import InvalidField, RequestIdReused, Stale
from services.vendor_gateway.domain.errors import (
    CapacityExhausted,
    EntitlementUsedUp,
    OrderNotFound,
    PauseNotOwn,
    PolicyNotKnown,
    SignatureInvalid,
    SignatureMissing,
    VendorNotAccredited,
    VendorNotFound,
)
from tests.vendor_gateway.gateway import INSURER, OPERATOR, Gateway, accreditation, bound, money, service

POLICY = UUID(int=21)
REPORT = b'{"alerts": 0}'


def deliverable(key: Ed25519PrivateKey | None = None, content: bytes = b"") -> order_pb.Deliverable:
    digest = sha256(content or REPORT)
    return order_pb.Deliverable(
        sha256=digest.hexdigest(),
        size_bytes=len(content or REPORT),
        content=content,
        signature=key.sign(digest.digest()) if key is not None else b"",
    )


async def placed(gateway: Gateway, policy_id: UUID = POLICY) -> str:
    """The id of the order that binding a policy places."""
    await gateway.hear(bound(policy_id))
    return str((await gateway.orders(policy_id=str(policy_id)))[0].order_id)


async def test_a_vendor_is_registered_once_under_its_credit_code(gateway: Gateway) -> None:
    request = vendor_pb.RegisterVendorRequest(
        uscc=compose("310115", 1), name="Shield", kind="VENDOR_KIND_ASSESSMENT_BODY"
    )

    first = await gateway.ask(OPERATOR, "RegisterVendor", request)
    again = await gateway.ask(OPERATOR, "RegisterVendor", request)

    assert first == again
    assert (first.vendor.state, first.vendor.etag) == (vendor_pb.VENDOR_STATE_REGISTERED, "1")


async def test_a_wrong_check_character_is_a_wrong_field(gateway: Gateway) -> None:
    right = compose("310115", 1)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")

    with pytest.raises(InvalidField) as refusal:
        await gateway.ask(
            OPERATOR, "RegisterVendor", vendor_pb.RegisterVendorRequest(uscc=wrong, name="Shield", kind=1)
        )

    assert refusal.value.field == "uscc"


async def test_an_accreditation_is_read_back_as_it_was_given(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1, ("monitoring", "assessment"), capacity=7)

    vendor = (await gateway.ask(INSURER, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=vendor_id))).vendor

    assert vendor.accreditation == accreditation(("monitoring", "assessment"), capacity=7)
    assert await gateway.free(vendor_id) == 7


async def test_a_vendor_that_does_not_exist_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(VendorNotFound):
        await gateway.ask(INSURER, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=str(uuid4())))


async def test_a_vendor_is_told_of_itself_and_of_no_other(gateway: Gateway) -> None:
    one, other = await gateway.vendor(1), await gateway.vendor(2)

    assert (await gateway.ask(one, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=one))).vendor.name == "Vendor 1"
    with pytest.raises(VendorNotFound):
        await gateway.ask(one, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=other))


async def test_a_stale_etag_is_refused(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)

    with pytest.raises(Stale):
        await gateway.ask(
            OPERATOR, "SuspendVendor", vendor_pb.SuspendVendorRequest(vendor_id=vendor_id, reason="audit", etag="1")
        )


async def test_vendors_are_listed_by_name_page_by_page(gateway: Gateway) -> None:
    for number in (3, 1, 2):
        await gateway.vendor(number)
    await gateway.project()

    first = await gateway.ask(INSURER, "ListVendors", vendor_pb.ListVendorsRequest(page_size=2))
    second = await gateway.ask(
        INSURER, "ListVendors", vendor_pb.ListVendorsRequest(page_size=2, page_token=first.next_page_token)
    )

    assert [one.name for one in [*first.vendors, *second.vendors]] == ["Vendor 1", "Vendor 2", "Vendor 3"]
    assert second.next_page_token == ""


async def test_a_suspended_vendor_gets_no_order_and_accepts_none(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    await gateway.ask(OPERATOR, "SuspendVendor", vendor_pb.SuspendVendorRequest(vendor_id=vendor_id, reason="audit"))

    with pytest.raises(VendorNotAccredited):
        await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.hear(bound(UUID(int=22)))

    (order,) = await gateway.orders(policy_id=str(UUID(int=22)))
    assert order.state == order_pb.ORDER_STATE_UNPLACED


async def test_an_order_goes_from_offer_to_verified_and_is_paid_and_rated(gateway: Gateway) -> None:
    key = Ed25519PrivateKey.generate()
    vendor_id = await gateway.vendor(1, signing_key=key.public_key().public_bytes_raw())
    order_id = await placed(gateway)

    await gateway.order(vendor_id, "AcceptOrder", order_id)
    assert await gateway.free(vendor_id) == 2
    await gateway.order(vendor_id, "StartOrder", order_id)
    delivered = await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable(key))
    verified = await gateway.order(INSURER, "VerifyOrder", order_id, deliverable_sha256=delivered.deliverable.sha256)
    await gateway.pass_time(seconds=1)

    assert verified.state == order_pb.ORDER_STATE_CLOSED
    assert await gateway.free(vendor_id) == 3
    activated, paid = await gateway.announced()
    assert (activated.order_id, activated.policy_id, activated.entitlement_code, activated.vendor_id) == (
        order_id,
        str(POLICY),
        "MONITORING",
        vendor_id,
    )
    assert isinstance(paid, events_pb2.OrderVerified)
    assert (paid.fee, paid.deliverable_sha256) == (money(1000), sha256(REPORT).hexdigest())
    vendor = (await gateway.ask(INSURER, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=vendor_id))).vendor
    assert (vendor.rating.closed_orders, vendor.rating.score) == (1, 100)


async def test_a_vendor_with_a_key_must_sign_what_it_delivers(gateway: Gateway) -> None:
    key = Ed25519PrivateKey.generate()
    vendor_id = await gateway.vendor(1, signing_key=key.public_key().public_bytes_raw())
    order_id = await placed(gateway)
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "StartOrder", order_id)

    with pytest.raises(SignatureMissing):
        await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable())
    with pytest.raises(SignatureInvalid):
        await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable(Ed25519PrivateKey.generate()))
    order = await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable(key, b"{}"))

    assert order.deliverable.content == b"{}"


async def test_the_same_request_again_has_the_same_answer_and_no_further_effect(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    request_id = str(uuid4())

    first = await gateway.order(vendor_id, "AcceptOrder", order_id, request_id=request_id)
    await gateway.order(vendor_id, "StartOrder", order_id)
    again = await gateway.order(vendor_id, "AcceptOrder", order_id, request_id=request_id)

    assert first == again
    assert await gateway.free(vendor_id) == 2
    with pytest.raises(RequestIdReused):
        await gateway.order(vendor_id, "AcceptOrder", order_id, request_id=request_id, etag="3")


async def test_a_declined_order_is_no_longer_the_vendors_but_a_repetition_is_answered(gateway: Gateway) -> None:
    near, far = await gateway.vendor(1, regions=("310115",)), await gateway.vendor(2)
    order_id = await placed(gateway)
    request_id = str(uuid4())

    first = await gateway.order(near, "DeclineOrder", order_id, reason="busy", request_id=request_id)
    again = await gateway.order(near, "DeclineOrder", order_id, reason="busy", request_id=request_id)

    assert first == again
    assert (await gateway.order(far, "GetOrder", order_id)).state == order_pb.ORDER_STATE_OFFERED
    with pytest.raises(OrderNotFound):
        await gateway.order(near, "GetOrder", order_id)
    with pytest.raises(OrderNotFound):
        await gateway.order(near, "DeclineOrder", order_id, reason="busy")


async def test_an_order_is_only_seen_by_its_insurer_and_its_vendor(gateway: Gateway) -> None:
    vendor_id, other = await gateway.vendor(1, regions=("310115",)), await gateway.vendor(2)
    order_id = await placed(gateway)

    for stranger, method, fields in [
        (other, "GetOrder", {}),
        (other, "AcceptOrder", {"etag": "1"}),
        ("", "GetOrder", {}),
        ("follower", "GetOrder", {}),
        ("follower", "VerifyOrder", {"etag": "1"}),
        ("follower", "CancelOrder", {"reason": 1}),
    ]:
        with pytest.raises(OrderNotFound):
            await gateway.order(stranger, method, order_id, **fields)
    assert [len(await gateway.orders(who)) for who in (INSURER, vendor_id, other, "follower", "")] == [1, 1, 0, 0, 0]
    assert (await gateway.order(INSURER, "GetOrder", order_id)).ranking
    assert not (await gateway.order(vendor_id, "GetOrder", order_id)).ranking


async def test_a_vendor_never_holds_more_than_its_capacity_however_many_are_accepted_at_once(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1, capacity=3)
    order_ids = [await placed(gateway, UUID(int=number)) for number in range(30, 38)]

    answers = await asyncio.gather(
        *(gateway.order(vendor_id, "AcceptOrder", order_id) for order_id in order_ids), return_exceptions=True
    )

    assert sum(isinstance(answer, CapacityExhausted) for answer in answers) == 5
    assert sum(getattr(answer, "state", None) == order_pb.ORDER_STATE_ACCEPTED for answer in answers) == 3
    assert await gateway.free(vendor_id) == 0


async def test_a_cancelled_order_frees_its_vendor_and_its_entitlement(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    ask_again = order_pb.RequestOrderRequest(policy_id=str(POLICY), entitlement_code="MONITORING")
    with pytest.raises(EntitlementUsedUp):
        await gateway.ask(INSURER, "RequestOrder", ask_again)

    await gateway.order(INSURER, "CancelOrder", order_id, reason=order_pb.CANCEL_REASON_VENDOR_FAILED)
    second = (await gateway.ask(INSURER, "RequestOrder", ask_again)).order

    assert await gateway.free(vendor_id) == 3
    assert (second.state, second.vendor_id) == (order_pb.ORDER_STATE_OFFERED, vendor_id)
    assert second.order_id != order_id


async def test_an_order_cannot_be_asked_for_under_a_policy_that_is_not_known(gateway: Gateway) -> None:
    with pytest.raises(PolicyNotKnown):
        await gateway.ask(
            INSURER, "RequestOrder", order_pb.RequestOrderRequest(policy_id=str(POLICY), entitlement_code="SCAN")
        )


async def test_rework_is_delivered_again_and_then_verified(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "StartOrder", order_id)
    await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable())

    sent_back = await gateway.order(INSURER, "RequestRework", order_id, reason="no figures", deliver_within_hours=72)
    await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=deliverable(content=b'{"alerts": 1}'))
    await gateway.order(INSURER, "VerifyOrder", order_id)
    await gateway.pass_time(seconds=1)

    assert (sent_back.state, sent_back.rework_reason) == (order_pb.ORDER_STATE_REWORK, "no figures")
    vendor = (await gateway.ask(INSURER, "GetVendor", vendor_pb.GetVendorRequest(vendor_id=vendor_id))).vendor
    assert (vendor.rating.on_time_orders, vendor.rating.first_time_right_orders, vendor.rating.score) == (1, 0, 50)


async def test_an_unplaced_order_can_be_offered_anew(gateway: Gateway) -> None:
    order_id = await placed(gateway)
    vendor_id = await gateway.vendor(1)

    order = await gateway.order(INSURER, "ReofferOrder", order_id)

    assert (order.state, order.vendor_id) == (order_pb.ORDER_STATE_OFFERED, vendor_id)


async def test_work_is_scheduled_paused_and_resumed(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    accepted = await gateway.order(vendor_id, "AcceptOrder", order_id)
    start_time = {"seconds": accepted.start_by_time.seconds - 3600}

    scheduled = await gateway.order(vendor_id, "ScheduleOrder", order_id, start_time=start_time)
    paused = await gateway.order(vendor_id, "PauseOrder", order_id, reason="access")
    await gateway.pass_time(days=2)
    resumed = await gateway.order(vendor_id, "ResumeOrder", order_id)

    assert scheduled.state == order_pb.ORDER_STATE_SCHEDULED
    assert paused.paused and not resumed.paused
    assert resumed.start_by_time.seconds - accepted.start_by_time.seconds == 2 * 86400
    assert resumed.pause_used.seconds == 2 * 86400
    assert resumed.credits == money(0)


async def test_a_vendors_pause_of_four_months_is_late_from_its_allowance_on(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    accepted = await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "StartOrder", order_id)

    paused = await gateway.order(vendor_id, "PauseOrder", order_id, reason="access")
    await gateway.pass_time(days=3)
    used = await gateway.order(INSURER, "GetOrder", order_id)
    for _ in range(120):
        await gateway.pass_time(days=1)
    late = await gateway.order(INSURER, "GetOrder", order_id)

    assert paused.pause.allowed_until_time.seconds - paused.pause.paused_time.seconds == 72 * 3600
    assert used.paused and used.pause.clocks_run and used.pause_used.seconds == 72 * 3600
    assert late.deliver_by_time.seconds - accepted.deliver_by_time.seconds == 72 * 3600
    assert [(breach.clock, breach.periods) for breach in late.breaches] == [(order_pb.CLOCK_DELIVER, 10)]
    assert late.credits == money(500)


async def test_an_insurer_consents_to_a_vendors_pause(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    accepted = await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "PauseOrder", order_id, reason="access")

    consented = await gateway.order(INSURER, "ConsentToPause", order_id)
    await gateway.pass_time(days=120)
    resumed = await gateway.order(vendor_id, "ResumeOrder", order_id)
    (listed,) = await gateway.orders()

    assert consented.pause.consented_by == f"user:{INSURER}"
    assert resumed.credits == money(0)
    assert resumed.deliver_by_time.seconds - accepted.deliver_by_time.seconds == 120 * 86400
    assert listed.deliver_by_time == resumed.deliver_by_time


async def test_an_insurers_pause_is_for_the_insurer_to_end(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    order_id = await placed(gateway)
    accepted = await gateway.order(vendor_id, "AcceptOrder", order_id)
    paused = await gateway.order(INSURER, "PauseOrder", order_id, reason="audit")

    with pytest.raises(PauseNotOwn):
        await gateway.order(vendor_id, "ResumeOrder", order_id)
    await gateway.pass_time(days=120)
    resumed = await gateway.order(INSURER, "ResumeOrder", order_id)

    assert paused.pause.by_insurer and not paused.pause.HasField("allowed_until_time")
    assert resumed.credits == money(0)
    assert resumed.deliver_by_time.seconds - accepted.deliver_by_time.seconds == 120 * 86400


async def test_the_allowance_is_the_one_that_the_policy_promises(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    await gateway.hear(bound(POLICY, service(pause_allowance_hours=0)))
    (order,) = await gateway.orders()
    await gateway.order(vendor_id, "AcceptOrder", order.order_id)

    paused = await gateway.order(vendor_id, "PauseOrder", order.order_id, reason="access")

    assert paused.pause_allowance_hours == 0
    assert paused.pause.clocks_run


async def test_a_quantity_above_one_can_be_asked_for_order_by_order(gateway: Gateway) -> None:
    await gateway.vendor(1, ("scan",))
    await gateway.hear(bound(POLICY, service("SCAN", quantity=2)))
    ask = order_pb.RequestOrderRequest(policy_id=str(POLICY), entitlement_code="SCAN")

    await gateway.ask(INSURER, "RequestOrder", ask)

    assert len(await gateway.orders(policy_id=str(POLICY))) == 2
    with pytest.raises(EntitlementUsedUp):
        await gateway.ask(INSURER, "RequestOrder", ask)
