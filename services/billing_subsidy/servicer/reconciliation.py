"""ReconciliationService: bank statements."""

from uuid import UUID

from hubao.billing_subsidy.v1 import reconciliation_service_pb2 as pb
from hubao.billing_subsidy.v1 import reconciliation_service_pb2_grpc as pb_grpc

from libs.common.context import current_call
from libs.common.grpc.convert import (
    date_message,
    enum_name,
    enum_text,
    money_message,
    money_value,
    timestamp_message,
    uuid_value,
)
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.billing_subsidy.application.assigning import Share
from services.billing_subsidy.application.statements import Statements
from services.billing_subsidy.domain.statement.reading import CsvProfile, Entry
from services.billing_subsidy.domain.statement.statement import DifferenceCode, EntryStatus, Outcome, Part, Statement
from services.billing_subsidy.servicer.rules import level_value


class ReconciliationServicer(pb_grpc.ReconciliationServiceServicer):
    """Each method reads the request, calls one command, and writes the reply."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    async def ImportStatement(self, request: pb.ImportStatementRequest, context: Context) -> pb.ImportStatementResponse:
        done = await self._statements.import_statement(
            current_call(),
            request.bank_account,
            request.file_name,
            request.content,
            profile_value(request.profile),
            money_value("opening_balance", request.opening_balance),
            money_value("closing_balance", request.closing_balance),
        )
        return pb.ImportStatementResponse(statement=statement_message(done.stream, done.value, done.version))

    async def GetStatement(self, request: pb.GetStatementRequest, context: Context) -> pb.GetStatementResponse:
        loaded = await self._statements.get(current_call(), uuid_value("statement_id", request.statement_id))
        return pb.GetStatementResponse(statement=statement_message(loaded.stream, loaded.value, loaded.version))

    async def ListStatementEntries(
        self, request: pb.ListStatementEntriesRequest, context: Context
    ) -> pb.ListStatementEntriesResponse:
        call = current_call()
        page = page_of(request, call.tenant)
        statement = (await self._statements.get(call, uuid_value("statement_id", request.statement_id))).value
        wanted = enum_name("status", pb.EntryStatus, request.status) if request.status else ""
        after = page.after[0] if page.after else 0
        found = ((entry, statement.outcome(entry.line)) for entry in statement.entries if entry.line > after)
        rest = [(entry, outcome) for entry, outcome in found if not wanted or outcome.status == wanted]
        shown, token = next_token(page, rest, key=lambda pair: (pair[0].line,))
        return pb.ListStatementEntriesResponse(
            entries=[entry_message(entry, outcome) for entry, outcome in shown], next_page_token=token
        )

    async def CodeEntry(self, request: pb.CodeEntryRequest, context: Context) -> pb.CodeEntryResponse:
        done = await self._statements.code_entry(
            current_call(),
            uuid_value("statement_id", request.statement_id),
            request.line,
            DifferenceCode(enum_name("code", pb.DifferenceCode, request.code)),
            request.reason,
            request.etag,
        )
        return pb.CodeEntryResponse(statement=statement_message(done.stream, done.value, done.version))

    async def AssignEntry(self, request: pb.AssignEntryRequest, context: Context) -> pb.AssignEntryResponse:
        done = await self._statements.assign_entry(
            current_call(),
            uuid_value("statement_id", request.statement_id),
            request.line,
            [share_value(f"parts[{place}]", one) for place, one in enumerate(request.parts)],
            request.reason,
            request.etag,
        )
        return pb.AssignEntryResponse(statement=statement_message(done.stream, done.value, done.version))

    async def UncodeEntry(self, request: pb.UncodeEntryRequest, context: Context) -> pb.UncodeEntryResponse:
        done = await self._statements.uncode_entry(
            current_call(),
            uuid_value("statement_id", request.statement_id),
            request.line,
            request.reason,
            request.etag,
        )
        return pb.UncodeEntryResponse(statement=statement_message(done.stream, done.value, done.version))


def share_value(field: str, message: pb.EntryShare) -> Share:
    def named(name: str) -> UUID | None:
        return uuid_value(f"{field}.{name}", getattr(message, name)) if message.WhichOneof("target") == name else None

    return Share(
        amount=money_value(f"{field}.amount", message.amount),
        policy_id=named("policy_id"),
        case_id=named("case_id"),
        level=level_value(f"{field}.level", message.level) if message.level else None,
        vendor_id=message.vendor_id,
        reference=message.reference,
    )


def profile_value(profile: pb.CsvProfile) -> CsvProfile:
    return CsvProfile(
        date_column=profile.date_column,
        amount_column=profile.amount_column,
        reference_column=profile.reference_column,
        payer_name_column=profile.payer_name_column,
        payer_account_column=profile.payer_account_column,
        currency_column=profile.currency_column,
        date_format=profile.date_format or "YYYY-MM-DD",
        delimiter=profile.delimiter or ",",
        line_id_column=profile.line_id_column,
    )


def statement_message(statement_id: UUID, statement: Statement, version: int) -> pb.Statement:
    return pb.Statement(
        statement_id=str(statement_id),
        bank_account=statement.bank_account,
        file_name=statement.file_name,
        sha256=statement.sha256,
        opening_balance=money_message(statement.opening),
        closing_balance=money_message(statement.closing),
        entries=len(statement.entries),
        matched=statement.count(EntryStatus.MATCHED),
        unmatched=statement.count(EntryStatus.UNMATCHED),
        coded=statement.count(EntryStatus.CODED),
        imported_time=timestamp_message(statement.imported_at),
        etag=str(version),
    )


def entry_message(entry: Entry, outcome: Outcome) -> pb.StatementEntry:
    return pb.StatementEntry(
        line=entry.line,
        value_date=date_message(entry.value_date),
        amount=money_message(entry.amount),
        reference=entry.reference,
        payer_name=entry.payer_name,
        payer_account=entry.payer_account,
        status=enum_text(pb.EntryStatus, outcome.status),
        rule=outcome.rule,
        matched_to=str(outcome.matched_to) if outcome.matched_to else "",
        reason=outcome.reason,
        code=enum_text(pb.DifferenceCode, outcome.code) if outcome.code else None,
        coded_by=outcome.coded_by,
        bank_id=entry.bank_id,
        parts=[part_message(part) for part in outcome.parts],
    )


def part_message(part: Part) -> pb.EntryPart:
    return pb.EntryPart(matched_to=str(part.matched_to), amount=money_message(part.amount))
