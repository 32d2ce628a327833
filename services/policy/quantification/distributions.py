"""How many events a year has, how large a loss is, how long an outage lasts.

A frequency makes the events of a block of years: for each its year in the block and its time in that year. A severity
draws sizes. Each knows its mean and variance, by which the simulation is checked. Sizes are in fen or in hours.
"""

from dataclasses import dataclass
from math import exp, expm1, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.policy.quantification.draws import BLOCK

Floats = NDArray[np.float64]
Years = NDArray[np.int32]


class Events(NamedTuple):
    """When each event happens: the year in its block, and the time in that year, from 0 to below 1."""

    years: Years
    times: Floats


@dataclass(frozen=True)
class Poisson:
    """Independent events."""

    mean: float

    @property
    def variance(self) -> float:
        return self.mean

    def events(self, source: np.random.Generator) -> Events:
        """A Poisson process over the whole block: how many, then when each of them."""
        at = source.random(source.poisson(self.mean * BLOCK)) * BLOCK
        years = at.astype(np.int32)
        at -= years
        return Events(years, at)


@dataclass(frozen=True)
class NegativeBinomial:
    """A Poisson rate that differs from year to year: gamma with mean 1 and variance `dispersion` times `mean`."""

    mean: float
    dispersion: float

    @property
    def variance(self) -> float:
        return self.mean + self.dispersion * self.mean**2

    def events(self, source: np.random.Generator) -> Events:
        rates = source.gamma(1 / self.dispersion, self.dispersion * self.mean, BLOCK)
        years = np.repeat(np.arange(BLOCK, dtype=np.int32), source.poisson(rates))
        return Events(years, source.random(len(years)))


@dataclass(frozen=True)
class LogNormal:
    """`mu` and `sigma` of the natural logarithm."""

    mu: float
    sigma: float

    @property
    def mean(self) -> float:
        return exp(self.mu + self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        return expm1(self.sigma**2) * self.mean**2

    def draw(self, source: np.random.Generator, count: int) -> Floats:
        return source.lognormal(self.mu, self.sigma, count)

    def scaled(self, factor: float) -> "LogNormal":
        return LogNormal(self.mu + log(factor), self.sigma)


@dataclass(frozen=True)
class BoundedPareto:
    """A power law between the smallest and the largest loss that can be."""

    alpha: float
    low: float
    high: float

    @property
    def mean(self) -> float:
        return self._moment(1)

    @property
    def variance(self) -> float:
        return self._moment(2) - self.mean**2

    def draw(self, source: np.random.Generator, count: int) -> Floats:
        sizes: Floats = self.low * (1 - source.random(count) * self._whole) ** (-1 / self.alpha)
        return sizes

    def scaled(self, factor: float) -> "BoundedPareto":
        return BoundedPareto(self.alpha, self.low * factor, self.high * factor)

    @property
    def _whole(self) -> float:
        return -expm1(self.alpha * log(self.low / self.high))

    def _moment(self, order: int) -> float:
        scale = self.alpha * exp(self.alpha * log(self.low)) / self._whole
        rest = order - self.alpha
        if abs(rest) < 1e-9:
            return scale * log(self.high / self.low)
        return scale * (exp(rest * log(self.high)) - exp(rest * log(self.low))) / rest


@dataclass(frozen=True)
class Exponential:
    """For checks against closed forms; losses of cyber risks have heavier tails, so nothing is fitted with it."""

    mean: float

    @property
    def variance(self) -> float:
        return self.mean**2

    def draw(self, source: np.random.Generator, count: int) -> Floats:
        return source.exponential(self.mean, count)

    def scaled(self, factor: float) -> "Exponential":
        return Exponential(self.mean * factor)


Frequency = Poisson | NegativeBinomial
Severity = LogNormal | BoundedPareto | Exponential
