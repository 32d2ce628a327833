"""What a submission must be before it is taken: an enterprise that exists, a term of one year, answers that fit."""

from collections.abc import Iterator
from datetime import date

from libs.common.checking import all_at_once, problems, refuse
from libs.common.dates import Period
from libs.common.errors import Invalid, InvalidField
from libs.common.money import Money
from services.policy.domain.answers import Answer, check_answers, check_required
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import RatingInputs, WantedPart, check_wanted, known_part
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.submission.declared import check_past, check_questionnaire
from services.policy.domain.submission.events import SubmissionCreated
from services.policy.domain.submission.renewal import Renewal
from services.policy.domain.submission.values import (
    DeclaredDependency,
    DeclaredLoss,
    DeclaredSystem,
    Subjectivity,
    SubjectivityPhase,
)

FIRST_FILED_LEVEL = 2  # 等保: from the second level on, a system is filed with the police.


def receive(
    *,
    submission_key: str,
    product_id: str,
    terms: ProductTerms,
    insured: Enterprise,
    inception: date,
    expiry: date,
    parts: tuple[WantedPart, ...],
    aggregate_limit: Money | None,
    annual_revenue: Money,
    answers: tuple[Answer, ...],
    systems: tuple[DeclaredSystem, ...],
    dependencies: tuple[DeclaredDependency, ...],
    bundled_services: bool,
    author: str,
    questionnaire: QuestionnairePin | None = None,
    losses: tuple[DeclaredLoss, ...] = (),
    today: date | None = None,
) -> list[SubmissionCreated]:
    """Takes a request for cover, or refuses it naming all wrong fields.

    `today` is the last day on which what is declared can have happened; None for what was declared elsewhere.
    """
    refuse(
        problems(_check_wish, insured, inception, expiry, parts, aggregate_limit)
        + problems(_check_stated, terms, annual_revenue, answers, systems, dependencies)
        + problems(check_past, systems, losses, today)
    )
    check_known(terms, parts)
    answered = check_questionnaire(terms, questionnaire)
    check_required(terms, answers)
    return [
        SubmissionCreated(
            submission_key=submission_key,
            product_id=product_id,
            insured=insured,
            period=Period(inception, expiry),
            parts=parts,
            aggregate_limit=aggregate_limit,
            annual_revenue=annual_revenue,
            answers=answers,
            systems=systems,
            dependencies=dependencies,
            bundled_services=bundled_services,
            author=author,
            questionnaire=answered,
            losses=losses,
        )
    ]


@all_at_once
def _check_wish(
    insured: Enterprise,
    inception: date,
    expiry: date,
    parts: tuple[WantedPart, ...],
    aggregate_limit: Money | None,
) -> Iterator[Invalid]:
    yield from problems(insured.check, "insured")
    yield from problems(check_term, inception, expiry)
    yield from problems(check_wanted_parts, parts, aggregate_limit, inception)


@all_at_once
def _check_stated(
    terms: ProductTerms,
    annual_revenue: Money,
    answers: tuple[Answer, ...],
    systems: tuple[DeclaredSystem, ...],
    dependencies: tuple[DeclaredDependency, ...],
) -> Iterator[Invalid]:
    yield from problems(check_money, "annual_revenue", annual_revenue)
    yield from problems(check_declarations, terms, answers, systems, dependencies)


def rating_inputs(
    asked: SubmissionCreated, assessment: Assessment | None, renewal: Renewal | None = None
) -> RatingInputs:
    """What the rating looks at, as far as it is known now."""
    return RatingInputs(
        industry_code=asked.insured.industry_code,
        region_code=asked.insured.region_code,
        size=asked.insured.size,
        annual_revenue=asked.annual_revenue,
        answers=asked.answers,
        score=assessment.score if assessment else None,
        bundled=asked.bundled_services,
        rated_for=asked.period.inception,
        experience=renewal.experience if renewal else None,
    )


def check_term(inception: date, expiry: date) -> None:
    """A term is one year: the same day of the next year (28 February or 1 March after a 29 February)."""
    if expiry not in _anniversaries(inception):
        raise InvalidField(field="expiry", problem="must be one year after the inception")


def check_parts(
    terms: ProductTerms, parts: tuple[WantedPart, ...], aggregate_limit: Money | None, inception: date
) -> None:
    check_wanted_parts(parts, aggregate_limit, inception)
    check_known(terms, parts)


@all_at_once
def check_wanted_parts(
    parts: tuple[WantedPart, ...], aggregate_limit: Money | None, inception: date
) -> Iterator[Invalid]:
    """Refuses parts that no product could cover."""
    if not parts:
        yield InvalidField(field="parts", problem="needs one part at least")
    yield from problems(check_wanted, parts, inception, "parts")
    if aggregate_limit is not None:
        yield from problems(check_money, "aggregate_limit", aggregate_limit, 1)


def check_known(terms: ProductTerms, parts: tuple[WantedPart, ...]) -> None:
    """Refuses a part that the product does not have."""
    for wanted in parts:
        known_part(terms, wanted.part_code)


@all_at_once
def check_declarations(
    terms: ProductTerms,
    answers: tuple[Answer, ...],
    systems: tuple[DeclaredSystem, ...],
    dependencies: tuple[DeclaredDependency, ...],
) -> Iterator[Invalid]:
    yield from problems(check_answers, terms, answers, "answers")
    for index, system in enumerate(systems):
        here = f"systems[{index}]"
        if not 1 <= system.mlps_level <= 5:
            yield InvalidField(field=f"{here}.mlps_level", problem="must be from 1 to 5")
        if system.mlps_level >= FIRST_FILED_LEVEL and not system.mlps_filing_number.strip():
            yield InvalidField(field=f"{here}.mlps_filing_number", problem="is needed from level 2")
        if system.protecting_department and not system.critical_infrastructure:
            yield InvalidField(field=f"{here}.protecting_department", problem="is of critical infrastructure only")
    seen: set[DeclaredDependency] = set()
    for index, dependency in enumerate(dependencies):
        if dependency in seen:
            yield InvalidField(field=f"dependencies[{index}]", problem=f"{dependency.name} is declared twice")
        seen.add(dependency)


@all_at_once
def check_subjectivities(subjectivities: tuple[Subjectivity, ...], today: date) -> Iterator[Invalid]:
    seen: set[str] = set()
    for index, subjectivity in enumerate(subjectivities):
        here = f"subjectivities[{index}]"
        if subjectivity.code in seen:
            yield InvalidField(field=f"{here}.code", problem=f"{subjectivity.code} comes twice")
        seen.add(subjectivity.code)
        if subjectivity.phase is SubjectivityPhase.POST_BIND and subjectivity.due_on is None:
            yield InvalidField(field=f"{here}.due_on", problem="a condition after binding needs a deadline")
        if subjectivity.due_on is not None and subjectivity.due_on < today:
            yield InvalidField(field=f"{here}.due_on", problem="is past")


def expiry_of_quote(wanted: date | None, today: date, inception: date, valid_days: int) -> date:
    """The last day to bind: not after the inception, unless that is past and the quote is referred for it."""
    latest = inception if inception >= today else None
    if wanted is None:
        usual = date.fromordinal(today.toordinal() + valid_days)
        return min(usual, latest) if latest else usual
    if wanted < today:
        raise InvalidField(field="expires_on", problem="is past")
    if latest and wanted > latest:
        raise InvalidField(field="expires_on", problem="must not be after the inception")
    return wanted


def next_year(day: date) -> date:
    """The same day of the next year; 28 February after a 29 February."""
    return _anniversaries(day)[0]


def _anniversaries(day: date) -> tuple[date, ...]:
    try:
        return (day.replace(year=day.year + 1),)
    except ValueError:
        return date(day.year + 1, 2, 28), date(day.year + 1, 3, 1)
