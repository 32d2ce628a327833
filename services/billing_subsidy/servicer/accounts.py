"""AccountService: what a policyholder owes, and the money that comes in."""

from datetime import date
from typing import Any
from uuid import UUID

from hubao.billing_subsidy.v1 import account_preview_pb2 as preview_pb
from hubao.billing_subsidy.v1 import account_service_pb2 as pb
from hubao.billing_subsidy.v1 import account_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common.context import current_call
from libs.common.grpc.convert import date_message, date_value, enum_text, money_message, money_value, timestamp_message
from libs.common.grpc.convert import uuid_value as uuid_of
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import Money
from services.billing_subsidy.application.accounts import Accounts
from services.billing_subsidy.application.collection import Collection
from services.billing_subsidy.application.foreseeing import Foresight
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.invoices import Invoice, PaymentPlan
from services.billing_subsidy.domain.collection import CollectionRules
from services.billing_subsidy.projections import Reads
from services.billing_subsidy.servicer.effects import effects_message


class AccountServicer(pb_grpc.AccountServiceServicer):
    """Each method reads the request, calls one command, and writes the reply."""

    def __init__(self, accounts: Accounts, collection: Collection, foresight: Foresight, reads: Reads) -> None:
        self._accounts = accounts
        self._collection = collection
        self._foresight = foresight
        self._reads = reads

    async def GetAccount(self, request: pb.GetAccountRequest, context: Context) -> pb.GetAccountResponse:
        call = current_call()
        loaded = await self._accounts.get(call, uuid_of("policy_id", request.policy_id))
        return pb.GetAccountResponse(account=account_message(loaded.value, loaded.version, call.today))

    async def ListAccounts(self, request: pb.ListAccountsRequest, context: Context) -> pb.ListAccountsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.accounts(tenant, page, request.overdue_only)
        shown, token = next_token(page, rows, key=lambda row: (row.policy_number, row.policy_id))
        return pb.ListAccountsResponse(accounts=[summary_message(row) for row in shown], next_page_token=token)

    async def ListInvoices(self, request: pb.ListInvoicesRequest, context: Context) -> pb.ListInvoicesResponse:
        call = current_call()
        page = page_of(request, call.tenant)
        account = (await self._accounts.get(call, uuid_of("policy_id", request.policy_id))).value
        after = page.after[0] if page.after else 0
        rest = [invoice for invoice in account.dues if invoice.sequence > after]
        shown, token = next_token(page, rest, key=lambda invoice: (invoice.sequence,))
        lacking = account.outstanding()
        messages = [invoice_message(account.facts.policy_id, invoice, lacking) for invoice in shown]
        return pb.ListInvoicesResponse(invoices=messages, next_page_token=token)

    async def RecordReceipt(self, request: pb.RecordReceiptRequest, context: Context) -> pb.RecordReceiptResponse:
        call = current_call()
        done = await self._accounts.record_receipt(
            call,
            uuid_of("policy_id", request.policy_id),
            request.reference,
            money_value("amount", request.amount),
            date_value("value_date", request.value_date),
            request.payer_name,
            request.reason,
            request.etag,
        )
        return pb.RecordReceiptResponse(account=account_message(done.value, done.version, call.today))

    async def RecordRefundPaid(
        self, request: pb.RecordRefundPaidRequest, context: Context
    ) -> pb.RecordRefundPaidResponse:
        call = current_call()
        done = await self._accounts.record_refund_paid(
            call,
            uuid_of("policy_id", request.policy_id),
            request.reference,
            money_value("amount", request.amount),
            date_value("paid_on", request.paid_on),
            request.reason,
            request.etag,
        )
        return pb.RecordRefundPaidResponse(account=account_message(done.value, done.version, call.today))

    async def SetPaymentPlan(self, request: pb.SetPaymentPlanRequest, context: Context) -> pb.SetPaymentPlanResponse:
        call = current_call()
        plan = PaymentPlan(request.plan.instalments, request.plan.due_days, request.plan.grace_days)
        done = await self._accounts.set_plan(call, uuid_of("policy_id", request.policy_id), plan, request.etag)
        return pb.SetPaymentPlanResponse(account=account_message(done.value, done.version, call.today))

    async def GetCollectionRules(
        self, request: pb.GetCollectionRulesRequest, context: Context
    ) -> pb.GetCollectionRulesResponse:
        return pb.GetCollectionRulesResponse(rules=rules_message(await self._collection.get(current_call())))

    async def SetCollectionRules(
        self, request: pb.SetCollectionRulesRequest, context: Context
    ) -> pb.SetCollectionRulesResponse:
        tolerance = money_value("rules.arrears_tolerance", request.rules.arrears_tolerance)
        rules = await self._collection.set_tolerance(current_call(), tolerance)
        return pb.SetCollectionRulesResponse(rules=rules_message(rules))

    async def PreviewPolicyChange(
        self, request: preview_pb.PreviewPolicyChangeRequest, context: Context
    ) -> preview_pb.PreviewPolicyChangeResponse:
        policy_id = uuid_of("policy_id", request.policy_id)
        foreseen = await self._foresight.of(current_call(), policy_id, request.type, request.data)
        return preview_pb.PreviewPolicyChangeResponse(effects=effects_message(foreseen))


def rules_message(rules: CollectionRules) -> pb.CollectionRules:
    return pb.CollectionRules(arrears_tolerance=money_message(rules.tolerance))


def account_message(account: PolicyAccount, version: int, today: date) -> pb.Account:
    message = pb.Account(
        policy_id=str(account.facts.policy_id),
        policy_number=account.facts.policy_number,
        insured_uscc=account.facts.insured_uscc,
        plan=pb.PaymentPlan(
            instalments=account.plan.instalments, due_days=account.plan.due_days, grace_days=account.plan.grace_days
        ),
        premium=money_message(account.net),
        vat=money_message(account.vat),
        invoiced=money_message(account.invoiced),
        received=money_message(account.received),
        receivable=money_message(account.position.receivable),
        unapplied=money_message(account.position.unapplied),
        refundable=money_message(account.position.refundable),
        overdue=money_message(account.overdue_on(today)),
        earned=money_message(account.earned_so_far),
        bound_on=date_message(account.bound_on),
        etag=str(version),
        master_policy_id=str(account.facts.master_id or ""),
        payer_uscc=account.facts.payer_uscc,
        arrears_tolerance=money_message(account.tolerance),
        written_off=money_message(account.written_off or account.facts.zero),
    )
    if first := account.first_arrears():
        message.grace_until.CopyFrom(date_message(first.grace_until))
    if expired_on := account.grace_expired_on():
        message.grace_expired_on.CopyFrom(date_message(expired_on))
    if account.earned:
        message.earned_through.CopyFrom(date_message(account.earned.through))
    return message


def invoice_message(policy_id: UUID, invoice: Invoice, lacking: dict[str, Money]) -> pb.Invoice:
    return pb.Invoice(
        invoice_number=invoice.number,
        policy_id=str(policy_id),
        kind=enum_text(pb.InvoiceKind, invoice.kind),
        net=money_message(invoice.net),
        vat=money_message(invoice.vat),
        gross=money_message(invoice.gross),
        issued_on=date_message(invoice.issued_on),
        due_on=date_message(invoice.due_on),
        transactions=invoice.transactions,
        reverses=invoice.reverses,
        outstanding=money_message(lacking.get(invoice.number, invoice.gross.zero())),
    )


def summary_message(row: Row[Any]) -> pb.AccountSummary:
    return pb.AccountSummary(
        policy_id=str(row.policy_id),
        policy_number=row.policy_number,
        insured_uscc=row.insured_uscc,
        invoiced=money_message(Money(row.currency, row.invoiced)),
        received=money_message(Money(row.currency, row.received)),
        balance=money_message(Money(row.currency, row.invoiced - row.received)),
        overdue_time=timestamp_message(row.overdue_at) if row.overdue_at else None,
    )
