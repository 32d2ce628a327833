"""An order looks for its vendor."""

from datetime import date

import pytest

from services.vendor_gateway.domain.errors import (
    CertificatesExpired,
    ConflictOfInterest,
    OfferLapsed,
    OrderNotOffered,
    OrderNotUnplaced,
    VendorNotAccredited,
)
from services.vendor_gateway.domain.order import ServiceOrder, State
from services.vendor_gateway.domain.order import events as e
from services.vendor_gateway.domain.vendor import Suspended
from tests.vendor_gateway.examples import (
    NOON,
    ORDER,
    SHIELD,
    TODAY,
    TOWER,
    accepted,
    accreditation,
    an_order,
    applicant,
    entitlement,
    given,
    hours,
    insured,
    offered,
    requested,
    vendor,
)

UNPLACED = e.Unplaced(reason=e.UnplacedReason.NO_CANDIDATE, unplaced_at=NOON)


def test_an_order_is_offered_to_the_best_candidate_until_a_time() -> None:
    near = applicant(TOWER, accreditation(regions=("310115",)))

    ranked, offer = an_order().offer([applicant(), near], ORDER, NOON)

    assert isinstance(ranked, e.Ranked)
    assert [one.vendor_id for one in ranked.ranking] == [TOWER, SHIELD]
    assert offer == e.Offered(vendor_id=TOWER, offered_at=NOON, respond_by=NOON + hours(24))


def test_an_order_that_nobody_can_do_is_unplaced() -> None:
    _, unplaced = an_order().offer([applicant(free=0)], ORDER, NOON)

    assert unplaced == e.Unplaced(reason=e.UnplacedReason.NO_CANDIDATE, unplaced_at=NOON)


def test_an_order_that_all_have_declined_is_unplaced_for_that_reason() -> None:
    order = an_order(offered(), e.Declined(vendor_id=SHIELD, reason="busy", declined_at=NOON))

    _, unplaced = order.offer([applicant()], ORDER, NOON)

    assert unplaced == e.Unplaced(reason=e.UnplacedReason.ALL_DECLINED, unplaced_at=NOON)


def test_an_order_is_not_offered_twice_at_once() -> None:
    assert an_order(offered()).offer([applicant(TOWER)], ORDER, NOON) == []


def test_an_offer_can_be_declined() -> None:
    events = an_order(offered()).decline("busy", NOON)

    assert events == [e.Declined(vendor_id=SHIELD, reason="busy", declined_at=NOON)]


def test_after_one_declined_the_next_is_asked() -> None:
    order = an_order(offered(), e.Declined(vendor_id=SHIELD, reason="busy", declined_at=NOON))

    _, offer = order.offer([applicant(), applicant(TOWER)], ORDER, NOON)

    assert offer == offered(TOWER)


def test_what_was_never_offered_cannot_be_declined() -> None:
    with pytest.raises(OrderNotOffered):
        an_order(UNPLACED).decline("busy", NOON)


def test_an_offer_lapses_when_its_time_has_come() -> None:
    order = an_order(offered())

    assert order.lapse(NOON + hours(24) - hours(1)) == []
    assert order.lapse(NOON + hours(24)) == [e.Lapsed(vendor_id=SHIELD, lapsed_at=NOON + hours(24))]


def test_what_was_accepted_does_not_lapse() -> None:
    assert an_order(offered(), accepted()).lapse(NOON + hours(25)) == []


def test_an_offered_order_can_be_accepted_and_its_clocks_begin() -> None:
    events = an_order(offered()).accept(vendor(), NOON + hours(1))

    assert events == [accepted(NOON + hours(1))]


def test_accepting_twice_accepts_once() -> None:
    assert an_order(offered(), accepted()).accept(vendor(), NOON + hours(1)) == []


def test_an_offer_cannot_be_accepted_once_its_time_has_come() -> None:
    with pytest.raises(OfferLapsed):
        an_order(offered()).accept(vendor(), NOON + hours(24))


def test_what_was_cancelled_cannot_be_accepted() -> None:
    cancelled = e.Cancelled(
        reason=e.CancelReason.DUPLICATE, vendor_id=SHIELD, held=False, cancelled_by="underwriter", cancelled_at=NOON
    )

    with pytest.raises(OrderNotOffered):
        an_order(offered(), cancelled).accept(vendor(), NOON)


def test_a_suspended_vendor_accepts_nothing() -> None:
    suspended = vendor().evolve(Suspended(reason="audit", suspended_on=TODAY))

    with pytest.raises(VendorNotAccredited):
        an_order(offered()).accept(suspended, NOON)


def test_a_vendor_whose_certificates_expired_meanwhile_accepts_nothing() -> None:
    with pytest.raises(CertificatesExpired):
        an_order(offered()).accept(vendor(accreditation(expires_on=date(2026, 1, 4))), NOON)


def test_the_assessor_cannot_accept_to_appraise_the_loss() -> None:
    appraisal = entitlement("APPRAISAL", service_type="loss_appraisal")
    order = given(ServiceOrder, requested(appraisal, assessors=frozenset({SHIELD})), offered())

    with pytest.raises(ConflictOfInterest):
        order.accept(vendor(accreditation(service_type="loss_appraisal")), NOON)


def test_a_vendor_with_a_declared_conflict_cannot_accept() -> None:
    tied = vendor(accreditation(conflicts=frozenset({insured().uscc})))

    with pytest.raises(ConflictOfInterest):
        an_order(offered()).accept(tied, NOON)


def test_an_unplaced_order_can_be_offered_anew_to_everyone() -> None:
    order = an_order(offered(), e.Declined(vendor_id=SHIELD, reason="busy", declined_at=NOON), UNPLACED)

    (reopened,) = order.reopen("underwriter", NOON)

    assert order.evolve(reopened).state is State.REQUESTED
    assert order.evolve(reopened).offer([applicant()], ORDER, NOON)[1] == offered()


def test_an_order_that_is_on_offer_is_not_reopened() -> None:
    assert an_order(offered()).reopen("underwriter", NOON) == []


def test_an_order_that_is_held_cannot_be_offered_anew() -> None:
    with pytest.raises(OrderNotUnplaced):
        an_order(offered(), accepted()).reopen("underwriter", NOON)
