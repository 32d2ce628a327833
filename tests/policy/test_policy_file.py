from datetime import date

from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.claim_notes import ClaimEndNoted, ClaimNoted, ClaimPaymentNoted
from services.policy.domain.policy_file import (
    ClaimExperience,
    FileOpened,
    GraceExpiryNoted,
    PolicyFile,
    PremiumOverdueNoted,
    PremiumReceiptNoted,
    ServiceCreditNoted,
    ServiceState,
    ServiceStateNoted,
    SubsidyClawbackNoted,
    SubsidyGrantNoted,
    SubsidyReceiptNoted,
)
from tests.policy import examples as an

DAY = date(2026, 1, 15)


def file_of(*events: object) -> PolicyFile:
    value = replay(PolicyFile, [FileOpened(policy_id=str(an.POLICY_ID)), *events])
    assert value is not None
    return value


def receipt(received: str, invoiced: str = "106000") -> PremiumReceiptNoted:
    amount = Money.cny(received)
    return PremiumReceiptNoted(amount=amount, received=amount, invoiced=Money.cny(invoiced), received_on=DAY)


def test_payment_in_full_cures_what_was_overdue() -> None:
    overdue = PremiumOverdueNoted(outstanding=Money.cny(106_000), due_on=DAY, grace_until=DAY)
    expired = GraceExpiryNoted(outstanding=Money.cny(106_000), expired_on=DAY)

    part, full = file_of(overdue, expired, receipt("50000")), file_of(overdue, expired, receipt("106000"))

    assert part.premium_overdue == Money.cny(106_000)
    assert part.grace_expired_on == DAY
    assert full.premium_received == Money.cny(106_000)
    assert full.premium_overdue == Money.cny(0)
    assert full.grace_expired_on is None


def test_a_service_is_unplaced_then_activated_then_late() -> None:
    state = {"order_id": "o", "entitlement_code": "MONITORING"}
    file = file_of(
        ServiceStateNoted(state=ServiceState.UNPLACED, vendor_id="", reason="NO_CANDIDATE", **state),
        ServiceStateNoted(state=ServiceState.ACTIVATED, vendor_id="v", reason="", **state),
        ServiceCreditNoted(order_id="o", vendor_id="v", clock="start", amount=Money.cny(100), due_on=DAY),
        ServiceCreditNoted(order_id="o", vendor_id="v", clock="deliver", amount=Money.cny(50), due_on=DAY),
    )

    assert file.services["o"].state is ServiceState.ACTIVATED
    assert file.services["o"].credit == Money.cny(150)


def test_a_subsidy_is_granted_paid_and_clawed_back_by_level() -> None:
    file = file_of(
        SubsidyGrantNoted(
            case_id="c", programme_id="p", granted={"city": Money.cny(50_000), "district": Money.cny(20_000)}
        ),
        SubsidyReceiptNoted(case_id="c", amounts={"city": Money.cny(50_000)}, disbursed_on=DAY),
        SubsidyClawbackNoted(
            case_id="c",
            amounts={"city": Money.cny("10676.16"), "district": Money.cny("4270.47")},
            granted={"city": Money.cny("39323.84"), "district": Money.cny("15729.53")},
            reason="POLICY_CANCELLED",
        ),
    )

    case = file.subsidies["c"]
    assert case.granted == {"city": Money.cny("39323.84"), "district": Money.cny("15729.53")}
    assert case.disbursed == {"city": Money.cny(50_000)}
    assert case.clawed_back == {"city": Money.cny("10676.16"), "district": Money.cny("4270.47")}


def test_claims_are_noted_with_what_they_cost() -> None:
    payment = ClaimPaymentNoted(claim_id="k", payment_id="1", part_code="DATA", amount=Money.cny(700))
    file = file_of(
        ClaimNoted(claim_id="k"),
        payment,
        payment,
        ClaimEndNoted(claim_id="k", outcome="PAID", paid=Money.cny(1_400)),
    )

    assert file.claims == {"k": ClaimExperience(Money.cny(1_400), "PAID")}
