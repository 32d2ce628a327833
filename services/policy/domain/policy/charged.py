"""The movements of premium that one command makes, numbered on from those of the policy."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from libs.common.dates import date_in_shanghai
from libs.common.money import Money
from services.policy.domain.policy.charge import Charging, Terms, bookable, opposite
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.lifeline import Charge
from services.policy.domain.policy.values import Transaction, TransactionKind
from services.policy.domain.policy.vat import VatTable
from services.policy.domain.product.terms import DatedRate


def live_transaction(transactions: Sequence[Transaction], endorsement: int) -> Transaction:
    """The movement by which an endorsement is charged now."""
    return next(
        each
        for each in reversed(transactions)
        if each.endorsement == endorsement and each.kind is not TransactionKind.REVERSE
    )


class Charged:
    """Numbers on from `so_far`; iterates over what was made."""

    def __init__(
        self, bound: Bound, so_far: Sequence[Transaction], at: datetime, vat_rates: Sequence[DatedRate] = ()
    ) -> None:
        """`vat_rates` are needed by whatever may raise the premium."""
        self._vat = VatTable(bound.vat_rate, bound.period.expiry, tuple(vat_rates))
        self._so_far = so_far
        self._charging = Charging.of(bound)
        self._at = at
        self._made: list[Transaction] = []

    def reverse(self, charge: Charge) -> None:
        """Takes back what a place of the timeline is charged by now, to the last fen of tax and share."""
        self._made.append(opposite(self._live(charge), self._next, self._at))

    def take_back(self, endorsement: int) -> None:
        self._made.append(opposite(live_transaction(self._so_far, endorsement), self._next, self._at))

    def undo(self, made: Transaction) -> None:
        """The opposite of what a cancellation moved: its return premium is due again, its reversals are put back."""
        put_back = made.kind is TransactionKind.REVERSE
        kind = TransactionKind.REAPPLY if put_back else TransactionKind.REINSTATE
        refers_to = made.refers_to if put_back else made.number
        self._made.append(replace(opposite(made, self._next, self._at), kind=kind, refers_to=refers_to))

    def add(self, charge: Charge) -> None:
        self._append(charge, charge.kind, None)

    def add_again(self, charge: Charge) -> None:
        """Puts back on top what was taken back; an endorsement says so by its kind."""
        kind = TransactionKind.REAPPLY if charge.endorsement else charge.kind
        self._append(charge, kind, self._live(charge))

    def give_back(self, effective: date, deltas: dict[str, Money], terms: Terms) -> None:
        self.add(Charge(TransactionKind.CANCEL, effective, deltas, terms))

    def raised(self) -> tuple[Transaction, ...]:
        """What was made, refused if the premium of the term has become larger than what is booked."""
        return bookable(self._so_far, self._made)

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._made)

    def _live(self, charge: Charge) -> Transaction:
        """By which movement a place of the timeline is charged; two ends, or two beginnings, never share a day."""
        if charge.endorsement:
            return live_transaction(self._so_far, charge.endorsement)
        place = (charge.kind, charge.effective)
        return next(each for each in reversed(self._so_far) if (each.kind, each.effective_date) == place)

    def _append(self, charge: Charge, kind: TransactionKind, put_back: Transaction | None) -> None:
        so_far = (*self._so_far, *self._made)
        taxed = self._vat.taxed(
            charge.kind, charge.effective, date_in_shanghai(self._at), charge.deltas, so_far, put_back
        )
        made = self._charging.transaction(
            self._next,
            kind,
            charge.effective,
            self._at,
            charge.deltas,
            charge.terms,
            charge.endorsement,
            put_back.number if put_back else 0,
            taxed,
        )
        self._made.append(made)

    @property
    def _next(self) -> int:
        return len(self._so_far) + len(self._made) + 1
