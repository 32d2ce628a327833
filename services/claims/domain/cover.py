"""What a claim is decided by: the account of a policy, or of one member of a park policy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from libs.common.money import Money
from services.claims.domain.account import Drawn
from services.claims.domain.coverage.basis import Basis
from services.claims.domain.facts import Facts
from services.claims.domain.terms import Terms


class Cover(Protocol):
    """Terms as known, what is left of the limits, and how they are drawn on."""

    @property
    def certificate_id(self) -> UUID | None:
        """The member's certificate, if it is one's."""

    @property
    def terms(self) -> Terms:
        """The terms as known last."""

    @property
    def part_codes_ever(self) -> frozenset[str]:
        """All parts that there were at any time, as known at any time."""

    def known_by(self, now: datetime) -> datetime:
        """Now, or a little later if what was heard is ahead of our clock."""

    def basis(self, facts: Facts, as_known: datetime, claim_id: UUID) -> Basis:
        """Everything that a coverage check needs, as known at a time."""

    def draws_of(self, claim_id: UUID, wanted: Mapping[str, Money], at: datetime) -> Drawn:
        """Moves what a claim has taken of the limits to `wanted`."""

    def payments_of(
        self, claim_id: UUID, payment_id: UUID, limits: tuple[str, ...], amount: Money, at: datetime
    ) -> Drawn:
        """Uses what a claim has drawn."""
