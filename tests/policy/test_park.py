"""Members of a park policy: they join, leave, come back, and end with their master."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest

from libs.common.errors import DomainError, InvalidField
from libs.common.money import Money, total
from libs.common.store import codec
from services.policy.domain.errors import (
    DeductibleTooLow,
    EffectiveDateOutsideTerm,
    LimitOutOfRange,
    PartNotCovered,
    PolicyNotInForce,
    UnknownPart,
)
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.errors import (
    CertificateNotInForce,
    LeavesBeforeJoining,
    MemberAlreadyIn,
    NotAPark,
    ParkCessionsFixed,
    PartOnCertificates,
    SubLimitOverMaster,
)
from services.policy.domain.park.events import CertificateStatus
from services.policy.domain.park.roll import BATCH, Roll, moved
from services.policy.domain.policy.values import TransactionKind
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.park import ParkPayer, SubLimit
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import CancellationMethod, ProductLine
from tests.policy import examples as an
from tests.policy import parks

APRIL, JULY, OCTOBER = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)


def amounts(certificate: Certificate) -> list[tuple[str, str]]:
    return [(str(each.kind), str(each.net)) for each in certificate.transactions]


def test_a_master_is_bound_free_of_charge_and_holds_what_its_members_share() -> None:
    master = parks.master()

    assert (master.premium, master.aggregate_limit) == (Money.cny(0), parks.AGGREGATE)
    assert [part.limit for part in master.bound.parts] == [an.DATA_LIMIT, an.EXTORTION_LIMIT]


def test_a_member_is_rated_by_its_own_size_and_pays_for_the_days_that_remain() -> None:
    certificate = parks.joined(parks.joining(joins_on=JULY))
    medium = parks.joined(parks.joining(member=parks.member(2, size="medium"), joins_on=JULY))
    movement = certificate.transactions[0]

    assert certificate.stays[0].worksheet.annual_premium == Money.cny(10_000)
    assert movement.net == Money.cny("5041.10")  # 10,000.00 × 184 ÷ 365
    assert (movement.vat, movement.stamp_duty) == (Money.cny("302.47"), Money.cny("5.04"))
    assert [each.amount for each in movement.shares] == [Money.cny("3024.66"), Money.cny("2016.44")]
    assert (movement.ceded, movement.ceding_commission) == (Money.cny("907.40"), Money.cny("226.85"))
    assert medium.transactions[0].net == Money.cny("6301.37")  # 12,500.00 × 184 ÷ 365
    assert certificate.status is CertificateStatus.IN_FORCE
    assert certificate.number.startswith("HBC2026-")


def test_the_minimum_premium_is_each_members() -> None:
    small = parks.joining(parts=(an.wanted(an.EXTORTION, Money.cny(100_000)),))

    assert parks.joined(small).premium == Money.cny(1_000)


def test_a_member_that_leaves_gets_the_rest_back() -> None:
    certificate = parks.left(parks.joined(parks.joining(joins_on=APRIL)), JULY)

    assert amounts(certificate) == [("join", "7,534.25 CNY"), ("leave", "-5,041.10 CNY")]
    assert certificate.status is CertificateStatus.WITHDRAWN
    assert certificate.stay_on(date(2026, 6, 30)) == certificate.stays[0]
    assert certificate.stay_on(JULY) is None


def test_leaving_on_the_day_of_joining_takes_the_stay_back() -> None:
    certificate = parks.left(parks.joined(parks.joining(joins_on=JULY)), JULY)

    assert (certificate.premium, certificate.vat, certificate.days) == (Money.cny(0), Money.cny(0), [])


def test_who_left_comes_back_on_the_same_certificate() -> None:
    out = parks.left(parks.joined(parks.joining(joins_on=APRIL)), JULY)

    back = parks.joined(parks.joining(joins_on=OCTOBER), before=out)

    assert [(stay.joins_on, stay.leaves_on) for stay in back.days] == [(APRIL, JULY), (OCTOBER, an.EXPIRY)]
    assert [each.number for each in back.transactions] == [1, 2, 3]
    assert back.premium == Money.cny("7534.25") - Money.cny("5041.10") + Money.cny("2520.55")
    assert back.status is CertificateStatus.IN_FORCE


def test_days_that_were_forgotten_are_recorded_later() -> None:
    """A back-dated joining whose end is known, before a stay that is on record."""
    late = parks.joined(parks.joining(joins_on=OCTOBER))

    certificate = parks.joined(parks.joining(joins_on=APRIL, leaves_on=JULY), before=late)

    assert [(stay.joins_on, stay.leaves_on) for stay in certificate.days] == [(APRIL, JULY), (OCTOBER, an.EXPIRY)]
    assert certificate.status is CertificateStatus.IN_FORCE


def test_the_same_request_again_changes_nothing() -> None:
    certificate = parks.joined(parks.joining(), request_id="once")
    out = parks.left(certificate, JULY)

    assert parks.joined(parks.joining(), before=certificate, request_id="once") == certificate
    assert out.withdraw(parks.master(), JULY, "MOVED_OUT", an.BOUND_AT) == []


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        (parks.joining(joins_on=date(2027, 1, 1)), EffectiveDateOutsideTerm),
        (parks.joining(joins_on=date(2025, 12, 31)), EffectiveDateOutsideTerm),
        (parks.joining(joins_on=JULY, leaves_on=date(2027, 1, 2)), EffectiveDateOutsideTerm),
        (parks.joining(joins_on=JULY, leaves_on=JULY), LeavesBeforeJoining),
        (parks.joining(joins_on=JULY, leaves_on=APRIL), LeavesBeforeJoining),
        (parks.joining(parts=(an.wanted("NONE", parks.SUB_LIMIT),)), UnknownPart),
        (parks.joining(parts=(an.wanted(an.RESPONSE, parks.SUB_LIMIT),)), UnknownPart),
        (parks.joining(parts=(an.wanted(an.DATA, Money.cny(5_000_001)),)), LimitOutOfRange),
        (parks.joining(parts=(an.wanted(an.DATA, Money.cny(499_999)),)), LimitOutOfRange),
        (parks.joining(parts=(an.wanted(an.DATA, parks.SUB_LIMIT, Money.cny(1)),)), DeductibleTooLow),
    ],
)
def test_what_the_master_does_not_allow_is_refused(wish: Any, refusal: type[DomainError]) -> None:
    with pytest.raises(refusal):
        parks.joined(wish)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uscc": "91310115MA1K000000"}, "joining.member.uscc"),
        ({"industry_code": "I99"}, "joining.member.industry_code"),
        ({"region_code": "999999"}, "joining.member.region_code"),
        ({"name": " "}, "joining.member.name"),
    ],
)
def test_a_member_that_can_not_exist_is_refused_by_its_field(changes: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        parks.joined(parks.joining(member=parks.member(1, **changes)))

    assert refused.value.field == field


def test_a_member_is_in_once() -> None:
    certificate = parks.left(parks.joined(parks.joining(joins_on=APRIL)), JULY)

    for first, end in (
        (APRIL, None),
        (date(2026, 6, 30), None),
        (an.INCEPTION, date(2026, 4, 2)),
        (an.INCEPTION, None),
    ):
        with pytest.raises(MemberAlreadyIn):
            parks.joined(parks.joining(joins_on=first, leaves_on=end), before=certificate)

    assert len(parks.joined(parks.joining(leaves_on=APRIL), before=certificate).days) == 2
    assert len(parks.joined(parks.joining(joins_on=JULY), before=certificate).days) == 2


def test_a_sub_limit_is_within_what_all_members_share() -> None:
    low = parks.terms(
        park=replace(parks.terms().park, sub_limits=(SubLimit(an.DATA, Money.cny(1), Money.cny(50_000_000)),))
    )
    master = parks.master(low)
    over_aggregate = parks.joining(parts=(an.wanted(an.DATA, Money.cny(20_000_001)),))
    over_part = parks.joining(parts=(an.wanted(an.DATA, Money.cny(23_000_001)),))

    with pytest.raises(SubLimitOverMaster, match="shared aggregate"):
        parks.joined(over_aggregate, master, by=low)
    with pytest.raises(SubLimitOverMaster, match="limit of that part"):
        parks.joined(over_part, master, by=low)


def test_a_part_that_the_master_does_not_have_yet_is_refused() -> None:
    of = parks.terms()
    without = an.policy(an.quoted(an.submission(of, parts=(an.wanted(an.DATA, an.DATA_LIMIT),)), of), of)
    later = an.endorsed(without, JULY, an.add(an.EXTORTION, Money.cny(1_000_000)), terms=of)
    wish = parks.joining(parts=(an.wanted(an.EXTORTION, Money.cny(500_000)),))

    with pytest.raises(PartNotCovered):
        parks.joined(replace(wish, joins_on=APRIL), later)
    assert parks.joined(replace(wish, joins_on=JULY), later).premium == Money.cny("1008.22")  # 2,000.00 × 184 ÷ 365


def test_only_a_park_takes_members() -> None:
    with pytest.raises(NotAPark):
        parks.joined(parks.joining(), an.policy(), by=an.product_terms())


def test_who_left_can_not_leave_again_and_nobody_leaves_before_joining() -> None:
    certificate = parks.joined(parks.joining(joins_on=APRIL))

    with pytest.raises(LeavesBeforeJoining):
        parks.left(certificate, date(2026, 3, 31))
    with pytest.raises(EffectiveDateOutsideTerm):
        parks.left(certificate, an.EXPIRY)
    with pytest.raises(CertificateNotInForce):
        parks.left(parks.left(certificate, JULY), OCTOBER)


def test_a_cancelled_master_takes_nobody_and_its_certificates_end() -> None:
    master = an.cancelled(parks.master(), JULY, CancellationMethod.SHORT_RATE)
    certificate = parks.joined(parks.joining())
    later = parks.joined(parks.joining(2, joins_on=OCTOBER))
    gone = parks.left(parks.joined(parks.joining(3)), APRIL)
    leaving = parks.left(parks.joined(parks.joining(4)), OCTOBER)

    with pytest.raises(PolicyNotInForce):
        parks.joined(parks.joining(), master)
    with pytest.raises(PolicyNotInForce):
        parks.left(certificate, APRIL, master)
    assert amounts(parks.ended(certificate, master)) == [("join", "10,000.00 CNY"), ("cancel", "-4,536.99 CNY")]
    assert amounts(parks.ended(later, master)) == [("join", "2,520.55 CNY"), ("reverse", "-2,520.55 CNY")]
    assert parks.ended(gone, master).premium == gone.premium
    assert amounts(parks.ended(leaving, master))[1:] == [
        ("leave", "-2,520.55 CNY"),
        ("reverse", "2,520.55 CNY"),
        ("cancel", "-4,536.99 CNY"),  # 90 % of 10,000.00 × 184 ÷ 365
    ]
    for each in (certificate, later, gone, leaving):
        assert all(stay.leaves_on <= JULY for stay in parks.ended(each, master).days)
        assert parks.ended(each, master).status is CertificateStatus.CANCELLED
        assert parks.ended(each, master).end(master, an.BOUND_AT) == []


def test_an_expiry_ends_certificates_and_returns_nothing() -> None:
    master = replace(parks.master(), expired=True)
    certificate = parks.ended(parks.joined(parks.joining()), master)

    assert (certificate.status, certificate.premium) == (CertificateStatus.EXPIRED, Money.cny(10_000))


def test_a_master_keeps_its_parts_and_what_is_ceded_of_it() -> None:
    of = parks.terms()
    ceded = parks.master(of, cessions=(an.surplus(Money.cny(5_000_000), 1),))

    with pytest.raises(PartOnCertificates):
        an.endorsed(parks.master(of), JULY, an.remove(an.EXTORTION), terms=of)
    with pytest.raises(ParkCessionsFixed):
        an.endorsed(ceded, JULY, an.set_limit(an.DATA, Money.cny(10_000_000)), terms=of)
    assert an.endorsed(parks.master(of), JULY, an.set_limit(an.DATA, Money.cny(10_000_000)), terms=of).premium == (
        Money.cny(0)
    )


def test_certificates_are_ceded_as_the_shared_sum_insured_is() -> None:
    """A surplus of one line of 5,000,000 on the lead's 12,000,000: 5/12 of each certificate."""
    master = parks.master(cessions=(an.surplus(Money.cny(5_000_000), 1),))

    movement = parks.joined(parks.joining(), master).transactions[0]

    assert (movement.cessions[0].fraction, movement.ceded) == ("5/12", Money.cny(2_500))


def test_the_roll_counts_members_and_ends_them_in_batches() -> None:
    certificates = [parks.joined(parks.joining(number)) for number in range(3)]
    roll: Roll | None = None
    for number in range(BATCH + 10):
        lines = moved("p", f"{number:03}", True, certificates[:1])  # type: ignore[arg-type]
        roll = Roll.begin(lines[0]) if roll is None else roll.evolve(lines[0])
    assert roll is not None
    out = roll.evolve(moved("p", "000", False, certificates[:1])[0])  # type: ignore[arg-type]

    (first,) = out.end(out.next_to_end(), [])
    rest = out.evolve(first)
    (second,) = rest.end(rest.next_to_end(), [])

    assert (out.members, out.certificates) == (BATCH + 9, BATCH + 10)
    assert out.premium == total(certificates[0].premium for _ in range(BATCH + 11))
    assert (first.left, second.left, len(second.certificate_ids)) == (10, 0, 10)
    assert rest.evolve(second).members == 0


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (an.product_terms(line=ProductLine.PARK), "terms.park"),
        (an.product_terms(park=parks.terms().park), "terms.park"),
        (parks.terms(park=replace(parks.terms().park, sub_limits=())), "terms.park.sub_limits"),
        (parks.terms(park=replace(parks.terms().park, minimum_members=0)), "terms.park.minimum_members"),
        (
            parks.terms(park=replace(parks.terms().park, sub_limits=parks.RANGES * 2)),
            "terms.park.sub_limits[2].part_code",
        ),
        (
            parks.terms(
                park=replace(parks.terms().park, sub_limits=(SubLimit("X", parks.SUB_LIMIT, parks.SUB_LIMIT),))
            ),
            "terms.park.sub_limits[0].part_code",
        ),
        (
            parks.terms(
                park=replace(parks.terms().park, sub_limits=(SubLimit(an.RESPONSE, Money.cny(1), Money.cny(1)),))
            ),
            "terms.park.sub_limits[0].part_code",
        ),
        (
            parks.terms(
                park=replace(parks.terms().park, sub_limits=(SubLimit(an.DATA, Money.cny(1), Money.cny(99_000_000)),))
            ),
            "terms.park.sub_limits[0].maximum",
        ),
    ],
)
def test_park_terms_that_nobody_could_use_are_refused(terms: Any, field: str) -> None:
    with pytest.raises(InvalidField) as refused:
        check_terms(terms)

    assert refused.value.field == field


def test_a_movement_of_a_certificate_says_what_it_is() -> None:
    certificate = parks.left(parks.joined(parks.joining(), by=parks.terms(ParkPayer.MEMBER)), JULY)

    assert [each.kind for each in certificate.transactions] == [TransactionKind.JOIN, TransactionKind.LEAVE]
    assert [each.endorsement for each in certificate.transactions] == [1, 1]
    assert certificate.master.payer is ParkPayer.MEMBER


def test_a_certificate_and_its_events_come_back_from_the_log_as_they_were() -> None:
    master = an.cancelled(parks.master(), OCTOBER, CancellationMethod.PRO_RATA)
    certificate = parks.joined(parks.joining(joins_on=OCTOBER), before=parks.left(parks.joined(parks.joining()), APRIL))
    (ended,) = certificate.end(master, an.BOUND_AT)
    (line,) = moved("p", "c", True, [ended])

    for value in (certificate, parks.ended(certificate, master), Roll.begin(line)):
        assert codec.decode_value(type(value), codec.encode_value(value)) == value
    for happened in (ended, line, *Roll.begin(line).end(["c"], [ended])):
        assert codec.decode(*codec.encode(happened)) == happened


def test_a_product_of_before_has_no_park_terms() -> None:
    (drafted,) = Product.create("OLD", "before parks", an.product_terms())
    name, version, payload = codec.encode(drafted)
    stored = msgspec.json.decode(payload)
    del stored["terms"]["park"]

    assert codec.decode(name, version, msgspec.json.encode(stored)) == drafted
