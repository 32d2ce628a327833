"""What reserves and payments are for, and the reserve of one line."""

from dataclasses import dataclass
from enum import StrEnum

from libs.common.money import Money


class CostType(StrEnum):
    """What a line is for."""

    INDEMNITY = "indemnity"
    EXPENSE = "expense"
    RECOVERY = "recovery"


@dataclass(frozen=True)
class Reserve:
    """What is still expected to be paid (or to come back) for one line."""

    part_code: str
    cost_type: CostType
    outstanding: Money

    @property
    def line(self) -> tuple[str, CostType]:
        return self.part_code, self.cost_type
