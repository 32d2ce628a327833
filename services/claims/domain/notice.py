"""The first notice of a loss, exactly as its reporter gave it.

Nothing is completed: a date stays as partial as it came, an amount keeps its currency or its lack of one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from libs.common.checking import all_at_once, problems, refuse
from libs.common.dates import PartialDate
from libs.common.errors import Invalid, InvalidField
from services.claims.domain.codes import IncidentClass, Veris
from services.claims.domain.currencies import checked_amount, checked_currency
from services.claims.domain.errors import DiscoveredBeforeOccurred, NotifiedBeforeOccurred

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclass(frozen=True)
class ReportedLoss:
    """A loss in its reporter's words; no currency means that nobody said which."""

    amount: Decimal
    currency: str = ""

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency}".rstrip()


@dataclass(frozen=True)
class Notice:
    """What a reporter says. Two notices are the same if they are equal."""

    policy_id: UUID
    reported_by: str
    insured_uscc: str = ""
    reference: str = ""
    occurred_on: PartialDate | None = None
    discovered_on: PartialDate | None = None
    notified_on: PartialDate | None = None
    description: str = ""
    veris: Veris = field(default_factory=Veris)
    incident_class: IncidentClass | None = None
    loss: ReportedLoss | None = None
    part_codes: tuple[str, ...] = ()
    response_requested: bool = False


def checked_loss(field: str, amount: str, currency: str) -> ReportedLoss | None:
    """The loss as reported, or None if neither amount nor currency is given."""
    if not amount and not currency:
        return None
    unknown = problems(checked_currency, f"{field}.currency_code", currency)
    code = "" if unknown else currency
    if amount:
        wrong = problems(checked_amount, f"{field}.amount", amount, code)
    else:
        wrong = (InvalidField(field=f"{field}.amount", problem="is missing, though there is a currency"),)
    refuse([*wrong, *unknown])
    return ReportedLoss(checked_amount(f"{field}.amount", amount, code), code)


@all_at_once
def checked_dates(
    occurred_on: PartialDate | None, discovered_on: PartialDate | None, notified_on: PartialDate | None, today: date
) -> Iterator[Invalid]:
    """Refuses what can't be whichever days the dates mean: a future, a notice or a discovery before the event."""
    dates = {"occurred_on": occurred_on, "discovered_on": discovered_on, "notified_on": notified_on}
    for name, known in dates.items():
        if known and known.earliest > today:
            yield InvalidField(field=name, problem=f"{known} lies in the future")
    if occurred_on and notified_on and notified_on.latest < occurred_on.earliest:
        raise NotifiedBeforeOccurred(notified_on=notified_on, occurred_on=occurred_on)
    if occurred_on and discovered_on and discovered_on.latest < occurred_on.earliest:
        raise DiscoveredBeforeOccurred(discovered_on=discovered_on, occurred_on=occurred_on)


def checked_part_codes(field: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Refuses what can't be a part's code, and a code that is there twice."""
    _check_part_codes(field, codes)
    return codes


@all_at_once
def _check_part_codes(field: str, codes: tuple[str, ...]) -> Iterator[Invalid]:
    for index, code in enumerate(codes):
        if not _CODE.fullmatch(code):
            yield InvalidField(field=f"{field}[{index}]", problem="must be a part's code, such as BI")
        if code in codes[:index]:
            yield InvalidField(field=f"{field}[{index}]", problem=f"names {code} twice")
