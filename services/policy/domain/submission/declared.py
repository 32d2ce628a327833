"""What an insured declares, and what follows from it: the questionnaire, tests of systems, losses of the past."""

from collections.abc import Iterator
from datetime import date

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from libs.common.money import Money, total
from services.policy.domain.cover import RatingInputs
from services.policy.domain.experience import Experience
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.terms import ProductTerms, UnderwritingRules
from services.policy.domain.submission.events import SubmissionCreated
from services.policy.domain.submission.values import DeclaredLoss, DeclaredSystem
from services.policy.domain.underwriting import DeclineReason, ReferralReason, infrastructure_reasons, is_listed
from services.policy.domain.underwriting_errors import AnotherQuestionnaire

FIRST_TESTED_LEVEL = 3
"""等保: from the third level on, a system is tested every year (公网安〔2020〕1960号)."""
USUAL_LOSS_YEARS = 5


def check_questionnaire(terms: ProductTerms, answered: QuestionnairePin | None) -> QuestionnairePin | None:
    """The version that was answered, with its key; refuses answers to another one than the product asks."""
    asked = terms.questionnaire
    if asked is None:
        if answered is not None:
            raise InvalidField(field="questionnaire", problem="the product pins no questionnaire")
        return None
    if answered is None:
        raise InvalidField(field="questionnaire", problem=f"is missing: the product asks {asked}")
    check_same(asked, answered)
    return asked


def check_same(asked: QuestionnairePin | None, answered: QuestionnairePin | None) -> None:
    """Refuses to price answers by a product version that asks something else."""
    if asked is not None and not asked.same(answered):
        shown = answered
        if answered is not None and answered.questionnaire_id == asked.questionnaire_id:
            shown = QuestionnairePin(asked.questionnaire_id, answered.version, asked.key)
        raise AnotherQuestionnaire(asked=asked, answered=shown or "no questionnaire")


@all_at_once
def check_past(
    systems: tuple[DeclaredSystem, ...], losses: tuple[DeclaredLoss, ...], today: date | None
) -> Iterator[Invalid]:
    """Refuses what can't have happened yet, and losses that are no amounts."""
    for index, system in enumerate(systems):
        if system.mlps_tested_on is not None and today is not None and system.mlps_tested_on > today:
            yield InvalidField(field=f"systems[{index}].mlps_tested_on", problem="is in the future")
    for index, loss in enumerate(losses):
        yield from problems(check_money, f"losses[{index}].amount", loss.amount)
        if today is not None and loss.occurred_on > today:
            yield InvalidField(field=f"losses[{index}].occurred_on", problem="is in the future")


def overdue_tests(systems: tuple[DeclaredSystem, ...], on: date) -> list[DeclaredSystem]:
    """The systems that should have been tested within the year before a day, and were not."""
    return [
        system
        for system in systems
        if system.mlps_level >= FIRST_TESTED_LEVEL
        and (system.mlps_tested_on is None or system.mlps_tested_on < years_before(on, 1))
    ]


def declared_reasons(
    rules: UnderwritingRules,
    asked: SubmissionCreated,
    inputs: RatingInputs,
    limits: Money,
    room: Money | None,
    on: date,
) -> tuple[ReferralReason, ...]:
    """Why what was declared needs somebody with authority. `room` is what the fullest dependency takes unreferred."""
    count, amount = losses_within(rules, asked.losses, inputs.experience, on)
    found = {
        ReferralReason.MLPS_TEST_OVERDUE: bool(overdue_tests(asked.systems, on)),
        ReferralReason.LOSS_HISTORY: above(count, rules.losses_allowed) or over(amount, rules.loss_amount_allowed),
        ReferralReason.ACCUMULATION: over(limits, room),
    }
    declared = tuple(reason for reason, holds in found.items() if holds)
    return declared + infrastructure_reasons(rules, asked.is_critical, inputs)


def decline_reasons(
    rules: UnderwritingRules, asked: SubmissionCreated, experience: Experience | None, on: date
) -> tuple[DeclineReason, ...]:
    """Why the product does not take this insured at all; none if it may be quoted."""
    count, amount = losses_within(rules, asked.losses, experience, on)
    found = {
        DeclineReason.EXCLUDED_INDUSTRY: is_listed(asked.insured.industry_code, rules.excluded_industries),
        DeclineReason.TOO_MANY_LOSSES: above(count, rules.losses_declined_above),
        DeclineReason.LOSSES_TOO_LARGE: over(amount, rules.loss_amount_declined_above),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def losses_within(
    rules: UnderwritingRules, losses: tuple[DeclaredLoss, ...], experience: Experience | None, on: date
) -> tuple[int, Money]:
    """How many losses count by the product's years, and what they cost together.

    Those that are declared, or the claims of the policy that is renewed where these weigh more: not both, since a
    claim is a loss that is declared too.
    """
    first = years_before(on, rules.loss_years or USUAL_LOSS_YEARS)
    counted = [loss.amount for loss in losses if loss.occurred_on >= first]
    if experience is None:
        return len(counted), total(counted)
    return max(len(counted), experience.claims), max(total(counted), experience.paid + experience.outstanding)


def years_before(day: date, years: int) -> date:
    """The same day so many years before; of a leap day, 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


def above(count: int, most: int | None) -> bool:
    return most is not None and count > most


def over(amount: Money, most: Money | None) -> bool:
    return most is not None and amount > most
