"""A person says whose an entry is that stands in suspense: policies', cases', vendors', or that of records by hand.

Each part is booked by the verb of what it becomes, with the entry's line as its reference, as a match would have done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.errors import InvalidField
from libs.common.money import Money
from libs.common.unit import Unit
from services.billing_subsidy.application.accounts import account_of
from services.billing_subsidy.application.matching import Place
from services.billing_subsidy.application.purses import Purses
from services.billing_subsidy.application.reckoning import reckon_cases
from services.billing_subsidy.application.streams import transit_stream, vendor_stream
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.errors import (
    CaseNotFound,
    RecordNotFound,
    StatementNotFound,
    VendorAccountNotFound,
)
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.statement.statement import EntryStatus, Part, Statement
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.transit import Transit
from services.billing_subsidy.domain.vendor_account import VendorAccount


@dataclass(frozen=True, slots=True)
class Share:
    """What of an entry is whose: exactly one of policy, case, vendor and the reference of a record by hand is given.

    A case's money has the level that it is of, or goes back to; money out without one is passed on to the insured.
    """

    amount: Money
    policy_id: UUID | None = None
    case_id: UUID | None = None
    level: Level | None = None
    vendor_id: str = ""
    reference: str = ""


async def assign(unit: Unit, statement_id: UUID, line: int, shares: Sequence[Share], reason: str) -> None:
    """Books the parts, and takes the entry out of suspense."""
    statement = await unit.get(Statement, statement_id, StatementNotFound(statement_id=statement_id))
    parts = tuple([Part(_target(unit, share, index), share.amount) for index, share in enumerate(shares)])
    targets = [part.matched_to for part in parts]
    if len(set(targets)) < len(targets):
        raise InvalidField(field="parts", problem="name one target twice")
    place = Place(statement_id, statement.entry(line))
    for index, share in enumerate(shares):
        if share.amount.currency != place.entry.amount.currency:
            raise InvalidField(field=f"parts[{index}].amount.currency_code", problem="must be the entry's")
        if share.amount.minor_units * place.entry.amount.minor_units <= 0:
            raise InvalidField(field=f"parts[{index}].amount", problem="must have the entry's sign")
    assigned = statement.assign(line, parts, reason, unit.call.principal, unit.call.today)
    unit.record(Statement, statement_id, assigned)
    if not assigned:
        return
    assert statement.outcome(line).status is EntryStatus.UNMATCHED
    for share, part in zip(shares, parts, strict=True):
        await _book(unit, share, part, place)
    purses = Purses(unit)
    for share in shares:
        if share.policy_id is not None:
            await reckon_cases(unit, share.policy_id, purses)


def _target(unit: Unit, share: Share, index: int) -> UUID:
    """Where a part goes, as an id."""
    if share.policy_id is not None:
        return share.policy_id
    if share.case_id is not None:
        return share.case_id
    if share.vendor_id:
        return vendor_stream(unit.call.tenant, share.vendor_id)
    if share.reference:
        return transit_stream(unit.call.tenant, share.reference)
    raise InvalidField(field=f"parts[{index}]", problem="names nothing that the money is of")


async def _book(unit: Unit, share: Share, part: Part, place: Place) -> None:
    if share.policy_id is not None:
        await _of_policy(unit, share.policy_id, share.amount, place)
    elif share.case_id is not None:
        await _of_case(unit, share.case_id, share, place)
    elif share.vendor_id:
        missing = VendorAccountNotFound(vendor_id=share.vendor_id)
        account = await unit.get(VendorAccount, part.matched_to, missing)
        paid = account.pay(place.reference, -share.amount, place.entry.value_date, unit.call.today)
        unit.record(VendorAccount, part.matched_to, paid)
    else:
        await _of_record(unit, part.matched_to, share, place)


async def _of_policy(unit: Unit, policy_id: UUID, amount: Money, place: Place) -> None:
    account = await account_of(unit, policy_id)
    entry, source, today = place.entry, str(place.statement_id), unit.call.today
    if amount.minor_units > 0:
        booked = account.receive(place.reference, amount, entry.value_date, entry.payer_name, source, today)
        unit.record(PolicyAccount, policy_id, booked)
    else:
        refunded = account.pay_refund(place.reference, -amount, entry.value_date, source, today)
        unit.record(PolicyAccount, policy_id, refunded)


async def _of_case(unit: Unit, case_id: UUID, share: Share, place: Place) -> None:
    case = await unit.get(SubsidyCase, case_id, CaseNotFound(case_id=case_id))
    day, source, today = place.entry.value_date, str(place.statement_id), unit.call.today
    if share.amount.minor_units > 0:
        if share.level is None:
            raise InvalidField(field="parts.level", problem="must name the level that the money is of")
        events = case.disburse(share.level, place.reference, share.amount, day, source, today)
    elif share.level is not None:
        events = case.repay(share.level, place.reference, -share.amount, day, source, today)
    else:
        events = case.pass_on(place.reference, -share.amount, day, source, today)
    unit.record(SubsidyCase, case_id, events)


async def _of_record(unit: Unit, stream: UUID, share: Share, place: Place) -> None:
    """A record by hand has booked the money; its line has come."""
    missing = RecordNotFound(reference=share.reference, amount=share.amount)
    transit = await unit.get(Transit, stream, missing)
    places = transit.fitting(share.amount)
    if not places:
        raise missing
    unit.record(Transit, stream, transit.find(places, place.statement_id, place.entry.line))
