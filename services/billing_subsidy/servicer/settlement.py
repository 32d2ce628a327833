"""SettlementService: what vendors are owed."""

from collections.abc import Sequence
from typing import Any

from hubao.billing_subsidy.v1 import settlement_service_pb2 as pb
from hubao.billing_subsidy.v1 import settlement_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common.context import current_call
from libs.common.grpc.convert import date_message, date_value, enum_text, money_message, money_value, optional
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import Money
from services.billing_subsidy.application.settlement import Settlement
from services.billing_subsidy.domain.vendor_account import VendorAccount
from services.billing_subsidy.projections import Reads


class SettlementServicer(pb_grpc.SettlementServiceServicer):
    """Each method reads the request, calls one command, and writes the reply."""

    def __init__(self, settlement: Settlement, reads: Reads) -> None:
        self._settlement = settlement
        self._reads = reads

    async def GetVendorStatement(
        self, request: pb.GetVendorStatementRequest, context: Context
    ) -> pb.GetVendorStatementResponse:
        call = current_call()
        page = page_of(request, call.tenant)
        since = date_value("from", getattr(request, "from")) if request.HasField("from") else None
        until = optional(request, "to", date_value)
        loaded = await self._settlement.get(call, request.vendor_id)
        rows = await self._reads.vendor_lines(call.tenant, request.vendor_id, page, since, until)
        shown, token = next_token(page, rows, key=lambda row: (row.effective_date, row.position))
        return pb.GetVendorStatementResponse(
            statement=statement_message(loaded.value, loaded.version, shown), next_page_token=token
        )

    async def RecordVendorPayment(
        self, request: pb.RecordVendorPaymentRequest, context: Context
    ) -> pb.RecordVendorPaymentResponse:
        done = await self._settlement.record_payment(
            current_call(),
            request.vendor_id,
            request.reference,
            money_value("amount", request.amount),
            date_value("paid_on", request.paid_on),
            request.reason,
            request.etag,
        )
        return pb.RecordVendorPaymentResponse(statement=statement_message(done.value, done.version, ()))


def statement_message(account: VendorAccount, version: int, lines: Sequence[Row[Any]]) -> pb.VendorStatement:
    return pb.VendorStatement(
        vendor_id=account.vendor_id,
        fees=money_message(account.fees),
        credits=money_message(account.credits),
        settled=money_message(account.settled),
        payable=money_message(account.payable),
        lines=[
            pb.VendorLine(
                kind=enum_text(pb.VendorLineKind, line.kind),
                effective_date=date_message(line.effective_date),
                order_id=line.order_id,
                reference=line.reference,
                amount=money_message(Money(line.currency, line.amount)),
            )
            for line in lines
        ],
        etag=str(version),
    )
