"""What a submission is made of: declarations of the insured, conditions, quotes."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from libs.common.money import Money
from services.policy.domain.cover import Cover, PartTerms
from services.policy.domain.rating import Worksheet
from services.policy.domain.underwriting import ReferralReason


class SubmissionStatus(StrEnum):
    DRAFT = "draft"
    ASSESSMENT_ORDERED = "assessment_ordered"
    ASSESSED = "assessed"
    QUOTED = "quoted"
    REFERRED = "referred"
    DECLINED = "declined"
    BOUND = "bound"
    EXPIRED = "expired"


class QuoteStatus(StrEnum):
    REFERRED = "referred"
    OFFERED = "offered"
    BOUND = "bound"
    EXPIRED = "expired"


class DependencyKind(StrEnum):
    CLOUD = "cloud"
    SAAS = "saas"
    MANAGED_SERVICE = "managed_service"
    KEY_SOFTWARE = "key_software"


class SubjectivityPhase(StrEnum):
    PRE_BIND = "pre_bind"
    POST_BIND = "post_bind"


@dataclass(frozen=True)
class DeclaredSystem:
    """An information system with its level of multi-level protection (等保).

    `protecting_department` is that of critical infrastructure; "" if it is the insured's, or was not said.
    """

    name: str
    mlps_level: int
    mlps_filing_number: str
    mlps_tested_on: date | None
    critical_infrastructure: bool
    protecting_department: str = ""


@dataclass(frozen=True)
class DeclaredDependency:
    kind: DependencyKind
    name: str


@dataclass(frozen=True)
class DeclaredLoss:
    """A loss of the past, insured or not, with what it cost or is estimated to."""

    occurred_on: date
    amount: Money
    description: str


@dataclass(frozen=True)
class Evidence:
    reference: str
    sha256: str
    given_on: date


@dataclass(frozen=True)
class Subjectivity:
    """A condition of a quote, closed by evidence. A post-bind one has a deadline."""

    code: str
    text: str
    phase: SubjectivityPhase
    due_on: date | None
    evidence: Evidence | None = None
    overdue: bool = False

    @property
    def is_open(self) -> bool:
        return self.evidence is None


@dataclass(frozen=True)
class Quote:
    """A priced offer. Its worksheet is what it was on the day of the quote, for ever.

    `required_authority` is the sum of limits up to which whoever releases it has to be trusted.
    """

    number: int
    product_version: int
    cover: Cover
    parts: tuple[PartTerms, ...]
    worksheet: Worksheet
    quoted_on: date
    expires_on: date
    subjectivities: tuple[Subjectivity, ...]
    referral_reasons: tuple[ReferralReason, ...]
    author: str
    released_by: str = ""
    lapsed: bool = False
    bound: bool = False
    required_authority: Money | None = None

    @property
    def status(self) -> QuoteStatus:
        if self.bound:
            return QuoteStatus.BOUND
        if self.lapsed:
            return QuoteStatus.EXPIRED
        return QuoteStatus.REFERRED if self.referral_reasons and not self.released_by else QuoteStatus.OFFERED

    def subjectivity(self, code: str) -> Subjectivity | None:
        return next((each for each in self.subjectivities if each.code == code), None)

    def open_in(self, phase: SubjectivityPhase) -> list[Subjectivity]:
        return [each for each in self.subjectivities if each.phase is phase and each.is_open]

    def with_subjectivity(self, changed: Subjectivity) -> "Quote":
        kept = tuple(changed if each.code == changed.code else each for each in self.subjectivities)
        return replace(self, subjectivities=kept)
