"""Policies, notices and people for the tests of claims. Each function has only what a test may care about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from libs.common.dates import PartialDate
from libs.common.events import A, replay
from libs.common.money import Money
from services.claims.domain.account import CoverageAccount, open_account
from services.claims.domain.authority.profile import BY_ROLE, Held
from services.claims.domain.claim import deciding, noticing
from services.claims.domain.claim.parts import Actor, Outcome
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType
from services.claims.domain.coverage.basis import Premium, PremiumState
from services.claims.domain.loss import AssessedLoss
from services.claims.domain.notice import Notice, ReportedLoss
from services.claims.domain.notices import InsuredNotices
from services.claims.domain.terms import PartTerms, Segment, Terms, Trigger

POLICY = UUID("11111111-1111-4111-8111-111111111111")
CLAIM = UUID("22222222-2222-4222-8222-222222222222")
OTHER_CLAIM = UUID("33333333-3333-4333-8333-333333333333")
PAYMENT = UUID("44444444-4444-4444-8444-444444444444")
ORDER = UUID("55555555-5555-4555-8555-555555555555")
INSURED = "913101151234567880"
NOW = datetime(2026, 5, 10, 2, 0, tzinfo=UTC)
BOUND_AT = datetime(2025, 12, 20, 1, 0, tzinfo=UTC)
INCEPTION, EXPIRY = date(2026, 1, 1), date(2027, 1, 1)


def cny(yuan: str) -> Money:
    return Money.cny(yuan)


def part(code: str = "BI", **terms: object) -> PartTerms:
    plain = PartTerms(
        code=code,
        limit=cny("1000000"),
        deductible=cny("0"),
        waiting_hours=0,
        coinsurance_percent=Decimal(0),
        sub_limit_parent="",
        trigger=Trigger.OCCURRENCE,
        retroactive_date=None,
        extended_reporting_days=0,
    )
    return replace(plain, **terms)  # type: ignore[arg-type]


def terms_of(*parts: PartTerms, aggregate: str = "1500000", exclusions: tuple[str, ...] = ()) -> Terms:
    return terms_in(Segment(INCEPTION, EXPIRY, parts or (part(),)), aggregate=aggregate, exclusions=exclusions)


def terms_in(*segments: Segment, aggregate: str = "1500000", exclusions: tuple[str, ...] = ()) -> Terms:
    return Terms(
        policy_number="P-1",
        insured_uscc=INSURED,
        insured_name="某某科技有限公司",
        inception=INCEPTION,
        expiry=EXPIRY,
        segments=segments,
        aggregate_limit=cny(aggregate),
        exclusions=exclusions,
    )


def account_of(terms: Terms | None = None, premium: Premium | None = None) -> CoverageAccount:
    account = replay(CoverageAccount, open_account(POLICY, terms or terms_of(), BOUND_AT))
    assert account is not None
    paid = premium or Premium(PremiumState.PAID, cny("106000"), cny("106000"))
    return after(account, account.note_premium(paid, BOUND_AT))


def notice_of(**given: object) -> Notice:
    plain = Notice(
        policy_id=POLICY,
        reported_by="duty officer",
        occurred_on=PartialDate(2026, 5, 1),
        loss=ReportedLoss(Decimal("300000.00"), "CNY"),
    )
    return replace(plain, **given)  # type: ignore[arg-type]


def actor(principal: str = "handler", *roles: str, now: datetime = NOW) -> Actor:
    """Somebody with the authority that these roles have where nothing else was granted."""
    given = frozenset(roles or ("claims_handler",))
    return Actor(principal, now.date(), now, Held(tuple(BY_ROLE[role] for role in sorted(given))))


HANDLER = actor()
MANAGER = actor("manager", "claims_manager")
SECOND_MANAGER = actor("second manager", "claims_manager")


def noticed(account: CoverageAccount | None = None, claim_id: UUID = CLAIM, **given: object) -> Claim:
    events = noticing.notify(claim_id, notice_of(**given), account or account_of(), InsuredNotices(), HANDLER)
    claim = replay(Claim, events)
    assert claim is not None
    return claim


def loss_of(assessed: str = "300000", code: str = "BI", **given: object) -> AssessedLoss:
    plain = AssessedLoss(code, CostType.INDEMNITY, cny(assessed), cny("0"))
    return replace(plain, **given)  # type: ignore[arg-type]


def decided(*losses: AssessedLoss, account: CoverageAccount | None = None) -> Claim:
    """A claim with an approved payment in full of these losses."""
    used = account or account_of()
    claim = noticed(used)
    proposed = deciding.propose(CLAIM, claim, Outcome.PAY_IN_FULL, (), losses or (loss_of(),), used, HANDLER)
    claim = after(claim, proposed)
    return after(claim, deciding.approve(CLAIM, claim, 1, used, MANAGER))


def after(value: A, events: Sequence[object]) -> A:
    """The value that some more events lead to."""
    result = replay(type(value), events, value)
    assert result is not None
    return result
