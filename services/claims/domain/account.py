"""The coverage account of one policy: what it promised when, and what is left of each limit.

An approved decision draws on the limits, and payments stay within what is drawn: so two claims together never pay more
than the aggregate, and `drawn` equals `paid` once nothing is under way. Each draw is also a draw on the guards of
`domain/guards.py`, which hold whatever happens at the same time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from libs.common.events import event
from libs.common.money import Money
from services.claims.domain.coverage.basis import Basis, Premium, PremiumState
from services.claims.domain.errors import TermsNotKnown
from services.claims.domain.facts import Facts
from services.claims.domain.known import KnownPremium, KnownTerms
from services.claims.domain.limits import AGGREGATE, Movement, PartAmount, add_amounts, limits_of
from services.claims.domain.terms import Terms


@event("claims.CoverageOpened")
class CoverageOpened:
    policy_id: UUID
    terms: Terms
    limits: tuple[PartAmount, ...]
    announced_at: datetime


@event("claims.CoverageRetermed")
class CoverageRetermed:
    policy_id: UUID
    cause: str
    terms: Terms
    limits: tuple[PartAmount, ...]
    announced_at: datetime


@event("claims.CoverageExpired")
class CoverageExpired:
    policy_id: UUID
    expired_on: date
    announced_at: datetime


@event("claims.PremiumNoted")
class PremiumNoted:
    policy_id: UUID
    premium: Premium
    announced_at: datetime


@event("claims.LimitsDrawn")
class LimitsDrawn:
    """A claim's decision took from the limits; negative amounts give back."""

    policy_id: UUID
    claim_id: UUID
    amounts: tuple[PartAmount, ...]
    drawn_at: datetime


@event("claims.LimitsPaid")
class LimitsPaid:
    """A payment used what its claim had drawn."""

    policy_id: UUID
    claim_id: UUID
    payment_id: UUID
    amounts: tuple[PartAmount, ...]
    paid_at: datetime


Drawn = tuple[tuple[UUID, Sequence[LimitsDrawn | LimitsPaid]], ...]
"""Events by the policy, or the certificate, in whose account they stand."""

AccountEvent = CoverageOpened | CoverageRetermed | CoverageExpired | PremiumNoted | LimitsDrawn | LimitsPaid


@dataclass(frozen=True)
class CoverageAccount:
    """The terms as announced, the oldest first, and what claims have taken of the limits."""

    KIND: ClassVar[str] = "claims.CoverageAccount"

    policy_id: UUID
    terms_history: tuple[KnownTerms, ...]
    premiums: tuple[KnownPremium, ...] = ()
    draws: tuple[Movement, ...] = ()
    paid: tuple[PartAmount, ...] = ()

    @property
    def terms(self) -> Terms:
        """The terms as known last."""
        return self.terms_history[-1].terms

    @property
    def certificate_id(self) -> UUID | None:
        """None: the cover of a whole policy, and not of one member (see `member`)."""
        return None

    @property
    def part_codes_ever(self) -> frozenset[str]:
        """All parts that the policy had at any time, as known at any time."""
        return frozenset(code for known in self.terms_history for code in known.terms.part_codes)

    @property
    def premium(self) -> Premium:
        return self.premiums[-1].premium if self.premiums else Premium()

    def known_by(self, now: datetime) -> datetime:
        """Now, or a little later if another service's clock is ahead of ours: what was heard is known."""
        terms = (known.recorded_at for known in self.terms_history)
        premiums = (known.recorded_at for known in self.premiums)
        return max(now, *terms, *premiums)

    def drawn(self, *, until: datetime | None = None, besides: UUID | None = None) -> dict[str, Money]:
        """What is taken of each limit, under "" of the aggregate: by a time, or besides one claim."""
        sums: dict[str, Money] = {}
        for movement in self.draws:
            if (until is None or movement.at <= until) and movement.claim_id != besides:
                add_amounts(sums, movement.amounts)
        return sums

    def drawn_for(self, claim_id: UUID) -> dict[str, Money]:
        """What one claim has taken of each limit."""
        sums: dict[str, Money] = {}
        for movement in self.draws:
            if movement.claim_id == claim_id:
                add_amounts(sums, movement.amounts)
        return sums

    def basis(self, facts: Facts, as_known: datetime, claim_id: UUID) -> Basis:
        """Everything that a coverage check needs, as known at a time."""
        known = [entry for entry in self.terms_history if entry.recorded_at <= as_known]
        if not known:
            raise TermsNotKnown(as_known=as_known.isoformat())
        premiums = [entry.premium for entry in self.premiums if entry.recorded_at <= as_known]
        return Basis(
            terms=known[-1].terms,
            terms_recorded_at=known[-1].recorded_at,
            facts=facts,
            premium=premiums[-1] if premiums else Premium(),
            drawn=self.drawn(until=as_known, besides=claim_id),
            as_known=as_known,
        )

    def reterm(self, cause: str, terms: Terms, announced_at: datetime) -> list[CoverageRetermed]:
        """New terms. A part that is gone keeps a limit of zero: nothing more may be drawn on it."""
        gone = {code: Money(terms.currency, 0) for known in self.terms_history for code in known.terms.limits}
        limits = limits_of(terms, gone)
        return [
            CoverageRetermed(
                policy_id=self.policy_id, cause=cause, terms=terms, limits=limits, announced_at=announced_at
            )
        ]

    def expire(self, on: date, announced_at: datetime) -> list[CoverageExpired]:
        return [CoverageExpired(policy_id=self.policy_id, expired_on=on, announced_at=announced_at)]

    def note_premium(self, premium: Premium, announced_at: datetime, *, whole: bool = False) -> list[PremiumNoted]:
        """What billing says. `whole` is an announcement that says what is overdue now, of all instalments together.

        Any other is of one of them: it leaves unpaid what another one made so, from the earliest day.
        """
        known = self.premium
        if premium.received is None:
            premium = replace(premium, received=known.received, invoiced=known.invoiced)
        if whole:
            since = known.since if known.state is premium.state else None
            return [self._premium_noted(replace(premium, since=premium.since or since), announced_at)]
        late = {PremiumState.OVERDUE: 1, PremiumState.UNPAID: 2}
        was, now = late.get(known.state, 0), late.get(premium.state, 0)
        if premium.state is not PremiumState.PAID and was > now:
            premium = replace(premium, state=known.state, since=known.since)
        elif was == now == late[PremiumState.UNPAID]:
            premium = replace(premium, since=min(premium.since or date.max, known.since or date.max))
        return [self._premium_noted(premium, announced_at)]

    def _premium_noted(self, premium: Premium, announced_at: datetime) -> PremiumNoted:
        return PremiumNoted(policy_id=self.policy_id, premium=premium, announced_at=announced_at)

    def draws_of(self, claim_id: UUID, wanted: Mapping[str, Money], at: datetime) -> Drawn:
        """What `draw` leads to, by account."""
        return ((self.policy_id, self.draw(claim_id, wanted, at)),)

    def payments_of(
        self, claim_id: UUID, payment_id: UUID, limits: tuple[str, ...], amount: Money, at: datetime
    ) -> Drawn:
        """What `pay` leads to, by account."""
        return ((self.policy_id, self.pay(claim_id, payment_id, limits, amount, at)),)

    def bear_with_debt(self, announced_at: datetime) -> list[PremiumNoted]:
        """Cover is back in force: a premium that was unpaid is overdue, until grace runs out anew."""
        if self.premium.state is not PremiumState.UNPAID:
            return []
        premium = replace(self.premium, state=PremiumState.OVERDUE, since=None)
        return [PremiumNoted(policy_id=self.policy_id, premium=premium, announced_at=announced_at)]

    def draw(self, claim_id: UUID, wanted: Mapping[str, Money], at: datetime) -> list[LimitsDrawn]:
        """Moves what a claim has taken of the limits to `wanted`; the guards refuse what is not there."""
        has = self.drawn_for(claim_id)
        zero = Money(self.terms.currency, 0)
        amounts = tuple(
            PartAmount(code, change)
            for code in {**has, **wanted}
            if (change := wanted.get(code, zero) - has.get(code, zero))
        )
        if not amounts:
            return []
        return [LimitsDrawn(policy_id=self.policy_id, claim_id=claim_id, amounts=amounts, drawn_at=at)]

    def pay(
        self, claim_id: UUID, payment_id: UUID, limits: tuple[str, ...], amount: Money, at: datetime
    ) -> list[LimitsPaid]:
        """Uses what a claim has drawn; that a payment stays within it is the decision's rule."""
        amounts = tuple(PartAmount(code, amount) for code in (*limits, AGGREGATE))
        return [
            LimitsPaid(policy_id=self.policy_id, claim_id=claim_id, payment_id=payment_id, amounts=amounts, paid_at=at)
        ]

    @classmethod
    def begin(cls, event: CoverageOpened) -> "CoverageAccount":
        return cls(event.policy_id, (KnownTerms(event.announced_at, "BOUND", event.terms),))

    def evolve(self, event: AccountEvent) -> "CoverageAccount":
        match event:
            case CoverageOpened():
                return self  # An account opens once; `begin` has done it.
            case CoverageRetermed():
                known = KnownTerms(event.announced_at, event.cause, event.terms)
                return replace(self, terms_history=(*self.terms_history, known))
            case CoverageExpired():
                known = KnownTerms(event.announced_at, "EXPIRED", self.terms)
                return replace(self, terms_history=(*self.terms_history, known))
            case PremiumNoted():
                return replace(self, premiums=(*self.premiums, KnownPremium(event.announced_at, event.premium)))
            case LimitsDrawn():
                movement = Movement(event.claim_id, event.drawn_at, event.amounts)
                return replace(self, draws=(*self.draws, movement))
            case LimitsPaid():
                sums = {entry.part_code: entry.amount for entry in self.paid}
                add_amounts(sums, event.amounts)
                return replace(self, paid=tuple(PartAmount(code, amount) for code, amount in sums.items()))


def open_account(policy_id: UUID, terms: Terms, announced_at: datetime) -> list[CoverageOpened]:
    return [CoverageOpened(policy_id=policy_id, terms=terms, limits=limits_of(terms, {}), announced_at=announced_at)]
