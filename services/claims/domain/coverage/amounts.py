"""The clauses that say how much of a loss is owed, as far as that can be said before it is assessed."""

from libs.common.money import Money
from services.claims.domain.coverage.basis import Basis, covered, not_covered, question
from services.claims.domain.coverage.results import Clause, ClauseAnswer
from services.claims.domain.facts import Asked, Facts
from services.claims.domain.terms import PartTerms


def reported_loss(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """The loss is known in the policy's currency. It is never converted, and a currency is never assumed."""
    facts, currency = basis.facts, basis.terms.currency
    used = (("loss", facts.loss), ("policy_currency", currency), ("exchanged", facts.exchanged))
    asked = _missing(facts, currency)
    if asked:
        return question(Clause.REPORTED_LOSS, asked, *used)
    return covered(Clause.REPORTED_LOSS, "KNOWN", *used)


def waiting_period(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """An interruption that ends within the waiting period is not paid."""
    hours = basis.facts.interruption_hours
    used = (("waiting_hours", part.waiting_hours), ("interruption_hours", hours))
    if not part.waiting_hours:
        return covered(Clause.WAITING_PERIOD, "NONE", *used)
    if hours is None:
        return question(Clause.WAITING_PERIOD, Asked.INTERRUPTION_HOURS, *used)
    if hours <= part.waiting_hours:
        return not_covered(Clause.WAITING_PERIOD, "WITHIN_WAITING_PERIOD", *used)
    return covered(Clause.WAITING_PERIOD, "LONGER_THAN_WAITING_PERIOD", *used)


def deductible(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """What the insured bears of each event."""
    loss = basis.facts.loss_in(basis.terms.currency)
    used = (("deductible", part.deductible), ("loss", loss))
    if not part.deductible:
        return covered(Clause.DEDUCTIBLE, "NONE", *used)
    if loss is None:
        asked = _missing(basis.facts, basis.terms.currency) or Asked.LOSS_AMOUNT
        return question(Clause.DEDUCTIBLE, asked, *used)
    if loss <= part.deductible:
        return not_covered(Clause.DEDUCTIBLE, "BELOW_DEDUCTIBLE", *used)
    return covered(Clause.DEDUCTIBLE, "OVER_DEDUCTIBLE", *used)


def coinsurance(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """The share that the insured bears stands in the way of nothing; it is shown because it will be taken."""
    used = (("coinsurance_percent", part.coinsurance_percent),)
    return covered(Clause.COINSURANCE, "SHARED" if part.coinsurance_percent else "NONE", *used)


def sub_limit(part: PartTerms, limits: tuple[tuple[str, Money], ...], basis: Basis) -> ClauseAnswer:
    """Something is left of the part's limit, and of those that it is a part of."""
    left = [(code, limit - basis.drawn_on(code)) for code, limit in limits]
    used = tuple((f"left_of_{code}", amount) for code, amount in left)
    if any(amount.minor_units <= 0 for _, amount in left):
        return not_covered(Clause.SUB_LIMIT, "LIMIT_EXHAUSTED", *used)
    return covered(Clause.SUB_LIMIT, "LEFT", *used)


def aggregate(part: PartTerms, basis: Basis) -> ClauseAnswer:
    """Something is left of the limit of all parts together."""
    left = basis.terms.aggregate_limit - basis.drawn_on("")
    used = (("aggregate_limit", basis.terms.aggregate_limit), ("left", left))
    if left.minor_units <= 0:
        return not_covered(Clause.AGGREGATE, "LIMIT_EXHAUSTED", *used)
    return covered(Clause.AGGREGATE, "LEFT", *used)


def _missing(facts: Facts, currency: str) -> Asked | None:
    """What has to be asked before the loss is known in the policy's currency."""
    if facts.loss is None:
        return Asked.LOSS_AMOUNT
    if not facts.loss.currency:
        return Asked.LOSS_CURRENCY
    if facts.loss.currency != currency and facts.exchanged is None:
        return Asked.EXCHANGE_EVIDENCE
    return None
