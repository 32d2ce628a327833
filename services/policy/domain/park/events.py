"""What can happen to a certificate, and to the roll of the members of a master."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from libs.common.dates import Period
from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.cover import Cover, PartTerms
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.policy.values import Transaction
from services.policy.domain.product.park import ParkPayer
from services.policy.domain.rating import Worksheet


class CertificateStatus(StrEnum):
    IN_FORCE = "in_force"
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Stay:
    """The days on which a member is in, `[joins_on, leaves_on)`, with its sub-limits.

    A member that leaves on its first day was never in. `request_id` tells a retry from a second joining.
    """

    number: int
    joins_on: date
    leaves_on: date
    parts: tuple[PartTerms, ...]
    cover: Cover
    worksheet: Worksheet
    recorded_at: datetime
    request_id: str
    reason: str = ""

    def covers(self, day: date) -> bool:
        return self.joins_on <= day < self.leaves_on

    def meets(self, first: date, end: date) -> bool:
        """Whether a day of `[first, end)` is one of its own."""
        return max(first, self.joins_on) < min(end, self.leaves_on)


@dataclass(frozen=True)
class StayCut:
    """The new end of a stay."""

    stay: int
    leaves_on: date


@dataclass(frozen=True)
class Master:
    """What a certificate repeats of its master: who, which, and when."""

    policy_id: str
    policy_number: str
    operator: Enterprise
    term: Period
    payer: ParkPayer
    exclusions: tuple[str, ...]


@event("policy.CertificateIssued")
class CertificateIssued:
    """A member joined; the first event of its certificate, and again whenever it comes back.

    `leads_to` is how the certificate stands then: who joins for days that end is on its way out.
    """

    certificate_number: str
    master: Master
    member: Enterprise
    stay: Stay
    leads_to: CertificateStatus
    transactions: tuple[Transaction, ...]


@event("policy.CertificateWithdrawn")
class CertificateWithdrawn:
    """A member left: the stay ends, and premium comes back."""

    stay: int
    joins_on: date
    leaves_on: date
    reason: str
    transactions: tuple[Transaction, ...]


@event("policy.CertificateEnded")
class CertificateEnded:
    """The master ended, and the certificate with it. `ended_on` is the master's first day without cover.

    `cut` are the stays that end with it.
    """

    cause: CertificateStatus
    ended_on: date
    cut: tuple[StayCut, ...]
    transactions: tuple[Transaction, ...]


CertificateEvent = CertificateIssued | CertificateWithdrawn | CertificateEnded


@event("policy.RollMoved")
class RollMoved:
    """A member joined or left: `inside` says which. The amounts are what its certificate's premium moved by."""

    policy_id: str
    certificate_id: str
    inside: bool
    net: Money
    vat: Money


@event("policy.RollEnded")
class RollEnded:
    """Certificates ended with their master; `left` are still to follow."""

    certificate_ids: tuple[str, ...]
    left: int
    net: Money
    vat: Money


RollEvent = RollMoved | RollEnded
