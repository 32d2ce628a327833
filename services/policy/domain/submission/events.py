"""What can happen to a submission."""

from datetime import date

from libs.common.dates import Period
from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.answers import Answer
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.terms import ServiceEntitlement
from services.policy.domain.submission.renewal import ExperienceTaken, RenewalBegun
from services.policy.domain.submission.values import (
    DeclaredDependency,
    DeclaredLoss,
    DeclaredSystem,
    Evidence,
    Quote,
    SubmissionStatus,
)


@event("policy.SubmissionCreated")
class SubmissionCreated:
    submission_key: str
    product_id: str
    insured: Enterprise
    period: Period
    parts: tuple[WantedPart, ...]
    aggregate_limit: Money | None
    annual_revenue: Money
    answers: tuple[Answer, ...]
    systems: tuple[DeclaredSystem, ...]
    dependencies: tuple[DeclaredDependency, ...]
    bundled_services: bool
    author: str
    questionnaire: QuestionnairePin | None = None
    losses: tuple[DeclaredLoss, ...] = ()

    @property
    def is_critical(self) -> bool:
        """Whether the insured, or one of its systems, is declared critical information infrastructure."""
        return self.insured.critical_infrastructure or any(each.critical_infrastructure for each in self.systems)


@event("policy.AssessmentOrdered")
class AssessmentOrdered:
    service: ServiceEntitlement
    requested_on: date


@event("policy.AssessmentRecorded")
class AssessmentRecorded:
    assessment: Assessment
    leads_to: SubmissionStatus


@event("policy.QuoteMade")
class QuoteMade:
    quote: Quote
    leads_to: SubmissionStatus


@event("policy.ReferralReleased")
class ReferralReleased:
    quote_number: int
    released_by: str
    note: str
    released_on: date
    leads_to: SubmissionStatus


@event("policy.SubjectivityClosed")
class SubjectivityClosed:
    quote_number: int
    code: str
    evidence: Evidence


@event("policy.SubjectivityMissed")
class SubjectivityMissed:
    """The deadline of a post-bind condition passed while it was open."""

    quote_number: int
    code: str


@event("policy.QuoteLapsed")
class QuoteLapsed:
    quote_number: int
    leads_to: SubmissionStatus


@event("policy.SubmissionDeclined")
class SubmissionDeclined:
    """`by_rule` where the product declines by itself; `declined_by` is then who asked for the quote."""

    reasons: tuple[str, ...]
    declined_on: date
    declined_by: str
    by_rule: bool = False


@event("policy.QuoteBound")
class QuoteBound:
    quote_number: int
    policy_id: str
    bound_on: date


SubmissionEvent = (
    SubmissionCreated
    | AssessmentOrdered
    | AssessmentRecorded
    | QuoteMade
    | ReferralReleased
    | SubjectivityClosed
    | SubjectivityMissed
    | QuoteLapsed
    | SubmissionDeclined
    | QuoteBound
    | RenewalBegun
    | ExperienceTaken
)
