"""The fits on losses that really happened: incidents with an amount in US dollars of the VERIS Community Database."""

import json
from decimal import Decimal
from math import log

import numpy as np
import pytest
from scipy import stats

from services.policy.quantification.distributions import BoundedPareto, LogNormal, Poisson
from services.policy.quantification.fitting import bounded_pareto_of, fit_losses, lognormal_of
from services.policy.quantification.simulation import simulate
from tests.policy.quantification import examples as an
from tests.published import DATA

LARGEST = 10**13
"""In cents. One incident of the set claims more, a million millions, for its brand: that is taken out by name."""
CLAIMS_TOO_MUCH = 10**14


def cents() -> tuple[int, ...]:
    lines = (DATA / "incidents" / "vcdb_incidents.jsonl").read_text("utf-8").splitlines()
    impacts = [json.loads(line).get("impact") for line in lines]
    told = [each for each in impacts if each and each.get("overall_amount") and each.get("currency") == "USD"]
    return tuple(int(Decimal(str(each["overall_amount"])) * 100) for each in told)


def test_real_losses_are_fitted_as_scipy_fits_them() -> None:
    losses = cents()
    sizes = np.array([loss for loss in losses if loss < CLAIMS_TOO_MUCH], dtype=float)

    normal, pareto = lognormal_of(sizes), bounded_pareto_of(sizes, float(LARGEST))

    shape, _, scale = stats.lognorm.fit(sizes, floc=0)
    assert (normal.sigma, normal.mu) == (pytest.approx(shape, rel=1e-3), pytest.approx(log(scale), rel=1e-4))
    low = float(sizes.min())
    alpha, *_ = stats.truncpareto.fit(sizes, fc=LARGEST / low, floc=0, fscale=low)
    assert pareto.alpha == pytest.approx(alpha, rel=1e-2)
    assert len(sizes) > 50


def test_the_likelier_law_of_real_losses_is_taken_and_simulated() -> None:
    losses = tuple(loss for loss in cents() if loss < CLAIMS_TOO_MUCH)

    chosen = fit_losses(losses, LARGEST)

    likelihoods = {
        LogNormal: stats.lognorm.logpdf(losses, *_lognormal(losses)).sum(),
        BoundedPareto: _pareto(losses),
    }
    assert type(chosen.severity) is max(likelihoods, key=lambda law: likelihoods[law])
    risk = an.risk(parts=(an.risk_part("DATA", Poisson(0.5), chosen.severity, limit=1e9, deductible=1e7),))
    paid = simulate(risk, 1, 20_000).total
    assert 0 < paid.mean() < paid.max() == 1e9


def _lognormal(losses: tuple[int, ...]) -> tuple[float, float, float]:
    fitted = lognormal_of(np.array(losses, dtype=float))
    return fitted.sigma, 0.0, float(np.exp(fitted.mu))


def _pareto(losses: tuple[int, ...]) -> float:
    fitted = bounded_pareto_of(np.array(losses, dtype=float), float(LARGEST))
    logs = stats.truncpareto.logpdf(losses, fitted.alpha, fitted.high / fitted.low, scale=fitted.low)
    return float(logs.sum())
