"""How claims develop: the volume-weighted chain ladder over a loss triangle, with Mack's standard error.

What is known of young years is brought to its ultimate by how older years have grown: the factor of an age is the sum
of the amounts one age later divided by the sum of the amounts at it, over the years that have both. The standard
error is that of T. Mack, "Distribution-free calculation of the standard error of chain ladder reserve estimates",
ASTIN Bulletin 23/2 (1993), with his extrapolation for an age of which only one year has been seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from libs.common.money import Money
from services.policy.domain.errors import TriangleNotWhole
from services.policy.quantification.measures import fen

LEAST_YEARS = 2
LEAST_FOR_ERRORS = 4
"""Mack's extrapolation needs the variances of two ages before the last."""
ONE_YEAR_SEEN = "the variance of an age needs two years that have passed it, except at the last age"
TOO_FEW_YEARS = f"a standard error needs {LEAST_FOR_ERRORS} years of origin at least"
NOTHING_YET = "an age has a year without any amount, so its variance is not known"


@dataclass(frozen=True)
class Developed:
    """One year of origin; `standard_error` is None where it can't be told."""

    origin: int
    latest: Money
    ultimate: Money
    outstanding: Money
    """Ultimate less latest: what is still to come, reported or not (IBNR in the wide sense); may be below 0."""
    standard_error: Money | None


@dataclass(frozen=True)
class Development:
    """`factors[k]` leads from age k + 1 to age k + 2; `no_error` says why there are no standard errors."""

    factors: tuple[float, ...]
    years: tuple[Developed, ...]
    latest: Money
    ultimate: Money
    outstanding: Money
    standard_error: Money | None
    no_error: str


@dataclass(frozen=True)
class Triangle:
    """Cumulative amounts in fen: a row for each year of origin, the oldest first, by age from 1."""

    origins: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    currency: str

    @property
    def ages(self) -> int:
        return len(self.rows[0])

    def sum_at(self, age: int, until: int) -> int:
        """The amounts at an age (from 0) of the years that have reached the age `until`."""
        return sum(row[age] for row in self.rows if len(row) > until)


def triangle_of(cells: Mapping[tuple[int, int], Money], field: str) -> Triangle:
    """Puts amounts by (origin, age from 1) in place. Refuses gaps, several currencies, and a younger year that is known
    for longer than an older one; the refusal names the cell."""
    if len({origin for origin, _ in cells}) < LEAST_YEARS:
        raise TriangleNotWhole(field=field, problem=f"must have {LEAST_YEARS} years of origin at least")
    currencies = {amount.currency for amount in cells.values()}
    if len(currencies) > 1:
        raise TriangleNotWhole(field=field, problem=f"has several currencies: {', '.join(sorted(currencies))}")
    first, last = min(origin for origin, _ in cells), max(origin for origin, _ in cells)
    rows: list[tuple[int, ...]] = []
    for origin in range(first, last + 1):
        known = max((age for year, age in cells if year == origin), default=0)
        missing = [age for age in range(1, max(known, 1) + 1) if (origin, age) not in cells]
        if missing:
            raise TriangleNotWhole(field=field, problem=f"has no amount of {origin} at age {missing[0]}")
        if rows and known > len(rows[-1]):
            raise TriangleNotWhole(field=field, problem=f"knows {origin} to age {known}, the year before it to less")
        rows.append(tuple(cells[origin, age].minor_units for age in range(1, known + 1)))
    return Triangle(tuple(range(first, last + 1)), tuple(rows), currencies.pop())


def develop(triangle: Triangle, field: str) -> Development:
    """Brings every year to its ultimate. Refuses an age that has nothing to grow from in the years that passed it."""
    factors = tuple(_factor(triangle, age, field) for age in range(triangle.ages - 1))
    ultimates = [_grown(row[-1], factors[len(row) - 1 :]) for row in triangle.rows]
    variances, no_error = _variances(triangle, factors)
    errors = None if no_error else [_error(triangle, factors, variances, index) for index in range(len(ultimates))]
    whole = None if errors is None else _whole_error(triangle, factors, variances, ultimates, errors)

    def money(amount: float) -> Money:
        return fen(amount, triangle.currency)

    years = tuple(
        Developed(
            origin,
            latest=money(row[-1]),
            ultimate=money(ultimate),
            outstanding=money(ultimate) - money(row[-1]),
            standard_error=None if errors is None else money(errors[index]),
        )
        for index, (origin, row, ultimate) in enumerate(zip(triangle.origins, triangle.rows, ultimates, strict=True))
    )
    latest, ultimate = money(sum(row[-1] for row in triangle.rows)), money(sum(ultimates))
    error = None if whole is None else money(whole)
    return Development(factors, years, latest, ultimate, ultimate - latest, error, no_error)


def _factor(triangle: Triangle, age: int, field: str) -> float:
    before = triangle.sum_at(age, age + 1)
    if before <= 0:
        raise TriangleNotWhole(field=field, problem=f"has nothing at age {age + 1} from which later ages could grow")
    return triangle.sum_at(age + 1, age + 1) / before


def _grown(amount: float, factors: Sequence[float]) -> float:
    for factor in factors:
        amount *= factor
    return amount


def _variances(triangle: Triangle, factors: Sequence[float]) -> tuple[list[float], str]:
    """Mack's sigma squared of each age, or why they are not known."""
    if len(triangle.rows) < LEAST_FOR_ERRORS or len(factors) < LEAST_FOR_ERRORS - 1:
        return [], TOO_FEW_YEARS
    found: list[float] = []
    for age, factor in enumerate(factors):
        passed = [row for row in triangle.rows if len(row) > age + 1]
        if any(row[age] <= 0 for row in passed):
            return [], NOTHING_YET
        if len(passed) > 1:
            squares = sum(row[age] * (row[age + 1] / row[age] - factor) ** 2 for row in passed)
            found.append(squares / (len(passed) - 1))
        elif age == len(factors) - 1:
            older, old = found[-2], found[-1]
            found.append(min(old**2 / older, older, old) if older else 0.0)
        else:
            return [], ONE_YEAR_SEEN
    return found, ""


def _error(triangle: Triangle, factors: Sequence[float], variances: Sequence[float], index: int) -> float:
    """Of one year: what its own growth may differ by, and what the factors may."""
    row = triangle.rows[index]
    amount, sum_of_ages = float(row[-1]), 0.0
    if amount <= 0:
        return 0.0
    for age in range(len(row) - 1, len(factors)):
        ratio = variances[age] / factors[age] ** 2
        sum_of_ages += ratio * (1 / amount + 1 / triangle.sum_at(age, age + 1))
        amount *= factors[age]
    return amount * sqrt(sum_of_ages)


def _whole_error(
    triangle: Triangle,
    factors: Sequence[float],
    variances: Sequence[float],
    ultimates: Sequence[float],
    errors: Sequence[float],
) -> float:
    """Of all years together, which share the factors, and so are off in the same direction."""
    square = 0.0
    for index, row in enumerate(triangle.rows):
        shared = sum(
            2 * variances[age] / factors[age] ** 2 / triangle.sum_at(age, age + 1)
            for age in range(len(row) - 1, len(factors))
        )
        square += errors[index] ** 2 + ultimates[index] * sum(ultimates[index + 1 :]) * shared
    return sqrt(square)
