"""Whatever policy takes, billing, claims and vendor_gateway can take over: no premium is too large to be booked."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.changes import Recorded
from libs.common.errors import DomainError
from libs.common.events import replay
from libs.common.money import LARGEST_AMOUNT, Money, total
from libs.common.store.codec import encode
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import AccountOpened, Cause
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.account.premium import Movement
from services.billing_subsidy.reactions import facts_value, movement_value, movement_values
from services.claims.reactions import terms_value
from services.policy.domain.errors import PremiumTooLarge
from services.policy.domain.park.joining import issue
from services.policy.domain.policy.bind import bind_policy
from services.policy.domain.policy.lapsing import Debt, lapse
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reinstating import Wish, reinstate
from services.policy.domain.policy.reporting import extend_reporting
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import (
    BaseRate,
    CancellationMethod,
    DatedRate,
    FactorBasis,
    ProductTerms,
    RatingPlan,
    ReportingExtension,
)
from services.policy.publishing import announce
from services.vendor_gateway.reactions import entitlement_values
from tests.policy import examples as an
from tests.policy import parks

MOST = Money("CNY", LARGEST_AMOUNT)
LATER = datetime(2026, 2, 1, 2, tzinfo=UTC)
"""When VAT is 9 percent."""
NONE = Money.cny(0)
PARTS = (an.DATA, an.EXTORTION, an.RESPONSE)
# A year costs as much as the limit: 0.005 × 200.
PLAN = RatingPlan(
    base_rates=tuple(BaseRate(code, Decimal("0.005"), an.TARIFF_FROM) for code in PARTS),
    factor_tables=(an.table("industry", FactorBasis.INDUSTRY, {"I": "200"}),),
    bundle_credit_percent=Decimal(0),
)
TERMS = an.product_terms(
    parts=tuple(an.part(code, maximum_limit=MOST, minimum_deductible=NONE) for code in PARTS),
    rating=PLAN,
    vat_rates=(DatedRate(Decimal("0.06"), date(2016, 5, 1)), DatedRate(Decimal("0.09"), date(2026, 2, 1))),
    reporting_extensions=(ReportingExtension(365, Decimal(200)),),
    underwriting=replace(an.product_terms().underwriting, authority_limit=MOST),
)


def yuan(trillions: str) -> Money:
    return Money.cny(int(Decimal(trillions) * 10**12))


def covering(limit: Money, terms: ProductTerms = TERMS, **more: Any) -> Policy:
    submitted = an.submission(terms, parts=(an.wanted(an.DATA, limit),), **more)
    return an.policy(an.quoted(submitted, terms), terms)


def gross(transactions: Any) -> Money:
    return total(amount for each in transactions for amount in (each.net, each.vat))


def test_additions_may_not_raise_the_term_above_what_is_booked() -> None:
    """Each for itself is booked; with the VAT of its day it is more than ten trillion together."""
    policy = covering(yuan("5"))

    with pytest.raises(PremiumTooLarge) as refusal:
        an.endorsed(policy, an.INCEPTION, an.set_limit(an.DATA, yuan("9.4")), at=LATER, terms=TERMS)

    assert refusal.value.details == {"gross": "10,096,000,000,000.00 CNY", "most": str(MOST)}
    assert gross(
        an.endorsed(policy, an.INCEPTION, an.set_limit(an.DATA, yuan("9.3")), at=LATER, terms=TERMS).transactions
    )


def test_a_longer_time_for_reports_counts_too() -> None:
    ended = an.cancelled(covering(yuan("4")), date(2026, 6, 1), CancellationMethod.PRO_RATA)

    with pytest.raises(PremiumTooLarge):
        extend_reporting(ended, TERMS, 365, date(2026, 6, 2), LATER)


def test_a_retained_premium_counts_when_cover_begins_again() -> None:
    rule = replace(TERMS.cancellation, short_rate_percent=Decimal(100))
    terms = replace(TERMS, cancellation=rule)
    ended = an.cancelled(covering(yuan("9"), terms), date(2026, 1, 2), CancellationMethod.SHORT_RATE)

    with pytest.raises(PremiumTooLarge):
        an.reinstated(ended, date(2026, 1, 3), today=date(2026, 1, 2), terms=terms, says=an.statement(date(2026, 1, 2)))


def test_a_member_may_not_be_charged_more_than_is_booked() -> None:
    of = parks.terms(parts=TERMS.parts, rating=PLAN, vat_rates=TERMS.vat_rates)
    park = replace(of.park, sub_limits=tuple(replace(each, maximum=MOST) for each in of.park.sub_limits))  # type: ignore[union-attr,type-var]
    of = replace(of, park=park)
    master = an.policy(an.quoted(an.submission(of, aggregate_limit=MOST, parts=(an.wanted(an.DATA, MOST),)), of), of)
    joining = parks.joining(1, parts=(an.wanted(an.DATA, yuan("9.3")),))

    with pytest.raises(PremiumTooLarge):
        issue(an.POLICY_ID, None, an.POLICY_ID, master, of, joining, "request", LATER)


def test_nor_when_a_longer_time_for_reports_was_sold_in_between() -> None:
    ended = an.cancelled(covering(yuan("3.2")), date(2026, 1, 2), CancellationMethod.PRO_RATA)
    reported = replay(Policy, extend_reporting(ended, TERMS, 365, date(2026, 1, 3), LATER), ended)
    assert reported is not None

    with pytest.raises(PremiumTooLarge):
        an.reinstated(reported, date(2026, 1, 2), today=date(2026, 1, 3), says=an.statement(date(2026, 1, 3)))


@pytest.mark.parametrize("effective", [an.INCEPTION, date(2026, 6, 1)])
def test_what_gives_back_is_never_refused_for_its_size(effective: date) -> None:
    """Not even of a contract that was bound when larger ones could be."""
    (bound,) = an.bound(terms=TERMS)
    (part,) = bound.transaction.parts[:1]
    huge = replace(bound.transaction, parts=(replace(part, amount=yuan("30")),), net=yuan("30"), vat=yuan("1.8"))
    parts = (replace(bound.parts[0], annual_premium=yuan("30")),)
    policy = Policy.begin(replace(bound, transaction=huge, parts=parts))
    method = CancellationMethod.FLAT if effective == an.INCEPTION else CancellationMethod.PRO_RATA

    ended = an.cancelled(policy, effective, method)

    assert gross(ended.transactions) < gross(policy.transactions)


LIMITS = st.integers(LARGEST_AMOUNT // 4, LARGEST_AMOUNT // 106 * 100).map(lambda fen: Money("CNY", fen))
DAYS = st.integers(0, 364).map(lambda days: an.INCEPTION + timedelta(days=days))
MOMENTS = st.sampled_from([an.BOUND_AT, LATER])
KINDS = ("set", "set", "add", "end", "end", "flat", "again", "again", "report", "lapse")
METHODS = st.sampled_from([CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE])
ACTS = st.tuples(st.sampled_from(KINDS), METHODS, LIMITS, DAYS, MOMENTS)
PERCENTS = st.integers(1, 99).map(Decimal)


def decided(policy: Policy, act: tuple[Any, ...], number: int) -> list[Any]:
    """What policy makes of one act, or its refusal."""
    kind, method, limit, day, at = act
    ended_on = policy.cancellation.effective_date if policy.cancellation else day
    match kind:
        case "set":
            return [*policy.endorse(TERMS, day, [an.set_limit(an.DATA, limit)], "", f"r{number}", at)]
        case "add":
            return [*policy.endorse(TERMS, day, [an.add(an.EXTORTION, limit)], "", f"r{number}", at)]
        case "end":
            return [*policy.cancel(day, method, "INSURED_REQUEST", at)]
        case "flat":
            return [*policy.cancel(an.INCEPTION, CancellationMethod.FLAT, "INSURED_REQUEST", at)]
        case "lapse":
            return [*lapse(policy, TERMS.lapse_rules[0], Debt(NONE, NONE, day), at)]
        case "report":
            return [*extend_reporting(policy, TERMS, 365, ended_on, at)]
    again = max(day, ended_on)
    return [*reinstate(policy, TERMS, Wish(again, "INSURED_REQUEST", an.statement(again), {}), again, at)]


class Books:
    """What the other services make of policy's announcements, in values; each event must be one that can be stored."""

    def __init__(self) -> None:
        self.account: PolicyAccount | None = None

    def hear(self, said: Any) -> None:
        stored = [terms_value(said.timeline), entitlement_values(said.timeline)]
        assert stored[0].aggregate_limit.minor_units < 10**18  # type: ignore[attr-defined]
        if hasattr(said, "transaction"):
            movement = movement_value("transaction", said.transaction)
            opened = AccountOpened(
                facts=facts_value(said.timeline, "CNY"), plan=PaymentPlan(), bound_on=date(2025, 12, 28)
            )
            self._take([opened])
            self._move(Cause.BOUND, [movement])
            assert self.account is not None
            self._take(self.account.set_plan(PaymentPlan(12, 30, 30), date(2025, 12, 28)))
        elif said.transactions:
            self._move(Cause.CHANGED, movement_values(said.transactions))

    def _move(self, cause: Cause, movements: list[Movement]) -> None:
        assert self.account is not None
        self._take(self.account.move(cause, movements, movements[-1].recorded_on, date(2026, 12, 31)))

    def _take(self, events: Any) -> None:
        for each in events:
            encode(each)
        self.account = replay(PolicyAccount, events, self.account)


@settings(max_examples=200, deadline=None)
@given(first=LIMITS, lead=PERCENTS, ceded=PERCENTS, acts=st.lists(ACTS, max_size=8))
def test_whatever_policy_takes_the_others_can_book(
    first: Money, lead: Decimal, ceded: Decimal, acts: list[tuple[Any, ...]]
) -> None:
    submitted = an.submission(TERMS, parts=(an.wanted(an.DATA, first),), bundled_services=True)
    try:
        quoted = an.quoted(submitted, TERMS)
    except PremiumTooLarge:
        return
    version, shares = ProductVersion(1, TERMS, an.BOUND_AT), an.shares(str(lead), str(100 - lead))
    cession = an.quota(str(ceded))
    events: list[Any] = [
        *bind_policy(an.POLICY_ID, an.SUBMISSION_ID, quoted, 1, version, shares, [cession], an.TENANT, an.BOUND_AT)
    ]
    books, policy = Books(), None
    for number in range(len(acts) + 1):
        if policy is not None:
            events = []
            with suppress(DomainError):
                events = decided(policy, acts[number - 1], number)
        for each in events:
            encode(each)
            policy = replay(Policy, [each], policy)
            books.hear(announce(Recorded(each, policy, an.POLICY_ID, number + 1, an.TENANT, LATER)))
    assert policy is not None and books.account is not None
    assert NONE <= gross(policy.transactions) <= MOST
    assert all(abs(gross([each]).minor_units) <= LARGEST_AMOUNT for each in policy.transactions)
    assert books.account.invoiced == gross(policy.transactions)
    assert all(abs(each.gross.minor_units) <= LARGEST_AMOUNT for each in books.account.invoices)
