"""A grant may rest on what is invoiced; what comes from the treasury is in all never more than was paid net."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as pb

from libs.common.grpc.convert import date_message, money_message
from libs.common.money import Money
from services.billing_subsidy.domain.entitlement import entitle
from services.billing_subsidy.domain.errors import DisbursementTooHigh
from services.billing_subsidy.domain.programme.rules import Base, Level, WindowBasis
from services.billing_subsidy.domain.subsidy_case.case import CaseStatus, SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import Reckoned
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import POLICY, after, level, movement, rules, yuan
from tests.billing_subsidy.office import Office, shown
from tests.billing_subsidy.test_back_to_the_treasury import disbursed
from tests.billing_subsidy.test_case import DAY, PLENTY, opened
from tests.billing_subsidy.test_entitlement import applicant
from tests.billing_subsidy.test_import import entries, request
from tests.billing_subsidy.test_reinstated import reinstated

JANUARY, FEBRUARY, MARCH = date(2026, 1, 15), date(2026, 2, 1), date(2026, 3, 1)
INVOICED: dict[str, Any] = {"base": Base.INVOICED, "window_basis": WindowBasis.INCEPTION}
CITY, DISTRICT = Level.CITY, Level.DISTRICT


def reckoned(case: SubsidyCase, payable: str, base: str = "100000.00") -> SubsidyCase:
    most = yuan(payable)
    result: SubsidyCase = after(
        case, case.reckon(entitle(rules(), 1, applicant(base)), (), PLENTY, "PREMIUM_REDUCED", DAY, most)
    )
    return result


def claimable(case: SubsidyCase) -> tuple[Money, Money]:
    return case.claimable(CITY), case.claimable(DISTRICT)


def test_what_is_granted_before_it_is_paid_cannot_be_claimed() -> None:
    case = reckoned(opened(), "0.00")

    assert (case.status, case.granted) == (CaseStatus.APPROVED, yuan("70000"))
    assert claimable(case) == (yuan("0"), yuan("0"))
    with pytest.raises(DisbursementTooHigh) as refusal:
        case.disburse(CITY, "T1", yuan("0.01"), DAY, "recorded", DAY)
    assert refusal.value.details["owed"] == "0.00 CNY"


def test_what_was_paid_is_claimable_in_the_order_of_the_levels() -> None:
    assert claimable(reckoned(opened(), "30000.00")) == (yuan("30000"), yuan("0"))
    assert claimable(reckoned(opened(), "60000.00")) == (yuan("50000"), yuan("10000"))
    assert claimable(reckoned(opened(), "100000.00")) == (yuan("50000"), yuan("20000"))


def test_what_is_here_and_paid_no_more_is_owed_back_though_it_is_granted() -> None:
    case = disbursed(reckoned(opened(), "100000.00"), {CITY: "50000.00", DISTRICT: "20000.00"})
    assert (case.status, case.belongs_to_insured) == (CaseStatus.RECONCILED, yuan("70000"))

    less = reckoned(case, "40000.00")

    assert (less.status, less.granted) == (CaseStatus.OWED_BACK, yuan("70000"))
    assert (less.owed_back(CITY), less.owed_back(DISTRICT)) == (yuan("10000"), yuan("20000"))
    assert less.belongs_to_insured == yuan("40000")
    back = after(less, less.repay(CITY, "B1", yuan("10000"), DAY, "recorded", DAY))
    back = after(back, back.repay(DISTRICT, "B1", yuan("20000"), DAY, "recorded", DAY))
    assert (back.status, back.owed(CITY)) == (CaseStatus.DISBURSED, yuan("0"))
    assert reckoned(back, "100000.00").owed(CITY) == yuan("10000")


def test_of_a_grant_on_what_was_paid_all_may_be_claimed_and_nothing_is_noted() -> None:
    (first, *_) = events = opened().reckon(entitle(rules(), 1, applicant("100000.00")), (), PLENTY, "", DAY)

    assert isinstance(first, Reckoned) and first.payable is None
    assert claimable(after(opened(), events)) == (yuan("50000"), yuan("20000"))


async def city_pays(office: Office, programme: str, amount: str, reference: str) -> Any:
    case = await office.case(programme)
    return await office.ask(
        pb.RecordDisbursementRequest(
            case_id=case.case_id,
            level=programme_pb.GOVERNMENT_LEVEL_CITY,
            reference=reference,
            amount=money_message(yuan(amount)),
            value_date=date_message(JANUARY),
        )
    )


async def told(office: Office, *programmes: str) -> list[tuple[str, str]]:
    """Granted and claimable, by programme."""
    levels = [(await office.case(each)).levels[0] for each in programmes]
    return [(shown(each.granted), shown(each.claimable)) for each in levels]


SIXTY = (level("city", "60", "60000", "2000000"),)


async def test_all_programmes_together_are_paid_at_most_what_was_paid_net(office: Office) -> None:
    """Granted at binding on what is invoiced; claimed as premium comes, the earlier programme first."""
    first = await office.publish(code="ONE", levels=SIXTY, **INVOICED)
    other = await office.publish(code="TWO", levels=SIXTY, **INVOICED)
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(FEBRUARY)

    assert await told(office, first, other) == [("600.00", "0.00"), ("400.00", "0.00")]
    with pytest.raises(DisbursementTooHigh):
        await city_pays(office, first, "600.00", "T1")
    await office.pay("848.00", JANUARY)
    assert await told(office, first, other) == [("600.00", "600.00"), ("400.00", "200.00")]
    await city_pays(office, first, "600.00", "T1")
    with pytest.raises(DisbursementTooHigh):
        await city_pays(office, other, "200.01", "T2")
    await city_pays(office, other, "200.00", "T3")
    await office.pay("212.00", JANUARY, reference="R2")

    assert await told(office, first, other) == [("600.00", "600.00"), ("400.00", "400.00")]


async def test_a_rule_that_says_less_counts_for_what_is_claimed_too(office: Office) -> None:
    programme = await office.publish(levels=SIXTY, total_percent=Decimal(50), **INVOICED)
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(FEBRUARY)

    await office.pay("530.00", JANUARY)

    assert await told(office, programme) == [("500.00", "250.00")]


async def test_a_line_of_the_bank_that_brings_more_than_was_paid_is_left(office: Office) -> None:
    programme = await office.publish(levels=SIXTY, **INVOICED)
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(FEBRUARY)
    await office.pay("530.00", JANUARY)
    number = (await office.case(programme)).case_number

    rows = (f"2026-01-20,600.00,财政补贴 {number},上海市财政局", f"2026-01-21,500.00,财政补贴 {number},上海市财政局")
    found = await entries(office, (await office.ask(request(*rows, closing="1100.00"))).statement)

    assert [(one.matched_to != "", one.reason) for one in found] == [(False, "LEVEL_NOT_CERTAIN"), (True, "")]
    assert shown((await office.case(programme)).levels[0].disbursed) == "500.00"


async def test_less_paid_than_was_granted_on_is_owed_back_and_listed_so(office: Office) -> None:
    """Cancelled, refunded, back in force: the grant stands again on the invoice, and nothing is paid of it."""
    programme = await office.publish(levels=SIXTY, **INVOICED)
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(MARCH)
    await office.pay("1060.00", JANUARY, reason="late")
    case = await office.case(programme)
    statement = request(f"2026-01-20,600.00,财政补贴 {case.case_number},上海市财政局", closing="600.00")
    await office.ask(statement)
    await office.hear(heard.cancelled(movement(2, "cancel", "-1000.00")))
    refund = account_pb.RecordRefundPaidRequest(
        policy_id=str(POLICY), reference="F1", amount=money_message(yuan("1060.00")), paid_on=date_message(FEBRUARY)
    )
    await office.ask(refund)

    await office.hear(reinstated(movement(3, "reinstate", "1000.00")))

    async def listed() -> list[Any]:
        await office.project()
        return [one.status for one in (await office.ask(pb.ListSubsidyCasesRequest())).subsidy_cases]

    owed = await office.case(programme)
    assert (owed.status, *await listed()) == (pb.CASE_STATUS_OWED_BACK, pb.CASE_STATUS_OWED_BACK)
    (only,) = owed.levels
    assert [shown(each) for each in (only.granted, only.claimable, only.owed_back)] == ["600.00", "0.00", "600.00"]
    assert shown(owed.to_be_passed_on) == "0.00"
    await office.pay("1060.00", FEBRUARY, reference="R2")
    settled = await office.case(programme)
    assert (settled.status, *await listed()) == (pb.CASE_STATUS_DISBURSED, pb.CASE_STATUS_DISBURSED)
    assert shown(settled.levels[0].owed_back) == "0.00"
    assert await office.projector.rebuild() == (await office.tables.position(), True)
