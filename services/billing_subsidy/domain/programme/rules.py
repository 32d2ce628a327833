"""The rules of a subsidy programme, and what makes them wrong in themselves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from libs.common.checking import all_at_once, problems
from libs.common.dates import Period
from libs.common.errors import Invalid, InvalidField
from libs.common.money import CNY, Money

SUBSIDY_CLASS = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
"""The letters of a product's subsidy class, as policy takes them: another one would match no product."""


class Level(StrEnum):
    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


class WindowBasis(StrEnum):
    PAYMENT = "payment"
    INCEPTION = "inception"


class Base(StrEnum):
    PAID = "paid"
    INVOICED = "invoiced"


class Method(StrEnum):
    SHARE = "share"
    TOP_UP = "top_up"


@dataclass(frozen=True, slots=True)
class Rate:
    """A percent for a line and a size; empty stands for every line, every size."""

    line: str
    size: str
    percent: Decimal

    def fits(self, line: str, size: str) -> bool:
        return self.line in ("", line) and self.size in ("", size)


@dataclass(frozen=True, slots=True)
class LevelRule:
    """What one level gives: its rate of the base, or what tops the levels before it up to its rate in total."""

    level: Level
    method: Method
    rates: tuple[Rate, ...]
    policy_cap: Money
    enterprise_year_cap: Money | None
    budget: Money

    def rate_for(self, line: str, size: str) -> Decimal | None:
        """The first rate that fits, or None: then the level gives nothing."""
        return next((rate.percent for rate in self.rates if rate.fits(line, size)), None)

    @all_at_once
    def check(self, field: str) -> Iterator[Invalid]:
        """Refuses what can't be a rule."""
        for index, rate in enumerate(self.rates):
            if not 0 < rate.percent <= 100:
                yield InvalidField(field=f"{field}.rates[{index}].percent", problem="must be above 0 and at most 100")
        caps = [("policy_cap", self.policy_cap), ("budget", self.budget)]
        if self.enterprise_year_cap is not None:
            caps.append(("enterprise_year_cap", self.enterprise_year_cap))
        for name, amount in caps:
            if amount.currency != CNY:
                yield InvalidField(field=f"{field}.{name}.currency_code", problem="must be CNY")
            if amount.minor_units <= 0:
                yield InvalidField(field=f"{field}.{name}", problem="must be positive")


@dataclass(frozen=True, slots=True)
class ProgrammeRules:
    """One version's rules. Levels are reckoned in their order. Empty lists take everything in.

    This programme and those before it never give more than `total_percent` of the premium paid net.`reallocate_freed`:
    what comes back to a budget or a cap goes to those who were cut, in the order in which they came.
    """

    code: str
    name: str
    window: Period
    window_basis: WindowBasis
    base: Base
    levels: tuple[LevelRule, ...]
    minimum_term_days: int = 0
    regions: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    subsidy_classes: tuple[str, ...] = ()
    exclude_already_subsidised: bool = False
    total_percent: Decimal = Decimal(100)
    reallocate_freed: bool = True
    critical_infrastructure_only: bool = False

    @all_at_once
    def check(self) -> Iterator[Invalid]:
        """Refuses rules that are wrong in themselves, naming each field."""
        if not self.levels:
            yield InvalidField(field="rules.levels", problem="must not be empty")
        seen: set[Level] = set()
        for index, rule in enumerate(self.levels):
            field = f"rules.levels[{index}]"
            if rule.level in seen:
                yield InvalidField(field=f"{field}.level", problem=f"names {rule.level} twice")
            if not seen and rule.method is Method.TOP_UP:
                yield InvalidField(field=f"{field}.method", problem="has no level before it to top up")
            seen.add(rule.level)
            yield from problems(rule.check, field)
        for index, code in enumerate(self.subsidy_classes):
            if not SUBSIDY_CLASS.fullmatch(code):
                yield InvalidField(field=f"rules.subsidy_classes[{index}]", problem="must be a code such as CYBER")
        if not 0 < self.total_percent <= 100:
            yield InvalidField(field="rules.total_percent", problem="must be above 0 and at most 100")

    def rule_of(self, level: Level) -> LevelRule:
        return next(rule for rule in self.levels if rule.level is level)
