"""Until periods close, money that moved more than 31 days ago is booked by hand only with a reason."""

from datetime import date
from typing import Any

import pytest
from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import settlement_service_pb2 as settlement_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from libs.common.grpc.convert import date_message, money_message
from services.billing_subsidy.domain.errors import LateBookingUnexplained
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import POLICY, yuan
from tests.billing_subsidy.office import Office, shown

DECEMBER, MARCH = date(2025, 12, 20), date(2026, 3, 1)


async def test_a_december_receipt_in_march_needs_a_word(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(MARCH)

    with pytest.raises(LateBookingUnexplained) as refusal:
        await office.pay("106000.00", DECEMBER)

    assert refusal.value.details == {"day": "2025-12-20", "days": "31"}
    account = await office.pay("106000.00", DECEMBER, reason="found on the bank's paper statement")
    assert shown(account.received) == "106,000.00"
    assert await office.pay("106000.00", DECEMBER) == account


async def test_thirty_one_days_need_none(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(date(2026, 1, 20))

    assert shown((await office.pay("106000.00", DECEMBER)).received) == "106,000.00"


async def test_refunds_vendors_payments_and_the_treasurys_money_are_alike(office: Office) -> None:
    programme = await office.publish()
    await office.hear(heard.bound())
    await office.hear(heard.verified("vendor-1", "6000.00"))
    await office.move_to(date(2026, 1, 1))
    await office.pay("110000.00", date(2026, 1, 1))
    await office.move_to(MARCH)
    case = await office.case(programme)
    day: dict[str, Any] = {"amount": money_message(yuan("1.00")), "reference": "X1"}
    requests: list[Message] = [
        account_pb.RecordRefundPaidRequest(policy_id=str(POLICY), paid_on=date_message(DECEMBER), **day),
        settlement_pb.RecordVendorPaymentRequest(vendor_id="vendor-1", paid_on=date_message(DECEMBER), **day),
        case_pb.RecordDisbursementRequest(
            case_id=case.case_id, level="GOVERNMENT_LEVEL_CITY", value_date=date_message(DECEMBER), **day
        ),
    ]

    for request in requests:
        with pytest.raises(LateBookingUnexplained):
            await office.ask(request)
        request.reason = "the bank told us late"  # type: ignore[attr-defined]
        await office.ask(request)
