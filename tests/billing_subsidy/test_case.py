"""A subsidy case: granted, cut, refused, clawed back, disbursed."""

from datetime import date
from typing import Any

import pytest

from libs.common.changes import Draw, Recorded, SetLimit
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.entitlement import LevelAmount, entitle
from services.billing_subsidy.domain.errors import DisbursementTooHigh, ReferenceUsed
from services.billing_subsidy.domain.guards import draws
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import CaseStatus, Room, SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import (
    CaseOpened,
    ClawedBack,
    Cut,
    CutNoted,
    Disbursed,
    Evidence,
    Purse,
    Reconciled,
    Reserved,
    SubsidyGranted,
    SubsidyRefused,
)
from services.billing_subsidy.domain.subsidy_case.money_in import levels_of
from tests.billing_subsidy.examples import BOUND_ON, POLICY, PROGRAMME, after, balances, rules, yuan
from tests.billing_subsidy.test_entitlement import applicant

DAY = date(2026, 2, 1)
CAPPED = Purse(PROGRAMME, "91310115000047110X", 2026, (LevelAmount(Level.CITY, yuan("45000")),))
PLENTY = {level: Room(yuan("1000000")) for level in Level}


def opened(purse: Purse | None = None) -> SubsidyCase:
    purse = purse or Purse(PROGRAMME, "91310115000047110X", 2026, ())
    event = CaseOpened(policy_id=POLICY, case_number="SC1", rule_version=1, purse=purse, opened_on=BOUND_ON)
    return SubsidyCase.begin(event)


def reckoned(case: SubsidyCase, base: str, room: dict[Level, Room] | None = None) -> list[Any]:
    return case.reckon(entitle(rules(), 1, applicant(base)), (), room or PLENTY, "PREMIUM_REDUCED", DAY)


def granted(base: str = "100000.00") -> SubsidyCase:
    case = opened()
    result: SubsidyCase = after(case, reckoned(case, base))
    return result


def test_what_the_rules_give_is_reserved_granted_and_posted() -> None:
    events = reckoned(opened(), "100000.00")

    amounts = (LevelAmount(Level.CITY, yuan("50000")), LevelAmount(Level.DISTRICT, yuan("20000")))
    assert [event for event in events if isinstance(event, SubsidyGranted)] == [
        SubsidyGranted(added=amounts, granted=amounts, cuts=(), approved_on=DAY)
    ]
    assert balances(events) == {"122103": "50,000.00", "122104": "20,000.00", "224101": "-70,000.00"}


def test_a_case_without_premium_stays_open() -> None:
    case = after(opened(), reckoned(opened(), "0.00"))

    assert case.status is CaseStatus.OPENED


def test_reckoning_the_same_again_changes_nothing() -> None:
    assert reckoned(granted(), "100000.00") == []


def test_what_the_budget_lacks_is_cut() -> None:
    room = {Level.CITY: Room(yuan("30000")), Level.DISTRICT: Room(yuan("1000000"))}

    case = after(opened(), reckoned(opened(), "100000.00", room))

    assert case.status is CaseStatus.CUT
    assert case.cuts == (Cut(Level.CITY, "BUDGET_EXHAUSTED", yuan("20000")),)
    assert case.granted == yuan("50000")


def test_a_cut_is_made_good_when_there_is_room_again() -> None:
    room = {Level.CITY: Room(yuan("30000")), Level.DISTRICT: Room(yuan("1000000"))}
    case = after(opened(), reckoned(opened(), "100000.00", room))

    case = after(case, reckoned(case, "100000.00"))

    assert (case.status, case.granted) == (CaseStatus.APPROVED, yuan("70000"))


def test_an_exhausted_budget_refuses_the_case_once() -> None:
    room = {level: Room(yuan("0")) for level in Level}

    events = reckoned(opened(), "100000.00", room)

    assert events[-1] == SubsidyRefused(codes=("BUDGET_EXHAUSTED",), refused_on=DAY)
    case = after(opened(), events)
    assert case.status is CaseStatus.REFUSED
    assert reckoned(case, "100000.00", room) == []


def test_the_cap_of_an_enterprises_year_cuts_too() -> None:
    room = {Level.CITY: Room(yuan("1000000"), yuan("45000")), Level.DISTRICT: Room(yuan("1000000"))}

    case = after(opened(CAPPED), reckoned(opened(CAPPED), "100000.00", room))

    assert case.cuts == (Cut(Level.CITY, "ENTERPRISE_CAP_REACHED", yuan("5000")),)


def test_whoever_the_rules_refuse_is_refused_by_their_codes() -> None:
    found = entitle(rules(regions=("32",)), 1, applicant("100000.00"))

    events = opened().reckon(found, (), {}, "PREMIUM_REDUCED", DAY)

    assert events[-1] == SubsidyRefused(codes=("REGION_NOT_COVERED",), refused_on=DAY)


def test_a_fall_is_clawed_back_by_level_and_posted() -> None:
    events = reckoned(granted(), "78647.67")

    back = (LevelAmount(Level.CITY, yuan("10676.16")), LevelAmount(Level.DISTRICT, yuan("4270.47")))
    left = (LevelAmount(Level.CITY, yuan("39323.84")), LevelAmount(Level.DISTRICT, yuan("15729.53")))
    assert [event for event in events if isinstance(event, ClawedBack)] == [
        ClawedBack(purse=granted().purse, amounts=back, granted=left, reason="PREMIUM_REDUCED", clawed_back_on=DAY)
    ]
    assert balances(events) == {"122103": "-10,676.16", "122104": "-4,270.47", "224101": "14,946.63"}


def test_a_whole_clawback_ends_the_grant() -> None:
    case = after(granted(), reckoned(granted(), "0.00"))

    assert (case.status, case.granted) == (CaseStatus.CLAWED_BACK, yuan("0"))


def test_a_fall_below_the_cut_needs_no_cut_any_more() -> None:
    room = {Level.CITY: Room(yuan("30000")), Level.DISTRICT: Room(yuan("1000000"))}
    case = after(opened(), reckoned(opened(), "100000.00", room))

    events = reckoned(case, "60000.00")

    assert CutNoted(cuts=()) in events
    assert after(case, events).status is CaseStatus.APPROVED


def test_the_treasurys_money_clears_the_receivable() -> None:
    events = granted().disburse(Level.CITY, "T1", yuan("50000"), DAY, "recorded", DAY)

    assert events[0] == Disbursed(
        level=Level.CITY, reference="T1", amount=yuan("50000"), value_date=DAY, source="recorded"
    )
    assert balances(events) == {"1002": "50,000.00", "122103": "-50,000.00"}
    assert after(granted(), events).status is CaseStatus.DISBURSED


def test_a_case_is_reconciled_when_all_of_it_came_in() -> None:
    case = after(granted(), granted().disburse(Level.CITY, "T1", yuan("50000"), DAY, "recorded", DAY))

    events = case.disburse(Level.DISTRICT, "T1", yuan("20000"), DAY, "recorded", DAY)

    assert Reconciled(reconciled_on=DAY) in events
    assert after(case, events).status is CaseStatus.RECONCILED


def test_more_than_a_level_owes_is_refused() -> None:
    with pytest.raises(DisbursementTooHigh) as refusal:
        granted().disburse(Level.CITY, "T1", yuan("50000.01"), DAY, "recorded", DAY)

    assert refusal.value.details == {"level": "city", "owed": "50,000.00 CNY", "amount": "50,000.01 CNY"}


def test_the_same_disbursement_again_changes_nothing_and_other_figures_are_refused() -> None:
    case = after(granted(), granted().disburse(Level.CITY, "T1", yuan("50000"), DAY, "recorded", DAY))

    assert case.disburse(Level.CITY, "T1", yuan("50000"), DAY, "recorded", DAY) == []
    with pytest.raises(ReferenceUsed):
        case.disburse(Level.CITY, "T1", yuan("1"), DAY, "recorded", DAY)


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [
        (yuan("0"), DAY, "amount"),
        (Money("USD", 1), DAY, "amount.currency_code"),
        (yuan("1"), date(2026, 2, 2), "value_date"),
    ],
)
def test_a_wrong_disbursement_names_its_field(amount: Money, day: date, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        granted().disburse(Level.CITY, "T1", amount, day, "recorded", DAY)

    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("amount", "text", "levels"),
    [
        ("50000.00", "SC1", {Level.CITY: "50000.00"}),
        ("20000.00", "SC1", {Level.DISTRICT: "20000.00"}),
        ("70000.00", "SC1", {Level.CITY: "50000.00", Level.DISTRICT: "20000.00"}),
        ("1000.00", "SC1 浦东新区财政局", {Level.DISTRICT: "1000.00"}),
        ("1000.00", "SC1", {}),
        ("20000.01", "SC1 district", {}),
    ],
)
def test_a_payment_is_a_levels_only_if_that_is_certain(amount: str, text: str, levels: dict[Level, str]) -> None:
    found = levels_of({each: granted().owed(each) for each in granted().levels}, yuan(amount), text)

    assert found == {level: yuan(part) for level, part in levels.items()}


def test_guards_follow_from_the_events_alone() -> None:
    case = opened(CAPPED)
    amounts = (LevelAmount(Level.CITY, yuan("100.00")), LevelAmount(Level.DISTRICT, yuan("1.00")))
    city, district = f"budget:{PROGRAMME}:city", f"budget:{PROGRAMME}:district"
    cap = f"enterprise:{PROGRAMME}:city:2026:91310115000047110X"

    def drawn(event: object) -> list[Any]:
        return draws(Recorded(event, None, POLICY, 1, "lead", None))  # type: ignore[arg-type]

    first = CaseOpened(policy_id=POLICY, case_number="SC1", rule_version=1, purse=CAPPED, opened_on=DAY)
    assert drawn(first) == [SetLimit(cap, 4_500_000)]
    reserved = Reserved(purse=case.purse, amounts=amounts)
    assert drawn(reserved) == [Draw(city, 10000), Draw(cap, 10000), Draw(district, 100)]
    back = ClawedBack(purse=case.purse, amounts=amounts, granted=(), reason="", clawed_back_on=DAY)
    assert drawn(back) == [Draw(city, -10000), Draw(cap, -10000), Draw(district, -100)]


def test_evidence_is_the_digest_of_its_facts() -> None:
    one = Evidence.of("PAYMENT", "R1", DAY, yuan("1.00"))

    assert one == Evidence.of("PAYMENT", "R1", DAY, yuan("1.00"))
    assert one.sha256 != Evidence.of("PAYMENT", "R1", DAY, yuan("1.01")).sha256
