"""Whatever is done to an order in whatever order, what must hold holds."""

from datetime import timedelta
from typing import Any

from hypothesis import given as for_all
from hypothesis import strategies as st

from libs.common.changes import Cancel, Draw, Recorded, Schedule
from libs.common.errors import DomainError
from services.vendor_gateway.domain.guards import draws
from services.vendor_gateway.domain.order import ServiceOrder, State
from services.vendor_gateway.domain.order import events as e
from services.vendor_gateway.domain.timers import CLOCKS, OFFER_LAPSE, PAUSE_ALLOWANCE, timers
from tests.vendor_gateway.examples import (
    NOON,
    ORDER,
    SHIELD,
    TOWER,
    UNSIGNED,
    applicant,
    deliverable,
    given,
    requested,
    vendor,
)

STEPS: dict[str, Any] = {
    "offer": lambda order, at: order.offer([applicant(SHIELD), applicant(TOWER)], ORDER, at),
    "accept": lambda order, at: order.accept(vendor(), at),
    "decline": lambda order, at: order.decline("busy", at),
    "lapse": lambda order, at: order.lapse(at),
    "reopen": lambda order, at: order.reopen("underwriter", at),
    "schedule": lambda order, at: order.schedule(at, at),
    "start": lambda order, at: order.begin_work(at),
    "pause": lambda order, at: order.pause("access", at),
    "insurer's pause": lambda order, at: order.pause("audit", at, by_insurer=True),
    "insurer's resume": lambda order, at: order.resume(at, by_insurer=True),
    "consent": lambda order, at: order.consent_to_pause("underwriter", at),
    "resume": lambda order, at: order.resume(at),
    "clock": lambda order, at: order.count_lateness(at),
    "deliver": lambda order, at: order.hand_in(deliverable(), UNSIGNED, at),
    "rework": lambda order, at: order.ask_rework("no figures", 24, "underwriter", at),
    "verify": lambda order, at: order.verify("", "underwriter", at),
    "cancel": lambda order, at: order.cancel(e.CancelReason.DUPLICATE, "underwriter", at),
    "end cover": lambda order, at: order.end_cover(e.CancelReason.POLICY_EXPIRED, at),
    "rate": lambda order, at: order.note_rating(),
}
LIKELY = ["offer", "accept", "start", "deliver"] * 3
"""Said more often, so that many walks come far."""


@for_all(st.lists(st.tuples(st.sampled_from([*STEPS, *LIKELY]), st.integers(min_value=0, max_value=40)), max_size=40))
def test_capacity_credits_and_timers_fit_the_state_at_every_step(steps: list[tuple[str, int]]) -> None:
    order, at = given(ServiceOrder, requested()), NOON
    drawn: dict[str, int] = {}
    running: set[str] = set()

    for name, hours in steps:
        at += timedelta(hours=hours)
        try:
            events = STEPS[name](order, at)
        except DomainError:
            continue
        for event in events:
            order = order.evolve(event)
            recorded = Recorded(event, order, SHIELD, 1, "lead", at)
            for change in draws(recorded):
                assert isinstance(change, Draw)
                drawn[change.key] = drawn.get(change.key, 0) + change.amount
            for timer in timers(recorded):
                match timer:
                    case Schedule(name=started):
                        running.add(started)
                    case Cancel(name=stopped):
                        running.discard(stopped)

        held = {f"vendor-capacity:{order.vendor_id}": 1} if order.held else {}
        assert {key: amount for key, amount in drawn.items() if amount} == held
        assert order.credits <= order.fee
        assert (OFFER_LAPSE in running) == (order.state is State.OFFERED)
        late = {CLOCKS[one.clock] for one in order.running if one.periods < 10}
        assert late <= running
        bounded = order.current_pause is not None and order.current_pause.is_bounded
        assert not bounded or PAUSE_ALLOWANCE in running
        assert order.pause_used <= timedelta(hours=order.service.pause_allowance_hours)
        assert order.held or running.isdisjoint(CLOCKS.values())
