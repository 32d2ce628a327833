"""The simulation against what is known without one: moments, and the law of compound sums.

Every figure is within four standard errors of its closed form, on fixed seeds. Quantiles are checked through the law
itself: the exact probability of not passing the simulated VaR is as near to its level as the number of years allows.
"""

from decimal import Decimal
from math import exp, sqrt

import numpy as np
import pytest
from scipy import integrate, stats

from services.policy.quantification.conditions import Risk
from services.policy.quantification.distributions import (
    BoundedPareto,
    Exponential,
    Frequency,
    LogNormal,
    NegativeBinomial,
    Poisson,
    Severity,
)
from services.policy.quantification.measures import LEVELS, measure, tail_mean, value_at_risk
from services.policy.quantification.simulation import simulate
from tests.policy.quantification import examples as an

YEARS = 400_000
MEAN = 1_000_000.0
"""Of an exponential loss, in fen."""


def compound_cdf(rate: float, mean: float, amount: float) -> float:
    """P(S ≤ amount) of a compound Poisson sum of exponentials: given n events, S is gamma."""
    counts = np.arange(1, 80)
    within = stats.gamma.cdf(amount, counts, scale=mean)
    return exp(-rate) + float((stats.poisson.pmf(counts, rate) * within).sum())


def panjer(rate: float, severity: LogNormal, step: float, size: int) -> np.ndarray:
    """The probabilities of S = 0, step, 2 step … by Panjer's recursion, the severity rounded to whole steps."""
    edges = np.log((np.arange(size + 1) - 0.5).clip(1e-12) * step)
    mass = np.diff(stats.norm.cdf(edges, severity.mu, severity.sigma))
    total = np.zeros(size)
    total[0] = exp(-rate * (1 - mass[0]))
    for amount in range(1, size):
        parts = np.arange(1, amount + 1)
        total[amount] = rate / amount * float((parts * mass[1 : amount + 1] * total[amount - parts]).sum())
    return total


def totals(frequency: Frequency, severity: Severity, **terms: float) -> np.ndarray:
    risk = Risk("closed", (an.risk_part("X", frequency, severity, **terms),))
    return simulate(risk, an.SEED, YEARS).total


@pytest.mark.parametrize(
    "severity", [Exponential(MEAN), LogNormal(13.0, 1.2), BoundedPareto(1.4, 1e5, 1e8), BoundedPareto(1.0, 1e5, 1e7)]
)
@pytest.mark.parametrize("frequency", [Poisson(0.6), Poisson(4.0), NegativeBinomial(0.8, 1.5)])
def test_mean_and_variance_of_a_year_are_those_of_the_compound_sum(frequency: Frequency, severity: Severity) -> None:
    simulated = totals(frequency, severity)

    mean = frequency.mean * severity.mean
    variance = frequency.mean * severity.variance + frequency.variance * severity.mean**2
    squares = (simulated - simulated.mean()) ** 2
    assert abs(simulated.mean() - mean) < 4 * sqrt(variance / YEARS)
    assert abs(squares.mean() - variance) < 4 * squares.std() / sqrt(YEARS)


@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_quantiles_of_exponential_losses_are_those_of_the_exact_law(rate: float) -> None:
    ordered = np.sort(totals(Poisson(rate), Exponential(MEAN)))

    for level in LEVELS:
        probability = float(level) / 100
        found = compound_cdf(rate, MEAN, value_at_risk(ordered, level))
        assert abs(found - probability) < 4 * sqrt(probability * (1 - probability) / YEARS)


@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_tail_means_of_exponential_losses_are_those_of_the_exact_law(rate: float) -> None:
    ordered = np.sort(totals(Poisson(rate), Exponential(MEAN)))

    for level in LEVELS:
        least = value_at_risk(ordered, level)
        beyond = integrate.quad(lambda x: 1 - compound_cdf(rate, MEAN, x), least, 60 * MEAN, limit=200)[0]
        exact = least + beyond / (1 - float(level) / 100)
        tail = ordered[ordered >= least]
        assert abs(tail_mean(ordered, level) - exact) < 4 * tail.std() / sqrt(len(tail)) + 1


def test_quantiles_of_lognormal_losses_are_those_of_panjers_recursion() -> None:
    severity, rate, step = LogNormal(13.0, 1.0), 0.5, 20_000.0
    ordered = np.sort(totals(Poisson(rate), severity))
    law = np.cumsum(panjer(rate, severity, step, 2_000))

    for level in LEVELS:
        probability, least = float(level) / 100, value_at_risk(ordered, level)
        found = float(np.interp(least / step + 0.5, np.arange(1, len(law) + 1), law))
        assert abs(found - probability) < 4 * sqrt(probability * (1 - probability) / YEARS) + 2e-4


def test_a_deductible_on_exponential_losses_only_thins_them() -> None:
    """What is above the deductible is exponential again, so the law stays the same with fewer events."""
    simulated = totals(Poisson(1.2), Exponential(MEAN), deductible=0.7 * MEAN)
    rate = 1.2 * exp(-0.7)

    assert abs(simulated.mean() - rate * MEAN) < 4 * sqrt(rate * 2 * MEAN**2 / YEARS)
    ordered = np.sort(simulated)
    for level in LEVELS:
        probability = float(level) / 100
        found = compound_cdf(rate, MEAN, value_at_risk(ordered, level))
        assert abs(found - probability) < 4 * sqrt(probability * (1 - probability) / YEARS)


def test_a_yearly_limit_pays_the_limited_expectation() -> None:
    limit = 1.5 * MEAN
    simulated = totals(Poisson(1.2), Exponential(MEAN), limit=limit, borne=0.0)

    exact = integrate.quad(lambda x: 1 - compound_cdf(1.2, MEAN, x), 0, limit)[0]
    assert abs(simulated.mean() - exact) < 4 * simulated.std() / sqrt(YEARS)
    assert simulated.max() == limit


def test_a_waiting_period_pays_the_hours_after_it() -> None:
    """The share of the hours after the waiting ones, averaged over the law of the hours."""
    risk = Risk("wait", (an.risk_part("BI", Poisson(0.8), Exponential(MEAN), waiting_hours=8),))
    simulated = simulate(risk, an.SEED, YEARS).total

    law = stats.lognorm(an.HOURS.sigma, scale=exp(an.HOURS.mu))
    share = integrate.quad(lambda h: (1 - 8 / h) * law.pdf(h), 8, np.inf)[0]
    assert abs(simulated.mean() - 0.8 * MEAN * share) < 4 * simulated.std() / sqrt(YEARS)


def test_the_measures_of_a_few_years_are_those_that_one_can_reckon_by_hand() -> None:
    found = measure(np.array([0.0, 0.0, 100.0, 300.0] + [0.0] * 16))

    assert (found.average.minor_units, found.years_with_payment) == (20, Decimal("0.1"))
    assert [tail.value_at_risk.minor_units for tail in found.tails] == [0, 100, 300, 300]
    assert [tail.tail_value_at_risk.minor_units for tail in found.tails] == [200, 300, 300, 300]
    assert [(point.return_period, point.loss.minor_units) for point in found.curve] == [(2, 0)]
