"""The policy account: invoices, receipts, refunds, plans, dunning, earning."""

from datetime import date

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import Cause, GraceLapsed, OverdueCured, OverdueFound, Received
from services.billing_subsidy.domain.account.invoices import InvoiceKind, PaymentPlan
from services.billing_subsidy.domain.errors import AlreadyEarned, PaymentPlanFixed, ReferenceUsed, RefundTooHigh
from tests.billing_subsidy.examples import (
    APRIL,
    BOUND_ON,
    CANCELLATION,
    JULY,
    JULY_AGAIN,
    JULY_BACK,
    NUMBER,
    account,
    after,
    balances,
    facts,
    movement,
    paid,
    yuan,
)

JANUARY = date(2026, 1, 15)
JUNE, SEPTEMBER, OCTOBER = date(2026, 6, 20), date(2026, 9, 1), date(2026, 10, 1)


def test_binding_invoices_the_whole_gross_premium_in_thirty_days() -> None:
    policy = account()

    [invoice] = policy.invoices

    assert (invoice.number, invoice.kind) == (f"{NUMBER}-01", InvoiceKind.PREMIUM)
    assert (invoice.net, invoice.vat, invoice.due_on) == (yuan("100000"), yuan("6000"), date(2026, 1, 19))


def test_binding_posts_premium_duty_and_cession_in_the_leads_books() -> None:
    opened = account(bind=movement(1, "bind", "0.00"))

    events = opened.move(Cause.CHANGED, [movement(2, "endorse", "100000.00")], BOUND_ON, BOUND_ON)

    assert balances(events) == {
        "1122": "106,000.00",
        "1211": "4,500.00",
        "222101": "-6,000.00",
        "222102": "-100.00",
        "224105": "-40,000.00",
        "2261": "-18,000.00",
        "2601": "-60,000.00",
        "6203": "-4,500.00",
        "6403": "100.00",
        "6541": "18,000.00",
    }


def test_instalments_are_a_month_apart_and_sum_to_the_premium() -> None:
    policy = account(plan=PaymentPlan(instalments=3), bind=movement(1, "bind", "100000.00"))

    assert [str(invoice.gross) for invoice in policy.invoices] == [
        "35,333.34 CNY",
        "35,333.33 CNY",
        "35,333.33 CNY",
    ]
    assert [invoice.due_on for invoice in policy.invoices] == [
        date(2026, 1, 19),
        date(2026, 2, 19),
        date(2026, 3, 19),
    ]


def test_a_change_is_invoiced_as_the_difference_and_a_return_as_a_credit_note() -> None:
    policy = account()
    policy = after(policy, policy.move(Cause.CHANGED, [JULY], JUNE, JUNE))

    policy = after(policy, policy.move(Cause.CHANGED, [JULY_BACK, APRIL, JULY_AGAIN], SEPTEMBER, SEPTEMBER))

    assert [(invoice.kind, str(invoice.gross)) for invoice in policy.invoices] == [
        (InvoiceKind.PREMIUM, "106,000.00 CNY"),
        (InvoiceKind.ADDITIONAL, "10,687.12 CNY"),
        (InvoiceKind.CREDIT_NOTE, "-6,389.04 CNY"),
    ]


def test_movements_heard_again_change_nothing() -> None:
    policy = account()
    policy = after(policy, policy.move(Cause.CHANGED, [JULY], JUNE, JUNE))

    assert policy.move(Cause.CHANGED, [JULY], JUNE, JUNE) == []


def test_a_missing_movement_is_no_silent_gap() -> None:
    with pytest.raises(ValueError, match="missing before number 3"):
        account().move(Cause.CHANGED, [JULY_BACK], SEPTEMBER, SEPTEMBER)


def test_a_receipt_pays_the_receivable() -> None:
    policy = account()

    events = policy.receive("R1", yuan("106000"), JANUARY, "Orchid", "recorded", JANUARY)

    assert events[0] == Received(
        reference="R1",
        amount=yuan("106000"),
        applied=yuan("106000"),
        value_date=JANUARY,
        payer_name="Orchid",
        source="recorded",
    )
    assert balances(events) == {"1002": "106,000.00", "1122": "-106,000.00"}


def test_what_is_paid_beyond_the_debt_is_unapplied_cash_and_pays_the_next_charge() -> None:
    policy = paid(account(), "110000")
    assert policy.position.unapplied == yuan("4000")

    policy = after(policy, policy.move(Cause.CHANGED, [JULY], JUNE, JUNE))

    assert policy.position.unapplied == yuan("0")
    assert policy.position.receivable == yuan("6687.12")


def test_the_same_receipt_again_changes_nothing() -> None:
    policy = paid(account(), "106000")

    assert policy.receive("R1", yuan("106000"), JANUARY, "Orchid", "recorded", JANUARY) == []


def test_a_reference_of_another_receipt_is_refused() -> None:
    policy = paid(account(), "106000")

    with pytest.raises(ReferenceUsed) as refusal:
        policy.receive("R1", yuan("1"), JANUARY, "Orchid", "recorded", JANUARY)

    assert refusal.value.details == {"reference": "R1", "use": "receipt"}


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [
        (yuan("0"), JANUARY, "amount"),
        (yuan("-1"), JANUARY, "amount"),
        (Money("USD", 100), JANUARY, "amount.currency_code"),
        (yuan("1"), date(2026, 1, 16), "value_date"),
    ],
)
def test_a_wrong_receipt_names_its_field(amount: Money, day: date, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        account().receive("R1", amount, day, "Orchid", "recorded", JANUARY)

    assert refusal.value.field == field


def cancelled() -> PolicyAccount:
    policy = paid(account(), "106000")
    policy = after(policy, policy.move(Cause.CHANGED, [JULY], JUNE, JUNE))
    policy = after(policy, policy.move(Cause.CHANGED, [JULY_BACK, APRIL, JULY_AGAIN], SEPTEMBER, SEPTEMBER))
    ended: PolicyAccount = after(policy, policy.move(Cause.CANCELLED, [CANCELLATION], OCTOBER, OCTOBER))
    return ended


def test_the_year_of_section_7_ends_in_a_refund() -> None:
    policy = cancelled()

    assert policy.net == yuan("78647.67")
    assert policy.vat == yuan("4718.86")
    assert policy.position.refundable == yuan("22633.47")
    assert policy.net_paid() == yuan("78647.67")


def test_a_refund_is_paid_from_the_credit() -> None:
    policy = cancelled()

    events = policy.pay_refund("F1", yuan("22633.47"), OCTOBER, "recorded", OCTOBER)

    assert balances(events) == {"1002": "-22,633.47", "224102": "22,633.47"}
    assert after(policy, events).net_paid() == yuan("78647.67")


def test_a_refund_beyond_the_credit_is_refused() -> None:
    with pytest.raises(RefundTooHigh) as refusal:
        cancelled().pay_refund("F1", yuan("22633.48"), OCTOBER, "recorded", OCTOBER)

    assert refusal.value.details == {"credit": "22,633.47 CNY", "amount": "22,633.48 CNY"}


def test_the_same_refund_again_changes_nothing() -> None:
    policy = cancelled()
    policy = after(policy, policy.pay_refund("F1", yuan("1"), OCTOBER, "recorded", OCTOBER))

    assert policy.pay_refund("F1", yuan("1"), OCTOBER, "recorded", OCTOBER) == []
    with pytest.raises(ReferenceUsed):
        policy.pay_refund("F1", yuan("2"), OCTOBER, "recorded", OCTOBER)


def test_a_plan_takes_the_invoice_back_and_invoices_the_same_anew() -> None:
    policy = account()

    policy = after(policy, policy.set_plan(PaymentPlan(instalments=4), BOUND_ON))

    assert [invoice.kind for invoice in policy.invoices[1:]] == [InvoiceKind.RED_LETTER, *[InvoiceKind.PREMIUM] * 4]
    assert policy.invoices[1].reverses == policy.invoices[0].number
    assert policy.invoiced == yuan("106000")
    assert sorted(policy.outstanding().values()) == [yuan("26500")] * 4


def test_the_same_plan_again_changes_nothing() -> None:
    assert account().set_plan(PaymentPlan(), BOUND_ON) == []


def test_a_plan_is_refused_once_money_came_in_or_cover_changed() -> None:
    changed = account()
    changed = after(changed, changed.move(Cause.CHANGED, [JULY], JUNE, JUNE))

    for policy in (paid(account(), "1"), changed):
        with pytest.raises(PaymentPlanFixed):
            policy.set_plan(PaymentPlan(instalments=2), JUNE)


@pytest.mark.parametrize("plan", [PaymentPlan(instalments=13), PaymentPlan(due_days=-1), PaymentPlan(grace_days=181)])
def test_a_wrong_plan_names_its_field(plan: PaymentPlan) -> None:
    with pytest.raises(InvalidField, match="plan"):
        account().set_plan(plan, BOUND_ON)


def test_premium_is_overdue_the_day_after_its_due_date_and_only_once() -> None:
    policy = account()
    assert policy.find_overdue(date(2026, 1, 19)) == []

    events = policy.find_overdue(date(2026, 1, 20))

    assert events == [OverdueFound(outstanding=yuan("106000"), due_on=date(2026, 1, 19), grace_until=date(2026, 2, 18))]
    assert after(policy, events).find_overdue(date(2026, 1, 21)) == []


def test_grace_lapses_the_day_after_its_last_and_only_once() -> None:
    policy = account()
    policy = after(policy, policy.find_overdue(date(2026, 1, 20)))
    assert policy.end_grace(date(2026, 2, 18)) == []

    events = policy.end_grace(date(2026, 2, 19))

    owed = yuan("106000")
    assert events == [
        GraceLapsed(outstanding=owed, expired_on=date(2026, 2, 19), due_on=date(2026, 1, 19), needed=owed)
    ]
    assert after(policy, events).end_grace(date(2026, 2, 20)) == []


def test_paying_cures_what_was_overdue() -> None:
    policy = account()
    policy = after(policy, policy.find_overdue(date(2026, 1, 20)))

    events = policy.receive("R1", yuan("106000"), date(2026, 1, 25), "Orchid", "recorded", date(2026, 1, 25))

    assert OverdueCured(by="receipt") in events
    assert after(policy, events).end_grace(date(2026, 3, 1)) == []


def test_paying_in_part_cures_nothing() -> None:
    policy = account()
    policy = after(policy, policy.find_overdue(date(2026, 1, 20)))

    events = policy.receive("R1", yuan("105999.00"), date(2026, 1, 25), "Orchid", "recorded", date(2026, 1, 25))

    assert OverdueCured(by="receipt") not in events


def test_a_credit_note_cures_what_was_overdue() -> None:
    policy = paid(account(), "106000")
    policy = after(policy, policy.move(Cause.CHANGED, [JULY], JUNE, JUNE))
    policy = after(policy, policy.find_overdue(date(2026, 7, 21)))
    policy = after(policy, policy.move(Cause.CHANGED, [JULY_BACK, APRIL, JULY_AGAIN], SEPTEMBER, SEPTEMBER))

    events = policy.move(Cause.CANCELLED, [CANCELLATION], OCTOBER, OCTOBER)

    assert OverdueCured(by="credit") in events


def test_premium_is_earned_day_by_day() -> None:
    policy = account()

    events = policy.earn(date(2026, 3, 31), date(2026, 4, 1))

    # 60,000.00 × 90 ÷ 365
    assert after(policy, events).earned_so_far == yuan("14794.52")
    assert balances(events) == {"2601": "14,794.52", "6031": "-14,794.52"}


def test_earning_the_same_day_again_posts_nothing() -> None:
    policy = account()
    policy = after(policy, policy.earn(date(2026, 3, 31), date(2026, 4, 1)))

    assert policy.earn(date(2026, 3, 31), date(2026, 4, 1)) == []


def test_earning_never_goes_back() -> None:
    policy = account()
    policy = after(policy, policy.earn(date(2026, 3, 31), date(2026, 4, 1)))

    with pytest.raises(AlreadyEarned):
        policy.earn(date(2026, 3, 30), date(2026, 4, 1))


def test_from_the_day_of_cancellation_all_that_is_kept_is_earned() -> None:
    policy = cancelled()

    before = after(policy, policy.earn(date(2026, 9, 30), OCTOBER))
    events = before.earn(OCTOBER, OCTOBER)

    # The lead's part of 78,647.67, from the parts of its movements.
    assert after(before, events).earned_so_far == yuan("47188.60")
    assert after(before, events).unearned == yuan("0")


def test_a_policy_of_one_insurer_has_no_parts_of_others() -> None:
    alone = facts(insurers=(), quota_share=None)

    assert alone.own(yuan("5")) == yuan("5")
    assert alone.ceded(yuan("5")) == []
