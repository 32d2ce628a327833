"""The same figures for the same inputs, and never more paid where less is promised."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.policy.domain.errors import TooMuchToSimulate
from services.policy.quantification.bounds import check_portfolio, check_risk
from services.policy.quantification.conditions import Risk
from services.policy.quantification.distributions import Exponential, Poisson
from services.policy.quantification.draws import BLOCK
from services.policy.quantification.fingerprint import fingerprint
from services.policy.quantification.measures import measure, shares
from services.policy.quantification.portfolio import Member, Shock
from services.policy.quantification.simulation import Stopped, happen, limits_of, paid_in_block, simulate
from tests.policy.quantification import examples as an

YEARS = 20_000


def with_terms(code: str, **changes: float) -> Risk:
    parts = tuple(
        replace(part, conditions=replace(part.conditions, **changes)) if part.conditions.code == code else part
        for part in an.risk().parts
    )
    return an.risk(parts=parts)


def test_the_same_inputs_give_the_same_years_and_another_seed_others() -> None:
    first, again, other = (simulate(an.risk(), seed, YEARS) for seed in (1, 1, 2))

    assert np.array_equal(first.paid, again.paid)
    assert np.array_equal(first.ground_up, again.ground_up)
    assert not np.array_equal(first.paid, other.paid)


def test_a_longer_run_begins_with_the_years_of_a_shorter_one() -> None:
    long, short = simulate(an.risk(), 1, 2 * BLOCK + 100), simulate(an.risk(), 1, BLOCK + 1_000)

    assert np.array_equal(long.paid[:, : short.years], short.paid)


def test_a_block_is_the_same_by_itself_whatever_was_drawn_before_it() -> None:
    risk = an.risk()
    whole = simulate(risk, 1, 3 * BLOCK)

    alone = paid_in_block(risk, limits_of(risk), [happen(risk.key, part, 1, 2) for part in risk.parts])

    assert np.array_equal(whole.paid[:, 2 * BLOCK :], alone)


def test_a_part_has_the_same_losses_whatever_parts_stand_beside_it() -> None:
    whole = simulate(an.risk(), 1, YEARS)
    alone = simulate(an.risk(parts=an.risk().parts[1:2]), 1, YEARS)

    assert whole.ground_up[1] == alone.ground_up[0]
    assert whole.events[1] == alone.events[0]


def test_a_run_that_nobody_waits_for_ends() -> None:
    with pytest.raises(Stopped):
        simulate(an.risk(), 1, YEARS, stop=lambda: True)


def test_a_part_with_a_waiting_period_needs_hours() -> None:
    with pytest.raises(ValueError, match="the duration of its outages is needed"):
        replace(an.risk().parts[3], outage=None)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["limit", "deductible", "borne", "waiting_hours"]), st.floats(0, 1), st.floats(0, 1), st.booleans()
)
def test_less_promised_is_never_more_paid_in_any_year(term: str, one: float, two: float, shared: bool) -> None:
    """More limit, or less deductible, co-insurance or waiting: every single year pays as much or more in all."""
    low, high = sorted((one, two))
    ranges = {"limit": (1e9, 5e7), "deductible": (0, 5e7), "borne": (0, 1), "waiting_hours": (0, 72)}
    first, last = ranges[term]
    values = [first + (last - first) * share for share in (low, high)]
    values = [round(value) if term == "waiting_hours" else value for value in values]
    aggregate = 6e8 if shared else float("inf")

    more, less = (
        simulate(replace(with_terms("BI", **{term: value}), aggregate=aggregate), 3, 5_000).total for value in values
    )

    assert (more >= less - 1e-3).all()
    ours, theirs = measure(more), measure(less)
    assert ours.average >= theirs.average
    for mine, other in zip(ours.tails, theirs.tails, strict=True):
        assert mine.value_at_risk >= other.value_at_risk
        assert mine.tail_value_at_risk.minor_units >= other.tail_value_at_risk.minor_units - 1
    for here, there in zip(ours.curve, theirs.curve, strict=True):
        assert here.loss >= there.loss


@settings(max_examples=25, deadline=None)
@given(st.floats(1e6, 1e10), st.floats(1e6, 1e10))
def test_a_larger_aggregate_never_pays_less_and_bounds_every_year(one: float, two: float) -> None:
    low, high = sorted((one, two))

    less, more = (simulate(an.risk(aggregate=aggregate), 3, 5_000).total for aggregate in (low, high))

    assert (more >= less - 1e-3).all()
    assert less.max() <= low * (1 + 1e-12)


def test_parts_share_the_average_and_the_worst_years_to_the_fen() -> None:
    simulated = simulate(an.risk(), 1, YEARS)

    found, whole = shares(simulated), measure(simulated.total)

    assert sum(share.average.minor_units for share in found) == whole.average.minor_units
    tail = sum(share.tail_average.minor_units for share in found)
    assert abs(tail - whole.at("99").tail_value_at_risk.minor_units) / tail < 0.02
    assert sum(share.share for share in found) == pytest.approx(1, abs=1e-5)
    assert all(share.ground_up >= share.average for share in found)


def test_var_never_passes_tvar_and_both_grow_with_the_level() -> None:
    tails = measure(simulate(an.risk(), 1, YEARS).total).tails

    values = [tail.value_at_risk for tail in tails]
    means = [tail.tail_value_at_risk for tail in tails]
    assert values == sorted(values)
    assert means == sorted(means)
    assert all(value <= mean for value, mean in zip(values, means, strict=True))


def test_a_fingerprint_is_that_of_the_inputs() -> None:
    assert fingerprint(an.risk(), 1) == fingerprint(an.risk(), 1)
    assert fingerprint(an.risk(), 1) != fingerprint(an.risk(), 2)
    assert fingerprint(an.risk(aggregate=1.0), 1) != fingerprint(an.risk(), 1)
    assert fingerprint(an.extract(), an.profile()) != fingerprint(an.extract(version="2026.2"), an.profile())


def test_more_events_than_fit_in_memory_or_time_are_refused_before_anything_is_drawn() -> None:
    part = an.risk_part("X", Poisson(51), Exponential(1e6))
    half = Member(Risk("half", (an.risk_part("X", Poisson(25), Exponential(1e6)),)), frozenset({"d"}))
    often = Shock("d", Poisson(6), 0.5, 1.0, ("X",), None)

    with pytest.raises(TooMuchToSimulate, match=r"51\.0 events a year of busy would be simulated; at most 50"):
        check_risk(Risk("busy", (part,)), 1_000)
    with pytest.raises(TooMuchToSimulate, match="75,000,000 events"):
        check_portfolio([half, half, half], [], 1_000_000)
    with pytest.raises(TooMuchToSimulate, match="6,000,000 shocks"):
        check_portfolio([half], [often], 1_000_000)
    check_portfolio([half], [often], 500_000)
