"""A submission: what an insured asks for, what was found about it, and the quotes that were made."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

from libs.common.money import Money
from libs.common.names import same
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import WantedPart
from services.policy.domain.errors import (
    NoAssessmentService,
    QuoteAlreadyBound,
    QuoteExpired,
    QuoteNotFound,
    QuoteNotReferred,
    ReferralOpen,
    ReleasedByAuthor,
    SubjectivityClosedOtherwise,
    SubjectivityNotFound,
    SubjectivityOpen,
    SubmissionClosed,
)
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import ProductTerms, ServicePhase
from services.policy.domain.submission.declared import check_same, decline_reasons
from services.policy.domain.submission.events import (
    AssessmentOrdered,
    AssessmentRecorded,
    QuoteBound,
    QuoteLapsed,
    QuoteMade,
    ReferralReleased,
    SubjectivityClosed,
    SubjectivityMissed,
    SubmissionCreated,
    SubmissionDeclined,
    SubmissionEvent,
)
from services.policy.domain.submission.intake import check_subjectivities, expiry_of_quote
from services.policy.domain.submission.quoting import Held, check_authority, quote_of
from services.policy.domain.submission.renewal import ExperienceTaken, Renewal, RenewalBegun
from services.policy.domain.submission.values import (
    Evidence,
    Quote,
    QuoteStatus,
    Subjectivity,
    SubjectivityPhase,
    SubmissionStatus,
)


@dataclass(frozen=True)
class Submission:
    """A request for cover. `asked` is what it said on the first day; it never changes."""

    KIND: ClassVar[str] = "policy.Submission"

    asked: SubmissionCreated
    status: SubmissionStatus = SubmissionStatus.DRAFT
    assessment_pending: bool = False
    assessment: Assessment | None = None
    quotes: tuple[Quote, ...] = ()
    decline_reasons: tuple[str, ...] = ()
    policy_id: str = ""
    renewal: Renewal | None = None

    def request_assessment(self, terms: ProductTerms, code: str, on: date) -> list[AssessmentOrdered]:
        self._check_open()
        offered = [service for service in terms.entitlements if service.phase is ServicePhase.PRE_BIND]
        wanted = [service for service in offered if service.code == code or not code]
        if len(wanted) != 1:
            known = ", ".join(service.code for service in offered) or "none"
            raise NoAssessmentService(code=code or "of that kind alone", known=known)
        if self.assessment_pending:
            return []
        return [AssessmentOrdered(service=wanted[0].promised_to(self.asked.is_critical), requested_on=on)]

    def record_assessment(self, assessment: Assessment) -> list[AssessmentRecorded]:
        """Takes what a vendor found. A later assessment replaces the earlier one; quotes that were made stay."""
        if assessment == self.assessment:
            return []
        waiting = self.status in (SubmissionStatus.DRAFT, SubmissionStatus.ASSESSMENT_ORDERED)
        leads_to = SubmissionStatus.ASSESSED if waiting else self.status
        return [AssessmentRecorded(assessment=assessment, leads_to=leads_to)]

    def quote(
        self,
        version: ProductVersion,
        parts: tuple[WantedPart, ...],
        expires_on: date | None,
        subjectivities: tuple[Subjectivity, ...],
        author: str,
        on: date,
        room: Money | None = None,
    ) -> list[QuoteMade] | list[SubmissionDeclined]:
        """Prices the cover and offers it, refers it when its author may not decide alone, or declines by rule.

        `room` is the sum of limits up to which no declared dependency is too full; None if none has a capacity.
        """
        self._check_open()
        check_subjectivities(subjectivities, on)
        check_same(version.terms.questionnaire, self.asked.questionnaire)
        experience = self.renewal.experience if self.renewal else None
        if reasons := decline_reasons(version.terms.underwriting, self.asked, experience, on):
            return [SubmissionDeclined(reasons=reasons, declined_on=on, declined_by=author, by_rule=True)]
        made = quote_of(self.asked, self.assessment, self.renewal, version, parts, room, on)
        inception, valid_days = self.asked.period.inception, version.terms.underwriting.quote_valid_days
        quote = replace(
            made,
            number=len(self.quotes) + 1,
            expires_on=expiry_of_quote(expires_on, on, inception, valid_days),
            subjectivities=subjectivities,
            author=author,
        )
        referred = quote.status is QuoteStatus.REFERRED
        return [QuoteMade(quote=quote, leads_to=SubmissionStatus.REFERRED if referred else SubmissionStatus.QUOTED)]

    def release(self, number: int, principal: str, held: Held, note: str, on: date) -> list[ReferralReleased]:
        """Four eyes: who made the quote or entered the submission may not release it, nor who is not trusted so far."""
        self._check_open()
        quote = self.quote_number(number)
        if quote.released_by and not quote.lapsed:
            return []
        if quote.status is not QuoteStatus.REFERRED:
            raise QuoteNotReferred(quote_number=number, status=quote.status)
        if same(principal, quote.author) or same(principal, self.asked.author):
            raise ReleasedByAuthor(principal=principal)
        check_authority(held, quote, principal)
        newest = number == len(self.quotes)
        return [
            ReferralReleased(
                quote_number=number,
                released_by=principal,
                note=note,
                released_on=on,
                leads_to=SubmissionStatus.QUOTED if newest else self.status,
            )
        ]

    def close_subjectivity(self, number: int, code: str, evidence: Evidence) -> list[SubjectivityClosed]:
        if self.status is SubmissionStatus.DECLINED:
            raise SubmissionClosed(status=self.status)
        subjectivity = self.quote_number(number).subjectivity(code)
        if subjectivity is None:
            raise SubjectivityNotFound(quote_number=number, code=code)
        if (closed := subjectivity.evidence) is not None:
            if (closed.reference, closed.sha256) == (evidence.reference, evidence.sha256):
                return []
            raise SubjectivityClosedOtherwise(code=code, closed_on=closed.given_on)
        return [SubjectivityClosed(quote_number=number, code=code, evidence=evidence)]

    def decline(self, reasons: Sequence[str], principal: str, on: date) -> list[SubmissionDeclined]:
        if self.status is SubmissionStatus.DECLINED:
            return []
        self._check_open()
        return [SubmissionDeclined(reasons=tuple(reasons), declined_on=on, declined_by=principal)]

    def bind(self, number: int, policy_id: str, on: date) -> list[QuoteBound]:
        """Accepts a quote whose term, referral and conditions before binding allow it."""
        if self.policy_id:
            bound = next(quote.number for quote in self.quotes if quote.bound)
            raise QuoteAlreadyBound(quote_number=bound, policy_id=self.policy_id)
        self._check_open()
        quote = self.quote_number(number)
        if quote.lapsed or on > quote.expires_on:
            raise QuoteExpired(expired_on=quote.expires_on)
        if quote.status is QuoteStatus.REFERRED:
            raise ReferralOpen(quote_number=number, reasons=", ".join(quote.referral_reasons))
        if waiting := quote.open_in(SubjectivityPhase.PRE_BIND):
            raise SubjectivityOpen(codes=", ".join(each.code for each in waiting))
        return [QuoteBound(quote_number=number, policy_id=policy_id, bound_on=on)]

    def lapse_quotes(self, on: date) -> list[QuoteLapsed]:
        """Lets quotes run out whose last day is past."""
        if self.policy_id or self.status is SubmissionStatus.DECLINED:
            return []
        due = [quote for quote in self.quotes if not quote.lapsed and on > quote.expires_on]
        still_open = any(quote not in due and not quote.lapsed for quote in self.quotes)
        leads_to = self.status if still_open else SubmissionStatus.EXPIRED
        return [QuoteLapsed(quote_number=quote.number, leads_to=leads_to) for quote in due]

    def miss_subjectivities(self, on: date) -> list[SubjectivityMissed]:
        """Marks the conditions of the bound quote whose deadline is past while they are open."""
        bound = [quote for quote in self.quotes if quote.bound]
        return [
            SubjectivityMissed(quote_number=quote.number, code=each.code)
            for quote in bound
            for each in quote.open_in(SubjectivityPhase.POST_BIND)
            if not each.overdue and each.due_on is not None and on > each.due_on
        ]

    def quote_number(self, number: int) -> Quote:
        if not 1 <= number <= len(self.quotes):
            raise QuoteNotFound(quote_number=number)
        return self.quotes[number - 1]

    def _check_open(self) -> None:
        if self.status in (SubmissionStatus.DECLINED, SubmissionStatus.BOUND):
            raise SubmissionClosed(status=self.status)

    @classmethod
    def begin(cls, event: SubmissionCreated) -> Self:
        return cls(asked=event)

    def evolve(self, event: SubmissionEvent) -> "Submission":
        match event:
            case SubmissionCreated():
                return Submission.begin(event)
            case AssessmentOrdered():
                ordered = SubmissionStatus.ASSESSMENT_ORDERED
                fresh = self.status is SubmissionStatus.DRAFT
                return replace(self, assessment_pending=True, status=ordered if fresh else self.status)
            case AssessmentRecorded():
                return replace(self, assessment=event.assessment, assessment_pending=False, status=event.leads_to)
            case QuoteMade():
                return replace(self, quotes=(*self.quotes, event.quote), status=event.leads_to)
            case ReferralReleased():
                return self._with(event.quote_number, event.leads_to, released_by=event.released_by)
            case SubjectivityClosed():
                return self._condition(event.quote_number, event.code, evidence=event.evidence)
            case SubjectivityMissed():
                return self._condition(event.quote_number, event.code, overdue=True)
            case QuoteLapsed():
                return self._with(event.quote_number, event.leads_to, lapsed=True)
            case SubmissionDeclined():
                return replace(self, status=SubmissionStatus.DECLINED, decline_reasons=event.reasons)
            case QuoteBound():
                bound = self._with(event.quote_number, SubmissionStatus.BOUND, bound=True)
                return replace(bound, policy_id=event.policy_id)
            case RenewalBegun():
                return replace(self, renewal=event.renewal)
            case ExperienceTaken():
                known = None if self.renewal is None else replace(self.renewal, experience=event.experience)
                return replace(self, renewal=known)

    def _with(self, number: int, status: SubmissionStatus, **changes: object) -> "Submission":
        changed = replace(self.quotes[number - 1], **changes)  # type: ignore[arg-type]
        quotes = tuple(changed if quote.number == number else quote for quote in self.quotes)
        return replace(self, quotes=quotes, status=status)

    def _condition(self, number: int, code: str, **changes: object) -> "Submission":
        quote = self.quotes[number - 1]
        condition = next(each for each in quote.subjectivities if each.code == code)
        changed = quote.with_subjectivity(replace(condition, **changes))  # type: ignore[arg-type]
        return replace(self, quotes=tuple(changed if each.number == number else each for each in self.quotes))
