"""Imports bank statements: every entry finds its policy or case by reference, or is left for a person.

A file is one command: it is taken in with all that follows from it, or not at all. So the same file again finds the
statement and changes nothing.
"""

from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.money import Money
from libs.common.unit import Unit
from libs.common.workers import Workers
from services.billing_subsidy.application.accounts import account_of
from services.billing_subsidy.application.purses import Purses
from services.billing_subsidy.application.reckoning import reckon_cases
from services.billing_subsidy.application.streams import bank_stream, reference_stream, statement_stream
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.errors import CaseNotFound, StatementNotFound
from services.billing_subsidy.domain.reference import Reference, Target, candidates
from services.billing_subsidy.domain.statement.reading import CsvProfile, Entry, read_statement
from services.billing_subsidy.domain.statement.statement import BankAccount, DifferenceCode, Statement, StatementAdded
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.subsidy_case.money_in import levels_of

READING = Workers("statement", threads=2, places=32, share=8)
"""A statement of some megabytes takes a second to read, in which others are answered."""

NO_NUMBER_FOUND = "NO_NUMBER_FOUND"
SEVERAL_NUMBERS_FOUND = "SEVERAL_NUMBERS_FOUND"
OTHER_CURRENCY = "OTHER_CURRENCY"
NO_SUCH_CREDIT = "NO_SUCH_CREDIT"
LEVEL_NOT_CERTAIN = "LEVEL_NOT_CERTAIN"


class Statements:
    """Importing statements and coding what was left."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, statement_id: UUID) -> Loaded[Statement]:
        missing = StatementNotFound(statement_id=statement_id)
        return await self._application.read(Statement, statement_id, missing, tenant=call.tenant)

    async def import_statement(
        self,
        call: Call,
        bank_account: str,
        file_name: str,
        content: bytes,
        profile: CsvProfile,
        opening: Money,
        closing: Money,
    ) -> Done[Statement]:
        entries = await READING.run(
            call.owner, lambda stop: read_statement(content, profile, opening, closing, call.today)
        )
        stream = statement_stream(call.tenant, bank_account, content)

        async def plan(unit: Unit) -> None:
            if await unit.find(Statement, stream) is not None:
                return
            taken = Statement.take(bank_account, file_name, content, opening, closing, entries, unit.call.now)
            unit.record(Statement, stream, taken)
            await _follow_on(unit, stream, bank_account, opening, closing, entries)
            touched: dict[UUID, None] = {}
            for entry in entries:
                if (policy_id := await _match(unit, stream, entry)) is not None:
                    touched[policy_id] = None
            purses = Purses(unit)
            for policy_id in touched:
                await reckon_cases(unit, policy_id, purses)

        return await self._application.execute(call, Statement, stream, plan)

    async def code_entry(
        self, call: Call, statement_id: UUID, line: int, code: DifferenceCode, reason: str, etag: str
    ) -> Done[Statement]:
        return await self._application.change(
            call,
            Statement,
            statement_id,
            lambda statement: statement.code(line, code, reason, call.principal, call.today),
            StatementNotFound(statement_id=statement_id),
            etag=etag,
        )


async def _follow_on(
    unit: Unit, statement_id: UUID, bank_account: str, opening: Money, closing: Money, entries: tuple[Entry, ...]
) -> None:
    """Checks that the statement begins where the one before ended."""
    stream = bank_stream(unit.call.tenant, bank_account)
    first = min((entry.value_date for entry in entries), default=None)
    last = max((entry.value_date for entry in entries), default=None)
    if (before := await unit.find(BankAccount, stream)) is not None:
        before.check_follows(opening, first)
    added = StatementAdded(
        statement_id=statement_id, opening=opening, closing=closing, first_date=first, last_date=last
    )
    unit.record(BankAccount, stream, [added])


async def _match(unit: Unit, statement_id: UUID, entry: Entry) -> UUID | None:
    """Books one entry where it belongs, or leaves it; the policy whose premium moved, if one did."""
    statement = await unit.find(Statement, statement_id)
    assert statement is not None
    found = await _named(unit, entry.reference)
    if len(found) != 1:
        problem = SEVERAL_NUMBERS_FOUND if found else NO_NUMBER_FOUND
        unit.record(Statement, statement_id, statement.leave(entry.line, problem, unit.call.today))
        return None
    [(reference, rule)] = found
    book = _to_policy if reference.target is Target.POLICY else _to_case
    if problem := await book(unit, reference.target_id, statement, entry):
        unit.record(Statement, statement_id, statement.leave(entry.line, problem, unit.call.today))
        return None
    unit.record(Statement, statement_id, statement.match(entry.line, rule, reference.target_id))
    return reference.target_id if reference.target is Target.POLICY else None


async def _named(unit: Unit, text: str) -> list[tuple[Reference, str]]:
    """What a text names, with the rule by which it was read. A case named beside its own policy is just the case."""
    found: dict[UUID, tuple[Reference, str]] = {}
    for candidate in candidates(text):
        reference = await unit.find(Reference, reference_stream(unit.call.tenant, candidate.number))
        if reference is not None:
            rule = "CASE_NUMBER" if reference.target is Target.CASE else candidate.rule
            found.setdefault(reference.target_id, (reference, rule))
    for target_id, (reference, _) in list(found.items()):
        if reference.target is Target.CASE:
            case = await unit.get(SubsidyCase, target_id, CaseNotFound(case_id=target_id))
            found.pop(case.policy_id, None)
    return list(found.values())


async def _to_policy(unit: Unit, policy_id: UUID, statement: Statement, entry: Entry) -> str:
    """A receipt or a refund; the problem, if it can be neither."""
    account = await account_of(unit, policy_id)
    reference, source, today = f"{statement.sha256[:12]}/{entry.line}", statement.sha256, unit.call.today
    if entry.amount.currency != account.facts.currency:
        return OTHER_CURRENCY
    if entry.amount.minor_units > 0:
        received = account.receive(reference, entry.amount, entry.value_date, entry.payer_name, source, today)
        unit.record(PolicyAccount, policy_id, received)
        return ""
    if -entry.amount > account.position.credit:
        return NO_SUCH_CREDIT
    unit.record(PolicyAccount, policy_id, account.pay_refund(reference, -entry.amount, entry.value_date, source, today))
    return ""


async def _to_case(unit: Unit, case_id: UUID, statement: Statement, entry: Entry) -> str:
    """The treasury's money, by level; the problem, if its level is not certain."""
    case = await unit.get(SubsidyCase, case_id, CaseNotFound(case_id=case_id))
    parts = levels_of(case, entry.amount, entry.reference + entry.payer_name) if entry.amount.minor_units > 0 else {}
    if not parts:
        return LEVEL_NOT_CERTAIN
    for level, amount in parts.items():
        reference = f"{statement.sha256[:12]}/{entry.line}"
        events = case.disburse(level, reference, amount, entry.value_date, statement.sha256, unit.call.today)
        case = unit.record(SubsidyCase, case_id, events) or case
    return ""
