"""Simulated years per second through deductibles, waiting periods, limits and an aggregate, against plain numpy.

The reference is what one would write by hand for the losses alone: how many a year, how large, summed by year, without
any term of the policy. Both sides take a million years of the same four parts. The peak memory of a run by itself, in a
process of its own, must stay below one GiB.
"""

import resource
import subprocess
import sys
from time import perf_counter, process_time

import numpy as np

from services.policy.quantification.conditions import Conditions, Risk, RiskPart
from services.policy.quantification.distributions import LogNormal, Poisson
from services.policy.quantification.measures import measure
from services.policy.quantification.simulation import YearLosses, simulate
from tests.bench.figures import QUICK, Figure, Size, alternate
from tests.bench.place import Place

YEARS, QUICK_YEARS = 1_000_000, 100_000
SEED = 20260101
GIB = 2**30

# Amounts in fen: about one year in a hundred reaches the aggregate.
PARTS = (
    RiskPart(Conditions("DATA", limit=5e9, deductible=1e6, borne=0.1), Poisson(0.3), LogNormal(17.0, 1.8)),
    RiskPart(Conditions("EXTORTION", limit=1e9, deductible=1e6, borne=0.1), Poisson(0.2), LogNormal(16.5, 1.5)),
    RiskPart(Conditions("RESPONSE", limit=5e8, deductible=2e5, parent="DATA"), Poisson(0.25), LogNormal(15.0, 1.2)),
    RiskPart(Conditions("BI", limit=2e9, waiting_hours=8), Poisson(0.2), LogNormal(16.0, 1.4), LogNormal(2.5, 1.0)),
)
RISK = Risk("bench", PARTS, aggregate=7e8)


async def simulate_vs_numpy(place: Place, size: Size) -> Figure:
    years = QUICK_YEARS if size is QUICK else YEARS
    cpu: dict[str, list[float]] = {"ours": [], "reference": []}

    async def ours() -> float:
        started, before = perf_counter(), process_time()
        simulated = simulate(RISK, SEED, years)
        total = simulated.total
        took = perf_counter() - started
        cpu["ours"].append(process_time() - before)
        check_ours(simulated, total)
        return years / took

    async def reference() -> float:
        started, before = perf_counter(), process_time()
        total = plain(years)
        took = perf_counter() - started
        cpu["reference"].append(process_time() - before)
        check_mean(float(total.mean()), sum(part.frequency.mean * part.severity.mean for part in PARTS), years)
        return years / took

    simulate(RISK, SEED, QUICK_YEARS), plain(QUICK_YEARS)  # What is done once only is done before.
    figure = await alternate(Figure("years/s"), size.rounds, ours, reference)
    figure.notes |= {"years": years, "parts": len(PARTS), "peak_bytes": peak_of_a_run(years), "cpu_seconds": cpu}
    reached = simulate(RISK, SEED, years).total >= RISK.aggregate * (1 - 1e-12)
    figure.notes["years_at_the_aggregate"] = int(reached.sum())
    return figure


def plain(years: int) -> np.ndarray:
    """The losses of each year without any term, as one would write them by hand."""
    source = np.random.default_rng(SEED)
    total = np.zeros(years)
    for part in PARTS:
        severity = part.severity
        if not isinstance(severity, LogNormal):
            raise TypeError(f"{severity} is not lognormal")
        counts = source.poisson(part.frequency.mean, years)
        losses = source.lognormal(severity.mu, severity.sigma, int(counts.sum()))
        total += np.bincount(np.repeat(np.arange(years), counts), weights=losses, minlength=years)
    return total


def check_ours(simulated: YearLosses, total: np.ndarray) -> None:
    """The losses have their mean; nothing is paid beyond a limit."""
    check_mean(float(simulated.ground_up.sum()), sum(p.frequency.mean * p.severity.mean for p in PARTS), len(total))
    beyond = [
        part.conditions.code
        for part, paid in zip(PARTS, simulated.paid, strict=True)
        if paid.max() > part.conditions.limit * (1 + 1e-12)
    ]
    if beyond or total.max() > RISK.aggregate * (1 + 1e-12) or not 0 < total.mean() < simulated.ground_up.sum():
        raise AssertionError(f"more is paid than the terms allow: {beyond}, {total.max()}")


def check_mean(found: float, exact: float, years: int) -> None:
    variance = sum(part.frequency.mean * (part.severity.variance + part.severity.mean**2) for part in PARTS)
    if abs(found - exact) > 6 * (variance / years) ** 0.5:
        raise AssertionError(f"the mean is {found}, not {exact}")


def peak_of_a_run(years: int) -> int:
    """The largest resident memory of a process that does nothing but one run with all its measures."""
    command = [sys.executable, "-m", "tests.bench.simulating", str(years)]
    peak = int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)
    if peak >= GIB:
        raise AssertionError(f"a run of {years} years took {peak / GIB:.2f} GiB")
    return peak


if __name__ == "__main__":
    measure(simulate(RISK, SEED, int(sys.argv[1])).total)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
