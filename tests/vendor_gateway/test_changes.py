"""What events draw on guards, and which timers they start and stop."""

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from libs.common.changes import Cancel, Draw, Recorded, Schedule, SetLimit
from libs.common.events import registered as registered_events
from libs.common.store import codec
from services.vendor_gateway.domain.directory import Directory, Listed
from services.vendor_gateway.domain.guards import draws
from services.vendor_gateway.domain.order import events as e
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.policy_services import PolicyServices
from services.vendor_gateway.domain.policy_services import events as services
from services.vendor_gateway.domain.timers import timers
from services.vendor_gateway.domain.vendor import Accredited, Suspended, Terminated
from tests.vendor_gateway.examples import (
    NOON,
    ORDER,
    POLICY,
    RESULT,
    SHIELD,
    TODAY,
    accepted,
    accreditation,
    an_order,
    applicant,
    assessment_requested,
    delivered,
    given,
    hours,
    offered,
    opened,
    ordered,
    registered,
    started,
    vendor,
)

GUARD = f"vendor-capacity:{SHIELD}"


def recorded(event: object) -> Recorded[None]:
    return Recorded(event=event, value=None, stream=SHIELD, version=1, tenant="shared", recorded_at=NOON)


def cancelled(*, held: bool) -> e.Cancelled:
    return e.Cancelled(reason=CancelReason.DUPLICATE, vendor_id=SHIELD, held=held, cancelled_by="x", cancelled_at=NOON)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (Accredited(accreditation=accreditation(capacity=7), accredited_on=TODAY), [SetLimit(GUARD, 7)]),
        (Suspended(reason="audit", suspended_on=TODAY), [SetLimit(GUARD, 0)]),
        (Terminated(reason="over", terminated_on=TODAY), [SetLimit(GUARD, 0)]),
        (accepted(), [Draw(GUARD, 1)]),
        (e.Closed(vendor_id=SHIELD, on_time=True, first_time_right=True, closed_at=NOON), [Draw(GUARD, -1)]),
        (cancelled(held=True), [Draw(GUARD, -1)]),
        (cancelled(held=False), []),
        (offered(), []),
    ],
)
def test_capacity_is_drawn_from_acceptance_until_the_order_is_over(event: object, changes: list[object]) -> None:
    assert draws(recorded(event)) == changes


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (offered(), [Schedule("offer-lapse", NOON + hours(24))]),
        (e.Declined(vendor_id=SHIELD, reason="busy", declined_at=NOON), [Cancel("offer-lapse")]),
        (
            accepted(),
            [
                Cancel("offer-lapse"),
                Schedule("start-clock", NOON + hours(48)),
                Schedule("deliver-clock", NOON + hours(240)),
            ],
        ),
        (started(), [Cancel("start-clock")]),
        (delivered(), [Cancel("deliver-clock")]),
        (
            e.Paused(vendor_id=SHIELD, reason="access", paused_at=NOON),
            [Cancel("start-clock"), Cancel("deliver-clock")],
        ),
        (
            e.Closed(vendor_id=SHIELD, on_time=True, first_time_right=True, closed_at=NOON),
            [Schedule("rating", NOON)],
        ),
        (
            services.CoverEndHeard(
                policy_id=POLICY, ends_on=date(2026, 10, 1), reason=CancelReason.POLICY_CANCELLED, heard_at=NOON
            ),
            [Schedule("cover-end", datetime(2026, 9, 30, 16, tzinfo=UTC))],
        ),
    ],
)
def test_every_clock_has_a_timer_and_loses_it_when_it_is_moot(event: object, changes: list[object]) -> None:
    assert timers(recorded(event)) == changes


def test_a_missed_clock_is_looked_at_again_when_the_next_day_begins() -> None:
    (event,) = an_order(offered(), accepted()).count_lateness(NOON + hours(48))

    assert timers(recorded(event)) == [Schedule("start-clock", NOON + hours(72))]


@pytest.mark.parametrize(
    "event",
    [
        registered(),
        Accredited(accreditation=accreditation(signing_key=b"k" * 32, conflicts=frozenset({"x"})), accredited_on=TODAY),
        assessment_requested(),
        an_order().offer([applicant()], ORDER, NOON)[0],
        delivered(assessment=RESULT, content=b"{}"),
        *an_order(offered(), accepted()).count_lateness(NOON + timedelta(days=3)),
        opened(assessors=frozenset({SHIELD})),
        services.Ordered(policy_id=POLICY, code="SCAN", order_id=ORDER, claim_id=None, ordered_at=NOON),
    ],
)
def test_events_come_back_from_the_store_as_they_went_in(event: object) -> None:
    name, version, payload = codec.encode(event)

    assert codec.decode(name, version, payload) == event


@pytest.mark.parametrize(
    "value",
    [
        vendor(accreditation(conflicts=frozenset({"x"}))),
        given(Directory, Listed(vendor_id=SHIELD, service_types=("monitoring",))),
        an_order(*an_order().offer([applicant()], ORDER, NOON), accepted(), started(), delivered(content=b"{}")),
        given(PolicyServices, opened(assessors=frozenset({SHIELD})), ordered()),
    ],
)
def test_aggregates_come_back_from_a_snapshot_as_they_went_in(value: object) -> None:
    assert codec.decode_value(type(value), codec.encode_value(value)) == value


def test_the_shapes_in_the_store_are_pinned() -> None:
    shapes = [
        f"{name} {kind.schema_version} ({', '.join(one.name for one in fields(kind.cls))})"
        for name, kind in registered_events("vendor_gateway.").items()
    ]

    assert shapes == (Path(__file__).parent / "events.golden").read_text("utf-8").splitlines()
