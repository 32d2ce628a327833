"""The year of the design in values, and small variations: each function's arguments are what a test may care about."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from libs.common.codes import uscc
from libs.common.dates import Period
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise, EnterpriseSize
from services.policy.domain.policy.bind import bind_policy
from services.policy.domain.policy.cession import Cession, CessionKind, Reinsurer
from services.policy.domain.policy.charge import as_cession
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.life import NoKnownLosses
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reinstating import Wish, reinstate
from services.policy.domain.policy.values import Change, ChangeKind, QuotaShare, Share
from services.policy.domain.product.product import Product, ProductVersion
from services.policy.domain.product.terms import (
    AnswerKind,
    BaseRate,
    CancellationMethod,
    CancellationRule,
    CoveragePart,
    DatedRate,
    FactorBasis,
    FactorRow,
    FactorTable,
    LapseRule,
    LossParty,
    ProductLine,
    ProductTerms,
    Question,
    RatingPlan,
    RetroactiveRule,
    ServiceEntitlement,
    ServicePhase,
    Trigger,
    UnderwritingRules,
)
from services.policy.domain.submission.intake import receive
from services.policy.domain.submission.quoting import Held
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import Subjectivity

TENANT = "insurer-a"
FOLLOWER = "insurer-b"
INCEPTION, EXPIRY = date(2026, 1, 1), date(2027, 1, 1)
TERM = Period(INCEPTION, EXPIRY)
TARIFF_FROM = date(2025, 1, 1)
QUOTED_ON = date(2025, 12, 20)
BOUND_AT = datetime(2025, 12, 28, 2, tzinfo=UTC)
POLICY_ID = UUID("00000000-0000-5000-8000-000000000001")
SUBMISSION_ID = UUID("00000000-0000-5000-8000-000000000002")
PRODUCT_ID = "00000000-0000-5000-8000-000000000003"
TREATY_ID = "00000000-0000-5000-8000-000000000004"

# 0.005 × industry 1.25 × size 0.80 × multi-factor authentication 0.80 = 0.004
DATA_LIMIT, RAISED_DATA_LIMIT = Money.cny(23_000_000), Money.cny(28_000_000)  # 92,000.00 and 112,000.00 a year
EXTORTION_LIMIT = Money.cny(2_000_000)  # 8,000.00 a year
DATA, EXTORTION, RESPONSE = "DATA", "EXTORTION", "RESPONSE"
CHIEF = Held(None)
"""All authority."""


def part(code: str, party: LossParty = LossParty.FIRST, **changes: Any) -> CoveragePart:
    plain = CoveragePart(
        code=code,
        name=code.title(),
        party=party,
        minimum_limit=Money.cny(100_000),
        maximum_limit=Money.cny(50_000_000),
        minimum_deductible=Money.cny(10_000),
        waiting_hours=0,
        coinsurance_percent=Decimal(10),
        sub_limit_parent="",
        trigger=Trigger.CLAIMS_MADE,
        retroactive_rule=RetroactiveRule.DATE,
        extended_reporting_days=60,
    )
    return replace(plain, **changes)


def table(name: str, basis: FactorBasis, rows: dict[str, str], question: str = "", **changes: Any) -> FactorTable:
    lines = tuple(FactorRow(key, Decimal(factor)) for key, factor in rows.items())
    return replace(FactorTable(name, basis, question, (), TARIFF_FROM, lines), **changes)


def service(code: str, service_type: str, phase: ServicePhase, *, mandatory: bool = True) -> ServiceEntitlement:
    return ServiceEntitlement(
        code=code,
        service_type=service_type,
        phase=phase,
        quantity=1,
        mandatory=mandatory,
        fee=Money.cny(3_000),
        respond_within_hours=24,
        start_within_hours=72,
        deliver_within_hours=240,
    )


def product_terms(**changes: Any) -> ProductTerms:
    plain = ProductTerms(
        line=ProductLine.COMPREHENSIVE,
        parts=(
            part(DATA, LossParty.THIRD),
            part(EXTORTION),
            part(RESPONSE, sub_limit_parent=DATA, maximum_limit=Money.cny(5_000_000)),
        ),
        rating=RatingPlan(
            base_rates=tuple(BaseRate(code, Decimal("0.005"), TARIFF_FROM) for code in (DATA, EXTORTION, RESPONSE)),
            factor_tables=(
                table("industry", FactorBasis.INDUSTRY, {"I": "1.25", "J": "1.60", "C": "1.00"}),
                table("size", FactorBasis.SIZE, {"large": "1.20", "medium": "1.00", "small": "0.80", "micro": "0.70"}),
                table("mfa", FactorBasis.ANSWER, {"yes": "0.80", "no": "1.30"}, question="MFA"),
                table("deductible", FactorBasis.DEDUCTIBLE, {"0": "1.00", "100000": "0.90"}),
            ),
            bundle_credit_percent=Decimal(0),
        ),
        questions=(Question("MFA", "Is multi-factor authentication in use for remote access?", AnswerKind.YES_NO, ()),),
        entitlements=(
            service("ASSESSMENT", "assessment", ServicePhase.PRE_BIND),
            service("MONITORING", "monitoring", ServicePhase.IN_FORCE),
            service("RESPONSE", "incident_response", ServicePhase.INCIDENT),
            service("RECOVERY", "recovery", ServicePhase.POST_INCIDENT, mandatory=False),
        ),
        underwriting=UnderwritingRules(
            authority_limit=Money.cny(30_000_000),
            critical_findings_allowed=0,
            authority_revenue=Money.cny(1_000_000_000),
            assessment_industries=("J",),
            quote_valid_days=30,
        ),
        cancellation=CancellationRule(
            (CancellationMethod.FLAT, CancellationMethod.PRO_RATA, CancellationMethod.SHORT_RATE), Decimal(10)
        ),
        vat_rates=(DatedRate(Decimal("0.06"), date(2016, 5, 1)),),
        stamp_duty_rates=(DatedRate(Decimal("0.001"), date(2022, 7, 1)),),
        minimum_premium=Money.cny(1_000),
        subsidy_classes=("CYBER",),
        exclusions=("WAR", "PRIOR_KNOWLEDGE"),
        lapse_rules=(LapseRule(TARIFF_FROM, automatic=True, cure_days=30),),
    )
    return replace(plain, **changes)


def published(terms: ProductTerms | None = None) -> Product:
    product = replay(Product, Product.create("CYBER", "Cyber comprehensive", terms or product_terms()))
    assert product is not None
    after = replay(Product, product.publish(datetime(2025, 1, 1, tzinfo=UTC)), product)
    assert after is not None
    return after


def enterprise(**changes: Any) -> Enterprise:
    plain = Enterprise(
        uscc=uscc.compose("310115", 12_345_678),
        name="上海示例软件有限公司",
        industry_code="I65",
        region_code="310115",
        size=EnterpriseSize.SMALL,
    )
    return replace(plain, **changes)


def wanted(code: str, limit: Money, deductible: Money | None = None, retroactive: date | None = None) -> WantedPart:
    return WantedPart(code, limit, deductible, retroactive)


def asked(terms: ProductTerms | None = None, **changes: Any) -> list[Any]:
    plain: dict[str, Any] = {
        "submission_key": "S-1",
        "product_id": PRODUCT_ID,
        "insured": enterprise(),
        "inception": INCEPTION,
        "expiry": EXPIRY,
        "parts": (wanted(DATA, DATA_LIMIT), wanted(EXTORTION, EXTORTION_LIMIT)),
        "aggregate_limit": None,
        "annual_revenue": Money.cny(80_000_000),
        "answers": (mfa(),),
        "systems": (),
        "dependencies": (),
        "bundled_services": False,
        "author": "wang",
    }
    return list(receive(terms=terms or product_terms(), **{**plain, **changes}))


def mfa(text: str = "yes") -> Answer:
    return Answer("MFA", AnswerKind.YES_NO, text)


def submission(terms: ProductTerms | None = None, **changes: Any) -> Submission:
    value = replay(Submission, asked(terms, **changes))
    assert value is not None
    return value


def assessed(score: int = 80, critical: int = 0) -> Assessment:
    return Assessment("order-1", "vendor-1", score, critical, 2, "ab" * 32, date(2025, 12, 18))


def after(submitted: Submission, events: list[Any]) -> Submission:
    value = replay(Submission, events, submitted)
    assert value is not None
    return value


def quoted(
    submitted: Submission | None = None,
    terms: ProductTerms | None = None,
    subjectivities: tuple[Subjectivity, ...] = (),
    author: str = "wang",
    on: date = QUOTED_ON,
) -> Submission:
    version = ProductVersion(1, terms or product_terms(), BOUND_AT)
    submitted = submitted or submission(terms)
    return after(submitted, submitted.quote(version, (), None, subjectivities, author, on))


def shares(lead: str = "60", follower: str = "40") -> tuple[Share, ...]:
    return Share(TENANT, Decimal(lead), lead=True), Share(FOLLOWER, Decimal(follower), lead=False)


def quota_share() -> QuotaShare:
    return QuotaShare(TREATY_ID, "reinsurer-r", Decimal(30), Decimal(25))


def quota(percent: str = "30", commission: str = "25", panel: tuple[Reinsurer, ...] = (), **more: Any) -> Cession:
    """A quota share with a panel of two, which no contract of before could have."""
    panel = panel or (Reinsurer("reinsurer-r", Decimal(60)), Reinsurer("reinsurer-s", Decimal(40)))
    return Cession(CessionKind.QUOTA_SHARE, "quota", panel, Decimal(commission), Decimal(percent), **more)


def surplus(retention: Money, line_count: int, commission: str = "25", **more: Any) -> Cession:
    sole = (Reinsurer("reinsurer-t", Decimal(100)),)
    return Cession(
        CessionKind.SURPLUS, "surplus", sole, Decimal(commission), retention=retention, line_count=line_count, **more
    )


def facultative(percent: str, commission: str = "20", source: str = "facultative", **more: Any) -> Cession:
    sole = (Reinsurer("reinsurer-f", Decimal(100)),)
    return Cession(CessionKind.FACULTATIVE, source, sole, Decimal(commission), Decimal(percent), **more)


def bound(
    submitted: Submission | None = None,
    terms: ProductTerms | None = None,
    *,
    alone: bool = False,
    cessions: tuple[Cession, ...] = (),
) -> list[Bound]:
    version = ProductVersion(1, terms or product_terms(), BOUND_AT)
    return bind_policy(
        POLICY_ID,
        SUBMISSION_ID,
        submitted or quoted(terms=terms),
        1,
        version,
        () if alone else shares(),
        cessions or (() if alone else (as_cession(quota_share()),)),
        TENANT,
        BOUND_AT,
    )


def policy(
    submitted: Submission | None = None,
    terms: ProductTerms | None = None,
    *,
    alone: bool = False,
    cessions: tuple[Cession, ...] = (),
) -> Policy:
    value = replay(Policy, bound(submitted, terms, alone=alone, cessions=cessions))
    assert value is not None
    return value


def set_limit(code: str, limit: Money) -> Change:
    return Change(ChangeKind.SET_PART, code, limit)


def add(code: str, limit: Money) -> Change:
    return Change(ChangeKind.ADD_PART, code, limit)


def remove(code: str) -> Change:
    return Change(ChangeKind.REMOVE_PART, code)


def endorsed(
    value: Policy, effective: date, *changes: Change, at: datetime = BOUND_AT, terms: ProductTerms | None = None
) -> Policy:
    request = f"request-{len(value.endorsements) + 1}"
    events = value.endorse(terms or product_terms(), effective, changes, "", request, at)
    result = replay(Policy, events, value)
    assert result is not None
    return result


def cancelled(
    value: Policy, effective: date, method: CancellationMethod, at: datetime = BOUND_AT, reason: str = "INSURED_REQUEST"
) -> Policy:
    result = replay(Policy, value.cancel(effective, method, reason, at), value)
    assert result is not None
    return result


def statement(signed_on: date = date(2026, 9, 1)) -> NoKnownLosses:
    return NoKnownLosses("file-1", "ab" * 32, signed_on)


def reinstated(
    value: Policy,
    effective: date,
    *,
    today: date | None = None,
    terms: ProductTerms | None = None,
    at: datetime = BOUND_AT,
    says: NoKnownLosses | None = None,
) -> Policy:
    """Back in force, by default as of a day before its end, when nobody has to state anything."""
    wish = Wish(effective, "INSURED_REQUEST", says, {})
    events = reinstate(value, terms or product_terms(), wish, today or QUOTED_ON, at)
    result = replay(Policy, events, value)
    assert result is not None
    return result
