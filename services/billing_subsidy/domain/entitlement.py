"""What a rule version grants to one policy: a pure function that shows its arithmetic.

Levels are reckoned in the order of the rules. A share is the level's rate of the base; a top-up is what is missing
to its rate in total. Each product is rounded half up once; caps of the policy come after it. All levels together never
give more than the base, and all programmes together never more than was paid net. Budgets and caps of an enterprise's
year are not rules of a policy: they are guards, and bite later (see `subsidy_case`).
"""

from dataclasses import dataclass
from decimal import Decimal

from libs.common.dates import Period
from libs.common.money import CNY, Money, total
from services.billing_subsidy.domain.programme.rules import Level, LevelRule, Method, ProgrammeRules, WindowBasis

CURRENCY_NOT_CNY = "CURRENCY_NOT_CNY"
OUTSIDE_WINDOW = "OUTSIDE_WINDOW"
REGION_NOT_COVERED = "REGION_NOT_COVERED"
INDUSTRY_NOT_COVERED = "INDUSTRY_NOT_COVERED"
LINE_NOT_COVERED = "LINE_NOT_COVERED"
CLASS_NOT_COVERED = "CLASS_NOT_COVERED"
NO_CRITICAL_INFRASTRUCTURE = "NO_CRITICAL_INFRASTRUCTURE"
SIZE_NOT_COVERED = "SIZE_NOT_COVERED"
TERM_TOO_SHORT = "TERM_TOO_SHORT"
ALREADY_SUBSIDISED = "ALREADY_SUBSIDISED"


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the rules look at. `base` is net of VAT; `paid_outside` says that money came, but none in the window.

    `room` is what earlier programmes leave of the premium that was paid net, None for no such limit.
    """

    currency: str
    size: str
    industry: str
    region: str
    line: str
    subsidy_classes: tuple[str, ...]
    term: Period
    base: Money
    paid_outside: bool = False
    subsidised_elsewhere: bool = False
    room: Money | None = None
    critical_infrastructure: bool = False


@dataclass(frozen=True, slots=True)
class LevelAmount:
    """An amount at one level."""

    level: Level
    amount: Money


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the arithmetic, with its result."""

    code: str
    level: Level | None
    explanation: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What the rules give at each level, and why; refusal codes mean that they give nothing.

    `short` is by how much levels give less because earlier programmes gave already.
    """

    rule_version: int
    base: Money
    amounts: tuple[LevelAmount, ...]
    steps: tuple[Step, ...]
    refusals: tuple[str, ...] = ()
    short: tuple[LevelAmount, ...] = ()

    def at(self, level: Level) -> Money:
        return next((item.amount for item in self.amounts if item.level is level), self.base.zero())


def entitle(rules: ProgrammeRules, rule_version: int, applicant: Applicant) -> Entitlement:
    """The entitlement of an applicant under a rule version."""
    refusals = refusals_of(rules, applicant)
    if refusals:
        return Entitlement(rule_version, applicant.base, (), (), refusals)
    steps = [Step("BASE", None, f"premium net of VAT, {rules.base}", applicant.base)]
    amounts: list[LevelAmount] = []
    short: list[LevelAmount] = []
    for rule in rules.levels:
        before = total((item.amount for item in amounts), CNY)
        alone = _level(rule, applicant, before, steps)
        amount = _together(rule, applicant, before, alone, steps)
        amounts.append(LevelAmount(rule.level, amount))
        if amount < alone:
            short.append(LevelAmount(rule.level, alone - amount))
    return Entitlement(rule_version, applicant.base, tuple(amounts), tuple(steps), short=tuple(short))


def refusals_of(rules: ProgrammeRules, applicant: Applicant) -> tuple[str, ...]:
    """Every reason why the rules give this applicant nothing."""
    inception_outside = rules.window_basis is WindowBasis.INCEPTION and applicant.term.inception not in rules.window
    payment_outside = rules.window_basis is WindowBasis.PAYMENT and applicant.paid_outside
    classes = set(rules.subsidy_classes)
    rated = any(rule.rate_for(applicant.line, applicant.size) is not None for rule in rules.levels)
    reasons = {
        CURRENCY_NOT_CNY: applicant.currency != CNY,
        OUTSIDE_WINDOW: inception_outside or payment_outside,
        REGION_NOT_COVERED: not _begins(applicant.region, rules.regions),
        INDUSTRY_NOT_COVERED: not _begins(applicant.industry, rules.industries),
        LINE_NOT_COVERED: bool(rules.lines) and applicant.line not in rules.lines,
        CLASS_NOT_COVERED: bool(classes) and not classes & set(applicant.subsidy_classes),
        NO_CRITICAL_INFRASTRUCTURE: rules.critical_infrastructure_only and not applicant.critical_infrastructure,
        SIZE_NOT_COVERED: not rated,
        TERM_TOO_SHORT: applicant.term.days < rules.minimum_term_days,
        ALREADY_SUBSIDISED: rules.exclude_already_subsidised and applicant.subsidised_elsewhere,
    }
    return tuple(code for code, holds in reasons.items() if holds)


def _begins(code: str, prefixes: tuple[str, ...]) -> bool:
    return not prefixes or any(code.startswith(prefix) for prefix in prefixes)


def _level(rule: LevelRule, applicant: Applicant, before: Money, steps: list[Step]) -> Money:
    percent = rule.rate_for(applicant.line, applicant.size)
    if percent is None:
        return _step(steps, "NO_RATE", rule, "no rate for this line and size", before.zero())
    amount = applicant.base.times(percent / Decimal(100))
    if rule.method is Method.SHARE:
        _step(steps, "RATE", rule, f"{percent} % of {applicant.base}", amount)
    else:
        missing = max(amount - before, amount.zero())
        _step(steps, "TOP_UP", rule, f"{percent} % of {applicant.base} in total, {amount}, less {before}", missing)
        amount = missing
    if amount > rule.policy_cap:
        amount = _step(steps, "POLICY_CAP", rule, f"at most {rule.policy_cap} for one policy", rule.policy_cap)
    if before + amount > applicant.base:
        amount = _step(steps, "BASE_CAP", rule, "all levels together at most the base", applicant.base - before)
    return amount


def _together(rule: LevelRule, applicant: Applicant, before: Money, amount: Money, steps: list[Step]) -> Money:
    """What of a level's amount is left beside the programmes before this one."""
    if applicant.room is None or before + amount <= applicant.room:
        return amount
    left = max(applicant.room - before, amount.zero())
    return _step(steps, "PROGRAMMES_CAP", rule, f"earlier programmes leave {applicant.room} of what was paid", left)


def _step(steps: list[Step], code: str, rule: LevelRule, explanation: str, amount: Money) -> Money:
    steps.append(Step(code, rule.level, explanation, amount))
    return amount
