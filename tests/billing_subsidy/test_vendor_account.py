"""What a vendor is owed."""

from datetime import date

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.errors import ReferenceUsed, VendorPaymentTooHigh
from services.billing_subsidy.domain.vendor_account import CreditAccrued, FeeAccrued, FeeBorneByClaim, VendorAccount
from tests.billing_subsidy.examples import after, balances, yuan

DAY = date(2026, 1, 10)
FEE = FeeAccrued(
    vendor_id="V", order_id="o1", policy_id="", service_type="assessment", fee=yuan("800"), verified_on=DAY
)
CREDIT = CreditAccrued(vendor_id="V", order_id="o1", policy_id="", clock="deliver", amount=yuan("40"), due_on=DAY)


BORNE = FeeBorneByClaim(vendor_id="V", order_id="o1", payment_id="p1", amount=yuan("500"), borne_on=DAY)


def opened() -> VendorAccount:
    [event] = VendorAccount.open("V", "CNY")
    return VendorAccount.begin(event)


def earned() -> VendorAccount:
    account = after(opened(), opened().accrue_fee(FEE, DAY))
    result: VendorAccount = after(account, account.accrue_credit(CREDIT, DAY))
    return result


def test_a_verified_orders_fee_less_its_credits_is_payable() -> None:
    assert earned().payable == yuan("760")
    assert balances(opened().accrue_fee(FEE, DAY)) == {"2202": "-800.00", "6601": "800.00"}
    assert balances(opened().accrue_credit(CREDIT, DAY)) == {"2202": "40.00", "6601": "-40.00"}


def test_an_order_is_paid_for_once() -> None:
    assert earned().accrue_fee(FEE, DAY) == []


def test_a_credit_may_come_before_its_orders_fee() -> None:
    assert after(opened(), opened().accrue_credit(CREDIT, DAY)).payable == yuan("-40")


def test_a_payment_clears_what_is_owed() -> None:
    events = earned().pay("P1", yuan("760"), DAY, DAY)

    assert after(earned(), events).payable == yuan("0")
    assert balances(events) == {"1002": "-760.00", "2202": "760.00"}


def test_what_a_claim_pays_for_an_order_is_not_owed_as_a_fee_too() -> None:
    events = earned().bear_by_claim(BORNE, DAY)

    assert after(earned(), events).payable == yuan("260")
    assert balances(events) == {"2202": "500.00", "6601": "-500.00"}


def test_a_claims_payment_bears_a_fee_once() -> None:
    account = after(earned(), earned().bear_by_claim(BORNE, DAY))

    assert account.bear_by_claim(BORNE, DAY) == []


def test_a_fee_that_was_paid_already_is_owed_back_when_a_claim_bears_it() -> None:
    account = after(earned(), earned().pay("P1", yuan("760"), DAY, DAY))

    account = after(account, account.bear_by_claim(BORNE, DAY))

    assert account.payable == yuan("-500")
    with pytest.raises(VendorPaymentTooHigh):
        account.pay("P2", yuan("1"), DAY, DAY)


def test_more_than_is_owed_is_refused() -> None:
    with pytest.raises(VendorPaymentTooHigh) as refusal:
        earned().pay("P1", yuan("760.01"), DAY, DAY)

    assert refusal.value.details == {"vendor_id": "V", "payable": "760.00 CNY", "amount": "760.01 CNY"}


def test_the_same_payment_again_changes_nothing_and_other_figures_are_refused() -> None:
    account = after(earned(), earned().pay("P1", yuan("700"), DAY, DAY))

    assert account.pay("P1", yuan("700"), DAY, DAY) == []
    with pytest.raises(ReferenceUsed):
        account.pay("P1", yuan("1"), DAY, DAY)


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [
        (yuan("-1"), DAY, "amount"),
        (Money("USD", 1), DAY, "amount.currency_code"),
        (yuan("1"), date(2026, 1, 11), "paid_on"),
    ],
)
def test_a_wrong_payment_names_its_field(amount: Money, day: date, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        earned().pay("P1", amount, day, DAY)

    assert refusal.value.field == field
