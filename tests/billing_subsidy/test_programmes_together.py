"""All programmes together never give more than what was paid net, unless a rule says less."""

from datetime import date
from decimal import Decimal
from typing import Any

from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from services.billing_subsidy.domain.entitlement import entitle
from services.billing_subsidy.domain.programme.rules import Base, Level, WindowBasis
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import level, movement, rules, yuan
from tests.billing_subsidy.office import AUTHORITY, Office, shown
from tests.billing_subsidy.test_entitlement import applicant

JANUARY = date(2026, 1, 15)
SIXTY = (level("city", "60", "60000", "2000000"),)


async def two(office: Office, paid: str = "1060.00", **second: object) -> tuple[str, str]:
    first = await office.publish(code="ONE", levels=SIXTY)
    other = await office.publish(code="TWO", levels=SIXTY, **second)
    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))
    await office.move_to(JANUARY)
    await office.pay(paid, JANUARY)
    return first, other


def test_a_level_gets_what_earlier_programmes_leave() -> None:
    found = entitle(rules(levels=SIXTY), 1, applicant("1000.00", room=yuan("400.00")))

    assert found.at(Level.CITY) == yuan("400.00")
    assert found.steps[-1].code == "PROGRAMMES_CAP"
    assert [(each.level, each.amount) for each in found.short] == [(Level.CITY, yuan("200.00"))]


async def test_the_later_of_two_programmes_is_cut_with_its_code(office: Office) -> None:
    first, other = await two(office)

    assert [shown((await office.case(each)).levels[0].granted) for each in (first, other)] == ["600.00", "400.00"]
    later = await office.case(other)
    assert (later.status, later.levels[0].cut) == (case_pb.CASE_STATUS_CUT, "PROGRAMMES_CAP_REACHED")


async def test_a_rule_may_say_less(office: Office) -> None:
    _, other = await two(office, total_percent=Decimal(70))

    assert shown((await office.case(other)).levels[0].granted) == "100.00"
    shown_rules = (await office.ask(programme_pb.GetProgrammeRequest(programme_id=other), AUTHORITY)).programme
    assert shown_rules.versions[0].rules.total_percent == "70"


async def test_less_paid_takes_back_from_both(office: Office) -> None:
    first, other = await two(office)

    await office.hear(heard.changed(movement(2, "endorse", "-500.00", recorded=JANUARY)))

    assert [shown((await office.case(each)).levels[0].granted) for each in (first, other)] == ["300.00", "200.00"]


async def test_programmes_on_what_is_invoiced_give_at_most_that_together(office: Office) -> None:
    base: dict[str, Any] = {"levels": SIXTY, "base": Base.INVOICED, "window_basis": WindowBasis.INCEPTION}
    first, other = await office.publish(code="ONE", **base), await office.publish(code="TWO", **base)

    await office.hear(heard.bound(movement=movement(1, "bind", "1000.00")))

    assert [shown((await office.case(each)).levels[0].granted) for each in (first, other)] == ["600.00", "400.00"]
