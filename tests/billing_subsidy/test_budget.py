"""Budgets under concurrency, on the real engine: guards are never overdrawn, and what is short is cut by name."""

import asyncio
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from libs.common.money import total
from services.billing_subsidy.servicer.rules import rules_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import level, rules, yuan
from tests.billing_subsidy.office import AUTHORITY, Office, shown

JANUARY = date(2026, 1, 15)
POLICIES = [UUID(int=100 + number) for number in range(12)]


async def bind(office: Office, policies: Sequence[UUID]) -> None:
    for number, policy_id in enumerate(policies):
        await office.hear(heard.bound(policy_id, f"HB2026-{number:05d}-AAAAA"))
    await office.move_to(JANUARY)


async def pay_all(office: Office, policies: Sequence[UUID]) -> None:
    await asyncio.gather(*(office.pay("106000.00", JANUARY, policy_id) for policy_id in policies))


async def test_twelve_payments_at_once_share_a_budget_for_five_and_a_half(office: Office) -> None:
    levels = (level("city", "50", "60000", "275000"),)
    programme_id = await office.publish(levels=levels)
    await bind(office, POLICIES)

    await pay_all(office, POLICIES)

    cases = [await office.case(programme_id, policy_id) for policy_id in POLICIES]
    granted = sorted(shown(case.levels[0].granted) for case in cases)
    assert granted == sorted(["50,000.00"] * 5 + ["25,000.00"] + ["0.00"] * 6)
    by_status = [case.status for case in cases]
    assert by_status.count(case_pb.CASE_STATUS_APPROVED) == 5
    assert by_status.count(case_pb.CASE_STATUS_CUT) == 1
    refused = [case for case in cases if case.status == case_pb.CASE_STATUS_REFUSED]
    assert [list(case.refusals) for case in refused] == [["BUDGET_EXHAUSTED"]] * 6
    answer = await office.ask(programme_pb.GetProgrammeRequest(programme_id=programme_id), AUTHORITY)
    assert [shown(one.available) for one in answer.programme.usage] == ["0.00"]
    totals = await office.control_totals()
    assert totals["subsidy_granted_ledger"] == totals["subsidy_used_programmes"] == "275,000.00"


async def test_an_enterprises_policies_share_the_cap_of_its_year(office: Office) -> None:
    levels = (level("city", "50", "60000", "2000000", enterprise_year_cap=yuan("80000")),)
    programme_id = await office.publish(levels=levels)
    await bind(office, POLICIES[:3])

    await pay_all(office, POLICIES[:3])

    cases = [await office.case(programme_id, policy_id) for policy_id in POLICIES[:3]]
    amounts = [one.granted for case in cases for one in case.levels]
    assert sorted(shown(amount) for amount in amounts) == ["0.00", "30,000.00", "50,000.00"]
    codes = {one.cut for case in cases for one in case.levels if one.cut} | {
        code for case in cases for code in case.refusals
    }
    assert codes == {"ENTERPRISE_CAP_REACHED"}


async def test_another_enterprise_has_a_year_of_its_own(office: Office) -> None:
    levels = (level("city", "50", "60000", "2000000", enterprise_year_cap=yuan("50000")),)
    programme_id = await office.publish(levels=levels)
    await bind(office, POLICIES[:1])
    await office.hear(heard.bound(POLICIES[1], "HB2026-99999-AAAAA", insured_uscc="91310115000047129A"))

    await pay_all(office, POLICIES[:2])

    granted = [(await office.levels(programme_id, policy_id))["city"][0] for policy_id in POLICIES[:2]]
    assert granted == ["50,000.00", "50,000.00"]


async def test_a_larger_budget_makes_a_cut_good_at_the_next_reckoning(office: Office) -> None:
    programme_id = await office.publish(levels=(level("city", "50", "60000", "30000"),))
    await bind(office, POLICIES[:1])
    await office.pay("100000.00", JANUARY, POLICIES[0])
    assert (await office.levels(programme_id, POLICIES[0]))["city"][0] == "30,000.00"
    larger = rules_message(rules(levels=(level("city", "50", "60000", "90000"),)))
    await office.ask(programme_pb.ReviseProgrammeRequest(programme_id=programme_id, rules=larger), AUTHORITY)
    await office.ask(programme_pb.PublishProgrammeRequest(programme_id=programme_id), AUTHORITY)

    await office.pay("6000.00", JANUARY, POLICIES[0], reference="R2")

    assert (await office.levels(programme_id, POLICIES[0]))["city"][0] == "50,000.00"


def test_twelve_halves_are_more_than_the_budget() -> None:
    assert total(yuan("50000") for _ in POLICIES) > yuan("275000")
