"""A policy that lapsed or was cancelled and is in force again, in invoices, books, subsidies and earned premium."""

from datetime import date

from hubao.billing_subsidy.v1 import events_pb2 as pb
from hubao.policy.v1 import events_pb2 as policy_pb

from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import Cause
from services.billing_subsidy.domain.account.invoices import InvoiceKind, PaymentPlan
from services.billing_subsidy.domain.account.premium import Movement, earned_through
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import BIND, POLICY, TERM, account, after, facts, movement, yuan
from tests.billing_subsidy.office import Office, shown

MARCH, APRIL_1, JULY_1 = date(2026, 3, 1), date(2026, 4, 1), date(2026, 7, 1)
END = movement(2, "cancel", "-83835.62", MARCH, MARCH)
AGAIN = movement(3, "reinstate", "83835.62", MARCH, APRIL_1)
LATER = movement(3, "reinstate", "50410.96", JULY_1, JULY_1)


def lapsed(plan: PaymentPlan | None = None) -> PolicyAccount:
    policy = account(plan=plan) if plan else account()
    return after(policy, policy.move(Cause.CANCELLED, [END], MARCH, MARCH))


def again(policy: PolicyAccount, by: Movement = AGAIN, on: date = APRIL_1) -> PolicyAccount:
    return after(policy, policy.move(Cause.REINSTATED, [by], on, on))


def reinstated(*movements: Movement) -> policy_pb.PolicyReinstated:
    return policy_pb.PolicyReinstated(
        timeline=heard.timeline([BIND], POLICY, heard.NUMBER),
        transactions=[heard.transaction(one) for one in movements],
    )


def test_without_a_gap_the_credit_note_is_taken_back_and_the_instalments_are_due_as_before() -> None:
    plan = PaymentPlan(instalments=4)
    before = account(plan=plan)

    policy = again(lapsed(plan))

    credit, back = policy.invoices[-2:]
    assert (credit.kind, back.kind) == (InvoiceKind.CREDIT_NOTE, InvoiceKind.RED_LETTER)
    assert (back.reverses, back.gross) == (credit.number, -credit.gross)
    assert {number: lack for number, lack in policy.outstanding().items() if lack} == before.outstanding()
    assert policy.position == before.position
    assert policy.next_due() == before.next_due()
    assert not policy.cancelled


def test_cancelled_and_back_twice_takes_back_each_credit_note_once() -> None:
    policy = again(lapsed())
    policy = after(policy, policy.move(Cause.CANCELLED, [movement(4, "cancel", "-50410.96", JULY_1)], JULY_1, JULY_1))

    policy = again(policy, movement(5, "reinstate", "50410.96", JULY_1), JULY_1)

    assert [each.reverses for each in policy.invoices if each.kind is InvoiceKind.RED_LETTER] == [
        policy.invoices[1].number,
        policy.invoices[3].number,
    ]
    assert policy.position == account().position


def test_with_a_gap_the_days_that_remain_are_invoiced_anew() -> None:
    policy = again(lapsed(), LATER, JULY_1)

    newest = policy.invoices[-1]
    assert (newest.kind, newest.net, newest.due_on) == (InvoiceKind.ADDITIONAL, yuan("50410.96"), date(2026, 7, 31))
    assert policy.net == yuan("66575.34")


def test_premium_is_earned_until_the_end_and_from_the_new_beginning_on() -> None:
    """Of the lead's 60 %: 59 days before March, nothing in the gap, then the rest evenly to the expiry."""
    movements, known = [BIND, END, LATER], facts()

    assert earned_through(movements, known, date(2026, 2, 28)) == yuan("9698.63")
    assert earned_through(movements, known, date(2026, 6, 30)) == yuan("9698.63")
    assert earned_through(movements, known, date(2026, 12, 31)) == yuan("39945.21")
    whole = [BIND, END, AGAIN]
    for day in (date(2026, 2, 28), date(2026, 5, 1), date(2026, 12, 31)):
        assert earned_through(whole, known, day) == earned_through([BIND], known, day)


def test_the_premium_of_longer_reporting_is_earned_after_the_term() -> None:
    extension = movement(2, "extend_reporting", "1000.00", TERM.expiry, TERM.expiry)

    assert earned_through([BIND, extension], facts(), TERM.expiry) == yuan("60600.00")


async def test_a_lapse_is_booked_once_and_a_payment_makes_all_as_it_was(office: Office) -> None:
    """Billing says that grace is over; policy lapses, hears of the money, and is in force again."""
    programme = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(MARCH)
    expired = (await office.announced())[-1]
    await office.hear(heard.cancelled(END))
    owed = (await office.account()).receivable
    await office.move_to(date(2026, 3, 10))
    await office.pay("106000.00", date(2026, 3, 10))
    told = [each for each in await office.announced() if isinstance(each, pb.PremiumReceived)][-1]
    in_between = await office.account()
    levels = await office.levels(programme)

    await office.hear(reinstated(AGAIN))
    await office.hear(reinstated(AGAIN))

    policy = await office.account()
    assert isinstance(expired, pb.GraceExpired)
    assert (shown(expired.outstanding), shown(expired.total_received)) == ("106,000.00", "0.00")
    assert shown(owed) == "17,134.24"
    assert (shown(told.received), shown(told.total_received)) == ("17,134.24", "106,000.00")
    assert shown(in_between.receivable) == "0.00"
    assert levels == {"city": ("8,082.19", "0.00"), "district": ("3,232.88", "0.00")}
    assert (shown(policy.receivable), shown(policy.invoiced)) == ("0.00", "106,000.00")
    assert await office.levels(programme) == {"city": ("50,000.00", "0.00"), "district": ("20,000.00", "0.00")}
    totals = await office.control_totals()
    assert totals["premium_timeline"] == totals["premium_invoiced"] == totals["premium_received"] == "106,000.00"
    balance = await office.trial_balance()
    assert balance["2601"] == "-60,000.00"
    assert balance["2261"] == "-18,000.00"
