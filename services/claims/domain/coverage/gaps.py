"""Days in the term without cover: a policy ended, and began again later."""

from libs.common.dates import add_days
from services.claims.domain.coverage.basis import Basis, before, not_covered, question
from services.claims.domain.coverage.results import Clause, ClauseAnswer
from services.claims.domain.facts import Asked
from services.claims.domain.terms import PartTerms, Trigger


def in_gap(part: PartTerms, basis: Basis, used: tuple[tuple[str, object], ...]) -> ClauseAnswer | None:
    """What the gaps of a term say to a loss, None if they say nothing.

    An event in a gap is not covered, whenever its claim is made. A claim made in a gap, for an event before it, has
    the days of extended reporting from the end before the gap.
    """
    facts = basis.facts
    for ended, again in basis.terms.gaps:
        gap = (*used, ("without_cover_from", ended), ("covered_again_from", again))
        if facts.occurred_on is None:
            return question(Clause.TRIGGER, Asked.OCCURRED_ON, *gap)
        early, late = before(facts.occurred_on, ended), before(facts.occurred_on, again)
        if early is False and late is True:
            return not_covered(Clause.TRIGGER, "OCCURRED_IN_GAP", *gap)
        if early is None or late is None:
            return question(Clause.TRIGGER, Asked.OCCURRED_ON, *gap)
        if part.trigger is Trigger.CLAIMS_MADE:
            last = add_days(ended, part.extended_reporting_days)
            if before(facts.made_on, last) is False and before(facts.made_on, again) is True:
                return not_covered(Clause.TRIGGER, "MADE_IN_GAP", *gap)
    return None
