"""Figures that must be equal: one against what it should be, or several from different sources against each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from libs.common.grpc.convert import money_value
from libs.common.money import CNY, Money


def shown(amount: Money) -> str:
    """An amount as people write it; the currency only if it is not the usual one."""
    return str(amount).removesuffix(f" {CNY}")


def read(message: Any) -> Money:
    """An amount of an answer; one that is not set is nothing at all."""
    if not message.currency_code:
        return Money(CNY, 0)
    return money_value("amount", message)


@dataclass(frozen=True)
class Figure:
    """What a figure should be and what it is."""

    name: str
    expected: str
    actual: str

    @property
    def holds(self) -> bool:
        return self.expected == self.actual


@dataclass(frozen=True)
class Invariant:
    """Sums of different services that must be one and the same."""

    name: str
    sums: tuple[tuple[str, str], ...]
    """Where each sum comes from, and the sum."""

    @property
    def holds(self) -> bool:
        return len({value for _, value in self.sums}) == 1


Check = Figure | Invariant


def failed(checks: Iterable[Check]) -> list[Check]:
    """Those that do not hold."""
    return [check for check in checks if not check.holds]
