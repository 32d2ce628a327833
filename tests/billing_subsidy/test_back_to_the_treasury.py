"""Money of the treasury that is not granted any more is owed back; what belongs to the insured is passed on."""

from datetime import date
from typing import Any

import pytest
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as pb

from libs.common.grpc.convert import date_message, money_message
from services.billing_subsidy.domain.errors import NothingToPassOn, RepaymentTooHigh
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import CaseStatus, SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import Reconciled
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import after, balances, level, movement, yuan
from tests.billing_subsidy.office import Office, shown
from tests.billing_subsidy.test_case import DAY, granted, reckoned
from tests.billing_subsidy.test_import import entries, request

JANUARY, FEBRUARY = date(2026, 1, 15), date(2026, 2, 1)


def disbursed(case: SubsidyCase, amounts: dict[Level, str]) -> SubsidyCase:
    for name, amount in amounts.items():
        case = after(case, case.disburse(name, "T1", yuan(amount), DAY, "recorded", DAY))
    return case


def paid_out(base: str = "100000.00") -> SubsidyCase:
    return disbursed(granted(base), {Level.CITY: "50000.00", Level.DISTRICT: "20000.00"})


def cancelled() -> SubsidyCase:
    case = paid_out()
    result: SubsidyCase = after(case, reckoned(case, "0.00"))
    return result


def test_what_was_disbursed_and_clawed_back_is_owed_back_by_level() -> None:
    case = cancelled()

    assert case.status is CaseStatus.OWED_BACK
    assert (case.owed_back(Level.CITY), case.owed_back(Level.DISTRICT)) == (yuan("50000"), yuan("20000"))
    assert case.owed(Level.CITY) == yuan("0")


def test_a_repayment_settles_the_level() -> None:
    case = cancelled()

    city = case.repay(Level.CITY, "B1", yuan("50000"), DAY, "recorded", DAY)
    case = after(case, city)
    assert case.status is CaseStatus.OWED_BACK
    assert balances(city) == {"1002": "-50,000.00", "122103": "50,000.00"}
    case = after(case, case.repay(Level.DISTRICT, "B1", yuan("20000"), DAY, "recorded", DAY))

    assert case.status is CaseStatus.CLAWED_BACK
    assert case.repay(Level.CITY, "B1", yuan("50000"), DAY, "recorded", DAY) == []
    with pytest.raises(RepaymentTooHigh):
        case.repay(Level.CITY, "B2", yuan("0.01"), DAY, "recorded", DAY)


def test_repaying_what_is_too_much_reconciles_the_case() -> None:
    case = after(paid_out(), reckoned(paid_out(), "50000.00"))
    case = after(case, case.repay(Level.DISTRICT, "B1", yuan("10000"), DAY, "recorded", DAY))

    events = case.repay(Level.CITY, "B1", yuan("25000"), DAY, "recorded", DAY)

    assert Reconciled(reconciled_on=DAY) in events
    assert after(case, events).status is CaseStatus.RECONCILED


def test_what_belongs_to_the_insured_is_passed_on_once() -> None:
    case = disbursed(granted(), {Level.CITY: "50000.00"})
    assert case.belongs_to_insured == yuan("50000")

    events = case.pass_on("P1", yuan("50000"), DAY, "recorded", DAY)

    case = after(case, events)
    assert balances(events) == {"1002": "-50,000.00", "224101": "50,000.00"}
    assert case.belongs_to_insured == yuan("0")
    assert case.pass_on("P1", yuan("50000"), DAY, "recorded", DAY) == []
    with pytest.raises(NothingToPassOn):
        case.pass_on("P2", yuan("0.01"), DAY, "recorded", DAY)


def test_what_was_not_granted_does_not_belong_to_the_insured() -> None:
    assert cancelled().belongs_to_insured == yuan("0")


async def city_paid(office: Office) -> tuple[str, Any]:
    """The city grants and has paid 500.00 on a policy of 1,000.00."""
    programme = await office.publish(levels=(level("city", "50", "60000", "2000000"),))
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(FEBRUARY)
    await office.pay("1060.00", JANUARY)
    case = await office.case(programme)
    rows = request(f"2026-01-20,500.00,财政补贴 {case.case_number},上海市财政局", closing="500.00")
    await office.ask(rows)
    return programme, case


async def test_a_row_out_with_the_cases_number_repays_the_treasury(office: Office) -> None:
    programme, case = await city_paid(office)
    await office.hear(heard.cancelled(movement(2, "cancel", "-1000.00")))
    owed = await office.case(programme)
    await office.project()
    listed = (await office.ask(pb.ListSubsidyCasesRequest())).subsidy_cases

    rows = request(f"2026-01-25,-500.00,退回 {case.case_number},上海市财政局", opening="500.00", closing="0.00")
    statement = (await office.ask(rows)).statement

    assert (owed.status, shown(owed.levels[0].owed_back)) == (pb.CASE_STATUS_OWED_BACK, "500.00")
    assert [one.status for one in listed] == [pb.CASE_STATUS_OWED_BACK]
    [entry] = await entries(office, statement)
    assert (entry.rule, entry.matched_to) == ("CASE_NUMBER", case.case_id)
    done = await office.case(programme)
    assert (done.status, shown(done.levels[0].repaid)) == (pb.CASE_STATUS_CLAWED_BACK, "500.00")
    assert (await office.trial_balance()).get("122103", "0.00") == "0.00"
    totals = await office.control_totals()
    assert totals["subsidy_granted_ledger"] == totals["subsidy_granted_cases"] == "0.00"
    assert totals["subsidy_receivable_ledger"] == totals["subsidy_disbursed_cases"] == "0.00"
    assert [one.status for one in (await office.ask(pb.ListSubsidyCasesRequest())).subsidy_cases] == [
        pb.CASE_STATUS_CLAWED_BACK
    ]


async def test_a_row_out_of_what_belongs_to_the_insured_passes_it_on(office: Office) -> None:
    programme, case = await city_paid(office)

    rows = request(f"2026-01-25,-500.00,补贴 {case.case_number},Orchid", opening="500.00", closing="0.00")
    await office.ask(rows)

    done = await office.case(programme)
    assert (shown(done.passed_on), shown(done.to_be_passed_on)) == ("500.00", "0.00")
    assert (await office.trial_balance()).get("224101", "0.00") == "0.00"


async def test_what_fits_neither_is_left(office: Office) -> None:
    _, case = await city_paid(office)

    rows = request(f"2026-01-25,-499.00,补贴 {case.case_number},Orchid", opening="500.00", closing="1.00")
    [entry] = await entries(office, (await office.ask(rows)).statement)

    assert entry.reason == "AMOUNT_DOES_NOT_FIT"


async def test_a_person_records_both(office: Office) -> None:
    _, case = await city_paid(office)
    day: dict[str, Any] = {"amount": money_message(yuan("200.00")), "reference": "P1", "case_id": case.case_id}

    passed = await office.ask(pb.RecordPassedOnRequest(paid_on=date_message(JANUARY), **day))

    assert shown(passed.subsidy_case.to_be_passed_on) == "300.00"
    with pytest.raises(RepaymentTooHigh):
        await office.ask(
            pb.RecordRepaymentRequest(level="GOVERNMENT_LEVEL_CITY", value_date=date_message(JANUARY), **day)
        )
