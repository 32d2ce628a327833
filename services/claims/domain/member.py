"""One member of a park policy: its own sub-limits, and its part in the limits that all members share.

The terms are its certificate's, the aggregate and each part's shared limit are the master's. A claim of a member draws
on both accounts at once, its certificate's and the master's, in one append: so a member never gets more than its
sub-limit, and all of them together never more than the aggregate, whatever happens at the same time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.claims.domain.account import CoverageAccount, Drawn, LimitsPaid
from services.claims.domain.coverage.basis import Basis
from services.claims.domain.facts import Facts
from services.claims.domain.limits import AGGREGATE, SHARED, PartAmount
from services.claims.domain.terms import Segment, Terms


@event("claims.MemberKnown")
class MemberKnown:
    """A member got a certificate, so claims of it can be found by its credit code."""

    policy_id: UUID
    insured_uscc: str
    certificate_id: UUID


@dataclass(frozen=True)
class Member:
    """Which certificate a member of a park policy has."""

    KIND: ClassVar[str] = "claims.Member"

    certificate_id: UUID

    @classmethod
    def begin(cls, event: MemberKnown) -> Self:
        return cls(event.certificate_id)

    def evolve(self, event: MemberKnown) -> "Member":
        return self  # A member keeps its certificate.


@dataclass(frozen=True)
class MemberCover:
    """A certificate's account with its master's."""

    certificate: CoverageAccount
    master: CoverageAccount

    @property
    def certificate_id(self) -> UUID | None:
        return self.certificate.policy_id

    @property
    def terms(self) -> Terms:
        return _sharing(self.certificate.terms, self.master.terms)

    @property
    def part_codes_ever(self) -> frozenset[str]:
        return self.certificate.part_codes_ever

    def known_by(self, now: datetime) -> datetime:
        return max(self.certificate.known_by(now), self.master.known_by(now))

    def basis(self, facts: Facts, as_known: datetime, claim_id: UUID) -> Basis:
        """The certificate's, with what all members have drawn of what they share. The premium is the certificate's."""
        own = self.certificate.basis(facts, as_known, claim_id)
        shared = self.master.basis(facts, as_known, claim_id)
        drawn = {**own.drawn, **{_shared(code): amount for code, amount in shared.drawn.items()}}
        recorded_at = max(own.terms_recorded_at, shared.terms_recorded_at)
        return replace(own, terms=_sharing(own.terms, shared.terms), terms_recorded_at=recorded_at, drawn=drawn)

    def draws_of(self, claim_id: UUID, wanted: Mapping[str, Money], at: datetime) -> Drawn:
        own = {code: amount for code, amount in wanted.items() if _own(code)}
        shared = {code.removeprefix(SHARED): amount for code, amount in wanted.items() if not _own(code)}
        return (
            (self.certificate.policy_id, self.certificate.draw(claim_id, own, at)),
            (self.master.policy_id, self.master.draw(claim_id, shared, at)),
        )

    def payments_of(
        self, claim_id: UUID, payment_id: UUID, limits: tuple[str, ...], amount: Money, at: datetime
    ) -> Drawn:
        own = tuple(PartAmount(code, amount) for code in limits if _own(code))
        shared = tuple(code.removeprefix(SHARED) for code in limits if not _own(code))
        certificate_id = self.certificate.policy_id
        paid = LimitsPaid(policy_id=certificate_id, claim_id=claim_id, payment_id=payment_id, amounts=own, paid_at=at)
        return (
            (certificate_id, [paid]),
            (self.master.policy_id, self.master.pay(claim_id, payment_id, shared, amount, at)),
        )


def know(policy_id: UUID, insured_uscc: str, certificate_id: UUID) -> list[MemberKnown]:
    return [MemberKnown(policy_id=policy_id, insured_uscc=insured_uscc, certificate_id=certificate_id)]


def _own(code: str) -> bool:
    return code != AGGREGATE and not code.startswith(SHARED)


def _shared(code: str) -> str:
    """Under which key a member's claim finds one of the master's limits."""
    return code if code == AGGREGATE else SHARED + code


def _sharing(own: Terms, master: Terms) -> Terms:
    """A member's terms with the limits that it shares: the largest that each has on any day, as its guard has."""
    limits = master.limits

    def with_shared(segment: Segment) -> Segment:
        return replace(
            segment, parts=tuple(replace(part, shared_limit=limits.get(part.code)) for part in segment.parts)
        )

    return replace(
        own, segments=tuple(with_shared(each) for each in own.segments), aggregate_limit=master.aggregate_limit
    )
