"""Commands of vendor accounts."""

from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.errors import NotYet
from libs.common.money import Money
from libs.common.unit import Unit
from services.billing_subsidy.application.streams import vendor_stream
from services.billing_subsidy.application.transit import note
from services.billing_subsidy.domain.checks import check_explained
from services.billing_subsidy.domain.errors import VendorAccountNotFound
from services.billing_subsidy.domain.transit import Record, RecordKind
from services.billing_subsidy.domain.vendor_account import (
    CreditAccrued,
    FeeAccrued,
    FeeBorneByClaim,
    VendorAccount,
)


class Settlement:
    """What vendors are owed, and paying them."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, vendor_id: str) -> Loaded[VendorAccount]:
        missing = VendorAccountNotFound(vendor_id=vendor_id)
        stream = vendor_stream(call.tenant, vendor_id)
        return await self._application.read(VendorAccount, stream, missing, tenant=call.tenant)

    async def record_payment(
        self, call: Call, vendor_id: str, reference: str, amount: Money, paid_on: date, reason: str, etag: str
    ) -> Done[VendorAccount]:
        stream = vendor_stream(call.tenant, vendor_id)

        async def plan(unit: Unit) -> None:
            account = await unit.get(VendorAccount, stream, VendorAccountNotFound(vendor_id=vendor_id))
            events = account.pay(reference, amount, paid_on, unit.call.today, reason)
            if events:
                check_explained(paid_on, unit.call.today, reason)
            unit.record(VendorAccount, stream, events)
            await note(unit, reference, Record(RecordKind.VENDOR_PAYMENT, stream, -amount, paid_on), events)

        return await self._application.execute(call, VendorAccount, stream, plan, etag=etag)


async def accrue_fee(unit: Unit, fee: FeeAccrued) -> None:
    """Takes the fee of a verified order into the vendor's account."""
    stream, account = await _account(unit, fee.vendor_id, fee.fee.currency)
    unit.record(VendorAccount, stream, account.accrue_fee(fee, unit.call.today))


async def accrue_credit(unit: Unit, credit: CreditAccrued) -> None:
    """Takes a service credit into the vendor's account."""
    stream, account = await _account(unit, credit.vendor_id, credit.amount.currency)
    unit.record(VendorAccount, stream, account.accrue_credit(credit, unit.call.today))


async def bear_by_claim(unit: Unit, borne: FeeBorneByClaim) -> None:
    """Takes what a claim paid for an order off the vendor's fee. Raises NotYet until the order's fee is accrued."""
    stream = vendor_stream(unit.call.tenant, borne.vendor_id)
    account = await unit.find(VendorAccount, stream)
    if account is None or borne.order_id not in account.fee_orders:
        raise NotYet(f"order {borne.order_id} of {borne.vendor_id} is not known to be verified")
    unit.record(VendorAccount, stream, account.bear_by_claim(borne, unit.call.today))


async def _account(unit: Unit, vendor_id: str, currency: str) -> tuple[UUID, VendorAccount]:
    stream = vendor_stream(unit.call.tenant, vendor_id)
    account = await unit.find(VendorAccount, stream)
    if account is None:
        account = unit.record(VendorAccount, stream, VendorAccount.open(vendor_id, currency))
        assert account is not None
    return stream, account
