"""Vendors: registered, accredited, suspended, terminated, rated."""

from dataclasses import replace
from datetime import date

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.vendor_gateway.domain.accreditation import Price
from services.vendor_gateway.domain.directory import Delisted, Directory, Listed
from services.vendor_gateway.domain.errors import (
    CertificatesExpired,
    VendorAlreadyRegistered,
    VendorNotAccredited,
    VendorTerminated,
)
from services.vendor_gateway.domain.vendor import (
    Accredited,
    Rated,
    Suspended,
    Terminated,
    Vendor,
    VendorKind,
    VendorState,
)
from tests.vendor_gateway.examples import ORDER, SHIELD, TODAY, TOWER, USCC, accreditation, given, registered, vendor


def test_registering_the_same_firm_twice_registers_it_once() -> None:
    firm = given(Vendor, registered())

    events = firm.register("Shield", VendorKind.SECURITY_FIRM)

    assert events == []


def test_a_credit_code_cannot_stand_for_two_firms() -> None:
    firm = given(Vendor, registered())

    with pytest.raises(VendorAlreadyRegistered) as refusal:
        firm.register("Sword", VendorKind.SECURITY_FIRM)

    assert refusal.value.details == {"uscc": USCC, "name": "Shield", "kind": "security_firm"}


def test_a_registered_vendor_can_be_accredited() -> None:
    firm = given(Vendor, registered())

    events = firm.accredit(accreditation(), TODAY)

    assert events == [Accredited(accreditation=accreditation(), accredited_on=TODAY)]


def test_the_same_accreditation_again_changes_nothing() -> None:
    assert vendor().accredit(accreditation(), TODAY) == []


def test_another_accreditation_replaces_the_old_one() -> None:
    firm = given(Vendor, registered(), *given(Vendor, registered()).accredit(accreditation(), TODAY))

    events = firm.accredit(accreditation(capacity=9), TODAY)

    assert given(Vendor, registered(), *events).accreditation == accreditation(capacity=9)


def test_a_vendor_whose_certificates_have_all_expired_is_not_accredited() -> None:
    firm = given(Vendor, registered())

    with pytest.raises(CertificatesExpired):
        firm.accredit(accreditation(expires_on=date(2026, 1, 4)), TODAY)


def test_a_certificate_is_valid_on_its_last_day() -> None:
    firm = given(Vendor, registered())

    assert firm.accredit(accreditation(expires_on=TODAY), TODAY)


def test_a_service_without_a_price_is_a_wrong_field() -> None:
    terms = replace(accreditation(), prices=(Price("forensics", Money.cny("1"), TODAY),))

    with pytest.raises(InvalidField) as refusal:
        given(Vendor, registered()).accredit(terms, TODAY)

    assert refusal.value.field == "accreditation.prices"


def test_a_service_that_is_there_twice_is_a_wrong_field() -> None:
    terms = accreditation()

    with pytest.raises(InvalidField) as refusal:
        given(Vendor, registered()).accredit(replace(terms, capabilities=terms.capabilities * 2), TODAY)

    assert refusal.value.field == "accreditation.capabilities[1].service_type"


def test_all_that_is_wrong_with_an_accreditation_is_named_at_once() -> None:
    terms = accreditation(industries=("Z9", "I65"), regions=("990000",), price="-1", conflicts=frozenset({"x"}))

    with pytest.raises(InvalidField) as refusal:
        given(Vendor, registered()).accredit(replace(terms, capabilities=terms.capabilities * 2), TODAY)

    assert [one.field for one in refusal.value.each] == [
        "accreditation.capabilities[0].industries[0]",
        "accreditation.capabilities[0].regions[0]",
        "accreditation.capabilities[1].service_type",
        "accreditation.capabilities[1].industries[0]",
        "accreditation.capabilities[1].regions[0]",
        "accreditation.prices[0].price",
        "accreditation.conflicts",
    ]


def test_two_prices_from_the_same_day_are_a_wrong_field() -> None:
    terms = accreditation()

    with pytest.raises(InvalidField) as refusal:
        given(Vendor, registered()).accredit(replace(terms, prices=terms.prices * 2), TODAY)

    assert refusal.value.field == "accreditation.prices[1].valid_from"


def test_the_price_that_began_last_holds() -> None:
    terms = replace(
        accreditation(),
        prices=(
            Price("monitoring", Money.cny("900"), date(2026, 3, 1)),
            Price("monitoring", Money.cny("800"), date(2026, 1, 1)),
        ),
    )

    assert [terms.price("monitoring", day) for day in (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1))] == [
        None,
        Money.cny("800"),
        Money.cny("900"),
    ]


def test_an_accredited_vendor_can_be_suspended() -> None:
    assert vendor().suspend("audit", TODAY) == [Suspended(reason="audit", suspended_on=TODAY)]


def test_a_vendor_that_was_never_accredited_cannot_be_suspended() -> None:
    with pytest.raises(VendorNotAccredited):
        given(Vendor, registered()).suspend("audit", TODAY)


def test_suspending_twice_suspends_once() -> None:
    assert vendor().evolve(Suspended(reason="audit", suspended_on=TODAY)).suspend("audit", TODAY) == []


def test_a_new_accreditation_lifts_a_suspension() -> None:
    suspended = vendor().evolve(Suspended(reason="audit", suspended_on=TODAY))

    (event,) = suspended.accredit(accreditation(), TODAY)

    assert suspended.evolve(event).state is VendorState.ACCREDITED


def test_a_vendor_can_be_terminated_once() -> None:
    ended = Terminated(reason="closed down", terminated_on=TODAY)

    assert vendor().terminate("closed down", TODAY) == [ended]
    assert vendor().evolve(ended).terminate("closed down", TODAY) == []


def test_a_terminated_vendor_is_neither_accredited_nor_suspended() -> None:
    ended = vendor().evolve(Terminated(reason="closed down", terminated_on=TODAY))

    with pytest.raises(VendorTerminated):
        ended.accredit(accreditation(), TODAY)
    with pytest.raises(VendorTerminated):
        ended.suspend("audit", TODAY)


def test_a_rating_is_half_punctuality_and_half_being_right_the_first_time() -> None:
    late = Rated(order_id=ORDER, on_time=False, first_time_right=True, rated_on=TODAY)
    fine = Rated(order_id=ORDER, on_time=True, first_time_right=True, rated_on=TODAY)

    assert vendor().rating.score is None
    assert vendor(None, late).rating.score == 50
    assert vendor(None, late, fine).rating.score == 75


def test_the_directory_lists_a_vendor_by_what_it_offers() -> None:
    directory = given(
        Directory,
        Listed(vendor_id=TOWER, service_types=("assessment", "monitoring")),
        Listed(vendor_id=SHIELD, service_types=("monitoring",)),
    )

    assert directory.offering("monitoring") == [TOWER, SHIELD]
    assert directory.offering("assessment") == [TOWER]
    assert directory.list_vendor(SHIELD, ("monitoring",)) == []
    assert directory.delist_vendor(SHIELD) == [Delisted(vendor_id=SHIELD)]
    assert directory.evolve(Delisted(vendor_id=SHIELD)).delist_vendor(SHIELD) == []
