"""A vendor holds an order: schedules, starts, pauses, resumes, delivers."""

from dataclasses import replace

import pytest

from libs.common.errors import InvalidField
from services.vendor_gateway.domain.deliverable import Check, SignatureVerdict
from services.vendor_gateway.domain.errors import (
    DeliverableDigestWrong,
    OrderNotAccepted,
    OrderNotStarted,
    OrderNotUnderWay,
    OrderPaused,
    SignatureInvalid,
    SignatureMissing,
)
from services.vendor_gateway.domain.order import State
from services.vendor_gateway.domain.order import events as e
from tests.vendor_gateway.examples import (
    DIGEST,
    NOON,
    RESULT,
    SHIELD,
    UNSIGNED,
    accepted,
    an_assessment,
    an_order,
    deliverable,
    delivered,
    hours,
    offered,
    started,
)

PAUSED = e.Paused(vendor_id=SHIELD, reason="access", paused_at=NOON + hours(10))


def test_work_can_be_scheduled() -> None:
    events = an_order(offered(), accepted()).schedule(NOON + hours(30), NOON)

    assert events == [e.Scheduled(vendor_id=SHIELD, start_at=NOON + hours(30))]


def test_the_same_schedule_again_changes_nothing() -> None:
    order = an_order(offered(), accepted(), e.Scheduled(vendor_id=SHIELD, start_at=NOON + hours(30)))

    assert order.schedule(NOON + hours(30), NOON) == []


def test_work_cannot_be_scheduled_into_the_past() -> None:
    with pytest.raises(InvalidField) as refusal:
        an_order(offered(), accepted()).schedule(NOON - hours(1), NOON)

    assert refusal.value.field == "start_time"


def test_work_that_has_started_cannot_be_scheduled() -> None:
    with pytest.raises(OrderNotAccepted):
        an_order(offered(), accepted(), started()).schedule(NOON + hours(30), NOON)


def test_accepted_work_can_start() -> None:
    assert an_order(offered(), accepted()).begin_work(NOON + hours(1)) == [started()]


def test_starting_twice_starts_once() -> None:
    assert an_order(offered(), accepted(), started()).begin_work(NOON + hours(2)) == []


def test_work_that_is_only_offered_cannot_start() -> None:
    with pytest.raises(OrderNotAccepted):
        an_order(offered()).begin_work(NOON)


def test_work_that_waits_for_the_insured_cannot_start() -> None:
    with pytest.raises(OrderPaused):
        an_order(offered(), accepted(), PAUSED).begin_work(NOON + hours(11))


def test_a_pause_moves_both_deadlines_by_its_length() -> None:
    order = an_order(offered(), accepted(), PAUSED)

    events = order.resume(NOON + hours(40))

    assert events == [
        e.Resumed(
            vendor_id=SHIELD,
            resumed_at=NOON + hours(40),
            start_by=NOON + hours(48 + 30),
            deliver_by=NOON + hours(240 + 30),
        )
    ]


def test_a_pause_after_the_start_moves_only_the_delivery() -> None:
    (resumed,) = an_order(offered(), accepted(), started(), PAUSED).resume(NOON + hours(40))
    assert isinstance(resumed, e.Resumed)

    assert (resumed.start_by, resumed.deliver_by) == (None, NOON + hours(270))


def test_pausing_and_resuming_twice_does_it_once() -> None:
    order = an_order(offered(), accepted(), started())

    assert order.pause("access", NOON + hours(10)) == [replace(PAUSED, allowed_until=NOON + hours(82))]
    assert order.evolve(PAUSED).pause("access", NOON + hours(11)) == []
    assert order.resume(NOON + hours(11)) == []


def test_what_nobody_works_on_is_not_paused_or_resumed() -> None:
    with pytest.raises(OrderNotUnderWay):
        an_order(offered()).pause("access", NOON)
    with pytest.raises(OrderNotUnderWay):
        an_order(offered()).resume(NOON)


def test_a_vendor_hands_in_a_file_by_its_digest() -> None:
    order = an_order(offered(), accepted(), started())

    assert order.hand_in(deliverable(), UNSIGNED, NOON + hours(100)) == [delivered()]


def test_the_same_deliverable_twice_is_handed_in_once() -> None:
    order = an_order(offered(), accepted(), started(), delivered())

    assert order.hand_in(deliverable(), UNSIGNED, NOON + hours(101)) == []


def test_nothing_is_delivered_before_work_has_started_or_while_it_waits() -> None:
    with pytest.raises(OrderNotStarted):
        an_order(offered(), accepted()).hand_in(deliverable(), UNSIGNED, NOON)
    with pytest.raises(OrderPaused):
        an_order(offered(), accepted(), started(), PAUSED).hand_in(deliverable(), UNSIGNED, NOON)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha256": "AB" * 32}, "deliverable.sha256"),
        ({"sha256": "ab" * 31}, "deliverable.sha256"),
        ({"size_bytes": 0}, "deliverable.size_bytes"),
        ({"assessment": RESULT}, "deliverable.assessment"),
    ],
)
def test_a_deliverable_that_is_not_well_formed_is_a_wrong_field(changes: dict[str, object], field: str) -> None:
    order = an_order(offered(), accepted(), started())

    with pytest.raises(InvalidField) as refusal:
        order.hand_in(deliverable(**changes), UNSIGNED, NOON)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7 ...",
        b"{",
        b'{"a": 1} {}',
        b"NaN",
        b'{"a": Infinity}',
        "{}".encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 16384,
    ],
)
def test_a_structured_result_that_is_no_json_is_a_wrong_field(content: bytes) -> None:
    order = an_order(offered(), accepted(), started())
    said = deliverable(content=content, size_bytes=len(content))

    with pytest.raises(InvalidField) as refusal:
        order.hand_in(said, Check(signature=SignatureVerdict.NO_KEY, content_sha256=DIGEST), NOON)

    assert refusal.value.field == "deliverable.content"


@pytest.mark.parametrize("content", [b"{}", b" [1, 2.5] ", '{"结论": "通过"}'.encode(), b"null"])
def test_a_structured_result_may_be_any_json(content: bytes) -> None:
    order = an_order(offered(), accepted(), started())
    said = deliverable(content=content, size_bytes=len(content))

    assert order.hand_in(said, Check(signature=SignatureVerdict.NO_KEY, content_sha256=DIGEST), NOON + hours(100))


def test_an_assessment_needs_its_result() -> None:
    order = an_assessment(offered(), accepted(), started())

    with pytest.raises(InvalidField) as refusal:
        order.hand_in(deliverable(), UNSIGNED, NOON)

    assert refusal.value.field == "deliverable.assessment"


def test_an_assessment_is_handed_in_with_its_result() -> None:
    order = an_assessment(offered(), accepted(), started())

    assert order.hand_in(deliverable(assessment=RESULT), UNSIGNED, NOON + hours(100)) == [delivered(assessment=RESULT)]


@pytest.mark.parametrize("found", ["cd" * 32, DIGEST])
def test_content_that_is_not_what_its_digest_and_size_say_is_refused(found: str) -> None:
    order = an_order(offered(), accepted(), started())
    said = deliverable(content=b"{}", size_bytes=2 if found != DIGEST else 3)

    with pytest.raises(DeliverableDigestWrong):
        order.hand_in(said, Check(signature=SignatureVerdict.NO_KEY, content_sha256=found), NOON)


def test_a_vendor_with_a_key_must_sign_and_sign_right() -> None:
    order = an_order(offered(), accepted(), started())

    with pytest.raises(SignatureMissing):
        order.hand_in(deliverable(), Check(signature=SignatureVerdict.MISSING), NOON)
    with pytest.raises(SignatureInvalid):
        order.hand_in(deliverable(), Check(signature=SignatureVerdict.INVALID), NOON)


def test_a_signed_deliverable_is_noted_as_signed() -> None:
    order = an_order(offered(), accepted(), started())

    (event,) = order.hand_in(deliverable(), Check(signature=SignatureVerdict.VALID), NOON)

    assert isinstance(event, e.Delivered) and event.signed
    assert order.evolve(event).state is State.DELIVERED
