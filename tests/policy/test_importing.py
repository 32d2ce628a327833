"""What an imported policy is, and what its endorsements cost: in plain values."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money, total
from services.policy.domain.cover import WantedPart
from services.policy.domain.errors import LimitOutOfRange, PremiumTooLarge
from services.policy.domain.import_errors import TermOver
from services.policy.domain.policy.importing import import_policy, import_worksheet
from services.policy.domain.policy.origin import ImportedAnswer, ImportedPart, ImportedPolicy
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import ProductLine, ProductTerms
from tests.policy import examples as an
from tests.policy import parks

# The tariff says 92,000.00 and 8,000.00; the old system charged less for one and more for the other.
CHEAP, DEAR = Money.cny(46_000), Money.cny(12_000)
JULY, OCTOBER = date(2026, 7, 1), date(2026, 10, 1)


def part(code: str, limit: Money, premium: Money) -> ImportedPart:
    return ImportedPart(WantedPart(code, limit, None, None), premium)


def old_policy(**changes: Any) -> ImportedPolicy:
    plain = ImportedPolicy(
        row_key="1",
        policy_number="OLD-1",
        insured=an.enterprise(),
        line=ProductLine.COMPREHENSIVE,
        product_key="CYBER",
        product_version=1,
        inception=an.INCEPTION,
        expiry=an.EXPIRY,
        parts=(part(an.DATA, an.DATA_LIMIT, CHEAP), part(an.EXTORTION, an.EXTORTION_LIMIT, DEAR)),
        aggregate_limit=None,
        shares=(),
        vat=None,
        stamp_duty=None,
        annual_revenue=None,
        answers=(ImportedAnswer("MFA", "yes"),),
        bundled_services=False,
        dependencies=(),
    )
    return replace(plain, **changes)


def imported(policy: ImportedPolicy | None = None, terms: ProductTerms | None = None) -> Policy:
    version = ProductVersion(1, terms or an.product_terms(), an.BOUND_AT)
    events = import_policy(
        policy or old_policy(), UUID(an.PRODUCT_ID), version, "BOOK", "old", "wang", an.TENANT, an.BOUND_AT
    )
    value = replay(Policy, events)
    assert value is not None
    return value


def annual(policy: Policy, on: date) -> dict[str, Money]:
    segment = policy.segment_on(on)
    assert segment is not None
    return {each.code: each.annual_premium for each in segment.parts}


def test_the_premium_is_what_was_charged_and_is_explained_as_such() -> None:
    policy = imported()
    worksheet = import_worksheet(policy.bound)

    assert policy.premium == CHEAP + DEAR
    assert (policy.transactions[0].vat, policy.transactions[0].stamp_duty) == (Money.cny(3_480), Money.cny(58))
    assert worksheet is not None
    assert [(each.factors[0].name, each.annual_premium) for each in worksheet.parts] == [
        ("IMPORT", CHEAP),
        ("IMPORT", DEAR),
    ]
    assert import_worksheet(an.policy().bound) is None


def test_what_an_endorsement_leaves_as_it_is_costs_what_it_did() -> None:
    policy = an.endorsed(imported(), JULY, an.set_limit(an.DATA, an.DATA_LIMIT + Money.cny(23_000_000)))

    assert annual(policy, JULY) == {an.DATA: CHEAP + CHEAP, an.EXTORTION: DEAR}
    assert [(each.part_code, each.amount) for each in policy.transactions[1].parts] == [
        (an.DATA, Money.cny("23189.04"))  # 46,000.00 × 184 ÷ 365
    ]


def test_a_limit_that_rises_never_brings_premium_back() -> None:
    dear = old_policy(parts=(part(an.EXTORTION, an.EXTORTION_LIMIT, Money.cny(80_000)),))

    policy = an.endorsed(imported(dear), JULY, an.set_limit(an.EXTORTION, Money.cny(2_500_000)))

    assert annual(policy, JULY) == {an.EXTORTION: Money.cny(100_000)}


def test_a_limit_that_was_changed_back_costs_what_it_did() -> None:
    policy = an.endorsed(imported(), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    policy = an.endorsed(policy, OCTOBER, an.set_limit(an.DATA, an.DATA_LIMIT))

    assert annual(policy, OCTOBER) == {an.DATA: CHEAP, an.EXTORTION: DEAR}


def test_an_answer_that_changes_moves_every_part_as_the_tariff_does() -> None:
    policy = an.endorsed(imported(), JULY, Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))

    assert annual(policy, JULY) == {an.DATA: Money.cny(74_750), an.EXTORTION: Money.cny(19_500)}  # 1.30 ÷ 0.80


def test_a_part_that_is_new_costs_what_the_tariff_says() -> None:
    policy = an.endorsed(imported(), JULY, an.add(an.RESPONSE, Money.cny(1_000_000)))

    assert annual(policy, JULY)[an.RESPONSE] == Money.cny(4_000)


def test_where_the_tariff_knew_no_price_a_part_that_changes_costs_what_it_says_now() -> None:
    unanswered = imported(old_policy(answers=()))
    answered = an.endorsed(unanswered, JULY, Change(ChangeKind.SET_ANSWER, answer=an.mfa("yes")))

    raised = an.endorsed(answered, OCTOBER, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))

    assert annual(answered, JULY) == {an.DATA: CHEAP, an.EXTORTION: DEAR}
    assert annual(raised, OCTOBER) == {an.DATA: Money.cny(112_000), an.EXTORTION: DEAR}


def test_the_minimum_premium_is_none_of_an_imported_policy() -> None:
    terms = an.product_terms(minimum_premium=Money.cny(500_000))
    small = old_policy(parts=(part(an.DATA, Money.cny(1_000_000), Money.cny(100)),))

    policy = an.endorsed(imported(small, terms), JULY, an.set_limit(an.DATA, Money.cny(2_000_000)), terms=terms)

    assert annual(policy, JULY) == {an.DATA: Money.cny(200)}


def test_the_product_still_says_what_may_be_covered() -> None:
    with pytest.raises(LimitOutOfRange):
        an.endorsed(imported(), JULY, an.set_limit(an.DATA, Money.cny(60_000_000)))


def test_a_park_is_bound_here_and_not_imported() -> None:
    with pytest.raises(InvalidField, match="bind the master") as refusal:
        imported(old_policy(line=ProductLine.PARK), parks.terms())

    assert refusal.value.field == "line"


def test_any_order_of_recording_makes_the_same_premium() -> None:
    endorsements = [
        (date(2026, 3, 1), an.set_limit(an.DATA, an.RAISED_DATA_LIMIT)),
        (date(2026, 5, 17), Change(ChangeKind.SET_ANSWER, answer=an.mfa("no"))),
        (date(2026, 9, 2), an.remove(an.EXTORTION)),
        (date(2026, 9, 30), an.add(an.RESPONSE, Money.cny(700_000))),
    ]
    premiums = set()
    for order in permutations(endorsements):
        policy = imported()
        for effective, change in order:
            policy = an.endorsed(policy, effective, change)
        assert policy.premium == total(each.net for each in policy.transactions)
        premiums.add((policy.premium, policy.segments))

    assert len(premiums) == 1


def test_a_policy_with_a_day_of_cover_left_is_imported_and_one_without_is_not() -> None:
    today = date(2025, 12, 28)
    last = old_policy(inception=date(2024, 12, 29), expiry=date(2025, 12, 29))
    over = old_policy(inception=date(2024, 12, 28), expiry=today)
    terms = an.product_terms(rating=_rates_from(date(2020, 1, 1)))

    assert imported(last, terms).bound.period.expiry == date(2025, 12, 29)
    with pytest.raises(TermOver) as refusal:
        imported(over, terms)
    assert refusal.value.details == {"expiry": "2025-12-28", "today": "2025-12-28"}


def test_tax_beyond_the_order_of_rounding_is_refused() -> None:
    assert imported(old_policy(vat=Money.cny("3480.02"))).transactions[0].vat == Money.cny("3480.02")

    with pytest.raises(InvalidField) as refusal:
        imported(old_policy(vat=Money.cny("3480.03")))

    assert refusal.value.field == "vat"


def test_an_imported_premium_is_booked_with_the_tax_that_the_other_system_charged() -> None:
    net = Money("CNY", 943_396_226_415_094)  # With its VAT, to the fen, ten trillion yuan.
    parts, vat = (part(an.DATA, an.DATA_LIMIT, net),), net.times(Decimal("0.06"))

    assert imported(old_policy(parts=parts, vat=vat)).premium == net
    with pytest.raises(PremiumTooLarge):
        imported(old_policy(parts=parts, vat=vat + Money("CNY", 1)))


def test_co_insurers_have_their_shares_of_what_was_charged() -> None:
    policy = imported(old_policy(shares=an.shares("60", "40")))

    assert [each.amount for each in policy.transactions[0].shares] == [Money.cny(34_800), Money.cny(23_200)]
    assert policy.bound.shares[0].percent == Decimal(60)


def _rates_from(day: date) -> Any:
    rating = an.product_terms().rating
    return replace(
        rating,
        base_rates=tuple(replace(each, valid_from=day) for each in rating.base_rates),
        factor_tables=tuple(replace(each, valid_from=day) for each in rating.factor_tables),
    )
