"""What is known of an expiring policy's claims and duties when its renewal is rated."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from libs.common.money import Money

HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Experience:
    """Of one term, as known on a day. `premium` is that of the whole timeline, net of VAT."""

    policy_number: str
    claims: int
    open_claims: int
    paid: Money
    outstanding: Money
    premium: Money
    breached_duties: int
    known_on: date

    @property
    def loss_ratio_percent(self) -> Decimal:
        """Paid and outstanding in percent of the premium, to two places; of a free policy, nothing."""
        if self.premium.minor_units <= 0:
            return Decimal(0)
        incurred = Decimal((self.paid + self.outstanding).minor_units)
        return (incurred * 100 / self.premium.minor_units).quantize(HUNDREDTH, ROUND_HALF_UP)

    @property
    def source(self) -> str:
        """Where the figures come from, for the worksheet."""
        return (
            f"policy {self.policy_number} as known on {self.known_on}: {self.claims} claims, {self.open_claims} open,"
            f" paid {self.paid}, outstanding {self.outstanding}"
        )
