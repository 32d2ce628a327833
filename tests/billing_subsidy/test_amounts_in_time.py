"""What is earned, owed and given back follows from the movements that stand, whenever they became known."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from libs.common.dates import Period
from libs.common.errors import InvalidField
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import Cause, PremiumEarned, PremiumMoved
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.account.premium import Movement, MovementKind, earned_through
from tests.billing_subsidy.examples import account, after, balances, facts, paid, yuan

LEAP_YEAR = Period(date(2028, 1, 1), date(2029, 1, 1))
FROM_MARCH = Period(date(2028, 3, 5), date(2029, 3, 5))
BOUND = date(2027, 12, 20)
DAY_59, DAY_181 = date(2028, 2, 29), date(2028, 6, 30)
"""The days before which 59 and 181 days of the leap year have passed."""


def moved(number: int, kind: str, net: str, effective: date, recorded: date) -> Movement:
    """A movement of a policy that one insurer carries alone."""
    amount, none = yuan(net), yuan("0")
    vat = amount.times(Decimal("0.06"))
    return Movement(number, MovementKind(kind), effective, recorded, amount, vat, none, none, none)


def policy(net: str = "100000.00", term: Period = LEAP_YEAR, **more: Any) -> PolicyAccount:
    bind = moved(1, "bind", net, term.inception, BOUND)
    return account(bind=bind, term=term, insurers=(), quota_share=None, **more)


def ended(value: PolicyAccount, net: str, on: date, recorded: date | None = None) -> PolicyAccount:
    cancel = moved(len(value.movements) + 1, "cancel", net, on, recorded or on)
    result: PolicyAccount = after(value, value.move(Cause.CANCELLED, [cancel], recorded or on, recorded or on))
    return result


def back(value: PolicyAccount, net: str, on: date, recorded: date | None = None) -> PolicyAccount:
    again = moved(len(value.movements) + 1, "reinstate", net, on, recorded or on)
    result: PolicyAccount = after(value, value.move(Cause.REINSTATED, [again], recorded or on, recorded or on))
    return result


def earned(value: PolicyAccount, through: date, today: date | None = None) -> PolicyAccount:
    result: PolicyAccount = after(value, value.earn(through, today or through))
    return result


# Earned premium.


@pytest.mark.parametrize("through", [date(2099, 12, 31), date(2028, 7, 2)])
def test_nothing_is_earned_beyond_today(through: date) -> None:
    with pytest.raises(InvalidField) as refusal:
        policy().earn(through, date(2028, 7, 1))

    assert refusal.value.field == "through"


def test_what_was_earned_beyond_today_once_is_taken_back() -> None:
    """A log of before may hold a term that was earned to its end."""
    stored = after(policy(), [PremiumEarned(through=date(2099, 1, 1), earned=yuan("100000"), amount=yuan("100000"))])

    events = stored.earn(date(2028, 2, 28), date(2028, 2, 28))

    assert after(stored, events).earned_so_far == yuan("16120.22")
    assert balances(events) == {"2601": "-83,879.78", "6031": "83,879.78"}


def test_a_cancellation_in_the_past_takes_back_at_once_what_it_un_earns() -> None:
    known = earned(policy(), date(2028, 6, 29))
    assert known.earned_so_far == yuan("49453.55")

    cancel = moved(2, "cancel", "-83879.78", DAY_59, date(2028, 7, 1))
    events = known.move(Cause.CANCELLED, [cancel], date(2028, 7, 1), date(2028, 7, 1))

    closed = after(known, events)
    assert (closed.earned_so_far, closed.unearned) == (yuan("16120.22"), yuan("0"))
    assert balances(events)["6031"] == "33,333.33"
    assert balances(events)["2601"] == "50,546.45"


def test_an_endorsement_in_the_past_is_earned_at_once_for_the_days_that_have_passed() -> None:
    known = earned(policy(), date(2028, 6, 29))

    more = moved(2, "endorse", "36600.00", LEAP_YEAR.inception, date(2028, 7, 1))
    raised = after(known, known.move(Cause.CHANGED, [more], date(2028, 7, 1), date(2028, 7, 1)))

    # 136,600.00 × 181 ÷ 366
    assert raised.earned_so_far == yuan("67553.55")


def test_without_a_gap_what_a_cancellation_kept_is_not_earned_any_more() -> None:
    start = date(2028, 4, 1)
    known = policy("35369.11", FROM_MARCH)
    short = ended(known, "-29477.49", start)
    assert earned(short, start).earned_so_far == yuan("5891.62")

    again = back(earned(short, start), "29477.49", start)

    # 35,369.11 × 28 ÷ 365
    assert again.earned_so_far == yuan("2713.25")
    assert earned(again, date(2029, 3, 4)).earned_so_far == yuan("35369.11")


def test_an_end_that_a_reinstatement_undid_does_not_hide_a_later_one() -> None:
    known = back(ended(policy(), "-83879.78", DAY_59), "83879.78", DAY_59, date(2028, 3, 10))
    closed = ended(known, "-50546.45", DAY_181)

    assert earned_through(closed.movements, facts(term=LEAP_YEAR, insurers=()), date(2028, 12, 31)) == yuan("49453.55")
    assert earned_through(closed.movements, facts(term=LEAP_YEAR, insurers=()), date(2028, 2, 28)) == yuan("16120.22")


def test_an_endorsement_that_a_cancellation_took_back_is_put_back_with_it() -> None:
    """The cancellation lies before the endorsement: its movements are the reversal and the return premium."""
    known = policy()
    july, june = date(2028, 7, 1), date(2028, 6, 30)
    raised = after(known, known.move(Cause.CHANGED, [moved(2, "endorse", "18400.00", july, june)], june, june))
    whole = earned_through(raised.movements, raised.facts, date(2028, 12, 31))
    end = [moved(3, "reverse", "-18400.00", july, july), moved(4, "cancel", "-83879.78", DAY_59, july)]
    closed = after(raised, raised.move(Cause.CANCELLED, end, july, july))
    assert earned_through(closed.movements, closed.facts, date(2028, 12, 31)) == yuan("16120.22")

    undo = [moved(5, "reinstate", "83879.78", DAY_59, july), moved(6, "reapply", "18400.00", july, july)]
    again = after(closed, closed.move(Cause.REINSTATED, undo, july, july))

    for day in (date(2028, 2, 28), date(2028, 7, 15), date(2028, 12, 31)):
        assert earned_through(again.movements, again.facts, day) == earned_through(raised.movements, raised.facts, day)
    assert earned_through(again.movements, again.facts, date(2028, 12, 31)) == whole == yuan("118400.00")


# Credits and due dates.

MONTHLY = PaymentPlan(instalments=12, due_days=30, grace_days=30)
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
JULY = date(2026, 7, 1)


def monthly(**more: Any) -> PolicyAccount:
    return policy(term=YEAR, plan=MONTHLY, **more)


def lacking(value: PolicyAccount) -> list[tuple[str, str]]:
    """The last digits of each invoice that lacks something, and what."""
    owed = value.outstanding()
    return [(each.number[-2:], str(owed[each.number])) for each in value.dues if owed.get(each.number)]


def test_a_credit_takes_the_latest_instalments_and_the_rest_is_due_when_cover_ends() -> None:
    """Nothing of twelve instalments was paid, and 181 days of cover were given."""
    closed = ended(monthly(), "-50410.96", JULY)

    assert [number for number, _ in lacking(closed)] == ["01", "02", "03", "04", "05", "06"]
    assert lacking(closed)[-1] == ("06", "8,397.69 CNY")
    assert closed.overdue_on(date(2026, 7, 2)) == closed.position.receivable == yuan("52564.38")
    assert max(each.due_on for each in closed.dues if closed.outstanding().get(each.number)) <= JULY


def test_what_is_owed_is_due_on_the_day_on_which_an_end_in_the_past_became_known() -> None:
    march, known_on = date(2026, 3, 1), date(2026, 3, 10)

    closed = ended(policy(term=YEAR, plan=PaymentPlan(1, 180, 180)), "-83835.62", march, known_on)

    assert closed.invoices[0].due_on == date(2026, 6, 18)
    assert closed.dues[0].due_on == known_on


def test_back_without_a_gap_the_instalments_are_due_as_they_were() -> None:
    before = monthly()

    again = back(ended(before, "-50410.96", JULY), "50410.96", JULY)

    assert again.dues[:12] == before.dues == before.invoices
    assert again.next_due() == before.next_due()


def test_a_credit_does_not_pay_what_is_charged_after_it() -> None:
    """The credit note has settled the instalment; the additional premium has a due date of its own."""
    known = policy(term=YEAR)
    less = moved(2, "endorse", "-6000.00", date(2026, 3, 1), date(2026, 3, 1))
    known = after(known, known.move(Cause.CHANGED, [less], date(2026, 3, 1), date(2026, 3, 1)))

    more = moved(3, "endorse", "10000.00", date(2026, 4, 1), date(2026, 4, 1))
    known = after(known, known.move(Cause.CHANGED, [more], date(2026, 4, 1), date(2026, 4, 1)))

    assert lacking(known) == [("01", "99,640.00 CNY"), ("03", "10,600.00 CNY")]


def test_a_member_that_leaves_owes_at_once() -> None:
    joined = account(bind=moved(1, "join", "100000.00", YEAR.inception, BOUND), plan=MONTHLY, insurers=())

    leave = moved(2, "leave", "-50410.96", JULY, JULY)
    left = after(joined, joined.move(Cause.CHANGED, [leave], JULY, JULY))

    assert left.overdue_on(date(2026, 7, 2)) == left.position.receivable == yuan("52564.38")


# Back to how it was.


def test_a_fen_too_much_is_unapplied_again_once_the_cancellation_is_undone() -> None:
    before = paid(policy(net="100000.00", term=YEAR), "106000.01")
    closed = ended(before, "-99009.84", date(2026, 1, 20))
    assert (closed.position.unapplied, closed.position.refundable) == (yuan("0.01"), yuan("104950.43"))

    again = moved(3, "reinstate", "99009.84", date(2026, 1, 20), date(2026, 2, 1))
    events = closed.move(Cause.REINSTATED, [again], date(2026, 2, 1), date(2026, 2, 1))

    assert after(closed, events).position == before.position
    booked = balances(events)
    assert (booked["224102"], booked.get("2203"), booked.get("1122")) == ("104,950.43", None, None)


def test_a_reinstatement_that_was_stored_before_reads_as_it_was_booked() -> None:
    """Without `restores`, unapplied cash went first; the entries of that time say so too."""
    closed = ended(paid(policy(term=YEAR), "106000.01"), "-99009.84", date(2026, 1, 20))
    again = moved(3, "reinstate", "99009.84", date(2026, 1, 20), date(2026, 2, 1))

    stored = PremiumMoved(cause=Cause.REINSTATED, movements=(again,), net=again.net, vat=again.vat)

    assert after(closed, [stored]).position.refundable == yuan("0.01")
