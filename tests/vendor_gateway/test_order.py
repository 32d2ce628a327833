"""The insurer decides about an order: verifies it, sends it back, cancels it, ends cover."""

import pytest

from libs.common.money import Money
from services.vendor_gateway.domain.errors import DeliverableChanged, OrderAlreadyVerified, OrderNotDelivered
from services.vendor_gateway.domain.order import State
from services.vendor_gateway.domain.order import events as e
from tests.vendor_gateway.examples import (
    DIGEST,
    NOON,
    RESULT,
    SHIELD,
    SUBMISSION,
    accepted,
    an_assessment,
    an_order,
    delivered,
    hours,
    offered,
    started,
)

AT = NOON + hours(120)
DONE = (offered(), accepted(), started(), delivered())
VERIFIED = e.Verified(
    vendor_id=SHIELD, fee=Money.cny("1000.00"), deliverable_sha256=DIGEST, verified_by="underwriter", verified_at=AT
)
CLOSED = e.Closed(vendor_id=SHIELD, on_time=True, first_time_right=True, closed_at=AT)
REWORK = e.ReworkRequested(
    vendor_id=SHIELD, reason="no figures", requested_by="underwriter", requested_at=AT, deliver_by=AT + hours(72)
)


def cancelled(*, held: bool = False) -> e.Cancelled:
    return e.Cancelled(
        reason=e.CancelReason.INSURED_REQUEST,
        vendor_id=SHIELD,
        held=held,
        cancelled_by="underwriter",
        cancelled_at=AT,
    )


def test_a_delivered_order_can_be_verified_which_closes_it() -> None:
    assert an_order(*DONE).verify(DIGEST, "underwriter", AT) == [VERIFIED, CLOSED]


def test_a_verified_assessment_tells_its_result() -> None:
    order = an_assessment(offered(), accepted(), started(), delivered(assessment=RESULT))

    events = order.verify("", "underwriter", AT)

    assert events == [
        VERIFIED,
        e.AssessmentVerified(
            vendor_id=SHIELD, submission_id=SUBMISSION, result=RESULT, report_sha256=DIGEST, verified_at=AT
        ),
        CLOSED,
    ]


def test_verifying_twice_verifies_once() -> None:
    assert an_order(*DONE, VERIFIED, CLOSED).verify(DIGEST, "underwriter", AT) == []


def test_nothing_can_be_verified_before_it_is_delivered() -> None:
    with pytest.raises(OrderNotDelivered):
        an_order(offered(), accepted(), started()).verify("", "underwriter", AT)


def test_only_what_was_looked_at_is_verified() -> None:
    with pytest.raises(DeliverableChanged) as refusal:
        an_order(*DONE).verify("cd" * 32, "underwriter", AT)

    assert refusal.value.details == {"sha256": DIGEST}


def test_a_deliverable_can_be_sent_back() -> None:
    assert an_order(*DONE).ask_rework("no figures", 72, "underwriter", AT) == [REWORK]


def test_asking_for_rework_twice_asks_once() -> None:
    assert an_order(*DONE, REWORK).ask_rework("no figures", 72, "underwriter", AT) == []


def test_what_was_not_delivered_cannot_be_sent_back() -> None:
    with pytest.raises(OrderNotDelivered):
        an_order(offered(), accepted(), started()).ask_rework("no figures", 72, "underwriter", AT)


def test_rework_shows_in_how_the_order_is_closed() -> None:
    order = an_order(*DONE, REWORK, delivered(AT))

    assert order.verify("", "underwriter", AT)[-1] == e.Closed(
        vendor_id=SHIELD, on_time=True, first_time_right=False, closed_at=AT
    )


def test_an_order_that_nobody_holds_can_be_cancelled() -> None:
    assert an_order(offered()).cancel(e.CancelReason.INSURED_REQUEST, "underwriter", AT) == [cancelled()]


@pytest.mark.parametrize("events", [DONE[:2], DONE[:3], DONE, (*DONE, REWORK)])
def test_an_order_can_be_cancelled_until_it_is_verified_and_frees_its_vendor(events: tuple[e.OrderEvent, ...]) -> None:
    assert an_order(*events).cancel(e.CancelReason.INSURED_REQUEST, "underwriter", AT) == [cancelled(held=True)]


def test_cancelling_twice_cancels_once() -> None:
    assert an_order(offered(), cancelled()).cancel(e.CancelReason.INSURED_REQUEST, "underwriter", AT) == []


def test_a_verified_order_cannot_be_cancelled() -> None:
    with pytest.raises(OrderAlreadyVerified) as refusal:
        an_order(*DONE, VERIFIED, CLOSED).cancel(e.CancelReason.INSURED_REQUEST, "underwriter", AT)

    assert refusal.value.details == {"verified_on": "2026-01-10"}


def test_the_end_of_cover_cancels_work_that_has_not_begun() -> None:
    (event,) = an_order(offered(), accepted()).end_cover(e.CancelReason.POLICY_CANCELLED, AT)

    assert event == e.Cancelled(
        reason=e.CancelReason.POLICY_CANCELLED, vendor_id=SHIELD, held=True, cancelled_by="policy", cancelled_at=AT
    )


def test_the_end_of_cover_has_work_under_way_delivered_within_ten_days() -> None:
    late = an_order(offered(), accepted(), started())
    soon = NOON + hours(24)

    (event,) = late.end_cover(e.CancelReason.POLICY_EXPIRED, soon - hours(24 * 6))

    assert event == e.Stopped(
        vendor_id=SHIELD,
        reason=e.CancelReason.POLICY_EXPIRED,
        stopped_at=soon - hours(24 * 6),
        deliver_by=soon + hours(24 * 4),
    )
    assert late.evolve(event).end_cover(e.CancelReason.POLICY_EXPIRED, AT) == []


def test_the_end_of_cover_never_moves_a_deadline_back_in_the_vendors_favour() -> None:
    (event,) = an_order(offered(), accepted(), started()).end_cover(e.CancelReason.POLICY_EXPIRED, AT)

    assert isinstance(event, e.Stopped) and event.deliver_by == NOON + hours(240)


@pytest.mark.parametrize("events", [DONE, (*DONE, VERIFIED, CLOSED), (offered(), cancelled())])
def test_the_end_of_cover_leaves_alone_what_is_delivered_or_over(events: tuple[e.OrderEvent, ...]) -> None:
    assert an_order(*events).end_cover(e.CancelReason.POLICY_CANCELLED, AT) == []


def test_a_closed_order_counts_once_for_its_vendors_rating() -> None:
    order = an_order(*DONE, VERIFIED, CLOSED)

    (event,) = order.note_rating()

    assert order.evolve(event).note_rating() == []
    assert an_order(*DONE).note_rating() == []
    assert order.state is State.CLOSED
