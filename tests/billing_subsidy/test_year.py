"""The year of DOMAIN.md §7 as billing lives it, on the real engine."""

from datetime import date

from hubao.billing_subsidy.v1 import events_pb2 as pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb

from libs.common.grpc.convert import date_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import (
    APRIL,
    CANCELLATION,
    JULY,
    JULY_AGAIN,
    JULY_BACK,
    POLICY,
    balances,
)
from tests.billing_subsidy.office import AUTHORITY, Office, shown

JANUARY, OCTOBER = date(2026, 1, 15), date(2026, 10, 1)


async def play(office: Office, *, july_paid: bool = False) -> str:
    """Everything that billing hears and is told in the year; the programme's id."""
    programme = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    await office.move_to(date(2026, 6, 20))
    await office.hear(heard.changed(JULY))
    if july_paid:
        await office.pay("10687.12", date(2026, 6, 20), reference="R2")
    await office.move_to(date(2026, 9, 1))
    await office.hear(heard.changed(JULY_BACK, APRIL, JULY_AGAIN))
    await office.move_to(OCTOBER)
    await office.hear(heard.cancelled(CANCELLATION))
    return programme


async def test_paying_in_full_grants_what_section_7_says(office: Office) -> None:
    programme = await office.publish()
    await office.hear(heard.bound())
    assert await office.levels(programme) == {"city": ("0.00", "0.00"), "district": ("0.00", "0.00")}
    await office.move_to(JANUARY)

    await office.pay("106000.00", JANUARY)

    assert await office.levels(programme) == {"city": ("50,000.00", "0.00"), "district": ("20,000.00", "0.00")}
    received, approved = await office.announced()
    assert isinstance(received, pb.PremiumReceived)
    assert (shown(received.amount), shown(received.received), shown(received.invoiced)) == ("106,000.00",) * 3
    assert [(one.level, shown(one.amount)) for one in approved.granted] == [
        ("city", "50,000.00"),
        ("district", "20,000.00"),
    ]


async def test_the_grant_stays_until_the_cancellation_and_then_falls_as_section_7_says(office: Office) -> None:
    programme = await play(office)

    assert await office.levels(programme) == {
        "city": ("39,323.84", "10,676.16"),
        "district": ("15,729.53", "4,270.47"),
    }
    backs = [one for one in await office.announced() if isinstance(one, pb.SubsidyClawedBack)]
    assert [(back.reason, [shown(one.amount) for one in back.amounts]) for back in backs] == [
        ("POLICY_CANCELLED", ["10,676.16", "4,270.47"])
    ]


async def test_the_end_is_the_same_when_july_is_paid_too(office: Office) -> None:
    programme = await play(office, july_paid=True)

    granted = {name: amounts[0] for name, amounts in (await office.levels(programme)).items()}
    assert granted == {"city": "39,323.84", "district": "15,729.53"}


async def test_the_books_balance_and_every_control_total_agrees(office: Office) -> None:
    await play(office)

    totals = await office.control_totals()

    assert totals["subsidy_granted_ledger"] == "55,053.37"
    assert totals["subsidy_granted_cases"] == "55,053.37"
    assert totals["subsidy_used_programmes"] == "55,053.37"
    assert totals["subsidy_receivable_ledger"] == "55,053.37"
    assert totals["premium_receivable_ledger"] == "-22,633.47"
    assert totals["premium_timeline"] == totals["premium_invoiced"] == "83,366.53"
    assert totals["premium_received"] == "106,000.00"
    assert totals["ledger_difference"] == "0.00"


async def test_the_trial_balance_shows_what_held_and_what_was_known(office: Office) -> None:
    await play(office)

    first_half_year_as_it_was_known = await office.trial_balance(
        effective_until=date_message(date(2026, 6, 30)), booked_until=date_message(date(2026, 6, 30))
    )
    first_half_year_as_it_is_known = await office.trial_balance(effective_until=date_message(date(2026, 6, 30)))

    # The endorsement of April was recorded in September.
    assert first_half_year_as_it_was_known["2601"] == "-60,000.00"
    assert first_half_year_as_it_is_known["2601"] == "-56,383.56"


async def test_the_programme_shows_what_all_insurers_use_of_its_budget(office: Office) -> None:
    programme_id = await play(office)

    answer = await office.ask(programme_pb.GetProgrammeRequest(programme_id=programme_id), AUTHORITY)

    assert [(shown(level.used), shown(level.available)) for level in answer.programme.usage] == [
        ("39,323.84", "1,960,676.16"),
        ("15,729.53", "984,270.47"),
    ]


async def test_earned_premium_comes_to_what_the_insurer_kept(office: Office) -> None:
    await play(office)
    request = ledger_pb.RecogniseEarnedRequest(policy_id=str(POLICY), through=date_message(OCTOBER))

    answer = await office.ask(request)

    assert (shown(answer.earned), shown(answer.unearned)) == ("47,188.60", "0.00")
    assert (await office.trial_balance())["6031"] == "-47,188.60"


async def test_unpaid_premium_is_announced_as_overdue_and_then_as_lapsed(office: Office) -> None:
    await office.hear(heard.bound())

    await office.move_to(date(2026, 3, 1))

    overdue, lapsed = await office.announced()
    assert isinstance(overdue, pb.PremiumOverdue)
    assert overdue.due_on == date_message(date(2026, 1, 19))
    assert isinstance(lapsed, pb.GraceExpired)
    assert shown(lapsed.outstanding) == "106,000.00"


async def test_a_credit_note_that_settles_what_was_overdue_is_announced_as_premium_of_nothing(office: Office) -> None:
    await play(office)

    *_, overdue, _, cured = [one for one in await office.announced() if not isinstance(one, pb.SubsidyClawedBack)]

    assert isinstance(overdue, pb.PremiumOverdue)
    assert shown(overdue.outstanding) == "10,687.12"
    assert isinstance(cured, pb.PremiumReceived)
    assert (shown(cured.amount), cured.received) == ("0.00", cured.invoiced)


async def test_premium_that_is_paid_in_time_is_never_overdue(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    await office.announced()

    await office.move_to(date(2026, 12, 1))

    assert await office.announced() == []


async def test_a_policy_that_runs_out_has_earned_all_of_its_premium(office: Office) -> None:
    await office.hear(heard.bound())

    await office.hear(heard.expired())

    assert shown((await office.account()).earned) == "60,000.00"


def test_the_examples_are_those_of_the_domain() -> None:
    assert str(JULY.vat + APRIL.vat + CANCELLATION.vat) == "-1,281.14 CNY"
    assert balances([]) == {}
