"""What an underwriter may not decide alone, and what nobody may: the coded reasons for which a quote is referred, and
for which a submission is declined."""

from collections.abc import Sequence
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
    MLPS_TEST_OVERDUE = "MLPS_TEST_OVERDUE"
    LOSS_HISTORY = "LOSS_HISTORY"
    ACCUMULATION = "ACCUMULATION"
    CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT = "CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT"
    CRITICAL_INFRASTRUCTURE = "CRITICAL_INFRASTRUCTURE"


class DeclineReason(StrEnum):
    """Why a product declines by itself; a person may decline for any other code."""

    EXCLUDED_INDUSTRY = "EXCLUDED_INDUSTRY"
    TOO_MANY_LOSSES = "TOO_MANY_LOSSES"
    LOSSES_TOO_LARGE = "LOSSES_TOO_LARGE"


def referral_reasons(
    rules: UnderwritingRules, inputs: RatingInputs, limits: Money, assessment: Assessment | None, quoted_on: date
) -> tuple[ReferralReason, ...]:
    """Why a quote needs a chief underwriter; none if its author may offer it."""
    needs_assessment = is_listed(inputs.industry_code, rules.assessment_industries)
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


def infrastructure_reasons(
    rules: UnderwritingRules, critical: bool, inputs: RatingInputs
) -> tuple[ReferralReason, ...]:
    """Why critical infrastructure (关键信息基础设施) needs somebody with authority.

    Its operator has the risks assessed every year by law (State Council Order 745 of 2021, art. 17), so one who was not
    assessed is not covered without a second look; a product may ask for that always.
    """
    found = {
        ReferralReason.CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT: critical and inputs.score is None,
        ReferralReason.CRITICAL_INFRASTRUCTURE: critical and rules.refer_critical_infrastructure,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def is_listed(industry: str, listed: Sequence[str]) -> bool:
    """Whether a division is in a list of divisions and sections."""
    return industry in listed or industry[0] in listed
