"""Exact money: whole minor units of one currency.

Every amount in this system is a `Money`, from the premium in a quote to the subsidy on an invoice. Floats never
appear. A product with a rate is rounded once, half up, at the moment a person could be charged it, as Chinese
bookkeeping does; a split among parties uses largest remainders, so the parts always sum to the whole.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import lcm
from typing import Self

CNY = "CNY"
LARGEST_AMOUNT = 10**15
"""Fen, ten trillion yuan: the most of one amount in a request, and of the premium of a term with VAT, either way.

Whatever is announced of one contract is within it, as all of its parts are. Sums of several contracts may be larger.
"""


def round_half_up(amount: Fraction | Decimal | int) -> int:
    """The nearest whole number; a half goes away from zero, so that a refund rounds as its charge did."""
    return _nearest(*amount.as_integer_ratio())


def _nearest(numerator: int, denominator: int) -> int:
    """The nearest whole number to a ratio. Whole numbers alone: a Fraction would look for common divisors each time."""
    whole = (abs(numerator) * 2 + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


@dataclass(frozen=True, order=True, slots=True)
class Money:
    """An amount in whole minor units (fen for CNY). Amounts of two currencies do not mix: that raises ValueError."""

    currency: str
    minor_units: int

    def __post_init__(self) -> None:
        if type(self.minor_units) is not int:
            raise TypeError(f"minor units are whole: {self.minor_units!r}")

    @classmethod
    def cny(cls, yuan: str | int) -> Self:
        """Money from a decimal text in yuan, `"100.25"`; more than two decimals raise ValueError."""
        fen = Decimal(yuan) * 100
        if fen != fen.to_integral_value():
            raise ValueError(f"{yuan} has parts of a fen")
        return cls(CNY, int(fen))

    def zero(self) -> Self:
        return type(self)(self.currency, 0)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.currency, self.minor_units + self._same(other))

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.currency, self.minor_units - self._same(other))

    def __neg__(self) -> Self:
        return type(self)(self.currency, -self.minor_units)

    def __bool__(self) -> bool:
        return self.minor_units != 0

    def __str__(self) -> str:
        sign, units = ("-", -self.minor_units) if self.minor_units < 0 else ("", self.minor_units)
        return f"{sign}{units // 100:,}.{units % 100:02d} {self.currency}"

    def times(self, rate: Fraction | Decimal | int) -> Self:
        """This amount at an exact rate, rounded half up once."""
        numerator, denominator = rate.as_integer_ratio()
        return type(self)(self.currency, _nearest(self.minor_units * numerator, denominator))

    def allocate(self, weights: Sequence[int | Decimal | Fraction]) -> list[Self]:
        """Splits by largest remainders: the parts sum to the whole, ties go to the earlier part.

        Weights are not negative and not all zero; otherwise ValueError.
        """
        if len(weights) == 1 and weights[0] > 0:
            return [self]
        ratios = [weight.as_integer_ratio() for weight in weights]
        unit = lcm(*(denominator for _, denominator in ratios))
        exact = [numerator * (unit // denominator) for numerator, denominator in ratios]
        total = sum(exact)
        if total <= 0 or any(weight < 0 for weight in exact):
            raise ValueError("weights must not be negative, and not all zero")
        sign = -1 if self.minor_units < 0 else 1
        shares = [divmod(abs(self.minor_units) * weight, total) for weight in exact]
        parts = [whole for whole, _ in shares]
        left = abs(self.minor_units) - sum(parts)
        by_remainder = sorted(range(len(parts)), key=lambda i: (-shares[i][1], i))
        for index in by_remainder[:left]:
            parts[index] += 1
        return [type(self)(self.currency, sign * part) for part in parts]

    def _same(self, other: Self) -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.minor_units


def total(amounts: Iterable[Money], currency: str = CNY) -> Money:
    """The sum, zero of `currency` for none."""
    units = 0
    for amount in amounts:
        if amount.currency != currency:
            raise ValueError(f"{currency} and {amount.currency} do not mix")
        units += amount.minor_units
    return Money(currency, units)


def half_up(amount: Decimal, places: int) -> Decimal:
    """A decimal rounded half up to a number of places, for figures that are shown and never charged."""
    return amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
