"""Freed budget goes to those who were cut, in the order in which they came; publishing finds whom it reaches."""

from datetime import date
from uuid import UUID

import pytest
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from libs.common.dates import Period
from services.billing_subsidy.application import reaching
from services.billing_subsidy.servicer.rules import rules_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import level, movement, rules, yuan
from tests.billing_subsidy.office import AUTHORITY, Office, shown

JANUARY, FEBRUARY = date(2026, 1, 15), date(2026, 2, 1)
POLICIES = [UUID(int=200 + number) for number in range(4)]
SIX_HUNDRED = (level("city", "50", "60000", "600"),)


async def paid(office: Office, count: int = 2) -> None:
    """Policies of 1,000.00, paid one after the other; each is entitled to 500.00."""
    for number, policy_id in enumerate(POLICIES[:count]):
        await office.hear(heard.bound(policy_id, f"A00-000{number}", movement(1, "bind", "1000.00")))
    await office.move_to(JANUARY)
    for policy_id in POLICIES[:count]:
        await office.pay("1060.00", JANUARY, policy_id)


async def end(office: Office, policy_id: UUID) -> None:
    await office.hear(heard.cancelled(movement(2, "cancel", "-1000.00"), policy_id=policy_id))
    await office.move_to(FEBRUARY)


async def granted(office: Office, programme: str, count: int = 2) -> list[str]:
    return [shown((await office.case(programme, each)).levels[0].granted) for each in POLICIES[:count]]


async def test_freed_budget_goes_to_who_was_cut(office: Office) -> None:
    programme = await office.publish(levels=SIX_HUNDRED)
    await paid(office)
    assert await granted(office, programme) == ["500.00", "100.00"]

    await end(office, POLICIES[0])

    assert await granted(office, programme) == ["0.00", "500.00"]
    case = await office.case(programme, POLICIES[1])
    assert (case.status, case.levels[0].cut) == (case_pb.CASE_STATUS_APPROVED, "")


async def test_those_who_were_cut_are_served_in_the_order_in_which_they_came(office: Office) -> None:
    programme = await office.publish(levels=SIX_HUNDRED)
    await paid(office, 4)
    assert await granted(office, programme, 4) == ["500.00", "100.00", "0.00", "0.00"]

    await end(office, POLICIES[0])

    assert await granted(office, programme, 4) == ["0.00", "500.00", "100.00", "0.00"]


async def test_a_freed_cap_of_the_enterprises_year_too(office: Office) -> None:
    levels = (level("city", "50", "60000", "1000000", enterprise_year_cap=yuan("700")),)
    programme = await office.publish(levels=levels)
    await paid(office)
    assert await granted(office, programme) == ["500.00", "200.00"]

    await end(office, POLICIES[0])

    assert await granted(office, programme) == ["0.00", "500.00"]


async def test_a_programme_may_keep_what_is_freed(office: Office) -> None:
    programme = await office.publish(levels=SIX_HUNDRED, reallocate_freed=False)
    await paid(office)

    await end(office, POLICIES[0])

    assert await granted(office, programme) == ["0.00", "100.00"]
    answer = await office.ask(programme_pb.GetProgrammeRequest(programme_id=programme), AUTHORITY)
    assert answer.programme.versions[0].rules.keep_freed


async def test_a_larger_budget_reaches_who_was_cut(office: Office) -> None:
    programme = await office.publish(levels=SIX_HUNDRED)
    await paid(office)
    larger = rules_message(rules(levels=(level("city", "50", "60000", "1000"),)))
    await office.ask(programme_pb.ReviseProgrammeRequest(programme_id=programme, rules=larger), AUTHORITY)
    await office.ask(programme_pb.PublishProgrammeRequest(programme_id=programme), AUTHORITY)

    await office.move_to(FEBRUARY)

    assert await granted(office, programme) == ["500.00", "500.00"]


async def test_another_insurers_policy_is_served_in_its_own_books(office: Office) -> None:
    programme = await office.publish(levels=SIX_HUNDRED)
    await paid(office, 1)
    await office.hear(heard.bound(POLICIES[1], "B00-0001", movement(1, "bind", "1000.00")), "other-insurer")
    request = office.receipt("1060.00", JANUARY, POLICIES[1])
    await office.ask(request, "other-insurer")

    await end(office, POLICIES[0])

    named = case_pb.GetSubsidyCaseRequest(policy_id=str(POLICIES[1]), programme_id=programme)
    case = (await office.ask(named, "other-insurer")).subsidy_case
    assert shown(case.levels[0].granted) == "500.00"
    assert (await office.control_totals())["subsidy_granted_ledger"] == "0.00"


async def test_publishing_after_the_payment_opens_the_case(office: Office) -> None:
    await paid(office, 1)

    programme = await office.publish(levels=SIX_HUNDRED)
    await office.move_to(FEBRUARY)

    assert await granted(office, programme, 1) == ["500.00"]


async def test_a_window_that_is_over_reaches_what_was_paid_in_it(office: Office) -> None:
    await paid(office, 1)
    await office.move_to(date(2026, 6, 1))

    january = Period(date(2026, 1, 1), date(2026, 2, 1))
    programme = await office.publish(levels=SIX_HUNDRED, window=january)
    await office.move_to(date(2026, 6, 2))

    assert await granted(office, programme, 1) == ["500.00"]


async def test_more_policies_than_one_step_are_all_reached(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "ACCOUNTS_A_STEP", 1)
    await paid(office, 3)

    programme = await office.publish(levels=(level("city", "50", "60000", "10000"),))
    await office.move_to(FEBRUARY)

    assert await granted(office, programme, 3) == ["500.00"] * 3
