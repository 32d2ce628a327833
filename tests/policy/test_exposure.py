"""What one policy adds to the accumulations of what its insured depends on, and what its guards are told."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.changes import Cancel, Draw, Recorded, Schedule, SetLimit
from libs.common.dates import start_of_day
from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import CNY, Money
from services.policy.domain.accumulation.accumulation import (
    Accumulation,
    AccumulationCapacitySet,
    AccumulationOpened,
    Dependency,
)
from services.policy.domain.accumulation.exposure import (
    ExposureFollowed,
    PolicyExposure,
    first_drop,
    follow,
    net_exposure,
)
from services.policy.domain.guards import WITHOUT_LIMIT, draws
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.terms import CancellationMethod
from services.policy.domain.submission.values import DeclaredDependency, DependencyKind
from services.policy.domain.timers import EXPOSURE_DROP, timers
from tests.policy import examples as an

CLOUD = Dependency(DependencyKind.CLOUD, "aliyun")
MAIL = Dependency(DependencyKind.SAAS, "mail")
BOUND_ON = date(2025, 12, 28)
JULY, OCTOBER = date(2026, 7, 1), date(2026, 10, 1)


def followed(policy: Policy, today: date, known: PolicyExposure | None = None) -> list[ExposureFollowed]:
    return follow(known, str(an.POLICY_ID), (CLOUD, MAIL), policy.bound, policy.segments, today)


def exposure(policy: Policy, today: date = BOUND_ON, known: PolicyExposure | None = None) -> PolicyExposure:
    value = replay(PolicyExposure, followed(policy, today, known), known)
    assert value is not None
    return value


def recorded(event: Any, value: Any = None) -> Recorded[Any]:
    return Recorded(event, value, uuid4(), 1, an.TENANT, an.BOUND_AT)


def test_what_is_net_is_the_leads_share_less_what_is_ceded() -> None:
    """25 million of limits, of which the lead has 60 percent and cedes 30 percent of that."""
    ceded, alone = an.policy(), an.policy(alone=True)
    layered = an.policy(cessions=(an.facultative("20"), an.surplus(Money.cny(4_000_000), 1), an.quota()))

    assert exposure(ceded).amount == Money.cny(10_500_000)
    assert exposure(alone).amount == Money.cny(25_000_000)
    # 15 million, less 20 percent facultatively, less a line of 4 million, less 30 percent of what is left.
    assert exposure(layered).amount == Money.cny(5_600_000)


def test_sub_limits_add_nothing_and_the_agreed_cap_is_the_most() -> None:
    parts = (an.wanted(an.DATA, an.DATA_LIMIT), an.wanted(an.RESPONSE, Money.cny(2_000_000)))
    capped = an.quoted(an.submission(aggregate_limit=Money.cny(8_000_000)))

    assert exposure(an.policy(an.quoted(an.submission(parts=parts)), alone=True)).amount == an.DATA_LIMIT
    assert exposure(an.policy(capped, alone=True)).amount == Money.cny(8_000_000)


def test_a_larger_limit_counts_from_the_day_it_is_agreed_and_a_smaller_one_from_the_day_it_holds() -> None:
    raised = an.endorsed(an.policy(alone=True), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    lowered = an.endorsed(an.policy(alone=True), JULY, an.set_limit(an.DATA, Money.cny(10_000_000)))

    assert exposure(raised).amount == Money.cny(30_000_000)
    assert (exposure(lowered).amount, exposure(lowered).follow_on) == (Money.cny(25_000_000), JULY)
    assert exposure(lowered, JULY).amount == Money.cny(12_000_000)


def test_a_cancellation_gives_back_on_its_day() -> None:
    before = exposure(an.policy(alone=True))
    ended = an.cancelled(an.policy(alone=True), OCTOBER, CancellationMethod.PRO_RATA)

    told = exposure(ended, date(2026, 9, 1), before)
    assert (told.amount, told.follow_on) == (Money.cny(25_000_000), OCTOBER)
    assert followed(ended, OCTOBER, told) == [
        ExposureFollowed(
            policy_id=str(an.POLICY_ID),
            dependencies=(CLOUD, MAIL),
            amount=Money.cny(0),
            change=Money.cny(-25_000_000),
            follow_on=None,
        )
    ]
    flat = an.cancelled(an.policy(alone=True), an.INCEPTION, CancellationMethod.FLAT)
    assert exposure(flat, BOUND_ON, before).amount == Money.cny(0)


def test_cover_that_runs_out_gives_back_all_and_what_did_not_change_is_not_told_again() -> None:
    policy = an.policy(alone=True)
    known = exposure(policy)

    assert known.follow_on == an.EXPIRY
    assert followed(policy, date(2026, 6, 1), known) == []
    assert exposure(policy, an.EXPIRY, known).amount == Money.cny(0)
    assert followed(policy, an.EXPIRY) == []


def test_a_timer_waits_for_the_day_on_which_less_is_exposed() -> None:
    (first,) = followed(an.policy(), BOUND_ON)
    (last,) = followed(an.policy(), an.EXPIRY, exposure(an.policy()))

    assert timers(recorded(first)) == [Schedule(EXPOSURE_DROP, start_of_day(an.EXPIRY))]
    assert timers(recorded(last)) == [Cancel(EXPOSURE_DROP)]


@given(
    st.lists(st.tuples(st.integers(1, 364), st.integers(1, 50)), max_size=6),
    st.lists(st.integers(0, 400), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_agreed_the_draws_sum_to_what_is_exposed_and_time_only_gives_back(
    changes: list[tuple[int, int]], days: list[int]
) -> None:
    policy, known, drawn = an.policy(), None, Money(CNY, 0)
    for day, millions in changes:
        effective = date.fromordinal(an.INCEPTION.toordinal() + day)
        policy = an.endorsed(policy, effective, an.set_limit(an.DATA, Money.cny(millions * 1_000_000)))
        for event in followed(policy, BOUND_ON, known):
            known, drawn = PolicyExposure.begin(event), drawn + event.change
    for offset in sorted(days):
        today = date.fromordinal(an.INCEPTION.toordinal() + offset)
        for event in followed(policy, today, known):
            assert known is None or event.change.minor_units <= 0
            known, drawn = PolicyExposure.begin(event), drawn + event.change
        assert drawn == net_exposure(policy.bound, policy.segments, today)
        drop = first_drop(policy.bound, policy.segments, today)
        assert (drop is None) == (not drawn)
        if drop:
            assert net_exposure(policy.bound, policy.segments, drop) < drawn


def test_each_dependency_could_cost_all_of_it() -> None:
    (event,) = followed(an.policy(alone=True), BOUND_ON)

    fen = Money.cny(25_000_000).minor_units
    assert draws(recorded(event)) == [
        Draw("accumulation:insurer-a:cloud:aliyun", fen),
        Draw("accumulation:insurer-a:saas:mail", fen),
    ]


def test_a_dependency_is_counted_without_a_limit_until_it_has_a_capacity() -> None:
    opened = AccumulationOpened(dependency=CLOUD)
    (capacity,) = Accumulation.begin(opened).set_capacity(
        Money.cny(50), Accumulation(CLOUD).refer_above_percent, "zhou"
    )

    assert draws(recorded(opened)) == [SetLimit("accumulation:insurer-a:cloud:aliyun", WITHOUT_LIMIT)]
    assert draws(recorded(capacity)) == [SetLimit("accumulation:insurer-a:cloud:aliyun", 5_000)]


def test_a_capacity_is_set_once_and_refers_quotes_before_it_is_full() -> None:
    percent = Accumulation(CLOUD).refer_above_percent
    (event,) = Accumulation(CLOUD).set_capacity(Money.cny(1_000), percent, "zhou")
    limited = Accumulation(CLOUD).evolve(event)

    assert isinstance(event, AccumulationCapacitySet)
    assert limited.set_capacity(Money.cny(1_000), percent, "zhou") == []
    assert Accumulation(CLOUD).room(5) is None
    assert limited.room(100_000) == Money.cny(800)  # Nothing is exposed: 80 percent.
    assert limited.room(30_000) == Money.cny(100)  # 700.00 are exposed.
    assert limited.room(-1_000) == Money.cny(-210)  # More is exposed than the capacity, which was lowered.


def test_a_wrong_capacity_is_named() -> None:
    for amount, percent, field in (
        (Money.cny(-1), "80", "capacity"),
        (Money("USD", 1), "80", "capacity.currency_code"),
        (Money.cny(1), "0", "refer_above_percent"),
        (Money.cny(1), "100.1", "refer_above_percent"),
    ):
        with pytest.raises(InvalidField) as refusal:
            Accumulation(CLOUD).set_capacity(amount, type(Accumulation(CLOUD).refer_above_percent)(percent), "zhou")
        assert refusal.value.field == field


def test_all_ways_to_write_a_name_are_one_dependency() -> None:
    names = ("Aliyun", " aliyun ", "ＡＬＩＹＵＮ", "ALIYUN")

    assert {Dependency.of(DeclaredDependency(DependencyKind.CLOUD, name)) for name in names} == {CLOUD}
    assert Dependency.of(DeclaredDependency(DependencyKind.CLOUD, "阿里云")) != CLOUD
