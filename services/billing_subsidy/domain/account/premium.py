"""Premium as billing knows it: the policy's facts, its movements of premium, and what of them is earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from libs.common.dates import Period
from libs.common.money import Money, round_half_up, total
from services.billing_subsidy.domain.account.cessions import CededShare, ReinsurersPart, divide


class MovementKind(StrEnum):
    BIND = "bind"
    ENDORSE = "endorse"
    REVERSE = "reverse"
    REAPPLY = "reapply"
    CANCEL = "cancel"
    REINSTATE = "reinstate"
    JOIN = "join"
    LEAVE = "leave"
    EXTEND_REPORTING = "extend_reporting"


@dataclass(frozen=True, slots=True)
class Insurer:
    """Who carries part of the risk; the lead keeps these books."""

    insurer_id: str
    percent: Decimal
    lead: bool


@dataclass(frozen=True, slots=True)
class QuotaShare:
    """The treaty that takes part of the lead's own share."""

    reinsurer_id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """What billing keeps of a policy, as it was bound. Shares and subsidy criteria do not change in the term.

    A member's certificate under a park policy has an account of its own, whose insured is the member: `master_id` is
    the park policy's, and `payer_uscc` says who owes the premium if it is not the insured.
    `critical_infrastructure`: the insured or one of its systems was declared to be that (关键信息基础设施).
    """

    policy_id: UUID
    policy_number: str
    insured_uscc: str
    size: str
    industry: str
    region: str
    line: str
    subsidy_classes: tuple[str, ...]
    term: Period
    currency: str
    insurers: tuple[Insurer, ...] = ()
    quota_share: QuotaShare | None = None
    cessions: tuple[CededShare, ...] = ()
    master_id: UUID | None = None
    payer_uscc: str = ""
    critical_infrastructure: bool = False

    @property
    def is_master(self) -> bool:
        """Whether this is a park policy itself, which bears no premium: its certificates do."""
        return self.line == "park" and self.master_id is None

    @property
    def zero(self) -> Money:
        return Money(self.currency, 0)

    @property
    def lead(self) -> str:
        """The lead's id; empty if the insurer carries the risk alone."""
        return next((insurer.insurer_id for insurer in self.insurers if insurer.lead), "")

    def split(self, amount: Money) -> list[tuple[Insurer, Money]]:
        """An amount by insurer, by percent and largest remainders; no shares mean no parts."""
        if not self.insurers:
            return []
        parts = amount.allocate([insurer.percent for insurer in self.insurers])
        return list(zip(self.insurers, parts, strict=True))

    def own(self, amount: Money) -> Money:
        """The lead's part of an amount."""
        return next((part for insurer, part in self.split(amount) if insurer.lead), amount)

    def ceded(self, amount: Money, fractions: Sequence[str] = ()) -> list[tuple[str, Money]]:
        """What each reinsurer bears of the lead's part of an amount, with these fractions or those of the inception."""
        own = self.own(amount)
        if self.cessions:
            return divide(own, self.cessions, fractions or self.fractions_on(self.term.inception))
        quota = self.quota_share
        return [] if quota is None else [(quota.reinsurer_id, own.times(quota.percent / 100))]

    def fractions_on(self, day: date) -> tuple[str, ...]:
        """The part of each cession on a day."""
        return tuple(cession.on(day) for cession in self.cessions)


@dataclass(frozen=True, slots=True)
class PartOfPremium:
    """What one insurer gets of a movement, net of VAT."""

    insurer_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Movement:
    """One premium transaction, as policy announced it. Amounts are the whole contract's, ceded ones the lead's."""

    number: int
    kind: MovementKind
    effective_date: date
    recorded_on: date
    net: Money
    vat: Money
    stamp_duty: Money
    ceded: Money
    ceding_commission: Money
    shares: tuple[PartOfPremium, ...] = ()
    cessions: tuple[ReinsurersPart, ...] = ()

    def __post_init__(self) -> None:
        if self.cessions and total((part.ceded for part in self.cessions), self.net.currency) != self.ceded:
            raise ValueError(f"the cessions of transaction {self.number} do not sum to what is ceded")
        if self.shares and total((part.amount for part in self.shares), self.net.currency) != self.net:
            raise ValueError(f"the shares of transaction {self.number} do not sum to its premium")

    @property
    def gross(self) -> Money:
        return self.net + self.vat

    def own(self, lead: str) -> Money:
        """The lead's part, net of VAT."""
        if not self.shares:
            return self.net
        return total((part.amount for part in self.shares if part.insurer_id == lead), self.net.currency)

    def undoes(self, other: "Movement") -> bool:
        """Whether this is the opposite by which policy took another movement back."""
        again = self.kind is MovementKind.REINSTATE and other.kind is MovementKind.CANCEL
        taken_back = self.kind is MovementKind.REVERSE and other.kind is not MovementKind.REVERSE
        put_back = self.kind is MovementKind.REAPPLY and other.kind is MovementKind.REVERSE
        same = self.effective_date == other.effective_date and self.net == -other.net
        return same and (again or taken_back or put_back)


def live(movements: Sequence[Movement]) -> list[Movement]:
    """The movements that stand: without those that were taken back, and without what took them back.

    Policy takes a movement back by its opposite on the same day: a reversal, or a reinstatement without a gap.
    """
    standing: list[Movement] = []
    for movement in movements:
        place = next((at for at in reversed(range(len(standing))) if movement.undoes(standing[at])), None)
        if place is None:
            standing.append(movement)
        else:
            del standing[place]
    return standing


def earned_through(movements: Sequence[Movement], facts: PolicyFacts, through: date) -> Money:
    """The lead's premium, net of VAT, that is earned by the end of a day.

    Each movement is earned evenly from its effective date to the expiry. A cancellation ends that: from its day on,
    all that is left after the return premium has been earned; a reinstatement begins anew. What was undone earns
    nothing. The sum is rounded once.
    """
    exact = Fraction(0)
    standing = live(movements)
    for movement in standing:
        own = movement.own(facts.lead).minor_units
        if movement.kind is MovementKind.CANCEL and movement.effective_date <= through:
            before = [earlier for earlier in standing if earlier.number < movement.number]
            exact = Fraction(own + sum(earlier.own(facts.lead).minor_units for earlier in before))
        elif movement.kind is not MovementKind.CANCEL:
            exact += own * _elapsed(movement.effective_date, facts.term.expiry, through)
    return Money(facts.currency, round_half_up(exact))


def _elapsed(start: date, end: date, through: date) -> Fraction:
    if through < start:
        return Fraction(0)
    days = (end - start).days
    return Fraction(min((through - start).days + 1, days), days) if days > 0 else Fraction(1)
