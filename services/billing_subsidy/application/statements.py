"""Imports bank statements: every entry finds its policy or case by reference, or is left for a person.

A statement is one command: it is taken in with all that follows from it, or not at all. The same again, from whichever
file, finds the statement and changes nothing. How an entry is matched is said in `matching`.
"""

from collections.abc import Sequence
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.money import Money
from libs.common.unit import Unit
from libs.common.workers import Workers
from services.billing_subsidy.application.assigning import Share, assign
from services.billing_subsidy.application.matching import match
from services.billing_subsidy.application.purses import Purses
from services.billing_subsidy.application.reckoning import reckon_cases
from services.billing_subsidy.application.streams import bank_stream, statement_stream, statement_stream_by_content
from services.billing_subsidy.domain.errors import StatementNotFound
from services.billing_subsidy.domain.statement.reading import CsvProfile, Entry, read_statement
from services.billing_subsidy.domain.statement.statement import BankAccount, DifferenceCode, Statement, StatementAdded

READING = Workers("statement", threads=2, places=32, share=8)
"""A statement of some megabytes takes a second to read, in which others are answered."""


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
        of_old = statement_stream_by_content(call.tenant, bank_account, content)
        stream = statement_stream(call.tenant, bank_account, opening, closing, entries)
        stored = await self._application.cache.load(Statement, of_old)
        if stored is not None and (stored.value.opening, stored.value.closing) == (opening, closing):
            stream = of_old

        async def plan(unit: Unit) -> None:
            if await unit.find(Statement, stream) is not None:
                return
            taken = Statement.take(bank_account, file_name, content, opening, closing, entries, unit.call.now)
            unit.record(Statement, stream, taken)
            await _follow_on(unit, stream, bank_account, opening, closing, entries)
            touched: dict[UUID, None] = {}
            for entry in entries:
                touched.update(dict.fromkeys(await match(unit, stream, entry)))
            purses = Purses(unit)
            for policy_id in touched:
                await reckon_cases(unit, policy_id, purses)

        return await self._application.execute(call, Statement, stream, plan)

    async def assign_entry(
        self, call: Call, statement_id: UUID, line: int, shares: Sequence[Share], reason: str, etag: str
    ) -> Done[Statement]:
        async def plan(unit: Unit) -> None:
            await assign(unit, statement_id, line, shares, reason)

        return await self._application.execute(call, Statement, statement_id, plan, etag=etag)

    async def uncode_entry(self, call: Call, statement_id: UUID, line: int, reason: str, etag: str) -> Done[Statement]:
        return await self._application.change(
            call,
            Statement,
            statement_id,
            lambda statement: statement.uncode(line, reason, call.principal, call.today),
            StatementNotFound(statement_id=statement_id),
            etag=etag,
        )

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
        before.check_follows(opening, first, entries)
    added = StatementAdded(
        statement_id=statement_id,
        opening=opening,
        closing=closing,
        first_date=first,
        last_date=last,
        last_ids=tuple(entry.bank_id for entry in entries if entry.bank_id and entry.value_date == last),
    )
    unit.record(BankAccount, stream, [added])
