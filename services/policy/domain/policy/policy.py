"""A policy: bound from a quote, endorsed from any day of its term, cancelled or expired. What else may happen to it,
lapse, reinstatement, extended reporting and renewal, is decided in modules beside this one.

Its transactions are what was charged, in the order in which it became known; its segments are what holds, day by
day. The sum of the first is always the premium of the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import ClassVar, Self

from libs.common.money import Money, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.errors import EffectiveDateOutsideTerm, PolicyNotInForce
from services.policy.domain.park.master import check_master_changes
from services.policy.domain.policy.cancellation import check_cancellation, check_claims, return_premium
from services.policy.domain.policy.ceding import check_limits
from services.policy.domain.policy.charge import Terms
from services.policy.domain.policy.charged import Charged, live_transaction
from services.policy.domain.policy.events import Bound, Cancelled, Endorsed, Expired, PolicyEvent
from services.policy.domain.policy.life import NEW, Lapsed, Life, Reinstated, Renewed, ReportingExtended
from services.policy.domain.policy.life_errors import CoverInterrupted
from services.policy.domain.policy.lifeline import lifeline_of
from services.policy.domain.policy.timeline import check_changes, in_order, steps_of
from services.policy.domain.policy.values import (
    Cancellation,
    Change,
    Endorsement,
    PolicyStatus,
    Segment,
    Transaction,
    TransactionKind,
)
from services.policy.domain.product.terms import CancellationMethod, ProductTerms

NO_CLAIMS: Mapping[str, date | None] = MappingProxyType({})


@dataclass(frozen=True)
class Policy:
    """A promise to cover one insured for one term."""

    KIND: ClassVar[str] = "policy.Policy"

    bound: Bound
    segments: tuple[Segment, ...]
    transactions: tuple[Transaction, ...]
    endorsements: tuple[Endorsement, ...] = ()
    cancellation: Cancellation | None = None
    expired: bool = False
    life: Life = NEW

    @property
    def status(self) -> PolicyStatus:
        if self.cancellation is not None:
            return PolicyStatus.CANCELLED if self.life.lapse is None else PolicyStatus.LAPSED
        return PolicyStatus.EXPIRED if self.expired else PolicyStatus.IN_FORCE

    @property
    def premium(self) -> Money:
        """The sum of all movements, which is the premium of the timeline."""
        return total(transaction.net for transaction in self.transactions)

    @property
    def aggregate_limit(self) -> Money:
        """The most that all parts pay together: the highest sum of limits on any day, within the agreed cap."""
        days = [segment.parts for segment in self.segments] or [self.bound.parts]
        highest = max(total(part.limit for part in parts if not part.sub_limit_parent) for parts in days)
        cap = self.bound.aggregate_cap
        return highest if cap is None else min(cap, highest)

    def segment_on(self, day: date) -> Segment | None:
        """What holds on a day; None if there is no cover on it."""
        return next((segment for segment in self.segments if segment.first <= day < segment.end), None)

    @property
    def last_endorsed(self) -> tuple[Transaction, ...]:
        """The movements that the newest endorsement made: what it took back, its own, what it put back."""
        newest = len(self.endorsements)
        own = next(index for index, each in enumerate(self.transactions) if each.endorsement == newest)
        put_back = len(self.transactions) - own - 1
        return self.transactions[own - put_back :]

    def endorse(
        self,
        terms: ProductTerms,
        effective: date,
        changes: Sequence[Change],
        reason: str,
        request_id: str,
        at: datetime,
    ) -> list[Endorsed]:
        """Changes the terms from a day on; endorsements of later days are reversed and put back on top."""
        if any(each.request_id == request_id for each in self.endorsements):
            return []
        check_changes(changes)
        self.check_in_force()
        period = self.bound.period
        if effective not in period:
            raise EffectiveDateOutsideTerm(effective_date=effective, inception=period.inception, expiry=period.expiry)
        added = Endorsement(len(self.endorsements) + 1, effective, at, tuple(changes), reason, request_id)
        steps = steps_of(terms, self.bound, (*self.endorsements, added), added.number)
        line = lifeline_of(self.bound, steps, self.life.interruptions)
        place = line.place(TransactionKind.ENDORSE, effective, added.number)
        charged = Charged(self.bound, self.transactions, at, terms.vat_rates)
        later = line.charges[place + 1 :]
        for charge in reversed(later):
            charged.reverse(charge)
        charged.add(line.charges[place])
        for charge in later:
            charged.add_again(charge)
        check_limits(self.bound, line.segments)
        check_master_changes(self.bound, changes, line.segments)
        return [Endorsed(endorsement=added, transactions=charged.raised(), segments=line.segments)]

    def cancel(
        self,
        effective: date,
        method: CancellationMethod,
        reason: str,
        at: datetime,
        claimed: Mapping[str, date | None] = NO_CLAIMS,
        despite_claims: str = "",
    ) -> list[Cancelled]:
        """Ends cover on a day. Endorsements that would hold from it, or later, never take hold: they are reversed.

        `claimed` are the claims that are paid or open, `despite_claims` why a chief does not let them stand in the way.
        """
        if self.cancellation is not None and (effective, method, reason) == (
            self.cancellation.effective_date,
            self.cancellation.method,
            self.cancellation.reason,
        ):
            return []
        self.check_in_force()
        check_cancellation(self.bound.cancellation_rule, self.bound.period, effective, method)
        rule, inception = self.bound.cancellation_rule, self.bound.period.inception
        check_claims(rule, inception, effective, claimed, despite_claims)
        cancellation, transactions, segments = self.end(effective, method, reason, at)
        cancellation = replace(cancellation, despite_claims=despite_claims)
        return [Cancelled(cancellation=cancellation, transactions=transactions, segments=segments)]

    def end(
        self, effective: date, method: CancellationMethod, reason: str, at: datetime
    ) -> tuple[Cancellation, tuple[Transaction, ...], tuple[Segment, ...]]:
        """What an end of cover on a day moves and leaves; refused if cover began again later than that."""
        again = self.life.covered_again_from
        if again is not None and effective <= again:
            raise CoverInterrupted(reinstated_from=again, effective_date=effective)
        charged = Charged(self.bound, self.transactions, at)
        for endorsement in reversed(in_order(self.endorsements)):
            if endorsement.effective_date >= effective:
                charged.take_back(endorsement.number)
        parts = self._parts_before(effective)
        premium = total([self.premium, *(made.net for made in charged)])
        back = return_premium(parts, self.bound.period, effective, method, self.bound.cancellation_rule, premium)
        charged.give_back(effective, {code: -amount for code, amount in back.by_part.items()}, Terms(parts, parts))
        segments = tuple(
            replace(segment, end=min(segment.end, effective)) for segment in self.segments if segment.first < effective
        )
        cancellation = Cancellation(effective, method, reason, back.unearned, back.refund)
        return cancellation, tuple(charged), segments

    def expire(self, on: date) -> list[Expired]:
        """Ends the policy when its term has run out; a cancelled one has ended already."""
        if self.status is not PolicyStatus.IN_FORCE or on < self.bound.period.expiry:
            return []
        return [Expired(expired_on=self.bound.period.expiry)]

    def live_transaction(self, endorsement: int) -> Transaction:
        """The movement by which an endorsement is charged now."""
        return live_transaction(self.transactions, endorsement)

    def _parts_before(self, day: date) -> tuple[PartTerms, ...]:
        """The terms that a cancellation ends: those of the day before, or the first ones at inception."""
        before = [segment.parts for segment in self.segments if segment.first < day]
        return before[-1] if before else self.bound.parts

    def check_in_force(self) -> None:
        """Refuses whatever needs a policy that has not ended."""
        if self.status is not PolicyStatus.IN_FORCE:
            raise PolicyNotInForce(status=self.status)

    @classmethod
    def begin(cls, event: Bound) -> Self:
        segment = Segment(event.period.inception, event.period.expiry, event.parts)
        return cls(bound=event, segments=(segment,), transactions=(event.transaction,))

    def evolve(self, event: PolicyEvent) -> "Policy":
        match event:
            case Bound():
                return Policy.begin(event)
            case Endorsed():
                return replace(
                    self,
                    endorsements=(*self.endorsements, event.endorsement),
                    transactions=(*self.transactions, *event.transactions),
                    segments=event.segments,
                )
            case Cancelled():
                return self._ended(event)
            case Lapsed():
                ended = self._ended(event)
                return replace(ended, life=ended.life.lapsed(event.lapse))
            case Reinstated():
                life = self.life.reinstated(event.reinstatement, self.cancellation)
                transactions = (*self.transactions, *event.transactions)
                return replace(self, cancellation=None, transactions=transactions, segments=event.segments, life=life)
            case ReportingExtended():
                life = replace(self.life, extended_days=event.days)
                return replace(self, transactions=(*self.transactions, event.transaction), life=life)
            case Renewed():
                return replace(self, life=replace(self.life, renewed_by=event.policy_id))
            case Expired():
                return replace(self, expired=True)

    def _ended(self, event: Cancelled | Lapsed) -> "Policy":
        return replace(
            self,
            cancellation=event.cancellation,
            transactions=(*self.transactions, *event.transactions),
            segments=event.segments,
            life=self.life.ended(event.transactions, self.segments),
        )
