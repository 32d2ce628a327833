"""What the gateway does about what policy and claims announce."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from google.type.date_pb2 import Date
from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.vendor_gateway.v1 import events_pb2
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from libs.common.errors import InvalidField, NotYet
from tests.vendor_gateway.examples import DIGEST
from tests.vendor_gateway.gateway import (
    INSURED,
    INSURER,
    Gateway,
    bound,
    claim_opened,
    money,
    service,
    timeline,
)

POLICY, CLAIM, SUBMISSION = UUID(int=21), UUID(int=22), UUID(int=23)
ASSESSMENT = service("ASSESSMENT", "PRE_BIND")
RESPONSE = service("INCIDENT_RESPONSE", "INCIDENT")
APPRAISAL = service("LOSS_APPRAISAL", "INCIDENT")


def assessment_requested() -> policy_pb.SubmissionAssessmentRequested:
    return policy_pb.SubmissionAssessmentRequested(submission_id=str(SUBMISSION), insured=INSURED, service=ASSESSMENT)


def cancelled(on: Date) -> policy_pb.PolicyCancelled:
    return policy_pb.PolicyCancelled(timeline=timeline(POLICY), effective_date=on, reason="INSURED_REQUEST")


async def promises(gateway: Gateway) -> dict[str, str]:
    """The reason why each promise of the policy has no order, or the state of its order."""
    await gateway.project()
    answer = await gateway.ask(INSURER, "ListEntitlements", order_pb.ListEntitlementsRequest(policy_id=str(POLICY)))
    return {
        one.code: one.reason
        or order_pb.OrderState.Name((await gateway.order(INSURER, "GetOrder", one.order_id)).state).removeprefix(
            "ORDER_STATE_"
        )
        for one in answer.entitlements
    }


async def assessed(gateway: Gateway, vendor_id: str) -> str:
    """The id of an assessment before binding that was verified."""
    await gateway.hear(assessment_requested())
    order_id = (await gateway.orders(submission_id=str(SUBMISSION)))[0].order_id
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "StartOrder", order_id)
    report = order_pb.Deliverable(
        sha256=DIGEST,
        size_bytes=9,
        assessment=order_pb.AssessmentResult(score=82, critical_findings=0, high_findings=2),
    )
    await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=report)
    await gateway.order(INSURER, "VerifyOrder", order_id)
    return str(order_id)


async def test_an_assessment_before_binding_comes_back_with_its_score(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1, ("assessment",))

    order_id = await assessed(gateway, vendor_id)

    activated, verified, result = await gateway.announced()
    assert (activated.origin.submission_id, activated.policy_id) == (str(SUBMISSION), "")
    assert verified.fee == money(1000)
    assert result == events_pb2.AssessmentVerified(
        submission_id=str(SUBMISSION),
        order_id=order_id,
        vendor_id=vendor_id,
        score=82,
        critical_findings=0,
        high_findings=2,
        report_sha256=DIGEST,
        verified_on=Date(year=2026, month=1, day=5),
    )


async def test_an_assessment_that_is_asked_for_twice_is_ordered_once(gateway: Gateway) -> None:
    await gateway.vendor(1, ("assessment",))

    await gateway.hear(assessment_requested())
    await gateway.hear(assessment_requested())

    assert len(await gateway.orders()) == 1


async def test_an_unplaced_assessment_that_is_asked_for_again_is_offered_anew(gateway: Gateway) -> None:
    await gateway.hear(assessment_requested())
    await gateway.vendor(1, ("assessment",))

    await gateway.hear(assessment_requested())

    assert [order.state for order in await gateway.orders()] == [order_pb.ORDER_STATE_OFFERED]


async def test_a_cancelled_assessment_that_is_asked_for_again_is_a_new_order(gateway: Gateway) -> None:
    await gateway.vendor(1, ("assessment",))
    await gateway.hear(assessment_requested())
    (first,) = await gateway.orders()
    await gateway.order(INSURER, "CancelOrder", first.order_id, reason=1)

    await gateway.hear(assessment_requested())

    assert [order.state for order in await gateway.orders()] == [
        order_pb.ORDER_STATE_OFFERED,
        order_pb.ORDER_STATE_CANCELLED,
    ]


async def test_binding_places_what_is_in_force_and_explains_the_rest(gateway: Gateway) -> None:
    await gateway.vendor(1, ("monitoring",))

    await gateway.hear(bound(POLICY, service(), RESPONSE, ASSESSMENT, service("SCAN", quantity=0)))

    assert await promises(gateway) == {
        "MONITORING": "OFFERED",
        "INCIDENT_RESPONSE": "AWAITS_INCIDENT",
        "ASSESSMENT": "NOT_ASSESSED_BEFORE_BIND",
        "SCAN": "NO_QUANTITY",
    }


async def test_the_assessment_before_binding_counts_as_the_policys(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1, ("assessment",))
    await assessed(gateway, vendor_id)

    await gateway.hear(bound(POLICY, ASSESSMENT, submission_id=str(SUBMISSION)))

    assert await promises(gateway) == {"ASSESSMENT": "CLOSED"}


async def test_nobody_to_take_an_order_is_announced(gateway: Gateway) -> None:
    await gateway.hear(bound(POLICY))

    (unplaced,) = await gateway.announced()
    assert (unplaced.policy_id, unplaced.entitlement_code, unplaced.reason) == (
        str(POLICY),
        "MONITORING",
        "NO_CANDIDATE",
    )
    assert await promises(gateway) == {"MONITORING": "UNPLACED"}


async def test_a_service_without_hours_is_parked_with_its_field(gateway: Gateway) -> None:
    with pytest.raises(InvalidField) as refusal:
        await gateway.hear(bound(POLICY, service(respond_within_hours=0)))

    assert refusal.value.field == "timeline.entitlements[0].respond_within_hours"


async def test_an_unanswered_offer_goes_to_the_next_until_nobody_is_left(gateway: Gateway) -> None:
    near, far = await gateway.vendor(1, regions=("310115",)), await gateway.vendor(2)
    await gateway.hear(bound(POLICY))
    (order,) = await gateway.orders()
    assert order.vendor_id == near

    await gateway.pass_time(hours=23)
    assert (await gateway.orders())[0].vendor_id == near
    await gateway.pass_time(hours=1)
    assert (await gateway.orders())[0].vendor_id == far
    await gateway.pass_time(hours=24)

    assert (await gateway.orders())[0].state == order_pb.ORDER_STATE_UNPLACED
    (unplaced,) = await gateway.announced()
    assert unplaced.reason == "ALL_DECLINED"


async def test_a_missed_clock_costs_five_percent_a_day_until_half_of_the_fee(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    await gateway.hear(bound(POLICY))
    order_id = (await gateway.orders())[0].order_id
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.announced()

    await gateway.pass_time(hours=48)
    await gateway.pass_time(hours=24)
    await gateway.order(vendor_id, "StartOrder", order_id)
    await gateway.pass_time(days=365)

    owed = await gateway.announced()
    assert [(one.clock, one.amount) for one in owed] == [
        ("start", money(50)),
        ("start", money(50)),
        ("deliver", money(500)),
    ]
    order = await gateway.order(INSURER, "GetOrder", order_id)
    assert order.credits == money(600)
    assert [(one.clock, one.periods, one.credit) for one in order.breaches] == [
        (order_pb.CLOCK_START, 2, money(100)),
        (order_pb.CLOCK_DELIVER, 10, money(500)),
    ]


async def test_a_claim_is_answered_once_per_promise(gateway: Gateway) -> None:
    await gateway.vendor(1, ("incident_response",))
    await gateway.hear(bound(POLICY, RESPONSE))

    await gateway.hear(claim_opened(POLICY, CLAIM))
    await gateway.hear(claim_opened(POLICY, uuid4()))

    (order,) = await gateway.orders()
    assert (order.origin.claim_id, order.policy_id, order.state) == (
        str(CLAIM),
        str(POLICY),
        order_pb.ORDER_STATE_OFFERED,
    )


async def test_a_claim_that_asks_for_nothing_gets_nothing(gateway: Gateway) -> None:
    await gateway.hear(bound(POLICY, RESPONSE))

    await gateway.hear(claim_opened(POLICY, CLAIM, response_requested=False))

    assert await promises(gateway) == {"INCIDENT_RESPONSE": "AWAITS_INCIDENT"}


async def test_a_claim_of_a_policy_that_is_not_known_yet_is_tried_again(gateway: Gateway) -> None:
    with pytest.raises(NotYet):
        await gateway.hear(claim_opened(POLICY, CLAIM))


async def test_a_withdrawn_claim_has_its_order_cancelled(gateway: Gateway) -> None:
    await gateway.vendor(1, ("incident_response",))
    await gateway.hear(bound(POLICY, RESPONSE))
    await gateway.hear(claim_opened(POLICY, CLAIM))

    await gateway.hear(claims_pb.ClaimClosed(policy_id=str(POLICY), claim_id=str(CLAIM), outcome="WITHDRAWN"))

    (order,) = await gateway.orders(claim_id=str(CLAIM))
    assert order.cancel_reason == order_pb.CANCEL_REASON_CLAIM_WITHDRAWN
    assert await promises(gateway) == {"INCIDENT_RESPONSE": "ORDER_CANCELLED"}


async def test_the_assessor_of_a_policy_is_passed_over_for_appraising_its_loss(gateway: Gateway) -> None:
    assessor = await gateway.vendor(1, ("assessment", "loss_appraisal"), regions=("310115",))
    other = await gateway.vendor(2, ("loss_appraisal",))
    await assessed(gateway, assessor)
    await gateway.hear(bound(POLICY, APPRAISAL, submission_id=str(SUBMISSION)))

    await gateway.hear(claim_opened(POLICY, CLAIM))

    (listed,) = await gateway.orders(claim_id=str(CLAIM))
    order = await gateway.order(INSURER, "GetOrder", listed.order_id)
    assert order.vendor_id == other
    assert [(one.vendor_id, list(one.exclusions)) for one in order.ranking] == [
        (other, []),
        (assessor, ["CONFLICT_OF_INTEREST"]),
    ]


async def test_a_cancelled_policy_ends_what_has_not_begun_and_leaves_claims_alone(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1, ("monitoring", "incident_response"))
    await gateway.hear(bound(POLICY, service(), RESPONSE))
    await gateway.hear(claim_opened(POLICY, CLAIM))
    monitoring = (await gateway.orders())[1].order_id
    await gateway.order(vendor_id, "AcceptOrder", monitoring)

    await gateway.hear(cancelled(Date(year=2026, month=1, day=5)))

    states = {order.entitlement_code: order.state for order in await gateway.orders()}
    assert states == {
        "MONITORING": order_pb.ORDER_STATE_CANCELLED,
        "INCIDENT_RESPONSE": order_pb.ORDER_STATE_OFFERED,
    }
    assert await gateway.free(vendor_id) == 3


async def test_a_cancellation_that_lies_ahead_stops_services_on_its_day(gateway: Gateway) -> None:
    await gateway.vendor(1)
    await gateway.hear(bound(POLICY, service(respond_within_hours=2400)))

    await gateway.hear(cancelled(Date(year=2026, month=2, day=1)))
    assert (await gateway.orders())[0].state == order_pb.ORDER_STATE_OFFERED
    await gateway.pass_time(days=27)

    assert (await gateway.orders())[0].cancel_reason == order_pb.CANCEL_REASON_POLICY_CANCELLED


async def test_work_under_way_when_cover_ends_is_still_delivered_and_paid(gateway: Gateway) -> None:
    vendor_id = await gateway.vendor(1)
    await gateway.hear(bound(POLICY, service(deliver_within_hours=8760)))
    order_id = (await gateway.orders())[0].order_id
    await gateway.order(vendor_id, "AcceptOrder", order_id)
    await gateway.order(vendor_id, "StartOrder", order_id)

    await gateway.hear(policy_pb.PolicyExpired(policy_id=str(POLICY), expired_on=Date(year=2026, month=1, day=5)))
    stopped = await gateway.order(vendor_id, "GetOrder", order_id)
    report = order_pb.Deliverable(sha256=DIGEST, size_bytes=9)
    await gateway.order(vendor_id, "DeliverOrder", order_id, deliverable=report)
    verified = await gateway.order(INSURER, "VerifyOrder", order_id)

    assert stopped.deliver_by_time.seconds - stopped.requested_time.seconds == 10 * 86400
    assert verified.state == order_pb.ORDER_STATE_CLOSED


async def test_an_endorsement_adds_and_removes_services(gateway: Gateway) -> None:
    await gateway.vendor(1, ("monitoring", "scan"))
    await gateway.hear(bound(POLICY, service()))

    await gateway.hear(policy_pb.PolicyChanged(timeline=timeline(POLICY, service("SCAN"), RESPONSE)))

    states = {order.entitlement_code: order.state for order in await gateway.orders()}
    assert states == {"MONITORING": order_pb.ORDER_STATE_CANCELLED, "SCAN": order_pb.ORDER_STATE_OFFERED}
    assert await promises(gateway) == {
        "INCIDENT_RESPONSE": "AWAITS_INCIDENT",
        "MONITORING": "ORDER_CANCELLED",
        "SCAN": "OFFERED",
    }


async def test_a_vendor_answers_in_the_hours_that_the_policy_promises_its_insured(gateway: Gateway) -> None:
    """Of critical infrastructure they may be fewer than another's; the policy has put them in their place."""
    await gateway.vendor(1)
    other = UUID(int=31)

    await gateway.hear(bound(POLICY, service(respond_within_hours=1)))
    await gateway.hear(bound(other, service(respond_within_hours=24)))
    await gateway.project()

    due = {}
    for policy_id in (POLICY, other):
        (item,) = await gateway.orders(policy_id=str(policy_id))
        due[policy_id] = item.respond_by_time.ToDatetime() - gateway.clock.now().replace(tzinfo=None)
    assert (due[POLICY], due[other]) == (timedelta(hours=1), timedelta(hours=24))
