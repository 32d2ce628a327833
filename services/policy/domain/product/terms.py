"""What a version of a product fixes: parts, prices, services, rules. Values only; `checks` says which make sense."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from libs.common.money import Money
from services.policy.domain.product.park import ParkTerms
from services.policy.domain.product.pin import QuestionnairePin


class ProductLine(StrEnum):
    PROPERTY = "property"
    LIABILITY = "liability"
    COMPREHENSIVE = "comprehensive"
    PRODUCT_LIABILITY = "product_liability"
    SECURITY_PRODUCT = "security_product"
    PROFESSIONAL = "professional"
    PARK = "park"


class LossParty(StrEnum):
    FIRST = "first"
    THIRD = "third"


class Trigger(StrEnum):
    CLAIMS_MADE = "claims_made"
    OCCURRENCE = "occurrence"


class RetroactiveRule(StrEnum):
    NONE = "none"
    DATE = "date"


class CancellationMethod(StrEnum):
    FLAT = "flat"
    PRO_RATA = "pro_rata"
    SHORT_RATE = "short_rate"
    MINIMUM_EARNED = "minimum_earned"


class ServicePhase(StrEnum):
    PRE_BIND = "pre_bind"
    IN_FORCE = "in_force"
    INCIDENT = "incident"
    POST_INCIDENT = "post_incident"


class FactorBasis(StrEnum):
    INDUSTRY = "industry"
    SIZE = "size"
    REGION = "region"
    ANSWER = "answer"
    DEDUCTIBLE = "deductible"
    REVENUE = "revenue"
    SCORE = "score"
    CLAIM_COUNT = "claim_count"
    LOSS_RATIO = "loss_ratio"


class AnswerKind(StrEnum):
    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"
    WHOLE_NUMBER = "whole_number"
    AMOUNT = "amount"
    DATE = "date"
    TEXT = "text"


NUMERIC = frozenset({AnswerKind.NUMBER, AnswerKind.WHOLE_NUMBER, AnswerKind.AMOUNT})
"""Answers in which a factor table finds a band; an amount by its yuan."""


class TaxClass(StrEnum):
    """How VAT falls on premium: at the dated rates, or not at all (免税)."""

    STANDARD = "standard"
    EXEMPT = "exempt"


@dataclass(frozen=True)
class CoveragePart:
    code: str
    name: str
    party: LossParty
    minimum_limit: Money
    maximum_limit: Money
    minimum_deductible: Money
    waiting_hours: int
    coinsurance_percent: Decimal
    sub_limit_parent: str
    trigger: Trigger
    retroactive_rule: RetroactiveRule
    extended_reporting_days: int


@dataclass(frozen=True)
class BaseRate:
    part_code: str
    rate: Decimal
    valid_from: date


@dataclass(frozen=True)
class FactorRow:
    key: str
    factor: Decimal


@dataclass(frozen=True)
class FactorTable:
    """Tables of one name follow each other by `valid_from`. No part codes means all parts."""

    name: str
    basis: FactorBasis
    question: str
    part_codes: tuple[str, ...]
    valid_from: date
    rows: tuple[FactorRow, ...]


@dataclass(frozen=True)
class RatingPlan:
    base_rates: tuple[BaseRate, ...]
    factor_tables: tuple[FactorTable, ...]
    bundle_credit_percent: Decimal


@dataclass(frozen=True)
class DatedRate:
    rate: Decimal
    valid_from: date


@dataclass(frozen=True)
class Question:
    """`factor` is the factor table that the answer feeds, "" for none; the bounds are of numbers, and of yuan."""

    code: str
    text: str
    kind: AnswerKind
    options: tuple[str, ...]
    required: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    factor: str = ""


@dataclass(frozen=True)
class ServiceClocks:
    """In how many hours a vendor answers, starts and delivers."""

    respond_within_hours: int
    start_within_hours: int
    deliver_within_hours: int


@dataclass(frozen=True)
class ServiceEntitlement:
    """A service that a policy promises; a vendor may pause an order of it for `pause_allowance_hours` in all.

    Critical information infrastructure (关键信息基础设施) may be promised clocks of its own, which are no longer ones.
    """

    code: str
    service_type: str
    phase: ServicePhase
    quantity: int
    mandatory: bool
    fee: Money
    respond_within_hours: int
    start_within_hours: int
    deliver_within_hours: int
    pause_allowance_hours: int = 72
    critical_infrastructure_clocks: ServiceClocks | None = None

    def promised_to(self, critical: bool) -> "ServiceEntitlement":
        """What an insured is promised: one of critical infrastructure the clocks that are meant for it."""
        clocks = self.critical_infrastructure_clocks
        if clocks is None:
            return self
        plain = replace(self, critical_infrastructure_clocks=None)
        return replace(plain, **asdict(clocks)) if critical else plain


@dataclass(frozen=True)
class UnderwritingRules:
    """What an underwriter may not decide alone, and what nobody may offer. A loss rule that is None does not exist."""

    authority_limit: Money
    critical_findings_allowed: int
    authority_revenue: Money | None
    assessment_industries: tuple[str, ...]
    quote_valid_days: int
    loss_years: int = 0
    losses_allowed: int | None = None
    loss_amount_allowed: Money | None = None
    losses_declined_above: int | None = None
    loss_amount_declined_above: Money | None = None
    excluded_industries: tuple[str, ...] = ()
    refer_critical_infrastructure: bool = False


@dataclass(frozen=True)
class CancellationRule:
    """`despite_claims` lets anybody take away cover under which claims are paid or open."""

    methods: tuple[CancellationMethod, ...]
    short_rate_percent: Decimal
    minimum_earned_percent: Decimal = Decimal(0)
    despite_claims: bool = False


@dataclass(frozen=True)
class LapseRule:
    """What happens when grace is over and premium missing, by inception; with 0 days nothing cures it by itself."""

    valid_from: date
    automatic: bool
    cure_days: int


USUAL_LAPSE = LapseRule(date.min, automatic=False, cure_days=30)
"""Of a product version that says nothing: a contract without such a clause does not end by itself."""


@dataclass(frozen=True)
class ReportingExtension:
    """Days from the end of cover, for a percent of the year's premium of each claims-made part."""

    days: int
    premium_percent: Decimal


@dataclass(frozen=True)
class ProductTerms:
    """All that a version fixes. A policy is rated and endorsed by the version it was sold on, for its whole life.

    Where a questionnaire is pinned, `questions` are those of its version.
    """

    line: ProductLine
    parts: tuple[CoveragePart, ...]
    rating: RatingPlan
    questions: tuple[Question, ...]
    entitlements: tuple[ServiceEntitlement, ...]
    underwriting: UnderwritingRules
    cancellation: CancellationRule
    vat_rates: tuple[DatedRate, ...]
    stamp_duty_rates: tuple[DatedRate, ...]
    minimum_premium: Money
    subsidy_classes: tuple[str, ...]
    exclusions: tuple[str, ...]
    park: ParkTerms | None = None
    questionnaire: QuestionnairePin | None = None
    tax_class: TaxClass = TaxClass.STANDARD
    lapse_rules: tuple[LapseRule, ...] = ()
    reporting_extensions: tuple[ReportingExtension, ...] = ()

    def lapse_rule(self, inception: date) -> LapseRule:
        valid = [rule for rule in self.lapse_rules if rule.valid_from <= inception]
        return max(valid, key=lambda rule: rule.valid_from, default=USUAL_LAPSE)

    def part(self, code: str) -> CoveragePart | None:
        for part in self.parts:  # Asked so often that a generator would be felt.
            if part.code == code:
                return part
        return None

    def question(self, code: str) -> Question | None:
        return next((question for question in self.questions if question.code == code), None)

    def entitlement(self, code: str) -> ServiceEntitlement | None:
        return next((service for service in self.entitlements if service.code == code), None)
