"""What an underwriter may not decide alone: the coded reasons for which a quote is referred."""

from datetime import date
from enum import StrEnum

from libs.common.money import Money
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import RatingInputs
from services.policy.domain.product.terms import UnderwritingRules


class ReferralReason(StrEnum):
    LIMIT_OVER_AUTHORITY = "LIMIT_OVER_AUTHORITY"
    REVENUE_OVER_AUTHORITY = "REVENUE_OVER_AUTHORITY"
    KEY_INDUSTRY_WITHOUT_ASSESSMENT = "KEY_INDUSTRY_WITHOUT_ASSESSMENT"
    CRITICAL_FINDINGS = "CRITICAL_FINDINGS"
    BACKDATED_INCEPTION = "BACKDATED_INCEPTION"
    DUTY_BREACHED = "DUTY_BREACHED"


def referral_reasons(
    rules: UnderwritingRules, inputs: RatingInputs, limits: Money, assessment: Assessment | None, quoted_on: date
) -> tuple[ReferralReason, ...]:
    """Why a quote needs a chief underwriter; none if its author may offer it."""
    code = inputs.industry_code
    needs_assessment = code in rules.assessment_industries or code[0] in rules.assessment_industries
    revenue = rules.authority_revenue
    found = {
        ReferralReason.LIMIT_OVER_AUTHORITY: limits > rules.authority_limit,
        ReferralReason.REVENUE_OVER_AUTHORITY: revenue is not None and inputs.annual_revenue > revenue,
        ReferralReason.KEY_INDUSTRY_WITHOUT_ASSESSMENT: needs_assessment and assessment is None,
        ReferralReason.CRITICAL_FINDINGS: assessment is not None
        and assessment.critical_findings > rules.critical_findings_allowed,
        ReferralReason.BACKDATED_INCEPTION: inputs.rated_for < quoted_on,
        ReferralReason.DUTY_BREACHED: inputs.experience is not None and inputs.experience.breached_duties > 0,
    }
    return tuple(reason for reason, holds in found.items() if holds)
