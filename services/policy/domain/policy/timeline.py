"""The timeline of a policy: what holds on each day, and what each change of it costs.

It is a function of the contract and the set of its endorsements alone. They are applied in the order in which they
take effect, those of one day in the order in which they were recorded; each step is rated by the policy's pinned
product version. So it does not matter in which order endorsements become known, and the premium of the timeline is
the premium of the term plus, for each step and part, `(new annual − old annual) × days remaining ÷ N`, rounded half
up once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from libs.common.errors import DomainError, InvalidField
from libs.common.money import Money
from services.policy.domain.answers import Answer, check_answer
from services.policy.domain.cover import Cover, PartTerms, WantedPart, choose, known_part
from services.policy.domain.errors import EndorsementConflict, PartAlreadyCovered, PartNotCovered
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.repricing import Prices
from services.policy.domain.policy.values import Change, ChangeKind, Endorsement
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.terms import ProductTerms


@dataclass(frozen=True)
class Step:
    """One endorsement in its place: the terms before and after it, and what it costs by part for what remains."""

    endorsement: Endorsement
    parts: tuple[PartTerms, ...]
    deltas: dict[str, Money]
    before: tuple[PartTerms, ...]
    remaining: Fraction


def in_order(endorsements: Sequence[Endorsement]) -> list[Endorsement]:
    """As they take effect; those of one day as they were recorded."""
    return sorted(endorsements, key=lambda each: (each.effective_date, each.number))


def steps_of(terms: ProductTerms, bound: Bound, endorsements: Sequence[Endorsement], newest: int) -> list[Step]:
    """Applies all endorsements. What is wrong with the newest is refused as such; what it breaks in another one is a
    conflict that names the other."""
    steps: list[Step] = []
    cover, parts, prices = bound.cover, bound.parts, Prices(terms, bound)
    for endorsement in in_order(endorsements):
        try:
            cover = apply_changes(terms, cover, endorsement)
            after = prices.of(cover, endorsement.effective_date)
        except DomainError as refusal:
            if endorsement.number == newest:
                raise
            raise EndorsementConflict(
                endorsement=endorsement.number, effective_date=endorsement.effective_date, conflict=refusal
            ) from refusal
        remaining = Fraction(bound.period.days_from(endorsement.effective_date), bound.period.days)
        steps.append(Step(endorsement, after, deltas_between(parts, after, remaining), parts, remaining))
        parts = after
    return steps


def deltas_between(before: Sequence[PartTerms], after: Sequence[PartTerms], remaining: Fraction) -> dict[str, Money]:
    """What a change of annual premiums costs, by part, for the remaining fraction of the term."""
    old = {part.code: part.annual_premium for part in before}
    new = {part.code: part.annual_premium for part in after}
    zero = (before or after)[0].annual_premium.zero()
    return {code: (new.get(code, zero) - old.get(code, zero)).times(remaining) for code in dict.fromkeys((*old, *new))}


def apply_changes(terms: ProductTerms, cover: Cover, endorsement: Endorsement) -> Cover:
    """The cover after an endorsement; refuses what can't be changed so."""
    for index, change in enumerate(endorsement.changes):
        cover = _apply(terms, cover, change, endorsement, f"changes[{index}]")
    return cover


def _apply(terms: ProductTerms, cover: Cover, change: Change, endorsement: Endorsement, field: str) -> Cover:
    if change.kind is ChangeKind.SET_ANSWER:
        return replace(cover, inputs=replace(cover.inputs, answers=_answers(terms, cover, change, field)))
    on = endorsement.effective_date
    known_part(terms, change.part_code)
    covered = cover.part(change.part_code)
    if change.kind is ChangeKind.ADD_PART:
        if covered is not None:
            raise PartAlreadyCovered(part_code=change.part_code, effective_date=on)
        wanted = WantedPart(change.part_code, _limit(change, field), change.deductible, None)
        return replace(cover, parts=(*cover.parts, choose(terms, wanted, on)))
    if covered is None:
        raise PartNotCovered(part_code=change.part_code, effective_date=on)
    if change.kind is ChangeKind.REMOVE_PART:
        return replace(cover, parts=tuple(part for part in cover.parts if part is not covered))
    deductible = covered.deductible if change.deductible is None else change.deductible
    changed = replace(covered, limit=_limit(change, field), deductible=deductible)
    return replace(cover, parts=tuple(changed if part is covered else part for part in cover.parts))


def check_changes(changes: Sequence[Change]) -> None:
    """Refuses changes that are wrong whatever the policy is."""
    if not changes:
        raise InvalidField(field="changes", problem="needs one change at least")
    for index, change in enumerate(changes):
        field = f"changes[{index}]"
        if change.kind is ChangeKind.SET_ANSWER:
            if change.answer is None:
                raise InvalidField(field=f"{field}.answer", problem="is missing")
            continue
        if not change.part_code:
            raise InvalidField(field=f"{field}.part_code", problem="is missing")
        if change.kind is not ChangeKind.REMOVE_PART:
            check_money(f"{field}.limit", _limit(change, field), 1)
            if change.deductible is not None:
                check_money(f"{field}.deductible", change.deductible)


def _limit(change: Change, field: str) -> Money:
    if change.limit is None:
        raise InvalidField(field=f"{field}.limit", problem="is missing")
    return change.limit


def _answers(terms: ProductTerms, cover: Cover, change: Change, field: str) -> tuple[Answer, ...]:
    if change.answer is None:
        raise InvalidField(field=f"{field}.answer", problem="is missing")
    check_answer(terms, change.answer, f"{field}.answer")
    kept = (answer for answer in cover.inputs.answers if answer.question != change.answer.question)
    return (*kept, change.answer)
