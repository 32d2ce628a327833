"""How a policy of another system becomes one of this: the contract as it stands, at the premium that was charged.

Nothing is rated: the annual premiums of the parts are those of the other system, and so are VAT and stamp duty, if it
tells them. From then on the policy is one like any other; `repricing` says what an endorsement makes of its premium.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from libs.common.checking import all_at_once, problems, reading
from libs.common.dates import Period, date_in_shanghai
from libs.common.errors import Invalid, InvalidField
from libs.common.money import CNY, Money
from libs.common.names import number_key
from services.policy.domain.answers import NO, YES, Answer, check_answers
from services.policy.domain.cover import Cover, PartTerms, RatingInputs, check_cover, choose, terms_of
from services.policy.domain.import_errors import LineDiffers, TermOver
from services.policy.domain.policy.bind import promised
from services.policy.domain.policy.charge import Charging, Terms, bookable, check_shares, exposure_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.origin import Imported, ImportedAnswer, ImportedPolicy
from services.policy.domain.policy.values import Share, Transaction, TransactionKind
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import AnswerKind, ProductLine, ProductTerms
from services.policy.domain.rating import AppliedFactor, RatedPart, Worksheet, rate_on
from services.policy.domain.submission.intake import check_declarations, check_known, check_term, check_wanted_parts

IMPORT = "IMPORT"
"""The name of the factor that stands for all that the other system reckoned."""
LONGEST_NAME = 200
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,59}")
_OURS = re.compile(r"HB\d{4}-[0-9A-Z]{5}-[0-9A-Z]{5}")
_ROW_KEY = re.compile(r"[!-~]{1,100}")
_DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")


def import_policy(
    policy: ImportedPolicy,
    product_id: UUID,
    version: ProductVersion,
    import_key: str,
    source: str,
    author: str,
    tenant: str,
    at: datetime,
) -> list[Bound]:
    """The contract that takes over a policy of another system, or a refusal that names the field or the rule."""
    terms, today = version.terms, date_in_shanghai(at)
    _check_fields(policy, terms, tenant)
    _check_promise(policy, version, today)
    answers = _answers(terms, policy.answers)
    shares = check_shares(policy.shares, tenant)
    cover = _cover(policy, terms, answers)
    check_cover(terms, cover, policy.inception)
    parts = tuple(
        terms_of(terms, choice, part.annual_premium) for choice, part in zip(cover.parts, policy.parts, strict=True)
    )
    charging = _charging(policy, terms, shares)
    return [
        Bound(
            policy_number=policy.policy_number,
            submission_id="",
            quote_number=0,
            bound_on=today,
            insured=policy.insured,
            line=terms.line,
            product_id=str(product_id),
            product_version=version.number,
            period=Period(policy.inception, policy.expiry),
            cover=cover,
            parts=parts,
            aggregate_cap=policy.aggregate_limit,
            shares=shares,
            quota_share=None,
            entitlements=promised(terms, policy.bundled_services, policy.insured.critical_infrastructure),
            subsidy_classes=terms.subsidy_classes,
            exclusions=terms.exclusions,
            cancellation_rule=terms.cancellation,
            vat_rate=charging.vat_rate,
            stamp_duty_rate=charging.stamp_duty_rate,
            transaction=bookable((), [_charged(policy, charging, parts, at)])[0],
            imported=Imported(import_key, policy.row_key, source, author, policy.dependencies),
        )
    ]


def import_worksheet(bound: Bound) -> Worksheet | None:
    """What was taken over, in the form in which prices are explained; None for a policy that was quoted here."""
    if bound.imported is None:
        return None
    factor = AppliedFactor(IMPORT, f"charged by {bound.imported.source}", Decimal(1))
    return Worksheet(
        rated_for=bound.cover.inputs.rated_for,
        parts=tuple(
            RatedPart(
                part_code=part.code,
                limit=part.limit,
                base_rate=Decimal(0),
                factors=(factor,),
                technical_premium=part.annual_premium,
                bundle_credit=part.annual_premium.zero(),
                minimum_top_up=part.annual_premium.zero(),
            )
            for part in bound.parts
        ),
        vat_rate=bound.vat_rate,
        vat=bound.transaction.vat,
        stamp_duty_rate=bound.stamp_duty_rate,
        stamp_duty=bound.transaction.stamp_duty,
    )


@all_at_once
def _check_fields(policy: ImportedPolicy, terms: ProductTerms, tenant: str) -> Iterator[Invalid]:
    """Refuses what is wrong in the row itself, all of it at once."""
    yield from problems(_check_identity, policy)
    yield from problems(_check_amounts, policy)
    yield from problems(_answers, terms, policy.answers)
    yield from problems(check_declarations, terms, (), (), policy.dependencies)
    yield from problems(check_shares, policy.shares, tenant)


@all_at_once
def _check_identity(policy: ImportedPolicy) -> Iterator[Invalid]:
    if not _ROW_KEY.fullmatch(policy.row_key):
        yield InvalidField(field="row_key", problem="must be 1 to 100 printable ASCII characters without blanks")
    if not _NUMBER.fullmatch(policy.policy_number):
        yield InvalidField(field="policy_number", problem="must be up to 60 letters, digits and . _ / -")
    if _OURS.fullmatch(number_key(policy.policy_number).upper()):
        yield InvalidField(field="policy_number", problem="has the form of the numbers that are given here")
    yield from problems(policy.insured.check, "insured")
    if len(policy.insured.name) > LONGEST_NAME or not policy.insured.name.isprintable():
        yield InvalidField(field="insured.name", problem=f"must be up to {LONGEST_NAME} printable characters")
    for index, dependency in enumerate(policy.dependencies):
        name = dependency.name
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            problem = f"must be up to {LONGEST_NAME} printable characters"
            yield InvalidField(field=f"dependencies[{index}].name", problem=problem)


@all_at_once
def _check_amounts(policy: ImportedPolicy) -> Iterator[Invalid]:
    wanted = tuple(part.wanted for part in policy.parts)
    yield from problems(check_term, policy.inception, policy.expiry)
    yield from problems(check_wanted_parts, wanted, policy.aggregate_limit, policy.inception)
    for index, part in enumerate(policy.parts):
        yield from problems(check_money, f"parts[{index}].annual_premium", part.annual_premium)
    if policy.annual_revenue is not None:
        yield from problems(check_money, "annual_revenue", policy.annual_revenue)
    if policy.parts and not any(part.annual_premium for part in policy.parts):
        yield InvalidField(field="parts", problem="charge no premium at all")


def _check_promise(policy: ImportedPolicy, version: ProductVersion, today: date) -> None:
    terms = version.terms
    if policy.line is not terms.line:
        raise LineDiffers(
            product_key=policy.product_key, version=version.number, line=terms.line, given_line=policy.line
        )
    if terms.line is ProductLine.PARK:
        raise InvalidField(field="line", problem="has members with certificates: bind the master, and issue them")
    if policy.expiry <= today:
        raise TermOver(expiry=policy.expiry, today=today)
    check_known(terms, tuple(part.wanted for part in policy.parts))


def _cover(policy: ImportedPolicy, terms: ProductTerms, answers: tuple[Answer, ...]) -> Cover:
    """What endorsements begin from. A revenue that is not known counts as none; no score is known."""
    inputs = RatingInputs(
        industry_code=policy.insured.industry_code,
        region_code=policy.insured.region_code,
        size=policy.insured.size,
        annual_revenue=policy.annual_revenue or Money(CNY, 0),
        answers=answers,
        score=None,
        bundled=policy.bundled_services,
        rated_for=policy.inception,
    )
    return Cover(tuple(choose(terms, part.wanted, policy.inception) for part in policy.parts), inputs)


def _charging(policy: ImportedPolicy, terms: ProductTerms, shares: tuple[Share, ...]) -> Charging:
    """How its premium is taxed, by the rates of its inception, and divided; an imported policy cedes nothing."""
    vat_rate = rate_on(terms.vat_rates, policy.inception, "VAT rate")
    duty_rate = rate_on(terms.stamp_duty_rates, policy.inception, "stamp duty rate")
    return Charging(vat_rate, duty_rate, shares, (), exposure_of(shares, policy.aggregate_limit))


def _charged(policy: ImportedPolicy, charging: Charging, parts: tuple[PartTerms, ...], at: datetime) -> Transaction:
    """The premium of the term, taxed as the other system did. Its fen may differ by its order of rounding only."""
    deltas = {part.code: part.annual_premium for part in parts}
    reckoned = charging.transaction(1, TransactionKind.BIND, policy.inception, at, deltas, Terms(parts, parts))
    if policy.vat is None and policy.stamp_duty is None:
        return reckoned
    vat = _as_charged("vat", policy.vat, reckoned.vat, len(parts))
    duty = _as_charged("stamp_duty", policy.stamp_duty, reckoned.stamp_duty, len(parts))
    return replace(reckoned, vat=vat, stamp_duty=duty)


def _as_charged(field: str, charged: Money | None, reckoned: Money, parts: int) -> Money:
    if charged is None:
        return reckoned
    check_money(field, charged)
    if abs(charged.minor_units - reckoned.minor_units) > parts:
        raise InvalidField(field=field, problem=f"is {charged}, but the rate of that day makes {reckoned}")
    return charged


def _answers(terms: ProductTerms, given: Sequence[ImportedAnswer]) -> tuple[Answer, ...]:
    """The answers, each read as its question wants it."""
    with reading() as read:
        answers = tuple(read(_answer, terms, each, f"answers[{index}]") for index, each in enumerate(given))
    check_answers(terms, answers, "answers")
    return answers


def _answer(terms: ProductTerms, given: ImportedAnswer, field: str) -> Answer:
    question = terms.question(given.question)
    if question is None:
        raise InvalidField(field=f"{field}.question", problem=f"the product does not ask {given.question}")
    if question.kind is AnswerKind.YES_NO and given.text not in (YES, NO):
        raise InvalidField(field=f"{field}.text", problem=f"must be {YES} or {NO}")
    if question.kind is AnswerKind.NUMBER and not _DECIMAL.fullmatch(given.text):
        raise InvalidField(field=f"{field}.text", problem="must be a decimal in plain notation, such as 12.5")
    if question.kind is AnswerKind.CHOICE and given.text not in question.options:
        raise InvalidField(field=f"{field}.text", problem=f"must be one of {', '.join(question.options)}")
    return Answer(given.question, question.kind, given.text)
