"""What a person recorded waits for its bank line, and nothing is booked twice."""

from datetime import date
from typing import Any

import pytest
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import settlement_service_pb2 as settlement_pb

from libs.common.grpc.convert import date_message, money_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import NUMBER, POLICY, movement, yuan
from tests.billing_subsidy.office import Office, shown
from tests.billing_subsidy.test_import import entries, request
from tests.billing_subsidy.test_statement_identity import SECOND

JANUARY, TODAY = date(2026, 1, 15), date(2026, 1, 25)


async def bound(office: Office) -> None:
    await office.hear(heard.bound())
    await office.hear(heard.bound(SECOND, "A00-0002", movement(1, "bind", "1000.00")))
    await office.move_to(TODAY)


async def imported(office: Office, *rows: str, **more: Any) -> list[Any]:
    return await entries(office, (await office.ask(request(*rows, **more))).statement)


@pytest.mark.parametrize("text", ["FT0001", f"保费 {NUMBER} ＦＴ0001", f"保费 {NUMBER}"])
async def test_a_receipt_by_hand_and_its_line_are_one(office: Office, text: str) -> None:
    await bound(office)
    await office.pay("1060.00", JANUARY, reference="FT0001")

    [entry] = await imported(office, f"2026-01-16,1060.00,{text},Orchid", closing="1060.00")

    assert (entry.rule, entry.matched_to) == ("RECORDED", str(POLICY))
    assert (await office.trial_balance())["1002"] == "1,060.00"
    assert shown((await office.account()).received) == "1,060.00"


async def test_a_second_line_is_a_second_payment(office: Office) -> None:
    await bound(office)
    await office.pay("1060.00", JANUARY, reference="FT0001")
    row = f"2026-01-16,1060.00,{NUMBER},Orchid"

    first, second = await imported(office, row, row, closing="2120.00")

    assert (first.rule, second.rule) == ("RECORDED", "POLICY_NUMBER")
    assert (await office.trial_balance())["1002"] == "2,120.00"


async def test_another_amount_under_the_reference_is_left_for_a_person(office: Office) -> None:
    await bound(office)
    await office.pay("1060.00", JANUARY, reference="FT0001")

    [entry] = await imported(office, f"2026-01-16,1000.00,{NUMBER} FT0001,Orchid", closing="1000.00")

    assert entry.reason == "RECORDED_OTHERWISE"
    assert shown((await office.account()).received) == "1,060.00"


async def test_another_amount_of_the_policy_is_another_payment(office: Office) -> None:
    await bound(office)
    await office.pay("1060.00", JANUARY, reference="FT0001")

    [entry] = await imported(office, f"2026-01-16,1000.00,{NUMBER},Orchid", closing="1000.00")

    assert entry.rule == "POLICY_NUMBER"
    assert shown((await office.account()).received) == "2,060.00"


async def test_one_line_for_two_records_under_one_reference(office: Office) -> None:
    await bound(office)
    await office.pay("1000.00", JANUARY, reference="FT0001")
    await office.pay("1060.00", JANUARY, SECOND, reference="FT0001")

    [entry] = await imported(office, "2026-01-16,2060.00,FT0001,Orchid", closing="2060.00")

    assert [(part.matched_to, shown(part.amount)) for part in entry.parts] == [
        (str(POLICY), "1,000.00"),
        (str(SECOND), "1,060.00"),
    ]
    assert (await office.trial_balance())["1002"] == "2,060.00"


async def test_a_vendors_payment_and_a_refund_are_found_alike(office: Office) -> None:
    await bound(office)
    await office.hear(heard.verified("vendor-1", "6000.00"))
    await office.pay("107000.00", JANUARY, reference="FT0001")
    vendor = settlement_pb.RecordVendorPaymentRequest(
        vendor_id="vendor-1", reference="VP0001", amount=money_message(yuan("6000")), paid_on=date_message(JANUARY)
    )
    await office.ask(vendor)
    refund = account_pb.RecordRefundPaidRequest(
        policy_id=str(POLICY), reference="RF0001", amount=money_message(yuan("1000")), paid_on=date_message(JANUARY)
    )
    await office.ask(refund)

    rows = ("2026-01-16,-6000.00,付款 VP0001,V", "2026-01-16,-1000.00,RF0001,Orchid")
    found = await imported(office, *rows, closing="-7000.00")

    assert [entry.rule for entry in found] == ["RECORDED", "RECORDED"]
    assert (await office.trial_balance())["1002"] == "100,000.00"


async def test_the_same_record_again_waits_once(office: Office) -> None:
    await bound(office)
    await office.pay("1060.00", JANUARY, reference="FT0001")
    await office.pay("1060.00", JANUARY, reference="FT0001")

    row = "2026-01-16,1060.00,FT0001,Orchid"
    found = await imported(office, row, row, closing="2120.00")

    assert [entry.rule or entry.reason for entry in found] == ["RECORDED", "NO_NUMBER_FOUND"]
