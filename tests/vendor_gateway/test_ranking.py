"""Who is offered an order, and why."""

from datetime import date
from uuid import UUID

import pytest

from services.vendor_gateway.domain.accreditation import Accreditation, region_stem
from services.vendor_gateway.domain.ranking import RANKING_PLAN, Applicant, Need, candidate, rank
from services.vendor_gateway.domain.vendor import Rated, Suspended
from tests.vendor_gateway.examples import (
    ORDER,
    SHIELD,
    TODAY,
    TOWER,
    WALL,
    accreditation,
    applicant,
    entitlement,
    insured,
    vendor,
)


def need(
    *,
    service_type: str = "monitoring",
    fee: str = "1000.00",
    assessors: frozenset[UUID] = frozenset(),
    asked: frozenset[UUID] = frozenset(),
    lot: UUID = ORDER,
) -> Need:
    service = entitlement(service_type=service_type, fee=fee)
    return Need(service=service, insured=insured(), on=TODAY, lot=lot, assessors=assessors, asked=asked)


def test_a_ranking_explains_every_point() -> None:
    terms = accreditation(regions=("310000", "440300"), industries=("I", "I65"))

    ranked = candidate(need(), applicant(terms=terms), RANKING_PLAN)

    assert [(factor.name, factor.finding, factor.points) for factor in ranked.factors] == [
        ("region", "310115 is served by 310000", 10),
        ("industry", "I65 is served by I65", 20),
        ("price", "800.00 CNY of a fee of 1,000.00 CNY", 2),
        ("rating", "no closed order yet", 15),
        ("capacity", "3 of 3 orders free", 10),
    ]
    assert ranked.score == 57


@pytest.mark.parametrize(
    ("terms", "exclusion"),
    [
        (accreditation(industries=("C", "J66")), "INDUSTRY_NOT_SERVED"),
        (accreditation(regions=("310104", "320000")), "REGION_NOT_SERVED"),
        (accreditation(start_within_hours=49), "STARTS_TOO_LATE"),
        (accreditation(valid_from=date(2026, 1, 6)), "NO_PRICE"),
        (accreditation(price="1000.01"), "PRICE_ABOVE_FEE"),
        (accreditation(conflicts=frozenset({insured().uscc})), "CONFLICT_OF_INTEREST"),
        (accreditation(expires_on=date(2026, 1, 4)), "CERTIFICATES_EXPIRED"),
        (accreditation(service_type="forensics"), "SERVICE_NOT_OFFERED"),
    ],
)
def test_a_vendor_that_cannot_do_it_is_excluded_with_the_reason(terms: Accreditation, exclusion: str) -> None:
    ranked = candidate(need(), applicant(terms=terms), RANKING_PLAN)

    assert ranked.exclusions == (exclusion,)


def test_a_vendor_whose_price_is_the_fee_may_have_the_order() -> None:
    assert candidate(need(), applicant(terms=accreditation(price="1000.00")), RANKING_PLAN).eligible


def test_a_suspended_vendor_is_excluded() -> None:
    suspended = vendor().evolve(Suspended(reason="audit", suspended_on=TODAY))

    ranked = candidate(need(), Applicant(vendor_id=SHIELD, vendor=suspended, free=3), RANKING_PLAN)

    assert ranked.exclusions == ("VENDOR_NOT_ACCREDITED",)


def test_a_vendor_without_free_capacity_is_excluded() -> None:
    assert candidate(need(), applicant(free=0), RANKING_PLAN).exclusions == ("CAPACITY_EXHAUSTED",)


def test_a_vendor_that_was_asked_already_is_excluded() -> None:
    assert candidate(need(asked=frozenset({SHIELD})), applicant(), RANKING_PLAN).exclusions == ("ALREADY_ASKED",)


def test_the_assessor_of_a_policy_does_not_appraise_its_loss() -> None:
    terms = accreditation(service_type="loss_appraisal")
    asked = need(service_type="loss_appraisal", assessors=frozenset({SHIELD}))

    assert candidate(asked, applicant(SHIELD, terms), RANKING_PLAN).exclusions == ("CONFLICT_OF_INTEREST",)
    assert candidate(asked, applicant(TOWER, terms), RANKING_PLAN).eligible


def test_the_assessor_of_a_policy_may_monitor_it() -> None:
    assert candidate(need(assessors=frozenset({SHIELD})), applicant(), RANKING_PLAN).eligible


def test_the_nearest_comes_first_and_the_excluded_last() -> None:
    near = accreditation(regions=("310115",))

    ranking = rank(need(), [applicant(TOWER), applicant(WALL, near), applicant(SHIELD, free=0)], RANKING_PLAN)

    assert [one.vendor_id for one in ranking] == [WALL, TOWER, SHIELD]


def test_a_vendor_with_more_room_comes_first() -> None:
    ranking = rank(need(), [applicant(SHIELD, free=1), applicant(TOWER, free=2)], RANKING_PLAN)

    assert [one.vendor_id for one in ranking] == [TOWER, SHIELD]


def test_equals_are_drawn_by_lot_which_a_repetition_repeats() -> None:
    equals = [applicant(SHIELD), applicant(TOWER), applicant(WALL)]
    lots = [UUID(int=number) for number in range(300)]

    first = [rank(need(lot=lot), equals, RANKING_PLAN)[0].vendor_id for lot in lots]

    assert first == [rank(need(lot=lot), equals[::-1], RANKING_PLAN)[0].vendor_id for lot in lots]
    assert all(first.count(vendor_id) > 70 for vendor_id in (SHIELD, TOWER, WALL))


def test_a_better_rating_comes_before_a_lower_price() -> None:
    good = vendor(None, Rated(order_id=ORDER, on_time=True, first_time_right=True, rated_on=TODAY))

    ranking = rank(
        need(),
        [applicant(SHIELD, accreditation(price="1.00")), Applicant(vendor_id=TOWER, vendor=good, free=3)],
        RANKING_PLAN,
    )

    assert [one.vendor_id for one in ranking] == [TOWER, SHIELD]


@pytest.mark.parametrize(("code", "stem"), [("310000", "31"), ("310100", "3101"), ("310115", "310115")])
def test_a_region_code_stands_for_all_within_it(code: str, stem: str) -> None:
    assert region_stem(code) == stem
