"""From an extract of the loss database to the distributions of a risk: what is chosen, why, and what is refused."""

from decimal import Decimal
from math import log

import numpy as np
import pytest
from scipy import optimize, stats

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.errors import AnswerMissing, FactorMissing, LossCellMissing, TooFewLosses
from services.policy.quantification.calibration import calibrate
from services.policy.quantification.distributions import BoundedPareto, LogNormal, NegativeBinomial, Poisson
from services.policy.quantification.fitting import bounded_pareto_of, fit_frequency, fit_losses, lognormal_of
from services.policy.quantification.losses import LossExtract
from tests.policy.quantification import examples as an

TERMS = (an.terms("DATA"), an.terms("EXTORTION"))


def fitted(extract: LossExtract, **changes: object) -> object:
    return calibrate(extract, "losses", an.profile(**changes), TERMS, None)  # type: ignore[arg-type]


def test_a_steady_rate_is_poisson_with_claims_over_insured_years() -> None:
    found = fit_frequency(an.observed((400, 30), (420, 27), (450, 35), (470, 33)))

    assert found.frequency == Poisson(125 / 1740)
    assert (found.claims, found.insured_years) == (125, 1740.0)
    assert found.reason.startswith("Poisson: variance over mean of the 4 periods 0.")


def test_years_that_differ_are_negative_binomial_and_the_fit_finds_what_they_were_drawn_from() -> None:
    source = np.random.default_rng(5)
    rates = source.gamma(1 / 0.8, 0.8, 400) * 0.1 * 300
    drawn = an.observed(*((300, int(count)) for count in source.poisson(rates)))

    found = fit_frequency(drawn)

    assert isinstance(found.frequency, NegativeBinomial)
    assert found.frequency.mean == pytest.approx(0.1, rel=0.15)
    assert found.frequency.dispersion == pytest.approx(0.8, rel=0.2)
    assert found.reason.startswith("negative binomial: variance over mean of the 400 periods")


def test_the_negative_binomial_is_the_one_that_a_general_search_finds() -> None:
    counts, years = (4, 31, 9, 38, 6), (410, 455, 470, 520, 560)
    found = fit_frequency(an.observed(*zip(years, counts, strict=True))).frequency
    assert isinstance(found, NegativeBinomial)

    def against(logs: np.ndarray) -> float:
        means, size = np.exp(logs[0]) * np.array(years), np.exp(-logs[1])
        return -float(stats.nbinom.logpmf(counts, size, size / (size + means)).sum())

    patient = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 10_000, "maxfev": 10_000}
    best = optimize.minimize(against, [log(0.04), 0.0], method="Nelder-Mead", options=patient)
    assert (log(found.mean), log(found.dispersion)) == (
        pytest.approx(best.x[0], abs=1e-4),
        pytest.approx(best.x[1], abs=1e-4),
    )


def test_one_period_can_only_be_poisson() -> None:
    assert fit_frequency(an.observed((400, 30))).frequency == Poisson(30 / 400)


def test_the_lognormal_is_the_one_that_scipy_finds() -> None:
    sizes = np.random.default_rng(3).lognormal(14, 1.5, 500)

    found = lognormal_of(sizes)

    shape, _, scale = stats.lognorm.fit(sizes, floc=0)
    assert (found.sigma, found.mu) == (pytest.approx(shape, rel=1e-4), pytest.approx(log(scale), rel=1e-4))


def test_the_bounded_pareto_is_the_one_that_scipy_finds() -> None:
    law = BoundedPareto(1.3, 1e5, 1e9)
    sizes = law.draw(np.random.default_rng(3), 2_000)

    found = bounded_pareto_of(sizes, 1e9)

    low = float(sizes.min())
    best = stats.truncpareto.fit(sizes, fc=1e9 / low, floc=0, fscale=low)
    assert found.alpha == pytest.approx(best[0], rel=1e-3)
    assert found.alpha == pytest.approx(1.3, rel=0.1)


def test_the_likelier_severity_is_taken() -> None:
    source = np.random.default_rng(11)
    pareto = tuple(round(float(loss)) for loss in BoundedPareto(1.1, 1e6, 1e10).draw(source, 300))
    normal = tuple(round(float(loss)) for loss in LogNormal(16, 1.2).draw(source, 300))

    assert isinstance(fit_losses(pareto, 10**10).severity, BoundedPareto)
    assert isinstance(fit_losses(normal, 10**12).severity, LogNormal)
    assert isinstance(fit_losses(pareto, None).severity, LogNormal)
    assert fit_losses(pareto, 10**10).reason.startswith("bounded Pareto: log-likelihood")


def test_moments_give_the_lognormal_that_the_losses_would_give() -> None:
    losses = an.cell("DATA").losses
    logs = [log(loss.minor_units / 100) for loss in losses]
    moments = an.moments(float(np.mean(logs)), float(np.var(logs)), len(losses))

    direct = fitted(an.extract(an.cell("DATA"), an.cell("EXTORTION")))
    by_moments = fitted(an.extract(an.cell("DATA", losses=(), loss_moments=moments), an.cell("EXTORTION")))

    found, expected = by_moments.risk.parts[0].severity, direct.risk.parts[0].severity  # type: ignore[attr-defined]
    assert (found.mu, found.sigma) == (pytest.approx(expected.mu), pytest.approx(expected.sigma))


def test_the_nearest_cell_is_taken_and_named() -> None:
    everyone = an.cell("DATA", industry="", size=None)
    section = an.cell("DATA", industry="I", size=None)
    division = an.cell("DATA", industry="I65", size=EnterpriseSize.SMALL)
    other = an.cell("EXTORTION")

    names = [
        fitted(an.extract(*cells, other)).parts[0].cell  # type: ignore[attr-defined]
        for cells in ((everyone,), (everyone, section), (everyone, section, division))
    ]

    assert names == ["DATA / all industries / all sizes", "DATA / I / all sizes", "DATA / I65 / small"]


def test_answers_scale_how_often_and_how_large() -> None:
    yes, no = fitted(an.extract(), mfa="yes"), fitted(an.extract(), mfa="no")

    ours, theirs = yes.risk.parts[0], no.risk.parts[0]  # type: ignore[attr-defined]
    assert theirs.frequency.mean / ours.frequency.mean == pytest.approx(1.4 / 0.75)
    assert theirs.severity.mean / ours.severity.mean == pytest.approx(1.1)


def test_what_is_missing_is_refused_by_its_name() -> None:
    data, extortion = an.cell("DATA"), an.cell("EXTORTION")

    with pytest.raises(LossCellMissing) as no_cell:
        fitted(an.extract(data))
    with pytest.raises(AnswerMissing) as no_answer:
        fitted(an.extract(), mfa="")
    with pytest.raises(FactorMissing) as no_factor:
        fitted(an.extract(effects=an.extract().effects[:1]), mfa="no")
    with pytest.raises(TooFewLosses) as few:
        fitted(an.extract(data, an.cell("EXTORTION", losses=extortion.losses[:9])))
    with pytest.raises(TooFewLosses) as no_claim:
        fitted(an.extract(an.cell("DATA", observed=an.observed((400, 0))), extortion))

    assert no_cell.value.details["part_code"] == "EXTORTION"
    assert no_answer.value.details == {"question": "MFA"}
    assert no_factor.value.details == {"table": "effects of MFA", "key": "no"}
    assert few.value.details == {"cell": "EXTORTION / I / small", "what": "losses", "count": "9", "least": "10"}
    assert no_claim.value.details["what"] == "claims"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"observed": ()}, "losses.cells[0].observed"),
        ({"losses": ()}, "losses.cells[0].losses"),
        ({"losses": (Money.cny(5),) * 20}, "losses.cells[0].losses"),
        ({"losses": (Money("USD", 5),) * 20}, "losses.cells[0].losses"),
    ],
)
def test_a_cell_that_can_not_be_fitted_is_refused_by_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        fitted(an.extract(an.cell("DATA", **changes), an.cell("EXTORTION")))

    assert refusal.value.field == field


def test_a_part_with_a_waiting_period_needs_the_duration_of_outages() -> None:
    waiting = (an.terms("BI", waiting_hours=8),)
    hours = tuple(Decimal(hour) for hour in (2, 3, 5, 8, 9, 12, 20, 24, 30, 72))

    with pytest.raises(InvalidField) as refusal:
        calibrate(an.extract(an.cell("BI")), "losses", an.profile(), waiting, None)
    found = calibrate(an.extract(an.cell("BI", outage_hours=hours)), "losses", an.profile(), waiting, None)

    assert refusal.value.field == "losses.cells[0].outage_hours"
    outage = found.risk.parts[0].outage
    assert isinstance(outage, LogNormal)
    assert outage.mu == pytest.approx(np.log([float(hour) for hour in hours]).mean())


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ((an.cell("DATA"), an.cell("DATA")), "losses.cells[1]"),
        ((an.cell("DATA", insureds=9),), "losses.cells[0].insureds"),
        ((an.cell("DATA", industry="Z"),), "losses.cells[0].industry"),
        ((an.cell("DATA", observed=an.observed((0, 3))),), "losses.cells[0].observed[0].insured_years"),
        ((an.cell("DATA", losses=(Money.cny(0),)),), "losses.cells[0].losses[0]"),
        ((an.cell("DATA", loss_moments=an.moments(1, 1)),), "losses.cells[0].loss_moments"),
        ((an.cell("DATA", losses=(), loss_moments=an.moments(1, 0)),), "losses.cells[0].loss_moments.variance"),
        ((an.cell("DATA", outage_hours=(Decimal(0),)),), "losses.cells[0].outage_hours[0]"),
        ((an.cell("DATA", largest_possible=Money.cny(1)),), "losses.cells[0].largest_possible"),
    ],
)
def test_an_extract_that_contradicts_itself_is_refused(cells: tuple[object, ...], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        an.extract(*cells).check("losses")  # type: ignore[arg-type]

    assert refusal.value.field == field


def test_the_example_extract_is_in_order() -> None:
    an.extract().check("losses")
