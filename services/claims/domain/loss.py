"""From an assessed loss to what is paid: each line through the policy's conditions, in the policy's order.

Waiting period, deductible, co-insurance, the part's limit, the limits above it, the aggregate. All lines of one claim
are one event: a part's deductible is taken once, from its first lines. Each step keeps its arithmetic, because a
person will ask; each product with a rate is rounded half up once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from libs.common.money import Money, total
from services.claims.domain.costs import CostType
from services.claims.domain.errors import InterruptionHoursMissing
from services.claims.domain.limits import AGGREGATE, SHARED
from services.claims.domain.terms import PartTerms


@dataclass(frozen=True)
class AssessedLoss:
    """One line of the loss, as assessed."""

    part_code: str
    cost_type: CostType
    assessed: Money
    disallowed: Money
    interruption_hours: int | None = None


@dataclass(frozen=True)
class Step:
    """One step: what it takes, what it leaves, and how."""

    name: str
    taken: Money
    left: Money
    explanation: str


@dataclass(frozen=True)
class DecidedLine:
    """What is paid for one line, how it came to that, and the limits that it erodes."""

    part_code: str
    cost_type: CostType
    assessed: Money
    payable: Money
    steps: tuple[Step, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True)
class Conditions:
    """The terms of one part that govern a claim, with the limits that it erodes, its own first."""

    part: PartTerms
    limits: tuple[tuple[str, Money], ...]


def decide_lines(
    losses: Sequence[AssessedLoss],
    conditions: Mapping[str, Conditions],
    aggregate_limit: Money,
    drawn: Mapping[str, Money],
) -> tuple[DecidedLine, ...]:
    """What each line pays. `drawn` is what other claims have taken of each limit, under "" of the aggregate."""
    left: dict[str, Money] = {AGGREGATE: aggregate_limit}
    for condition in conditions.values():
        left.update(condition.limits)
    left = {code: _less(limit, drawn.get(code, limit.zero())) for code, limit in left.items()}
    deductibles = {code: condition.part.deductible for code, condition in conditions.items()}
    lines = []
    for loss in losses:
        line = _decide(loss, conditions[loss.part_code], deductibles, left)
        lines.append(line)
        for code in (*line.limits, AGGREGATE):
            left[code] = left[code] - line.payable
    return tuple(lines)


def payable(lines: Sequence[DecidedLine], currency: str) -> Money:
    """What all lines pay together."""
    return total((line.payable for line in lines), currency)


def drawn_by(lines: Sequence[DecidedLine], currency: str) -> dict[str, Money]:
    """What the lines take of each limit, under "" of the aggregate."""
    drawn: dict[str, Money] = {}
    for line in lines:
        for code in (*line.limits, AGGREGATE):
            drawn[code] = drawn.get(code, Money(currency, 0)) + line.payable
    return drawn


def _decide(
    loss: AssessedLoss, conditions: Conditions, deductibles: dict[str, Money], left: Mapping[str, Money]
) -> DecidedLine:
    """One line. Takes what it uses of its part's deductible out of `deductibles`."""
    part = conditions.part
    steps = [Step("ASSESSED", loss.assessed.zero(), loss.assessed, str(loss.assessed))]

    def take(name: str, amount: Money, explanation: str) -> Money:
        taken = min(amount, steps[-1].left)
        steps.append(Step(name, taken, steps[-1].left - taken, explanation))
        return taken

    if loss.disallowed:
        take("DISALLOWED", loss.disallowed, f"{loss.disallowed} is not accepted")
    if part.waiting_hours and loss.cost_type is CostType.INDEMNITY:
        _wait(loss, part, steps)
    deductible = deductibles[part.code]
    taken = take("DEDUCTIBLE", deductible, f"{deductible} of {part.deductible} is left for this event")
    deductibles[part.code] = deductible - taken
    if part.coinsurance_percent:
        share = steps[-1].left - steps[-1].left.times(1 - Fraction(part.coinsurance_percent) / 100)
        take("COINSURANCE", share, f"the insured bears {_plain(part.coinsurance_percent)} % of {steps[-1].left}")
    for code, _ in conditions.limits:
        name = "SHARED_LIMIT" if code.startswith(SHARED) else "PART_LIMIT" if code == part.code else "PARENT_LIMIT"
        take(name, _less(steps[-1].left, left[code]), f"{left[code]} is left of {code}")
    take("AGGREGATE", _less(steps[-1].left, left[AGGREGATE]), f"{left[AGGREGATE]} is left of all parts together")
    codes = tuple(code for code, _ in conditions.limits)
    return DecidedLine(loss.part_code, loss.cost_type, loss.assessed, steps[-1].left, tuple(steps), codes)


def _wait(loss: AssessedLoss, part: PartTerms, steps: list[Step]) -> None:
    """Takes the waiting hours' share of an interruption, hour for hour."""
    hours = loss.interruption_hours
    if hours is None:
        raise InterruptionHoursMissing(part_code=part.code, waiting_hours=part.waiting_hours)
    before = steps[-1].left
    paid_hours = max(hours - part.waiting_hours, 0)
    after = before.times(Fraction(paid_hours, hours)) if hours else before.zero()
    steps.append(Step("WAITING_PERIOD", before - after, after, f"{paid_hours} h of {hours} h are paid"))


def _less(amount: Money, taken: Money) -> Money:
    """The difference, never below zero."""
    return max(amount - taken, amount.zero())


def _plain(percent: Decimal) -> str:
    return format(percent.normalize(), "f")
