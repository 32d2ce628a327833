"""The roll of a master: which certificates there are, who is in, and what all of them were charged.

It is a stream of its own with a line for each joining and leaving. So neither the contract nor a certificate grows
with the number of members, and whoever has to go through all of them finds them here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from libs.common.money import CNY, Money, total
from services.policy.domain.park.events import CertificateEvent, RollEnded, RollEvent, RollMoved

ZERO = Money(CNY, 0)
BATCH = 50
"""How many certificates end in one append when their master does."""


@dataclass(frozen=True)
class Roll:
    """All members of one master, ever."""

    KIND: ClassVar[str] = "policy.Roll"

    policy_id: str
    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()
    ended: frozenset[str] = frozenset()
    premium: Money = ZERO
    vat: Money = ZERO

    @property
    def members(self) -> int:
        """How many certificates are in force."""
        return len(self.inside)

    @property
    def certificates(self) -> int:
        """How many there were ever."""
        return len(self.inside) + len(self.outside) + len(self.ended)

    def next_to_end(self) -> list[str]:
        """The certificates that end next with their master."""
        return sorted(self.inside | self.outside)[:BATCH]

    def end(self, ended: Sequence[str], events: Sequence[CertificateEvent]) -> list[RollEnded]:
        left = len(self.inside) + len(self.outside) - len(ended)
        return [RollEnded(certificate_ids=tuple(ended), left=left, net=net_of(events), vat=vat_of(events))]

    @classmethod
    def begin(cls, event: RollMoved) -> Self:
        return cls(event.policy_id)._moved(event)

    def evolve(self, event: RollEvent) -> "Roll":
        match event:
            case RollMoved():
                return self._moved(event)
            case RollEnded():
                gone = frozenset(event.certificate_ids)
                return replace(
                    self,
                    inside=self.inside - gone,
                    outside=self.outside - gone,
                    ended=self.ended | gone,
                    premium=self.premium + event.net,
                    vat=self.vat + event.vat,
                )

    def _moved(self, event: RollMoved) -> Self:
        one = frozenset((event.certificate_id,))
        return replace(
            self,
            inside=self.inside | one if event.inside else self.inside - one,
            outside=self.outside - one if event.inside else self.outside | one,
            ended=self.ended - one,
            premium=self.premium + event.net,
            vat=self.vat + event.vat,
        )


def moved(policy_id: str, certificate_id: str, inside: bool, events: Sequence[CertificateEvent]) -> list[RollMoved]:
    """The line that joining or leaving makes; none if nothing happened."""
    if not events:
        return []
    return [
        RollMoved(
            policy_id=policy_id,
            certificate_id=certificate_id,
            inside=inside,
            net=net_of(events),
            vat=vat_of(events),
        )
    ]


def net_of(events: Sequence[CertificateEvent]) -> Money:
    return total(each.net for event in events for each in event.transactions)


def vat_of(events: Sequence[CertificateEvent]) -> Money:
    return total(each.vat for event in events for each in event.transactions)
