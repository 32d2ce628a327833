"""What the end of a master does to all its certificates, as one sum."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.money import CNY, Money, total
from services.policy.domain.park.events import CertificateEnded

ZERO = Money(CNY, 0)


@dataclass(frozen=True)
class EndingSum:
    """How many certificates end, and by what their premium moves: negative for a return."""

    certificates: int = 0
    net: Money = ZERO
    vat: Money = ZERO
    stamp_duty: Money = ZERO

    def plus(self, ended: Sequence[CertificateEnded]) -> "EndingSum":
        """With one more certificate's end; nothing if it had ended before."""
        moved = [each for event in ended for each in event.transactions]
        return EndingSum(
            self.certificates + len(ended),
            self.net + total(each.net for each in moved),
            self.vat + total(each.vat for each in moved),
            self.stamp_duty + total(each.stamp_duty for each in moved),
        )
