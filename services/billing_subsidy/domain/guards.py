"""Draws on guards: the budget of a programme's level, and the cap of an enterprise's year. In fen.

Both are reckoned from the event alone, so that a replay can prove that no budget was ever overdrawn.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from libs.common.changes import Draw, GuardChange, GuardWords, Recorded, SetLimit
from libs.common.money import CNY
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.programme.programme import ProgrammePublished
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.events import CaseOpened, ClawedBack, Purse, Reserved


def budget_key(programme_id: UUID, level: Level) -> str:
    """The guard of a level's budget."""
    return f"budget:{programme_id}:{level}"


def guard_words(key: str) -> GuardWords:
    """The budget of a level, or the cap of an enterprise's year at one."""
    kind, programme, level, *rest = key.split(":")
    if kind == "budget":
        return GuardWords(f"The {level} budget of programme {programme}", CNY)
    year, enterprise = rest
    return GuardWords(f"The {level} cap of programme {programme} for enterprise {enterprise} in {year}", CNY)


def draws(recorded: Recorded[Any]) -> list[GuardChange]:
    """What an event does to guards."""
    match recorded.event:
        case ProgrammePublished() as published:
            closed = [SetLimit(budget_key(recorded.stream, level), 0) for level in published.closed]
            limits = [
                SetLimit(budget_key(recorded.stream, rule.level), rule.budget.minor_units)
                for rule in published.rules.levels
            ]
            return [*closed, *limits]
        case CaseOpened() as opened:
            keys = ((opened.purse.cap_key(cap.level), cap.amount) for cap in opened.purse.caps)
            return [SetLimit(key, amount.minor_units) for key, amount in keys if key]
        case Reserved() as reserved:
            return _draw(reserved.purse, reserved.amounts, 1)
        case ClawedBack() as back:
            return _draw(back.purse, back.amounts, -1)
    return []


def _draw(purse: Purse, amounts: Sequence[LevelAmount], sign: int) -> list[GuardChange]:
    changes: list[GuardChange] = []
    for item in amounts:
        fen = sign * item.amount.minor_units
        changes.append(Draw(budget_key(purse.programme_id, item.level), fen))
        if key := purse.cap_key(item.level):
            changes.append(Draw(key, fen))
    return changes
