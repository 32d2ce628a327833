"""Statements on the real engine: imported once, matched by reference, the rest coded by a person."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hubao.billing_subsidy.v1 import reconciliation_service_pb2 as pb

from libs.common.errors import InvalidField
from libs.common.grpc.convert import money_message
from services.billing_subsidy.domain.errors import EntrySettled, StatementNotContinuous, StatementNotFound
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import CANCELLATION, JULY, NUMBER, POLICY, level, yuan
from tests.billing_subsidy.office import Office, shown

FEBRUARY = date(2026, 2, 20)
OTHER_POLICY = UUID(int=55)


def request(*rows: str, opening: str = "0.00", closing: str = "106000.00", **more: Any) -> pb.ImportStatementRequest:
    return pb.ImportStatementRequest(
        bank_account="62220001",
        file_name="statement.csv",
        content="\r\n".join(["date,amount,text,payer", *rows]).encode(),
        profile=pb.CsvProfile(
            date_column="date", amount_column="amount", reference_column="text", payer_name_column="payer"
        ),
        opening_balance=money_message(yuan(opening)),
        closing_balance=money_message(yuan(closing)),
        **more,
    )


PREMIUM = f"2026-01-15,106000.00,保费 {NUMBER},Orchid"


async def entries(office: Office, statement: Any, **wanted: Any) -> list[Any]:
    answer = await office.ask(pb.ListStatementEntriesRequest(statement_id=statement.statement_id, **wanted))
    return list(answer.entries)


async def test_an_entry_that_names_a_policy_becomes_a_receipt_and_moves_the_subsidy(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)

    statement = (await office.ask(request(PREMIUM))).statement

    assert (statement.entries, statement.matched, statement.unmatched) == (1, 1, 0)
    [entry] = await entries(office, statement)
    assert (entry.line, entry.rule, entry.matched_to) == (2, "POLICY_NUMBER", str(POLICY))
    assert shown((await office.account()).received) == "106,000.00"
    assert (await office.levels(programme_id))["city"] == ("50,000.00", "0.00")


async def test_the_same_file_again_changes_nothing(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)
    first = (await office.ask(request(PREMIUM))).statement

    again = (await office.ask(request(PREMIUM))).statement

    assert again == first
    assert shown((await office.account()).received) == "106,000.00"


async def test_an_invoices_number_is_as_good(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)

    statement = (await office.ask(request(f"2026-01-15,106000.00,Invoice {NUMBER.lower()}-01,Orchid"))).statement

    [entry] = await entries(office, statement)
    assert entry.rule == "INVOICE_NUMBER"


async def test_a_case_number_becomes_a_disbursement_of_both_levels(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)
    await office.ask(request(PREMIUM))
    number = (await office.case(programme_id)).case_number

    rows = request(
        f"2026-02-20,70000.00,财政补贴 {number} {NUMBER},上海市财政局", opening="106000.00", closing="176000.00"
    )
    statement = (await office.ask(rows)).statement

    [entry] = await entries(office, statement)
    assert entry.rule == "CASE_NUMBER"
    levels = (await office.case(programme_id)).levels
    assert [shown(level.disbursed) for level in levels] == ["50,000.00", "20,000.00"]
    totals = await office.control_totals()
    assert totals["subsidy_receivable_ledger"] == "0.00"
    assert (await office.trial_balance())["1002"] == "176,000.00"


async def test_what_is_not_certain_is_left_for_a_person_who_codes_it(office: Office) -> None:
    await office.hear(heard.bound())
    await office.hear(heard.bound(OTHER_POLICY, "HB2026-AAAAA-AAAA1"))
    await office.move_to(FEBRUARY)
    rows = (
        "2026-01-15,-12.00,账户管理费,",
        f"2026-01-16,10.00,{NUMBER} and HB2026-AAAAA-AAAA1,Orchid",
        f"2026-01-17,-5.00,refund {NUMBER},Orchid",
    )

    statement = (await office.ask(request(*rows, closing="-7.00"))).statement

    left = await entries(office, statement, status=pb.ENTRY_STATUS_UNMATCHED)
    assert [entry.reason for entry in left] == ["NO_NUMBER_FOUND", "SEVERAL_NUMBERS_FOUND", "NO_SUCH_CREDIT"]
    assert (await office.trial_balance())["224103"] == "7.00"
    code = pb.CodeEntryRequest(
        statement_id=statement.statement_id, line=2, code=pb.DIFFERENCE_CODE_BANK_CHARGE, reason="account fee"
    )
    coded = (await office.ask(code)).statement
    assert (coded.unmatched, coded.coded) == (2, 1)
    assert (await office.ask(code)).statement == coded
    code.code = pb.DIFFERENCE_CODE_OTHER
    with pytest.raises(EntrySettled):
        await office.ask(code)
    [entry] = await entries(office, statement, status=pb.ENTRY_STATUS_CODED)
    assert (entry.code, entry.coded_by) == (pb.DIFFERENCE_CODE_BANK_CHARGE, "user:lead")
    assert (await office.trial_balance())["6603"] == "12.00"


async def test_money_that_goes_out_with_a_policys_number_is_its_refund(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)
    await office.ask(request(PREMIUM))
    await office.move_to(date(2026, 10, 1))
    await office.hear(heard.changed(JULY))
    await office.hear(heard.cancelled(_third()))
    refundable = shown((await office.account()).refundable)

    rows = request(f"2026-10-01,-16244.43,退保 {NUMBER},Orchid", opening="106000.00", closing="89755.57")
    await office.ask(rows)

    assert refundable == "16,244.43"
    account = await office.account()
    assert (shown(account.refundable), shown(account.received)) == ("0.00", "89,755.57")


def _third() -> Any:
    return replace(CANCELLATION, number=3)


async def test_a_wrong_row_takes_in_nothing(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)

    with pytest.raises(InvalidField, match="line 3"):
        await office.ask(request(PREMIUM, "2026-13-01,1.00,x,"))

    assert shown((await office.account()).received) == "0.00"


async def test_a_statement_that_does_not_follow_on_is_refused(office: Office) -> None:
    await office.move_to(FEBRUARY)
    await office.ask(request("2026-01-15,1.00,x,", closing="1.00"))

    with pytest.raises(StatementNotContinuous):
        await office.ask(request("2026-01-16,1.00,x,", opening="2.00", closing="3.00"))


async def test_another_insurers_statement_is_not_found(office: Office) -> None:
    await office.move_to(FEBRUARY)
    statement = (await office.ask(request("2026-01-15,1.00,x,", closing="1.00"))).statement

    with pytest.raises(StatementNotFound):
        await office.ask(pb.GetStatementRequest(statement_id=statement.statement_id), "other-insurer")


async def test_two_receipts_of_one_file_draw_on_one_budget(office: Office) -> None:
    programme_id = await office.publish(levels=(level("city", "50", "60000", "80000"),))
    await office.hear(heard.bound())
    await office.hear(heard.bound(OTHER_POLICY, "HB2026-AAAAA-AAAA1"))
    await office.move_to(FEBRUARY)

    await office.ask(request(PREMIUM, "2026-01-15,106000.00,HB2026-AAAAA-AAAA1,Lotus", closing="212000.00"))

    granted = [(await office.levels(programme_id, policy))["city"][0] for policy in (POLICY, OTHER_POLICY)]
    assert granted == ["50,000.00", "30,000.00"]
