"""What becomes of one entry of a statement: it is booked where it belongs, or left in suspense for a person.

An entry is matched only by a number that is known and that its text names. Sign, kind and amount must fit: money in
pays premium or is the treasury's, money out is a refund of exactly what is to be given back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.money import CNY
from libs.common.unit import Unit
from services.billing_subsidy.application.accounts import OWN, account_of
from services.billing_subsidy.application.streams import reference_stream
from services.billing_subsidy.application.transit import line_of_reference, line_of_target
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.errors import CaseNotFound
from services.billing_subsidy.domain.reference import Reference, Target, candidates
from services.billing_subsidy.domain.statement.kinds import PREMIUM_IN, REFUND_OUT, SUBSIDY_IN, SUBSIDY_OUT, kinds_of
from services.billing_subsidy.domain.statement.reading import Entry
from services.billing_subsidy.domain.statement.splitting import split_by_open_items
from services.billing_subsidy.domain.statement.statement import Part, Statement
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.subsidy_case.money_in import levels_of
from services.billing_subsidy.domain.transit import Record

NO_NUMBER_FOUND = "NO_NUMBER_FOUND"
SEVERAL_NUMBERS_FOUND = "SEVERAL_NUMBERS_FOUND"
OTHER_CURRENCY = "OTHER_CURRENCY"
NO_SUCH_CREDIT = "NO_SUCH_CREDIT"
KIND_DOES_NOT_FIT = "KIND_DOES_NOT_FIT"
AMOUNT_DOES_NOT_FIT = "AMOUNT_DOES_NOT_FIT"
LEVEL_NOT_CERTAIN = "LEVEL_NOT_CERTAIN"
SPLIT_BY_OPEN_ITEMS = "SPLIT_BY_OPEN_ITEMS"
RECORDED_OTHERWISE = "RECORDED_OTHERWISE"
MOST_POLICIES = 20
"""So many policies one payment may name and still be divided by itself."""


@dataclass(frozen=True, slots=True)
class Named:
    """A known number in a text: what it stands for, by which rule it was read, and the invoice if it was one's."""

    reference: Reference
    rule: str
    invoice: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its statement's id is the source of what it becomes, with its line the reference."""

    statement_id: UUID
    entry: Entry

    @property
    def reference(self) -> str:
        return f"{self.statement_id}/{self.entry.line}"


async def match(unit: Unit, statement_id: UUID, entry: Entry) -> Sequence[UUID]:
    """Books one entry where it belongs, or leaves it; the policies whose premium moved."""
    statement = await unit.find(Statement, statement_id)
    assert statement is not None
    named, place = await _named(unit, entry.reference), Place(statement_id, entry)
    parts: tuple[Part, ...] = ()
    numbers = [candidate.number for candidate in candidates(entry.reference)]
    recorded = await line_of_reference(unit, numbers, statement_id, entry)
    if recorded is None and len(named) == 1:
        recorded = await _recorded_of(unit, named[0].reference, statement_id, entry)
    if recorded:
        unit.record(Statement, statement_id, statement.find_recorded(entry.line, recorded))
        return []
    if recorded is not None:
        problem = RECORDED_OTHERWISE
    elif not named:
        problem = NO_NUMBER_FOUND
    elif len(named) > 1:
        problem, parts = await _to_several(unit, named, place)
    elif named[0].reference.target is Target.POLICY:
        problem = await _to_policy(unit, named[0].reference.target_id, place)
    else:
        problem = await _to_case(unit, named[0].reference.target_id, place)
    if problem:
        unit.record(Statement, statement_id, statement.leave(entry.line, problem, unit.call.today))
        return []
    rule, first = SPLIT_BY_OPEN_ITEMS if parts else named[0].rule, named[0].reference
    matched_to = parts[0].matched_to if parts else first.target_id
    unit.record(Statement, statement_id, statement.match(entry.line, rule, matched_to, parts))
    if parts:
        return [part.matched_to for part in parts]
    return [first.target_id] if first.target is Target.POLICY else []


async def _named(unit: Unit, text: str) -> list[Named]:
    """What a text names. A case named beside its own policy is just the case."""
    found: dict[UUID, Named] = {}
    known: set[str] = set()
    for candidate in candidates(text):
        if candidate.within in known:
            known.add(candidate.number)
            continue
        reference = await unit.find(Reference, reference_stream(unit.call.tenant, candidate.number))
        if reference is not None:
            known.add(candidate.number)
            rule = "CASE_NUMBER" if reference.target is Target.CASE else candidate.rule
            invoice = reference.number + candidate.within.removeprefix(candidate.number)
            named = Named(reference, rule, invoice if rule == "INVOICE_NUMBER" else "")
            found.setdefault(reference.target_id, named)
    for target_id, each in list(found.items()):
        if each.reference.target is Target.CASE:
            case = await unit.get(SubsidyCase, target_id, CaseNotFound(case_id=target_id))
            found.pop(case.policy_id, None)
    return list(found.values())


async def _recorded_of(unit: Unit, reference: Reference, statement_id: UUID, entry: Entry) -> list[Record] | None:
    """What was recorded by hand of the policy or case that a line names, if the line is the money of it."""
    target_id = reference.target_id
    if reference.target is Target.POLICY:
        account = await account_of(unit, target_id)
        records: list[tuple[str, str]] = [(each.reference, each.source) for each in account.receipts]
        records += [(each.reference, each.source) for each in account.refunds]
    else:
        case = await unit.get(SubsidyCase, target_id, CaseNotFound(case_id=target_id))
        records = [(each.reference, each.source) for each in case.disbursements]
        records += [(each.reference, each.source) for each in case.repayments]
        records += [(each.reference, each.source) for each in case.passed_on]
    by_hand = dict.fromkeys(each for each, source in records if source == OWN)
    return await line_of_target(unit, by_hand, target_id, statement_id, entry)


async def _to_several(unit: Unit, named: Sequence[Named], place: Place) -> tuple[str, tuple[Part, ...]]:
    """One payment of several policies' premium, if what they owe sums to it; the problem, if not."""
    entry = place.entry
    if len(named) > MOST_POLICIES or any(each.reference.target is not Target.POLICY for each in named):
        return SEVERAL_NUMBERS_FOUND, ()
    if entry.amount.minor_units < 0 or not kinds_of(entry.reference) <= PREMIUM_IN:
        return SEVERAL_NUMBERS_FOUND, ()
    accounts = {each.reference.target_id: await account_of(unit, each.reference.target_id) for each in named}
    if any(account.facts.currency != entry.amount.currency for account in accounts.values()):
        return OTHER_CURRENCY, ()
    invoices = {each.reference.target_id: each.invoice for each in named if each.invoice}
    parts = split_by_open_items(entry.amount, accounts, invoices)
    for part in parts:
        _receive(unit, accounts[part.matched_to], place, part)
    return "" if parts else SEVERAL_NUMBERS_FOUND, parts


def _receive(unit: Unit, account: PolicyAccount, place: Place, part: Part) -> None:
    entry = place.entry
    received = account.receive(
        place.reference, part.amount, entry.value_date, entry.payer_name, str(place.statement_id), unit.call.today
    )
    unit.record(PolicyAccount, part.matched_to, received)


async def _to_policy(unit: Unit, policy_id: UUID, place: Place) -> str:
    """A receipt or a refund; the problem, if it can be neither."""
    entry, kinds = place.entry, kinds_of(place.entry.reference)
    account = await account_of(unit, policy_id)
    if entry.amount.currency != account.facts.currency:
        return OTHER_CURRENCY
    if entry.amount.minor_units > 0:
        if not kinds <= PREMIUM_IN:
            return KIND_DOES_NOT_FIT
        _receive(unit, account, place, Part(policy_id, entry.amount))
        return ""
    amount, source = -entry.amount, str(place.statement_id)
    if not kinds <= REFUND_OUT:
        return KIND_DOES_NOT_FIT
    if amount > account.position.credit:
        return NO_SUCH_CREDIT
    if not account.fits_refund(amount):
        return AMOUNT_DOES_NOT_FIT
    paid = account.pay_refund(place.reference, amount, entry.value_date, source, unit.call.today)
    unit.record(PolicyAccount, policy_id, paid)
    return ""


async def _to_case(unit: Unit, case_id: UUID, place: Place) -> str:
    """The treasury's money, by level, in or out; or what is passed on to the insured. The problem, if it is not certain
    which."""
    entry = place.entry
    case = await unit.get(SubsidyCase, case_id, CaseNotFound(case_id=case_id))
    if entry.amount.minor_units < 0:
        return _out_of_case(unit, case_id, case, place)
    if not kinds_of(entry.reference) <= SUBSIDY_IN:
        return KIND_DOES_NOT_FIT
    owed = {level: case.owed(level) for level in case.levels}
    parts = levels_of(owed, entry.amount, entry.reference + entry.payer_name)
    if not parts:
        return LEVEL_NOT_CERTAIN
    for level, amount in parts.items():
        source = str(place.statement_id)
        events = case.disburse(level, place.reference, amount, entry.value_date, source, unit.call.today)
        case = unit.record(SubsidyCase, case_id, events) or case
    return ""


def _out_of_case(unit: Unit, case_id: UUID, case: SubsidyCase, place: Place) -> str:
    """What is owed back goes to the treasury, what belongs to the insured to the insured; never what may be both."""
    entry, amount, source, today = place.entry, -place.entry.amount, str(place.statement_id), unit.call.today
    if not kinds_of(entry.reference) <= SUBSIDY_OUT:
        return KIND_DOES_NOT_FIT
    if amount.currency != CNY:
        return OTHER_CURRENCY
    owed_back = {level: case.owed_back(level) for level in case.levels}
    parts = levels_of(owed_back, amount, entry.reference + entry.payer_name)
    passed_on = case.belongs_to_insured == amount
    if passed_on and parts:
        return LEVEL_NOT_CERTAIN
    if passed_on:
        events = case.pass_on(place.reference, amount, entry.value_date, source, today)
        unit.record(SubsidyCase, case_id, events)
        return ""
    for level, part in parts.items():
        events = case.repay(level, place.reference, part, entry.value_date, source, today)
        case = unit.record(SubsidyCase, case_id, events) or case
    return "" if parts else LEVEL_NOT_CERTAIN if any(owed_back.values()) else AMOUNT_DOES_NOT_FIT
