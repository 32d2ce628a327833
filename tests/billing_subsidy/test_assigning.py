"""A person says whose a line in suspense is, splits it, and takes a code back."""

from datetime import date
from typing import Any

import pytest
from hubao.billing_subsidy.v1 import reconciliation_service_pb2 as pb

from libs.common.errors import InvalidField
from libs.common.grpc.convert import money_message
from services.billing_subsidy.domain.errors import EntrySettled, PartsNotWhole, RecordNotFound, RefundTooHigh
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import POLICY, level, yuan
from tests.billing_subsidy.office import Office, shown
from tests.billing_subsidy.test_import import entries, request
from tests.billing_subsidy.test_statement_identity import SECOND
from tests.billing_subsidy.test_transit import JANUARY, bound


def share(amount: str, **target: Any) -> pb.EntryShare:
    return pb.EntryShare(amount=money_message(yuan(amount)), **target)


async def left(office: Office, *amounts: str) -> Any:
    """A statement of lines that nothing was found for."""
    rows = [f"2026-01-16,{amount},汇款,Orchid" for amount in amounts]
    closing = str(sum(yuan(amount).minor_units for amount in amounts) / 100)
    return (await office.ask(request(*rows, closing=closing))).statement


async def assign(office: Office, statement: Any, *parts: pb.EntryShare, line: int = 2) -> Any:
    asked = pb.AssignEntryRequest(
        statement_id=statement.statement_id, line=line, parts=parts, reason="the insured told us"
    )
    return (await office.ask(asked)).statement


async def test_a_mistyped_row_is_assigned_to_its_policy(office: Office) -> None:
    await bound(office)
    programme = await office.publish(levels=(level("city", "50", "60000", "2000000"),))
    statement = await left(office, "106000.00")

    done = await assign(office, statement, share("106000.00", policy_id=str(POLICY)))

    assert (done.matched, done.unmatched) == (1, 0)
    [entry] = await entries(office, statement)
    assert (entry.rule, entry.matched_to, entry.coded_by) == ("ASSIGNED", str(POLICY), "user:lead")
    balance = await office.trial_balance()
    assert (balance["1002"], balance.get("224103", "0.00")) == ("106,000.00", "0.00")
    assert shown((await office.account()).received) == "106,000.00"
    assert (await office.levels(programme))["city"][0] == "50,000.00"
    assert await assign(office, statement, share("106000.00", policy_id=str(POLICY))) == done


async def test_a_row_is_the_line_of_a_record_and_the_bank_has_it_once(office: Office) -> None:
    await bound(office)
    statement = await left(office, "1060.00")
    await office.pay("1060.00", JANUARY, reference="FT0001")

    await assign(office, statement, share("1060.00", reference="FT0001"))

    balance = await office.trial_balance()
    assert (balance["1002"], balance.get("224103", "0.00")) == ("1,060.00", "0.00")
    assert shown((await office.account()).received) == "1,060.00"


async def test_a_line_is_split_among_policies_and_a_vendors_payment_is_its_own(office: Office) -> None:
    await bound(office)
    await office.hear(heard.verified("vendor-1", "6000.00"))
    statement = await left(office, "107060.00", "-6000.00")

    parts = (share("106000.00", policy_id=str(POLICY)), share("1060.00", policy_id=str(SECOND)))
    await assign(office, statement, *parts)
    done = await assign(office, statement, share("-6000.00", vendor_id="vendor-1"), line=3)

    assert done.matched == 2
    assert [shown((await office.account(each)).receivable) for each in (POLICY, SECOND)] == ["0.00", "0.00"]
    balance = await office.trial_balance()
    assert (balance["1002"], balance.get("2202", "0.00"), balance.get("224103", "0.00")) == (
        "101,060.00",
        "0.00",
        "0.00",
    )


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        ((share("1000.00", policy_id=str(POLICY)),), PartsNotWhole),
        ((share("-1060.00", policy_id=str(POLICY)),), InvalidField),
        ((share("530.00", policy_id=str(POLICY)), share("530.00", policy_id=str(POLICY))), InvalidField),
        ((share("1060.00", reference="FT9999"),), RecordNotFound),
        ((share("1060.00"),), InvalidField),
    ],
)
async def test_what_does_not_fit_books_nothing(office: Office, parts: Any, refusal: type[Exception]) -> None:
    await bound(office)
    statement = await left(office, "1060.00")

    with pytest.raises(refusal):
        await assign(office, statement, *parts)

    assert (await office.trial_balance())["224103"] == "-1,060.00"


async def test_more_than_the_credit_is_no_refund(office: Office) -> None:
    await bound(office)
    statement = await left(office, "-5.00")

    with pytest.raises(RefundTooHigh):
        await assign(office, statement, share("-5.00", policy_id=str(POLICY)))


async def test_a_code_is_taken_back_and_the_line_assigned(office: Office) -> None:
    await bound(office)
    statement = await left(office, "1060.00")
    code = pb.CodeEntryRequest(
        statement_id=statement.statement_id, line=2, code=pb.DIFFERENCE_CODE_OTHER, reason="nobody knows"
    )
    await office.ask(code)
    with pytest.raises(EntrySettled):
        await assign(office, statement, share("1060.00", policy_id=str(POLICY)))

    undo = pb.UncodeEntryRequest(statement_id=statement.statement_id, line=2, reason="it is premium")
    undone = (await office.ask(undo)).statement
    assert (undone.coded, undone.unmatched) == (0, 1)
    assert (await office.ask(undo)).statement == undone
    balance = await office.trial_balance()
    assert (balance.get("6301", "0.00"), balance["224103"]) == ("0.00", "-1,060.00")
    await assign(office, statement, share("1060.00", policy_id=str(POLICY)))

    assert shown((await office.account()).received) == "1,060.00"


async def test_a_subsidy_without_a_number_is_assigned_to_its_level(office: Office) -> None:
    await bound(office)
    programme = await office.publish(levels=(level("city", "50", "60000", "2000000"),))
    await office.pay("106000.00", date(2026, 1, 15))
    case = await office.case(programme)
    statement = await left(office, "50000.00", "-50000.00")

    await assign(office, statement, share("50000.00", case_id=case.case_id, level="GOVERNMENT_LEVEL_CITY"))
    await assign(office, statement, share("-50000.00", case_id=case.case_id), line=3)

    done = await office.case(programme)
    assert (shown(done.levels[0].disbursed), shown(done.passed_on)) == ("50,000.00", "50,000.00")
