"""Payments: requested under a decision, approved by a second person."""

from datetime import date
from uuid import UUID

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.claims.domain.claim import deciding, noticing, paying, reserving
from services.claims.domain.claim.events import PaymentApproved, ReserveChanged
from services.claims.domain.claim.parts import Approval, Outcome, State, VerifiedOrder
from services.claims.domain.claim.paying import PaymentRequest
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.errors import (
    DecisionMissing,
    OrderNotVerified,
    OrderUsedUp,
    OverAuthority,
    PaymentAlreadyApproved,
    PaymentNotFound,
    PaymentOverDecision,
    PaymentRejected,
    SelfApproval,
)
from tests.claims.examples import (
    CLAIM,
    HANDLER,
    INSURED,
    MANAGER,
    ORDER,
    PAYMENT,
    account_of,
    actor,
    after,
    cny,
    decided,
    loss_of,
    noticed,
)

SECOND = UUID("66666666-6666-4666-8666-666666666666")


def wanted(
    yuan: str,
    cost_type: CostType = CostType.INDEMNITY,
    *,
    payment_id: UUID = PAYMENT,
    order_id: UUID | None = None,
    payee: str = INSURED,
    code: str = "BI",
) -> PaymentRequest:
    return PaymentRequest(payment_id, code, cost_type, cny(yuan), payee, order_id)


def requested(claim: Claim, payment: PaymentRequest) -> Claim:
    return after(claim, paying.request_payment(claim, payment, HANDLER))


def response_decided() -> Claim:
    return decided(loss_of("30000", cost_type=CostType.EXPENSE))


def with_order(claim: Claim, fee: str = "30000") -> Claim:
    order = VerifiedOrder(ORDER, "vendor-1", "incident_response", cny(fee), date(2026, 5, 9))
    return after(claim, noticing.note_order(claim, order))


def test_a_payment_waits_for_a_second_person() -> None:
    claim = requested(decided(), wanted("120000"))

    assert claim.payments[0].state is Approval.PENDING
    assert claim.paid == cny("0")


def test_requesting_the_same_payment_again_changes_nothing() -> None:
    claim = requested(decided(), wanted("120000"))

    assert paying.request_payment(claim, wanted("120000"), HANDLER) == []


def test_nothing_is_paid_without_a_decision() -> None:
    with pytest.raises(DecisionMissing):
        paying.request_payment(noticed(), wanted("1"), HANDLER)


def test_all_payments_of_a_line_stay_within_its_decision() -> None:
    claim = requested(decided(), wanted("200000"))

    with pytest.raises(PaymentOverDecision):
        paying.request_payment(claim, wanted("100000.01", payment_id=SECOND), HANDLER)


def test_a_line_that_was_not_decided_pays_nothing() -> None:
    with pytest.raises(PaymentOverDecision):
        paying.request_payment(decided(), wanted("1", CostType.EXPENSE), HANDLER)


@pytest.mark.parametrize(
    ("payment", "field"),
    [
        (wanted("0"), "amount"),
        (wanted("-5"), "amount"),
        (wanted("1", payee="913101151234567881"), "payee_uscc"),
        (wanted("1", CostType.RECOVERY), "cost_type"),
        (wanted("1", order_id=ORDER), "order_id"),
        (PaymentRequest(PAYMENT, "BI", CostType.INDEMNITY, Money("USD", 1), INSURED, None), "amount.currency_code"),
    ],
)
def test_a_wrong_field_of_a_request_is_named(payment: PaymentRequest, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        paying.request_payment(decided(), payment, HANDLER)

    assert refusal.value.field == field


def test_an_approved_payment_comes_out_of_its_reserve() -> None:
    claim = decided()
    lines = [Reserve("BI", CostType.INDEMNITY, cny("340000"))]
    claim = after(claim, reserving.set_reserves(claim, lines, "view", account_of(), MANAGER))
    claim = requested(claim, wanted("60000"))

    events = paying.approve_payment(claim, PAYMENT, "", MANAGER)

    assert [type(event) for event in events] == [PaymentApproved, ReserveChanged]
    claim = after(claim, events)
    assert claim.paid == cny("60000")
    assert claim.reserves == (Reserve("BI", CostType.INDEMNITY, cny("280000")),)
    assert claim.state is State.DECIDED


def test_the_last_payment_settles_the_claim() -> None:
    claim = requested(decided(), wanted("300000"))

    assert after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER)).state is State.SETTLED


def test_approving_a_payment_again_changes_nothing() -> None:
    claim = requested(decided(), wanted("300000"))
    claim = after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER))

    assert paying.approve_payment(claim, PAYMENT, "", MANAGER) == []


def test_nobody_approves_their_own_payment() -> None:
    with pytest.raises(SelfApproval):
        paying.approve_payment(requested(decided(), wanted("1")), PAYMENT, "", HANDLER)


def test_the_second_person_needs_authority_for_the_payment() -> None:
    with pytest.raises(OverAuthority):
        paying.approve_payment(requested(decided(), wanted("300000")), PAYMENT, "", actor("other"))


def test_authority_looks_at_what_is_paid_on_the_claim_in_all() -> None:
    claim = decided(loss_of("590000"))
    first, second = requested(claim, wanted("190000")), wanted("190000", payment_id=SECOND)
    claim = requested(after(first, paying.approve_payment(first, PAYMENT, "", actor("other"))), second)

    with pytest.raises(OverAuthority) as refusal:
        paying.approve_payment(claim, SECOND, "", actor("other"))

    assert refusal.value.details["amount"] == str(cny("380000"))


def test_a_reserve_stays_at_what_is_decided_and_not_paid() -> None:
    claim = noticed()
    lines = [Reserve("BI", CostType.INDEMNITY, cny("100000"))]
    claim = after(claim, reserving.set_reserves(claim, lines, "first view", account_of(), HANDLER))
    claim = after(
        claim, deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), [loss_of("290000")], account_of(), HANDLER)
    )
    claim = after(claim, deciding.approve(CLAIM, claim, 1, account_of(), MANAGER))
    claim = requested(claim, wanted("150000"))

    claim = after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER))

    assert claim.reserves == (Reserve("BI", CostType.INDEMNITY, cny("140000")),)


def test_an_unknown_payment_is_not_found() -> None:
    with pytest.raises(PaymentNotFound):
        paying.approve_payment(decided(), PAYMENT, "", MANAGER)


def test_a_response_cost_is_paid_against_its_verified_order() -> None:
    claim = requested(with_order(response_decided()), wanted("30000", CostType.EXPENSE, order_id=ORDER))

    assert after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER)).paid == cny("30000")


@pytest.mark.parametrize("order_id", [ORDER, None])
def test_a_response_cost_without_a_verified_order_is_refused(order_id: UUID | None) -> None:
    claim = requested(response_decided(), wanted("30000", CostType.EXPENSE, order_id=order_id))

    with pytest.raises(OrderNotVerified):
        paying.approve_payment(claim, PAYMENT, "", MANAGER)


def test_a_second_person_may_override_with_a_code() -> None:
    claim = requested(response_decided(), wanted("30000", CostType.EXPENSE))

    claim = after(claim, paying.approve_payment(claim, PAYMENT, "OWN_PROVIDER", MANAGER))

    assert claim.payments[0].override_code == "OWN_PROVIDER"


@pytest.mark.parametrize("cost_type", [CostType.INDEMNITY, CostType.EXPENSE])
def test_an_override_that_means_nothing_is_a_wrong_field(cost_type: CostType) -> None:
    claim = requested(decided(loss_of("500", cost_type=cost_type)), wanted("500", cost_type))

    with pytest.raises(InvalidField):
        paying.approve_payment(claim, PAYMENT, "BECAUSE", MANAGER)


def test_an_order_is_paid_up_to_its_fee() -> None:
    claim = requested(with_order(response_decided(), "20000"), wanted("15000", CostType.EXPENSE, order_id=ORDER))

    with pytest.raises(OrderUsedUp):
        paying.request_payment(claim, wanted("5000.01", CostType.EXPENSE, order_id=ORDER, payment_id=SECOND), HANDLER)


def test_an_order_verified_twice_is_noted_once() -> None:
    claim = with_order(response_decided())

    assert noticing.note_order(claim, claim.orders[0]) == []


def test_a_rejected_payment_frees_what_it_held() -> None:
    claim = requested(decided(), wanted("300000"))
    claim = after(claim, paying.reject_payment(claim, PAYMENT, "wrong payee", MANAGER))

    assert paying.request_payment(claim, wanted("300000", payment_id=SECOND), HANDLER)
    assert paying.reject_payment(claim, PAYMENT, "wrong payee", MANAGER) == []
    with pytest.raises(PaymentRejected):
        paying.approve_payment(claim, PAYMENT, "", MANAGER)


def test_an_approved_payment_can_not_be_rejected() -> None:
    claim = requested(decided(), wanted("300000"))
    claim = after(claim, paying.approve_payment(claim, PAYMENT, "", MANAGER))

    with pytest.raises(PaymentAlreadyApproved):
        paying.reject_payment(claim, PAYMENT, "too late", MANAGER)
