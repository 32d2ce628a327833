"""A certificate (参保凭证): the cover of one member under a park policy, and what it was charged.

There is one for each member and master. Who leaves and comes back does so on the same certificate, so that what a
claim has taken of its sub-limits stays taken. Its transactions are numbered in the certificate; their sum is always
the premium of its stays, whatever the order in which joining and leaving became known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import ClassVar, Self

from libs.common.dates import date_in_shanghai
from libs.common.money import Money, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import EffectiveDateOutsideTerm
from services.policy.domain.park.errors import CertificateNotInForce, LeavesBeforeJoining
from services.policy.domain.park.events import (
    CertificateEnded,
    CertificateEvent,
    CertificateIssued,
    CertificateStatus,
    CertificateWithdrawn,
    Master,
    Stay,
    StayCut,
)
from services.policy.domain.policy.cancellation import return_premium
from services.policy.domain.policy.charge import Charging, Terms, opposite
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Transaction, TransactionKind
from services.policy.domain.policy.vat import VatTable
from services.policy.domain.product.terms import DatedRate


@dataclass(frozen=True)
class Certificate:
    """One member's cover under one master."""

    KIND: ClassVar[str] = "policy.Certificate"

    number: str
    master: Master
    member: Enterprise
    stays: tuple[Stay, ...]
    transactions: tuple[Transaction, ...]
    ended: CertificateEnded | None = None

    @property
    def premium(self) -> Money:
        return total(each.net for each in self.transactions)

    @property
    def vat(self) -> Money:
        return total(each.vat for each in self.transactions)

    @property
    def status(self) -> CertificateStatus:
        if self.ended is not None:
            return self.ended.cause
        return CertificateStatus.IN_FORCE if self.open_stay else CertificateStatus.WITHDRAWN

    @property
    def open_stay(self) -> Stay | None:
        """The stay that goes on until the master ends."""
        return next((stay for stay in self.stays if stay.leaves_on == self.master.term.expiry), None)

    @property
    def days(self) -> list[Stay]:
        """The stays with a day of cover, in order."""
        covered = (stay for stay in self.stays if stay.joins_on < stay.leaves_on)
        return sorted(covered, key=lambda stay: stay.joins_on)

    def stay_on(self, day: date) -> Stay | None:
        return next((stay for stay in self.days if stay.covers(day)), None)

    def withdraw(self, policy: Policy, leaves_on: date, reason: str, at: datetime) -> list[CertificateWithdrawn]:
        """Lets the member leave on a day, and returns premium for the days that remain."""
        stay, term = self.open_stay, self.master.term
        if any((each.leaves_on, each.reason) == (leaves_on, reason) for each in self.stays):
            return []
        if stay is None or self.ended is not None:
            raise CertificateNotInForce(certificate_number=self.number, status=self.status)
        policy.check_in_force()
        if leaves_on not in term:
            raise EffectiveDateOutsideTerm(effective_date=leaves_on, inception=term.inception, expiry=term.expiry)
        if leaves_on < stay.joins_on:
            raise LeavesBeforeJoining(joins_on=stay.joins_on, leaves_on=leaves_on)
        charged = Charges(policy, self.transactions, at)
        charged.leave(stay, leaves_on)
        return [
            CertificateWithdrawn(
                stay=stay.number,
                joins_on=stay.joins_on,
                leaves_on=leaves_on,
                reason=reason,
                transactions=tuple(charged),
            )
        ]

    def end(self, policy: Policy, at: datetime) -> list[CertificateEnded]:
        """Ends with the master: nothing comes back at the expiry; a cancellation returns premium by its method."""
        if self.ended is not None:
            return []
        cancellation, expiry = policy.cancellation, self.master.term.expiry
        if cancellation is None:
            return [CertificateEnded(cause=CertificateStatus.EXPIRED, ended_on=expiry, cut=(), transactions=())]
        day, method, rule = cancellation.effective_date, cancellation.method, policy.bound.cancellation_rule
        charged = Charges(policy, self.transactions, at)
        for stay in self.stays:
            if stay.joins_on >= day or (day < stay.leaves_on < expiry):
                charged.take_back(self.movements_of(stay), joined=stay.joins_on >= day)
            if stay.joins_on < day < stay.leaves_on:
                joined = (each.net for each in self.movements_of(stay) if each.kind is TransactionKind.JOIN)
                back = return_premium(stay.parts, self.master.term, day, method, rule, total(joined))
                charged.add(TransactionKind.CANCEL, day, {code: -each for code, each in back.by_part.items()}, stay)
        cut = tuple(StayCut(stay.number, max(stay.joins_on, day)) for stay in self.stays if stay.leaves_on > day)
        ended = CertificateStatus.CANCELLED
        return [CertificateEnded(cause=ended, ended_on=day, cut=cut, transactions=tuple(charged))]

    def movements_of(self, stay: Stay) -> list[Transaction]:
        """The movements of one stay that still count; `endorsement` is the number of the stay."""
        taken_back = {each.refers_to for each in self.transactions if each.kind is TransactionKind.REVERSE}
        return [
            each
            for each in self.transactions
            if each.endorsement == stay.number
            and each.number not in taken_back
            and each.kind is not TransactionKind.REVERSE
        ]

    @classmethod
    def begin(cls, event: CertificateIssued) -> Self:
        return cls(event.certificate_number, event.master, event.member, (event.stay,), event.transactions)

    def evolve(self, event: CertificateEvent) -> "Certificate":
        moved = replace(self, transactions=(*self.transactions, *event.transactions))
        match event:
            case CertificateIssued():
                return replace(moved, stays=(*self.stays, event.stay), member=event.member, ended=None)
            case CertificateWithdrawn(stay=number, leaves_on=day, reason=reason):
                return replace(moved, stays=_ended(self.stays, {number: day}, reason))
            case CertificateEnded(cut=cut):
                ends = {each.stay: each.leaves_on for each in cut}
                return replace(moved, ended=event, stays=_ended(self.stays, ends, "MASTER_CANCELLED"))


def _ended(stays: Sequence[Stay], ends: Mapping[int, date], reason: str) -> tuple[Stay, ...]:
    return tuple(
        replace(stay, leaves_on=ends[stay.number], reason=reason) if stay.number in ends else stay for stay in stays
    )


class Charges:
    """The movements of premium that one command makes, numbered on from those of the certificate.

    They are taxed and divided as the master's are: by its co-insurers, and by the fractions that its cessions take.
    """

    def __init__(
        self, policy: Policy, so_far: Sequence[Transaction], at: datetime, vat_rates: Sequence[DatedRate] = ()
    ) -> None:
        """`vat_rates` are needed where a member joins."""
        self._policy = policy
        self._vat = VatTable(policy.bound.vat_rate, policy.bound.period.expiry, tuple(vat_rates))
        self._so_far = so_far
        self._charging = Charging.of(policy.bound)
        self._at = at
        self._made: list[Transaction] = []

    def join(self, stay: Stay) -> None:
        self.add(TransactionKind.JOIN, stay.joins_on, self._remaining(stay.parts, stay.joins_on), stay)

    def leave(self, stay: Stay, day: date) -> None:
        back = {code: -amount for code, amount in self._remaining(stay.parts, day).items()}
        self.add(TransactionKind.LEAVE, day, back, stay)

    def take_back(self, movements: Sequence[Transaction], *, joined: bool) -> None:
        """The exact opposite of what was returned, and of joining too if the member would have joined later."""
        for each in reversed(movements):
            if joined or each.kind is not TransactionKind.JOIN:
                self._made.append(opposite(each, self._next, self._at))

    def add(self, kind: TransactionKind, day: date, deltas: Mapping[str, Money], stay: Stay) -> None:
        parts = self._policy.bound.parts  # What cessions take does not move in the term of a master.
        of_stay = [each for each in (*self._so_far, *self._made) if each.endorsement == stay.number]
        taxed = self._vat.taxed(kind, day, date_in_shanghai(self._at), deltas, of_stay, None)
        self._made.append(
            self._charging.transaction(
                self._next, kind, day, self._at, deltas, Terms(parts, parts), stay.number, taxed=taxed
            )
        )

    def __iter__(self) -> Iterator[Transaction]:
        return iter(self._made)

    def _remaining(self, parts: Sequence[PartTerms], day: date) -> dict[str, Money]:
        """The premium by part for the days from one on: annual × days remaining ÷ N, rounded half up once."""
        term = self._policy.bound.period
        fraction = Fraction(term.days_from(day), term.days)
        return {part.code: part.annual_premium.times(fraction) for part in parts}

    @property
    def _next(self) -> int:
        return len(self._so_far) + len(self._made) + 1
