"""LedgerService: the books."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hubao.billing_subsidy.v1 import ledger_service_pb2 as pb
from hubao.billing_subsidy.v1 import ledger_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common.context import current_call
from libs.common.errors import InvalidField
from libs.common.grpc.convert import date_message, date_value, enum_text, money_message, optional, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import CNY, Money
from services.billing_subsidy.application.accounts import Accounts
from services.billing_subsidy.domain.ledger.chart import CHART, LedgerAccount
from services.billing_subsidy.projections import Reads


class LedgerServicer(pb_grpc.LedgerServiceServicer):
    """Each method reads the request, calls one command or read, and writes the reply."""

    def __init__(self, accounts: Accounts, reads: Reads) -> None:
        self._accounts = accounts
        self._reads = reads

    async def ListLedgerAccounts(
        self, request: pb.ListLedgerAccountsRequest, context: Context
    ) -> pb.ListLedgerAccountsResponse:
        return pb.ListLedgerAccountsResponse(accounts=[account_message(account) for account in CHART.values()])

    async def GetTrialBalance(self, request: pb.GetTrialBalanceRequest, context: Context) -> pb.GetTrialBalanceResponse:
        rows = await self._reads.trial_balance(
            current_call().tenant,
            optional(request, "effective_until", date_value),
            optional(request, "booked_until", date_value),
        )
        sums: dict[str, Money] = {}
        for row in rows:
            sums[row.currency] = sums.get(row.currency, Money(row.currency, 0)) + Money(row.currency, int(row.debit))
        return pb.GetTrialBalanceResponse(
            lines=[balance_message(row) for row in rows], totals=[money_message(debits) for debits in sums.values()]
        )

    async def ListJournalEntries(
        self, request: pb.ListJournalEntriesRequest, context: Context
    ) -> pb.ListJournalEntriesResponse:
        tenant = current_call().tenant
        if request.account_code and request.account_code not in CHART:
            raise InvalidField(field="account_code", problem="is not in the chart of accounts")
        page = page_of(request, tenant)
        policy_id = optional(request, "policy_id", uuid_value)
        rows = await self._reads.entries(tenant, page, policy_id, request.account_code)
        shown, token = next_token(page, rows, key=lambda row: (row.position,))
        lines = await self._reads.lines([row.position for row in shown])
        return pb.ListJournalEntriesResponse(
            entries=[entry_message(row, [line for line in lines if line.position == row.position]) for row in shown],
            next_page_token=token,
        )

    async def RecogniseEarned(self, request: pb.RecogniseEarnedRequest, context: Context) -> pb.RecogniseEarnedResponse:
        done = await self._accounts.recognise_earned(
            current_call(), uuid_value("policy_id", request.policy_id), date_value("through", request.through)
        )
        return pb.RecogniseEarnedResponse(
            earned=money_message(done.value.earned_so_far), unearned=money_message(done.value.unearned)
        )

    async def GetControlTotals(
        self, request: pb.GetControlTotalsRequest, context: Context
    ) -> pb.GetControlTotalsResponse:
        totals = await self._reads.control_totals(current_call().tenant)
        sums = {name: money_message(Money(CNY, fen)) for name, fen in asdict(totals).items()}
        return pb.GetControlTotalsResponse(totals=pb.ControlTotals(**sums))


def account_message(account: LedgerAccount) -> pb.LedgerAccount:
    return pb.LedgerAccount(
        code=account.code,
        name_zh=account.name_zh,
        name_en=account.name_en,
        type=enum_text(pb.AccountType, account.type),
    )


def balance_message(row: Row[Any]) -> pb.TrialBalanceLine:
    return pb.TrialBalanceLine(
        account=account_message(CHART[row.account_code]),
        debit=money_message(Money(row.currency, int(row.debit))),
        credit=money_message(Money(row.currency, int(row.credit))),
        balance=money_message(Money(row.currency, int(row.debit - row.credit))),
    )


def entry_message(row: Row[Any], lines: Sequence[Row[Any]]) -> pb.JournalEntry:
    return pb.JournalEntry(
        entry_id=row.entry_id,
        rule=row.rule,
        cause=row.cause,
        effective_date=date_message(row.effective_date),
        booking_date=date_message(row.booked_on),
        policy_id=str(row.policy_id) if row.policy_id else "",
        lines=[line_message(line) for line in lines],
    )


def line_message(line: Row[Any]) -> pb.JournalLine:
    return pb.JournalLine(
        account_code=line.account_code,
        debit=money_message(Money(line.currency, line.debit)) if line.debit else None,
        credit=money_message(Money(line.currency, line.credit)) if line.credit else None,
        party=line.party,
    )
