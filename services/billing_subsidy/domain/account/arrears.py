"""Arrears: premium that is missing after its due date, counted by due date, each with a grace of its own.

A later instalment never lengthens the grace of an earlier one. What is missing at a due date is what that instalment
and all before it lack; less than the account's tolerance is no arrears, and is written off when grace ends. Grace that
ran out has a ground: money of that amount, with value dates in grace, was not there. If it turns out later that it
was, the ground falls, and whatever was built on it with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from libs.common.dates import add_days
from libs.common.money import CNY, Money
from services.billing_subsidy.domain.account.events import GraceLapsed, OverdueCured, OverdueFound

USUAL_TOLERANCE = Money(CNY, 100)
"""Below it a difference is no arrears, unless the insurer has set another tolerance."""


@dataclass(frozen=True, slots=True)
class Arrears:
    """What was missing when a due date had passed; `expired_on` is the first day without grace, once it ran out.

    They are forborne if the policy was put back in force in spite of them: they stay owed, but end no cover.
    """

    due_on: date
    grace_until: date
    expired_on: date | None = None
    forborne: bool = False

    def without_grace(self) -> "Arrears":
        return replace(self, expired_on=add_days(self.grace_until, 1))


@dataclass(frozen=True, slots=True)
class Ground:
    """Why grace ran out: so much should have come in, less refunds, with value dates up to the last day of grace."""

    due_on: date
    grace_until: date
    needed: Money

    @property
    def expired_on(self) -> date:
        return add_days(self.grace_until, 1)


def found(known: Sequence[Arrears], event: OverdueFound) -> tuple[Arrears, ...]:
    """With those of one more due date."""
    others = [each for each in known if each.due_on != event.due_on]
    return tuple(sorted([*others, Arrears(event.due_on, event.grace_until)], key=lambda each: each.due_on))


def cured(known: Sequence[Arrears], event: OverdueCured) -> tuple[Arrears, ...]:
    """Without those that are settled; an event that names none settles all."""
    return tuple(each for each in known if event.due_dates and each.due_on not in event.due_dates)


def expired(known: Sequence[Arrears], event: GraceLapsed) -> tuple[Arrears, ...]:
    """With the day on which grace had run out; events of before several arrears were told apart name no due date."""
    return tuple(
        replace(each, expired_on=event.expired_on)
        if each.due_on == event.due_on or (event.due_on is None and _first_day_without(each) == event.expired_on)
        else each
        for each in known
    )


def reopened(known: Sequence[Arrears], due_dates: Sequence[date]) -> tuple[Arrears, ...]:
    """As if nobody had been told yet that grace of these ran out."""
    return tuple(replace(each, expired_on=None) if each.due_on in due_dates else each for each in known)


def forborne(known: Sequence[Arrears], these: Sequence[Arrears]) -> tuple[Arrears, ...]:
    """With these, which stay owed and end no cover."""
    due_dates = {each.due_on for each in these}
    others = (each for each in known if each.due_on not in due_dates)
    return tuple(sorted([*others, *(replace(each, forborne=True) for each in these)], key=lambda each: each.due_on))


def _first_day_without(each: Arrears) -> date:
    return add_days(each.grace_until, 1)
