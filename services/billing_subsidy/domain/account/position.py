"""Where a policyholder stands: what is owed, or what there is to give back. Never both."""

from dataclasses import dataclass, replace
from typing import Self

from libs.common.money import Money


@dataclass(frozen=True, slots=True)
class Position:
    """`receivable - unapplied - refundable` is always what was invoiced less what was received and not refunded,
    and less what was written off.

    Unapplied is money beyond what was owed when it came; refundable is return premium. New charges take unapplied
    cash first; refunds are paid from return premium first.
    """

    receivable: Money
    unapplied: Money
    refundable: Money

    @classmethod
    def nothing(cls, currency: str) -> Self:
        zero = Money(currency, 0)
        return cls(zero, zero, zero)

    @property
    def credit(self) -> Money:
        """All that there is to give back."""
        return self.unapplied + self.refundable

    @property
    def balance(self) -> Money:
        """What is owed, negative for what is to be given back."""
        return self.receivable - self.credit

    def charge(self, gross: Money) -> "Position":
        """After an invoice, or a credit note if the amount is negative."""
        if gross.minor_units < 0:
            cut = min(self.receivable, -gross)
            return replace(self, receivable=self.receivable - cut, refundable=self.refundable - gross - cut)
        from_cash = min(self.unapplied, gross)
        from_return = min(self.refundable, gross - from_cash)
        return Position(
            self.receivable + gross - from_cash - from_return, self.unapplied - from_cash, self.refundable - from_return
        )

    def restore(self, gross: Money) -> "Position":
        """After a credit note was taken back: what it gave is owed again, return premium first, so that all is as it
        was before the credit note."""
        from_return = min(self.refundable, gross)
        from_cash = min(self.unapplied, gross - from_return)
        return Position(
            self.receivable + gross - from_return - from_cash, self.unapplied - from_cash, self.refundable - from_return
        )

    def receive(self, amount: Money) -> "Position":
        """After money came in."""
        applied = min(self.receivable, amount)
        return replace(self, receivable=self.receivable - applied, unapplied=self.unapplied + amount - applied)

    def write_off(self, amount: Money) -> "Position":
        """After so much of what is owed was given up."""
        return replace(self, receivable=self.receivable - amount)

    def refund(self, amount: Money) -> "Position":
        """After a credit was paid out; the amount is at most the credit."""
        from_return = min(self.refundable, amount)
        return replace(
            self, refundable=self.refundable - from_return, unapplied=self.unapplied - (amount - from_return)
        )
