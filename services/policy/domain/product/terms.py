"""What a version of a product fixes: parts, prices, services, rules. Values only; `checks` says which make sense."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from libs.common.money import Money
from services.policy.domain.product.park import ParkTerms


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


class AnswerKind(StrEnum):
    YES_NO = "yes_no"
    NUMBER = "number"
    CHOICE = "choice"


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
    code: str
    text: str
    kind: AnswerKind
    options: tuple[str, ...]


@dataclass(frozen=True)
class ServiceEntitlement:
    code: str
    service_type: str
    phase: ServicePhase
    quantity: int
    mandatory: bool
    fee: Money
    respond_within_hours: int
    start_within_hours: int
    deliver_within_hours: int


@dataclass(frozen=True)
class UnderwritingRules:
    authority_limit: Money
    critical_findings_allowed: int
    authority_revenue: Money | None
    assessment_industries: tuple[str, ...]
    quote_valid_days: int


@dataclass(frozen=True)
class CancellationRule:
    methods: tuple[CancellationMethod, ...]
    short_rate_percent: Decimal


@dataclass(frozen=True)
class ProductTerms:
    """All that a version fixes. A policy is rated and endorsed by the version it was sold on, for its whole life."""

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

    def part(self, code: str) -> CoveragePart | None:
        return next((part for part in self.parts if part.code == code), None)

    def question(self, code: str) -> Question | None:
        return next((question for question in self.questions if question.code == code), None)

    def entitlement(self, code: str) -> ServiceEntitlement | None:
        return next((service for service in self.entitlements if service.code == code), None)
