"""A statement is its account, its period and its balances; an entry becomes what its sign, kind and amount fit."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hubao.billing_subsidy.v1 import reconciliation_service_pb2 as pb

from libs.common.errors import InvalidField
from services.billing_subsidy.domain.errors import EntryImported, StatementNotContinuous
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import NUMBER, POLICY, movement
from tests.billing_subsidy.office import Office, shown
from tests.billing_subsidy.test_import import FEBRUARY, entries, request

SECOND, THIRD = UUID(int=55), UUID(int=56)
ROW = f"2026-01-15,1060.00,保费 {NUMBER},Orchid"


async def taken(office: Office, *rows: str, **more: Any) -> Any:
    account = more.pop("account", "62220001")
    asked = request(*rows, **more)
    asked.bank_account = account
    return (await office.ask(asked)).statement


def with_ids(*rows: str, **more: Any) -> pb.ImportStatementRequest:
    asked = request(**more)
    asked.content = "\r\n".join(["date,amount,text,payer,id", *rows]).encode()
    asked.profile.line_id_column = "id"
    return asked


async def bound(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(FEBRUARY)


async def test_the_same_bytes_of_two_accounts_are_two_payments(office: Office) -> None:
    await bound(office)

    first = await taken(office, ROW, closing="1060.00")
    second = await taken(office, ROW, closing="1060.00", account="62220002")

    assert first.statement_id != second.statement_id
    assert shown((await office.account()).received) == "2,120.00"
    assert (await office.trial_balance())["1002"] == "2,120.00"


async def test_the_same_rows_with_the_next_balances_are_the_next_statement(office: Office) -> None:
    await bound(office)

    first = await taken(office, ROW, closing="1060.00")
    second = await taken(office, ROW, opening="1060.00", closing="2120.00")

    assert (first.matched, second.matched) == (1, 1)
    assert shown((await office.account()).received) == "2,120.00"


async def test_the_same_rows_from_another_file_are_the_same_statement(office: Office) -> None:
    """Net zero, so that balances alone do not tell; written with a trailing blank line, and in another order."""
    await bound(office)
    rows = ("2026-01-15,12.00,利息,", "2026-01-15,-12.00,账户管理费,")

    first = await taken(office, *rows, closing="0.00")
    again = await taken(office, *reversed(rows), "", "", closing="0.00")

    assert again == first
    assert "224103" not in {code: sum_ for code, sum_ in (await office.trial_balance()).items() if sum_ != "0.00"}


async def test_a_line_of_the_bank_is_taken_in_once(office: Office) -> None:
    await bound(office)
    await office.ask(with_ids(f"2026-01-15,1060.00,{NUMBER},Orchid,T1", closing="1060.00"))
    rows = (f"2026-01-15,1060.00,{NUMBER},Orchid,T1", "2026-01-15,-1060.00,x,,T2")

    with pytest.raises(EntryImported) as refusal:
        await office.ask(with_ids(*rows, opening="1060.00", closing="1060.00"))

    assert refusal.value.details == {"line": "2", "bank_id": "T1"}
    twin = with_ids(f"2026-01-15,1060.00,{NUMBER},Orchid,T3", opening="1060.00", closing="2120.00")
    [entry] = await entries(office, (await office.ask(twin)).statement)
    assert entry.bank_id == "T3"
    assert shown((await office.account()).received) == "2,120.00"


async def test_an_id_twice_in_one_file_is_refused_with_its_line(office: Office) -> None:
    await bound(office)

    with pytest.raises(InvalidField, match="line 3: has the bank's id 'T1' of line 2"):
        await office.ask(with_ids("2026-01-15,1.00,x,,T1", "2026-01-15,1.00,x,,T1", closing="2.00"))


async def test_days_that_overlap_are_refused(office: Office) -> None:
    await bound(office)
    await taken(office, "2026-01-15,1.00,x,", "2026-01-16,1.00,x,", closing="2.00")

    with pytest.raises(StatementNotContinuous):
        await taken(office, "2026-01-15,1.00,x,", opening="2.00", closing="3.00")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"2026-01-16,-500.00,理赔款 {NUMBER},Orchid", "KIND_DOES_NOT_FIT"),
        (f"2026-01-16,-500.00,{NUMBER},Orchid", "AMOUNT_DOES_NOT_FIT"),
        (f"2026-01-16,-2000.00,退保 {NUMBER},Orchid", "NO_SUCH_CREDIT"),
        (f"2026-01-16,500.00,理赔款退回 {NUMBER},Orchid", "KIND_DOES_NOT_FIT"),
        (f"2026-01-16,500.00,财政补贴 {NUMBER},财政局", "KIND_DOES_NOT_FIT"),
    ],
)
async def test_what_does_not_fit_is_left(office: Office, row: str, reason: str) -> None:
    """The policy has a credit of 1,060.00."""
    await bound(office)
    await office.pay("107060.00", date(2026, 2, 1))
    amount = row.split(",")[1]

    statement = await taken(office, row, closing=amount)

    assert [entry.reason for entry in await entries(office, statement)] == [reason]
    assert shown((await office.account()).unapplied) == "1,060.00"


async def test_exactly_what_is_to_be_given_back_is_a_refund(office: Office) -> None:
    await bound(office)
    await office.pay("107060.00", date(2026, 2, 1))

    await taken(office, f"2026-01-16,-1060.00,{NUMBER},Orchid", closing="-1060.00")

    assert shown((await office.account()).unapplied) == "0.00"


async def three_bound(office: Office) -> None:
    await office.hear(heard.bound())
    await office.hear(heard.bound(SECOND, "A00-0002", movement(1, "bind", "1000.00")))
    await office.hear(heard.bound(THIRD, "A00-0003", movement(1, "bind", "500.00")))
    await office.move_to(FEBRUARY)


async def test_one_payment_of_three_policies_is_split_by_what_they_owe(office: Office) -> None:
    await three_bound(office)

    statement = await taken(office, f"2026-01-15,107590.00,{NUMBER} A00-0002 A00-0003,Orchid", closing="107590.00")

    [entry] = await entries(office, statement)
    assert (entry.rule, entry.matched_to) == ("SPLIT_BY_OPEN_ITEMS", str(POLICY))
    assert [(part.matched_to, shown(part.amount)) for part in entry.parts] == [
        (str(POLICY), "106,000.00"),
        (str(SECOND), "1,060.00"),
        (str(THIRD), "530.00"),
    ]
    assert [shown((await office.account(each)).receivable) for each in (POLICY, SECOND, THIRD)] == ["0.00"] * 3
    assert (await office.trial_balance())["1002"] == "107,590.00"


async def test_a_sum_that_fits_no_open_items_is_left_for_a_person(office: Office) -> None:
    await three_bound(office)

    statement = await taken(office, "2026-01-15,1590.01,A00-0002 A00-0003,Orchid", closing="1590.01")

    [entry] = await entries(office, statement)
    assert entry.reason == "SEVERAL_NUMBERS_FOUND"
    assert (await office.trial_balance())["224103"] == "-1,590.01"
