"""The check of a whole loss: each part under the terms that govern it, and what they say together.

The terms that govern a claims-made part are those of the day on which the claim was made (of the last day of cover, for
one made later); for an occurrence part, those of the day of the event. If that day is only partly known and the terms
differ between the days that it may mean, a clause on which they disagree is a question.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.common.dates import add_days
from libs.common.money import Money
from services.claims.domain.coverage import amounts, whether
from services.claims.domain.coverage.basis import Basis, not_covered, question
from services.claims.domain.coverage.results import Check, Clause, ClauseAnswer, Opinion, PartCheck, PartOpinion, Says
from services.claims.domain.facts import Asked, Question
from services.claims.domain.limits import SHARED
from services.claims.domain.terms import PartTerms, Segment, Trigger, limits_drawn_by


@dataclass(frozen=True)
class Governing:
    """The terms of one part that may govern a loss, each with its segment, and whether there may be none."""

    candidates: tuple[tuple[PartTerms, Segment], ...]
    maybe_none: bool
    asked: Asked

    @property
    def certain(self) -> tuple[PartTerms, Segment] | None:
        """The terms, if there is no doubt which."""
        alike = {(part, limits_of(part, segment)) for part, segment in self.candidates}
        return self.candidates[0] if len(alike) == 1 and not self.maybe_none else None


def check(basis: Basis) -> Check:
    """What a policy says to a loss. Parts that the policy never had are said so, not dropped."""
    facts = basis.facts
    parts = tuple(check_part(code, basis) for code in facts.part_codes or basis.terms.part_codes)
    questions = list(dict.fromkeys(question for part in parts for question in part.questions()))
    if Question(Asked.LOSS_AMOUNT) in questions:
        # Whoever looks up the amount sees its currency too: asked at once, and not in a second round.
        questions.append(Question(Asked.LOSS_CURRENCY))
    answers = {part.says for part in parts}
    if not facts.part_codes and Says.NOT_COVERED in answers and len(answers) > 1:
        questions.append(Question(Asked.AFFECTED_PARTS))
    if not parts or answers == {Says.NOT_COVERED}:
        says = Says.NOT_COVERED
    else:
        says = Says.QUESTION if questions else Says.COVERED
    opinion = Opinion(
        says=says,
        parts=tuple(PartOpinion(part.code, part.says, part.reasons()) for part in parts),
        questions=tuple(questions),
        as_known=basis.as_known,
    )
    return Check(opinion, parts, basis.terms_recorded_at)


def check_part(code: str, basis: Basis) -> PartCheck:
    """What one part says, clause by clause."""
    found = governing(code, basis)
    if not found.candidates:
        return PartCheck(code, (not_covered(Clause.TRIGGER, "PART_NOT_IN_FORCE", ("part", code)),))
    rounds = [_clauses(part, segment, basis) for part, segment in found.candidates]
    clauses = [_merged(answers, found.asked) for answers in zip(*rounds, strict=True)]
    if found.maybe_none:
        clauses.insert(0, question(Clause.TRIGGER, found.asked, ("part", code), ("in_force", "on some of the days")))
    return PartCheck(code, tuple(clauses))


def governing(code: str, basis: Basis) -> Governing:
    """The terms of a part on the day that governs, or on each day that it may mean."""
    terms, facts = basis.terms, basis.facts
    known = [(part, segment) for segment in terms.segments if (part := segment.part(code))]
    made = bool(known) and known[-1][0].trigger is Trigger.CLAIMS_MADE
    asked = Asked.MADE_ON if made else Asked.OCCURRED_ON
    day = facts.made_on if made else facts.occurred_on
    if day is None:
        return Governing(tuple(known), False, asked)
    first, last = day.earliest, day.latest
    if made:  # A claim made after the end falls under the terms of the last day.
        final = add_days(terms.cover_end, -1)
        first, last = min(first, final), min(last, final)
    segments = terms.between(first, last)
    if not segments:
        # Outside of the term: the trigger says so; the nearest terms show what the other clauses would say.
        nearest = known[:1] if terms.segments and last < terms.segments[0].start else known[-1:]
        return Governing(tuple(nearest), False, asked)
    inside = tuple((part, segment) for segment in segments if (part := segment.part(code)))
    return Governing(inside, len(inside) < len(segments), asked)


def _clauses(part: PartTerms, segment: Segment, basis: Basis) -> tuple[ClauseAnswer, ...]:
    return (
        whether.trigger(part, basis),
        whether.retroactive_date(part, basis),
        whether.discovery(part, basis),
        whether.reporting(part, basis),
        *(whether.exclusion(code, basis) for code in basis.terms.exclusions),
        whether.premium(part, basis),
        amounts.reported_loss(part, basis),
        amounts.waiting_period(part, basis),
        amounts.deductible(part, basis),
        amounts.coinsurance(part, basis),
        amounts.sub_limit(part, limits_of(part, segment), basis),
        amounts.aggregate(part, basis),
    )


def limits_of(part: PartTerms, segment: Segment) -> tuple[tuple[str, Money], ...]:
    """The limits that the part erodes, with their amounts in its segment; a member's first, then those it shares."""
    found = [(code, terms) for code in limits_drawn_by(part, segment) if (terms := segment.part(code))]
    own = tuple((code, terms.limit) for code, terms in found)
    return own + tuple((SHARED + code, terms.shared_limit) for code, terms in found if terms.shared_limit is not None)


def _merged(answers: Sequence[ClauseAnswer], asked: Asked) -> ClauseAnswer:
    """One answer of a clause from the terms of several days: theirs if they agree, else the question which day."""
    first = answers[0]
    if len({answer.says for answer in answers}) == 1:
        return first
    facts = tuple((fact.name, fact.value) for answer in answers for fact in answer.facts)
    return question(first.clause, asked, *facts)
