"""Which rates of VAT a movement of premium bears.

What is charged bears the rate of the day on which it is charged; what is given back bears the rate at which it was
charged. So a movement that raises premium has the rate of the day on which it was recorded. One that lowers premium
takes back what was charged last, as far as that is unearned on its day; an end of cover takes back of everything that
is unearned, in proportion. The premium at each rate is rounded half up once in each movement.

The opposite of a movement bears what the movement bore, and an endorsement that is put back what it bore before, with
the difference as a movement of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from libs.common.money import Money, round_half_up, total
from services.policy.domain.policy.values import PartAmount, Taxed, Transaction, TransactionKind
from services.policy.domain.product.terms import DatedRate

ENDS = (TransactionKind.CANCEL, TransactionKind.LEAVE)
Rates = dict[Decimal, dict[str, Money]]


@dataclass(frozen=True)
class VatTable:
    """The contract's own rate, which what was charged at binding bears, and the dated rates for what comes later."""

    contract: Decimal
    expiry: date
    dated: tuple[DatedRate, ...] = ()

    def rate_on(self, day: date) -> Decimal:
        """The rate of a day; the contract's own if the table does not reach so far back."""
        valid = [rate for rate in self.dated if rate.valid_from <= day]
        return max(valid, key=lambda rate: rate.valid_from).rate if valid else self.contract

    def taxed(
        self,
        kind: TransactionKind,
        effective: date,
        recorded_on: date,
        deltas: Mapping[str, Money],
        so_far: Sequence[Transaction],
        put_back: Transaction | None,
    ) -> tuple[Taxed, ...]:
        """What of a movement bears which rate; nothing if all of it bears the contract's own."""
        rates: Rates = {}
        known = dict(deltas)
        for piece in self._pieces(put_back) if put_back and kind not in ENDS else ():
            for part in piece.parts:
                _add(rates, piece.rate, part.part_code, part.amount)
                known[part.part_code] = known.get(part.part_code, part.amount.zero()) - part.amount
        for code, amount in known.items():
            if amount.minor_units > 0:
                _add(rates, self.rate_on(recorded_on), code, amount)
            elif amount:
                unearned = self._unearned(so_far, code, effective)
                shared = _in_proportion if kind in ENDS else _last_first
                for rate, back in shared(-amount, unearned, self.contract):
                    _add(rates, rate, code, -back)
        pieces = tuple(_piece(rate, parts) for rate, parts in rates.items() if any(parts.values()))
        return () if {piece.rate for piece in pieces} <= {self.contract} else pieces

    def _unearned(self, so_far: Iterable[Transaction], code: str, day: date) -> dict[Decimal, Fraction]:
        """What of a part's premium is unearned on a day, by rate, in the order in which rates were first charged."""
        left: dict[Decimal, Fraction] = {}
        for made in so_far:
            whole = (self.expiry - made.effective_date).days
            remaining = (
                Fraction((self.expiry - max(day, made.effective_date)).days, whole) if whole > 0 else Fraction(0)
            )
            for piece in self._pieces(made):
                for part in piece.parts:
                    if part.part_code == code:
                        left[piece.rate] = left.get(piece.rate, Fraction(0)) + part.amount.minor_units * remaining
        return {rate: amount for rate, amount in left.items() if amount > 0}

    def _pieces(self, made: Transaction) -> tuple[Taxed, ...]:
        return made.taxed or (Taxed(self.contract, made.parts, made.vat),)


def _last_first(amount: Money, unearned: Mapping[Decimal, Fraction], otherwise: Decimal) -> list[tuple[Decimal, Money]]:
    """An amount that is given back, of what was charged last first; what is more than all that bears the first rate."""
    parts: list[tuple[Decimal, Money]] = []
    for rate, most in reversed(list(unearned.items())):
        taken = min(amount, Money(amount.currency, round_half_up(most)))
        parts.append((rate, taken))
        amount = amount - taken
    return [*parts, (next(iter(unearned), otherwise), amount)]


def _in_proportion(
    amount: Money, unearned: Mapping[Decimal, Fraction], otherwise: Decimal
) -> list[tuple[Decimal, Money]]:
    if not unearned:
        return [(otherwise, amount)]
    return list(zip(unearned, amount.allocate(list(unearned.values())), strict=True))


def _add(rates: Rates, rate: Decimal, code: str, amount: Money) -> None:
    parts = rates.setdefault(rate, {})
    parts[code] = parts.get(code, amount.zero()) + amount


def _piece(rate: Decimal, parts: Mapping[str, Money]) -> Taxed:
    amounts = tuple(PartAmount(code, amount) for code, amount in parts.items() if amount)
    return Taxed(rate, amounts, total(part.amount for part in amounts).times(rate))
