"""A park and its members in values: the product of the year, sold to the operator of a park."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from libs.common.codes import uscc
from libs.common.events import replay
from libs.common.money import Money
from services.policy.application.certificates import certificate_of
from services.policy.domain.enterprise import Enterprise, EnterpriseSize
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.joining import Joining, issue
from services.policy.domain.policy.cession import Cession
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.park import ParkPayer, ParkTerms, SubLimit
from services.policy.domain.product.terms import ProductLine, ProductTerms
from tests.policy import examples as an

SUB_LIMIT = Money.cny(2_500_000)  # 0.005 × 1.25 × 0.80 × 0.80 = 0.004: 10,000.00 a year
AGGREGATE = Money.cny(20_000_000)
RANGES = (
    SubLimit(an.DATA, Money.cny(500_000), Money.cny(5_000_000)),
    SubLimit(an.EXTORTION, Money.cny(100_000), Money.cny(1_000_000)),
)


def terms(payer: ParkPayer = ParkPayer.OPERATOR, **changes: Any) -> ProductTerms:
    park = ParkTerms(sub_limits=RANGES, payer=payer, minimum_members=2)
    return an.product_terms(**{"line": ProductLine.PARK, "park": park, **changes})


def master(of: ProductTerms | None = None, cessions: tuple[Cession, ...] = ()) -> Policy:
    of = of or terms()
    return an.policy(an.quoted(an.submission(of, aggregate_limit=AGGREGATE), of), of, cessions=cessions)


def member(number: int = 1, **changes: Any) -> Enterprise:
    plain = Enterprise(
        uscc=uscc.compose("310115", 20_000_000 + number),
        name=f"园区成员{number}有限公司",
        industry_code="I65",
        region_code="310115",
        size=EnterpriseSize.SMALL,
    )
    return replace(plain, **changes)


def joining(number: int = 1, joins_on: date | None = None, leaves_on: date | None = None, **changes: Any) -> Joining:
    plain = Joining(
        member=member(number),
        joins_on=joins_on,
        leaves_on=leaves_on,
        parts=(an.wanted(an.DATA, SUB_LIMIT),),
        annual_revenue=Money.cny(8_000_000),
        answers=(an.mfa(),),
    )
    return replace(plain, **changes)


def joined(
    wish: Joining,
    of: Policy | None = None,
    before: Certificate | None = None,
    request_id: str = "",
    at: datetime = an.BOUND_AT,
    by: ProductTerms | None = None,
) -> Certificate:
    """The certificate after a member has joined."""
    certificate_id = certificate_of(an.TENANT, an.POLICY_ID, wish.member.uscc)
    of = of or master()
    key = request_id or f"request-{len(before.stays) if before else 0}"
    events = issue(certificate_id, before, an.POLICY_ID, of, by or terms(), wish, key, at)
    after = replay(Certificate, events, before)
    assert after is not None
    return after


def left(before: Certificate, day: date, of: Policy | None = None, reason: str = "MOVED_OUT") -> Certificate:
    after = replay(Certificate, before.withdraw(of or master(), day, reason, an.BOUND_AT), before)
    assert after is not None
    return after


def ended(before: Certificate, of: Policy) -> Certificate:
    after = replay(Certificate, before.end(of, an.BOUND_AT), before)
    assert after is not None
    return after
