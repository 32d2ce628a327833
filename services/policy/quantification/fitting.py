"""From observations to distributions, by maximum likelihood, each with the reason why it was chosen.

Frequency: the Poisson rate is claims over insured-years. A negative binomial is taken instead if the years differ so
much that the likelihood ratio passes the 5 % point of its test at the boundary (2.71); what the moments say is told
beside it.

Severity: a lognormal, or a bounded Pareto where the extract says how large a loss can be at most and the likelihood
prefers it; both have two free parameters. Fits are kept for a while: the policies of a portfolio share their cells.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, expm1, log, sqrt

import numpy as np
import scipy  # Its parts are loaded when they are first used: a service that estimates nothing starts a second earlier.

from services.policy.quantification.distributions import (
    BoundedPareto,
    Floats,
    Frequency,
    LogNormal,
    NegativeBinomial,
    Poisson,
    Severity,
)
from services.policy.quantification.losses import LogMoments, Observed

LIKELIHOOD_RATIO = 2.705543
"""The upper tenth of chi squared with one degree of freedom: half of it lies at the boundary."""


@dataclass(frozen=True)
class FittedFrequency:
    frequency: Frequency
    claims: int
    insured_years: float
    reason: str


@dataclass(frozen=True)
class FittedSeverity:
    severity: Severity
    count: int
    reason: str


@lru_cache(maxsize=1024)
def fit_frequency(observed: tuple[Observed, ...]) -> FittedFrequency:
    """Of one insured-year. There has to be a claim; a rate of nothing is not known, it is only small."""
    exposure = np.array([float(each.insured_years) for each in observed])
    claims = np.array([each.claims for each in observed], dtype=np.float64)
    rate = float(claims.sum() / exposure.sum())
    known = int(claims.sum()), float(exposure.sum())
    if len(observed) < 2:
        return FittedFrequency(Poisson(rate), *known, "Poisson: one period can't show more variation")
    expected = rate * exposure
    pearson = float(((claims - expected) ** 2 / expected).sum() / (len(observed) - 1))
    fitted, gain = _negative_binomial(claims, exposure, rate)
    moments = f"variance over mean of the {len(observed)} periods {pearson:.2f}, likelihood ratio {gain:.2f}"
    if gain <= LIKELIHOOD_RATIO:
        return FittedFrequency(Poisson(rate), *known, f"Poisson: {moments}, not above {LIKELIHOOD_RATIO:.2f}")
    return FittedFrequency(fitted, *known, f"negative binomial: {moments}, above {LIKELIHOOD_RATIO:.2f}")


@lru_cache(maxsize=256)
def fit_losses(losses: tuple[int, ...], largest: int | None) -> FittedSeverity:
    """Of losses in fen, none of them alike all others."""
    sizes = np.array(losses, dtype=np.float64)
    normal = lognormal_of(sizes)
    ours = _lognormal_likelihood(sizes, normal)
    if largest is None:
        reason = f"lognormal, log-likelihood {ours:.2f}; no largest possible loss is given for a bounded Pareto"
        return FittedSeverity(normal, len(losses), reason)
    pareto = bounded_pareto_of(sizes, float(largest))
    theirs = _pareto_likelihood(sizes, pareto)
    words = f"log-likelihood {ours:.2f} of a lognormal, {theirs:.2f} of a bounded Pareto"
    if theirs > ours:
        return FittedSeverity(pareto, len(losses), f"bounded Pareto: {words}")
    return FittedSeverity(normal, len(losses), f"lognormal: {words}")


def fit_moments(moments: LogMoments, unit: int) -> FittedSeverity:
    """A lognormal from its sufficient statistics; `unit` is how many of our units make one of theirs."""
    fitted = LogNormal(float(moments.mean) + log(unit), sqrt(float(moments.variance)))
    return FittedSeverity(fitted, moments.count, "lognormal: only moments of logarithms are given out")


def lognormal_of(sizes: Floats) -> LogNormal:
    logs = np.log(sizes)
    return LogNormal(float(logs.mean()), float(logs.std()))


def bounded_pareto_of(sizes: Floats, high: float) -> BoundedPareto:
    """The smallest observation is the lower bound; alpha solves the likelihood equation of the truncated law."""
    low = float(sizes.min())
    span, mean = log(high / low), float(np.log(sizes / low).mean())

    def slope(alpha: float) -> float:
        return 1 / alpha - mean - span / expm1(alpha * span)

    if mean >= span / 2:  # As heavy as can be: the likelihood grows down to alpha = 0, which is no power law.
        return BoundedPareto(1e-6, low, high)
    return BoundedPareto(float(scipy.optimize.brentq(slope, 1e-6, min(1e3, 700 / span))), low, high)


def _negative_binomial(claims: Floats, exposure: Floats, rate: float) -> tuple[NegativeBinomial, float]:
    """The most likely one, and twice what its log-likelihood is above the Poisson's."""

    def best_rate(dispersion: float) -> float:
        def slope(mean: float) -> float:
            return float(((claims - mean * exposure) / (1 + dispersion * mean * exposure)).sum())

        return float(scipy.optimize.brentq(slope, rate / 1e6, float((claims / exposure).max()) * 2, rtol=1e-12))

    def against(log_dispersion: float) -> float:
        dispersion = exp(log_dispersion)
        mean, size = best_rate(dispersion) * exposure, 1 / dispersion
        terms = scipy.special.gammaln(claims + size) - scipy.special.gammaln(size) - scipy.special.gammaln(claims + 1)
        terms -= (claims + size) * np.log1p(dispersion * mean) - claims * np.log(dispersion * mean)
        return -float(terms.sum())

    best = scipy.optimize.minimize_scalar(
        against, bounds=(log(1e-6), log(1e3)), method="bounded", options={"xatol": 1e-6}
    )
    expected = rate * exposure
    poisson = float((claims * np.log(expected) - expected - scipy.special.gammaln(claims + 1)).sum())
    dispersion = exp(float(best.x))
    return NegativeBinomial(best_rate(dispersion), dispersion), max(2 * (-float(best.fun) - poisson), 0.0)


def _lognormal_likelihood(sizes: Floats, fitted: LogNormal) -> float:
    logs = np.log(sizes)
    squares = ((logs - fitted.mu) / fitted.sigma) ** 2
    return float((-logs - log(fitted.sigma * sqrt(2 * np.pi)) - squares / 2).sum())


def _pareto_likelihood(sizes: Floats, fitted: BoundedPareto) -> float:
    whole = -expm1(-fitted.alpha * log(fitted.high / fitted.low))
    logs = log(fitted.alpha) + fitted.alpha * log(fitted.low) - (fitted.alpha + 1) * np.log(sizes) - log(whole)
    return float(logs.sum())
