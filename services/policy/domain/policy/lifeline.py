"""The timeline of a policy that was without cover for a while: endorsements, ends and new beginnings in their order.

What holds and what is charged is a function of the contract, the set of its endorsements and its interruptions. An end
comes before the endorsements of its day, a new beginning after them. An endorsement that takes effect while there is
no cover costs nothing by itself: the premium from the new beginning on, `annual × days remaining ÷ N` by part, is that
of the terms which it left.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from libs.common.dates import add_days
from libs.common.money import Money, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.policy.cancellation import return_premium
from services.policy.domain.policy.charge import Terms
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.life import Interruption
from services.policy.domain.policy.timeline import Step
from services.policy.domain.policy.values import Segment, TransactionKind


@dataclass(frozen=True)
class Charge:
    """One movement of premium in its place. `endorsement` is 0 for an end and for a new beginning."""

    kind: TransactionKind
    effective: date
    deltas: dict[str, Money]
    terms: Terms
    endorsement: int = 0


@dataclass(frozen=True)
class Lifeline:
    charges: tuple[Charge, ...]
    segments: tuple[Segment, ...]

    def place(self, kind: TransactionKind, effective: date, endorsement: int = 0) -> int:
        """Where one of the charges is."""
        wanted = (kind, effective, endorsement)
        found = ((each.kind, each.effective, each.endorsement) for each in self.charges)
        return next(index for index, each in enumerate(found) if each == wanted)


def lifeline_of(bound: Bound, steps: Sequence[Step], interruptions: Sequence[Interruption]) -> Lifeline:
    """What is charged, in order, and what holds from day to day."""
    charges: list[Charge] = []
    segments: list[Segment] = []
    parts, left = bound.parts, list(steps)
    first = bound.period.inception
    for cut in (*interruptions, None):
        end = bound.period.expiry if cut is None else cut.cancellation.effective_date
        for step in _taken(left, end):
            first = _segment(segments, first, step.endorsement.effective_date, parts)
            charges.append(_of_step(step))
            parts = step.parts
        _segment(segments, first, end, parts)
        if cut is not None:
            charges.append(_end(bound, cut, parts, _premium(bound, charges)))
            for step in _taken(left, add_days(cut.reinstated_from, 1)):
                charges.append(_of_step(replace(step, deltas=_nothing(step.deltas), remaining=Fraction(0))))
                parts = step.parts
            charges.append(_beginning(bound, cut.reinstated_from, parts))
            first = cut.reinstated_from
    return Lifeline(tuple(charges), tuple(segments))


def _taken(left: list[Step], day: date) -> Iterator[Step]:
    """Takes the steps that come before a day off the front."""
    while left and left[0].endorsement.effective_date < day:
        yield left.pop(0)


def _segment(segments: list[Segment], first: date, end: date, parts: tuple[PartTerms, ...]) -> date:
    """Adds the days up to one; the next segment begins there."""
    if first < end:
        segments.append(Segment(first, end, parts))
    return end


def _of_step(step: Step) -> Charge:
    terms = Terms(step.before, step.parts, step.remaining)
    return Charge(TransactionKind.ENDORSE, step.endorsement.effective_date, step.deltas, terms, step.endorsement.number)


def _premium(bound: Bound, charges: Sequence[Charge]) -> Money:
    """Of the whole term, with these charges."""
    return total([bound.transaction.net, *(amount for charge in charges for amount in charge.deltas.values())])


def _end(bound: Bound, cut: Interruption, parts: tuple[PartTerms, ...], premium: Money) -> Charge:
    day, method = cut.cancellation.effective_date, cut.cancellation.method
    back = return_premium(parts, bound.period, day, method, bound.cancellation_rule, premium)
    deltas = {code: -amount for code, amount in back.by_part.items()}
    return Charge(TransactionKind.CANCEL, day, deltas, Terms(parts, parts))


def _beginning(bound: Bound, day: date, parts: tuple[PartTerms, ...]) -> Charge:
    remaining = Fraction(bound.period.days_from(day), bound.period.days)
    deltas = {part.code: part.annual_premium.times(remaining) for part in parts}
    return Charge(TransactionKind.REINSTATE, day, deltas, Terms(parts, parts))


def _nothing(deltas: dict[str, Money]) -> dict[str, Money]:
    return {code: amount.zero() for code, amount in deltas.items()}
