"""Many policies: independent but for what they share, and what sharing does to the tail."""

from dataclasses import replace

import numpy as np
import pytest

from services.policy.quantification.conditions import Risk
from services.policy.quantification.distributions import Exponential, LogNormal, Poisson
from services.policy.quantification.measures import measure
from services.policy.quantification.portfolio import Member, Shock, simulate_portfolio
from services.policy.quantification.simulation import Stopped, simulate
from tests.policy.quantification import examples as an

YEARS = 60_000
CLOUD = Shock("cloud:aliyun", Poisson(0.1), 0.6, 8.0, ("BI",), LogNormal(3.0, 0.6))


def members(count: int = 12, **changes: object) -> list[Member]:
    plain = Member(an.risk(), frozenset({CLOUD.dependency}))
    return [replace(plain, risk=an.risk(key=f"policy-{number}"), **changes) for number in range(count)]  # type: ignore[arg-type]


def test_without_shocks_a_portfolio_is_the_sum_of_its_policies() -> None:
    some = members(3)

    found = simulate_portfolio(some, [], 1, YEARS)

    alone = [simulate(member.risk, 1, YEARS).total for member in some]
    assert np.allclose(found.totals, sum(alone), rtol=1e-12)
    assert found.by_member == pytest.approx([losses.mean() for losses in alone])
    assert found.shocks == ()


def test_the_order_of_the_policies_does_not_matter() -> None:
    some = members(4)

    first, second = simulate_portfolio(some, [CLOUD], 1, YEARS), simulate_portfolio(some[::-1], [CLOUD], 1, YEARS)

    assert np.allclose(first.totals, second.totals, rtol=1e-12)


def test_a_common_shock_leaves_the_average_and_makes_the_tail_heavier() -> None:
    some = members(40)

    together = simulate_portfolio(some, [CLOUD], 1, YEARS)
    apart = simulate_portfolio(some, [CLOUD], 1, YEARS, apart=True)

    ours, theirs = measure(together.totals), measure(apart.totals)
    error = float(np.hypot(ours.standard_error.minor_units, theirs.standard_error.minor_units))
    assert abs(ours.average.minor_units - theirs.average.minor_units) < 4 * error
    assert ours.standard_deviation.minor_units > 1.1 * theirs.standard_deviation.minor_units
    assert ours.at("99").tail_value_at_risk.minor_units > 1.1 * theirs.at("99").tail_value_at_risk.minor_units
    assert apart.shocks == ()


def test_a_shock_alone_costs_what_its_closed_form_says() -> None:
    """No events of their own, exponential losses: a year costs n policies × frequency × hit × factor × mean."""
    part = an.risk_part("X", Poisson(1e-12), Exponential(1e6))
    some = [Member(Risk(f"p{n}", (part,)), frozenset({"d"}), retained=0.42) for n in range(20)]
    shock = Shock("d", Poisson(0.2), 0.25, 3.0, ("X",), None)

    found = simulate_portfolio(some, [shock], 5, YEARS)

    each = 0.25 * 3e6 * 0.42
    mean = 20 * 0.2 * each
    assert abs(found.totals.mean() - mean) < 4 * found.totals.std() / YEARS**0.5
    [told] = found.shocks
    assert told.exposed == 20
    assert abs(told.events.mean() - 20 * each) < 4 * told.events.std() / len(told.events) ** 0.5
    # A shock costs the sum of Binomial(20, 0.25) exponentials: variance n·p·(2 − p)·m².
    variance = 20 * 0.25 * (2 - 0.25) * (3e6 * 0.42) ** 2
    assert told.events.var() == pytest.approx(variance, rel=0.08)


def test_only_those_who_depend_on_it_are_hit() -> None:
    untouched = members(2, dependencies=frozenset({"saas:other"}))

    with_shock, without = (simulate_portfolio(untouched, shocks, 1, YEARS) for shocks in ([CLOUD], []))

    assert np.array_equal(with_shock.totals, without.totals)
    assert [(told.exposed, told.events.sum()) for told in with_shock.shocks] == [(0, 0.0)]


def test_what_is_ceded_does_not_count() -> None:
    whole, part = (simulate_portfolio(members(2, retained=kept), [CLOUD], 1, YEARS) for kept in (1.0, 0.25))

    assert np.allclose(part.totals, whole.totals * 0.25)


def test_a_portfolio_that_nobody_waits_for_ends() -> None:
    with pytest.raises(Stopped):
        simulate_portfolio(members(2), [CLOUD], 1, YEARS, stop=lambda: True)
