"""The clauses that say whether a loss is covered at all.

Each is a question to the calendar or to the codes. Where the days that a partial date may mean do not agree, or a
fact is missing, the clause asks.
"""

from datetime import date

from libs.common.dates import add_days
from services.claims.domain.coverage.basis import Basis, PremiumState, before, covered, not_covered, question
from services.claims.domain.coverage.gaps import in_gap
from services.claims.domain.coverage.results import Clause, ClauseAnswer
from services.claims.domain.facts import Asked
from services.claims.domain.terms import PartTerms, Trigger

PRIOR_KNOWLEDGE = "PRIOR_KNOWLEDGE"


def trigger(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """Claims made: the claim comes after inception, for an event before the end. Occurrence: it happens in the term."""
    terms, facts = basis.terms, basis.facts
    used = (
        ("trigger", part.trigger),
        ("made_on", facts.made_on),
        ("occurred_on", facts.occurred_on),
        ("inception", terms.inception),
        ("cover_end", terms.cover_end),
    )
    if (gap := in_gap(part, basis, used)) is not None:
        return gap
    if part.trigger is Trigger.CLAIMS_MADE:
        early = before(facts.made_on, terms.inception)
        if early:
            return not_covered(Clause.TRIGGER, "MADE_BEFORE_TERM", *used)
        if early is None:
            return question(Clause.TRIGGER, Asked.MADE_ON, *used)
        if facts.made_on.latest < terms.cover_end:
            return covered(Clause.TRIGGER, "MADE_IN_TERM", *used)
    if facts.occurred_on is None:
        return question(Clause.TRIGGER, Asked.OCCURRED_ON, *used)
    in_time = before(facts.occurred_on, terms.cover_end)
    if in_time is False:
        return not_covered(Clause.TRIGGER, "OCCURRED_AFTER_COVER", *used)
    early = before(facts.occurred_on, terms.inception) if part.trigger is Trigger.OCCURRENCE else False
    if early:
        return not_covered(Clause.TRIGGER, "OCCURRED_BEFORE_TERM", *used)
    if in_time is None or early is None:
        return question(Clause.TRIGGER, Asked.OCCURRED_ON, *used)
    return covered(Clause.TRIGGER, "OCCURRED_IN_TERM" if part.trigger is Trigger.OCCURRENCE else "MADE_LATER", *used)


def retroactive_date(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """Events before the retroactive date belong to nobody's claims-made term."""
    occurred_on = basis.facts.occurred_on
    used = (("retroactive_date", part.retroactive_date), ("occurred_on", occurred_on))
    if part.trigger is Trigger.OCCURRENCE or part.retroactive_date is None:
        return covered(Clause.RETROACTIVE_DATE, "NOT_LIMITED", *used)
    if occurred_on is None:
        return question(Clause.RETROACTIVE_DATE, Asked.OCCURRED_ON, *used)
    match before(occurred_on, part.retroactive_date):
        case True:
            return not_covered(Clause.RETROACTIVE_DATE, "BEFORE_RETROACTIVE_DATE", *used)
        case False:
            return covered(Clause.RETROACTIVE_DATE, "AFTER_RETROACTIVE_DATE", *used)
    return question(Clause.RETROACTIVE_DATE, Asked.OCCURRED_ON, *used)


def discovery(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """What was known before a claims-made term began is not its risk. An event in the term can't be known before it."""
    facts, inception = basis.facts, basis.terms.inception
    used = (("discovered_on", facts.discovered_on), ("occurred_on", facts.occurred_on), ("inception", inception))
    if part.trigger is Trigger.OCCURRENCE:
        return covered(Clause.DISCOVERY, "NOT_LIMITED", *used)
    known_early = _known_before(basis, inception)
    if known_early is None:
        return question(Clause.DISCOVERY, Asked.DISCOVERED_ON, *used)
    if known_early:
        return not_covered(Clause.DISCOVERY, "KNOWN_BEFORE_TERM", *used)
    return covered(Clause.DISCOVERY, "NOT_KNOWN_BEFORE_TERM", *used)


def reporting(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """A claims-made claim comes before the end of cover, or within the days of extended reporting after it."""
    made_on, end = basis.facts.made_on, basis.terms.cover_end
    last = add_days(end, part.extended_reporting_days)
    used = (("made_on", made_on), ("cover_end", end), ("extended_reporting_until", last))
    if part.trigger is Trigger.OCCURRENCE:
        return covered(Clause.REPORTING, "NOT_LIMITED", *used)
    match before(made_on, last):
        case True:
            extended = made_on.latest >= end
            return covered(Clause.REPORTING, "IN_EXTENDED_REPORTING" if extended else "IN_TERM", *used)
        case False:
            return not_covered(Clause.REPORTING, "REPORTED_TOO_LATE", *used)
    return question(Clause.REPORTING, Asked.MADE_ON, *used)


def premium(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """Cover rests only where grace ran out before the loss. What billing has not said is asked, not assumed."""
    standing, answered = basis.premium, basis.facts.premium_paid
    used = (
        ("premium", standing.state),
        ("received", standing.received),
        ("invoiced", standing.invoiced),
        ("without_cover_from", standing.since),
        ("answered", None if answered is None else "yes" if answered else "no"),
    )
    match standing.state:
        case PremiumState.UNKNOWN if answered is None:
            return question(Clause.PREMIUM, Asked.PREMIUM_PAID, *used)
        case PremiumState.UNKNOWN:
            return (covered if answered else not_covered)(Clause.PREMIUM, "PAID" if answered else "UNPAID", *used)
        case PremiumState.UNPAID:
            return _unpaid(part, basis, used)
    return covered(Clause.PREMIUM, str(standing.state), *used)


def _unpaid(part: PartTerms, basis: Basis, used: tuple[tuple[str, object], ...]) -> ClauseAnswer:
    made = part.trigger is Trigger.CLAIMS_MADE
    day = basis.facts.made_on if made else basis.facts.occurred_on
    asked = Asked.MADE_ON if made else Asked.OCCURRED_ON
    since = basis.premium.since
    if day is None or since is None:
        return question(Clause.PREMIUM, asked, *used)
    match before(day, since):
        case True:
            return covered(Clause.PREMIUM, "UNPAID_ONLY_LATER", *used)
        case False:
            return not_covered(Clause.PREMIUM, "UNPAID", *used)
    return question(Clause.PREMIUM, asked, *used)


def exclusion(code: str, basis: Basis) -> ClauseAnswer:
    """Whether one exclusion applies: by an answer, or where dates and codes leave no doubt; otherwise it asks."""
    facts, veris = basis.facts, basis.facts.veris
    answered = facts.excluded(code)
    used = (
        ("exclusion", code),
        ("answered", None if answered is None else "yes" if answered else "no"),
        ("actions", ", ".join(veris.actions)),
        ("actors", ", ".join(veris.actors)),
        ("discovered_on", facts.discovered_on),
    )
    applies = _applies(code, basis) if answered is None else answered
    if applies is None and code == PRIOR_KNOWLEDGE:
        return question(Clause.EXCLUSION, Asked.DISCOVERED_ON, *used)
    if applies is None:
        return question(Clause.EXCLUSION, Asked.EXCLUSION, *used, subject=code)
    if applies:
        return not_covered(Clause.EXCLUSION, f"EXCLUDED_{code}", *used)
    return covered(Clause.EXCLUSION, "NOT_EXCLUDED", *used)


def _applies(code: str, basis: Basis) -> bool | None:
    """What dates and codes say about an exclusion: yes, no, or None where a person has to."""
    veris = basis.facts.veris
    if code == PRIOR_KNOWLEDGE:
        return _known_before(basis, basis.terms.inception)
    match code:
        case "WAR":
            # Only an outsider wages war; whether this one did is for a person to find out.
            return False if veris.actors and set(veris.actors) <= {"internal", "partner"} else None
        case "INFRASTRUCTURE" | "NATURAL_HAZARD":
            return _only(veris.actions, "environmental")
        case "INSIDER":
            return _only(veris.actors, "internal")
    return None


def _only(words: tuple[str, ...], word: str) -> bool | None:
    """True if this is all there was, False if it played no part, None if it is mixed or not known."""
    if not words or "unknown" in words:
        return None
    if word not in words:
        return False
    return True if set(words) == {word} else None


def _known_before(basis: Basis, day: date) -> bool | None:
    """Whether the loss was discovered before a day. What happened on the day or later was not known before it."""
    facts = basis.facts
    if facts.discovered_on:
        early = before(facts.discovered_on, day)
        if early is not None:
            return early
    if facts.occurred_on and before(facts.occurred_on, day) is False:
        return False
    return None
