"""The price of a cover: a pure function of a product version and what is known of the insured.

For each part `limit × base rate × product of named factors`, rounded half up once; then the credit for bundled
services, the minimum premium, VAT and stamp duty. The worksheet keeps every number with its source, because a person
will ask why; it is stored with the quote, so a later tariff never rewrites it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from libs.common.money import LARGEST_AMOUNT, Money, total
from services.policy.domain.cover import Cover, PartChoice, PartTerms, RatingInputs, check_cover, terms_of
from services.policy.domain.errors import AnswerMissing, FactorMissing, PremiumTooLarge, RateMissing
from services.policy.domain.experience import Experience
from services.policy.domain.product.park_tariff import master_tariff
from services.policy.domain.product.rating_checks import NO_SCORE, threshold
from services.policy.domain.product.terms import NUMERIC, DatedRate, FactorBasis, FactorTable, ProductTerms


@dataclass(frozen=True)
class AppliedFactor:
    name: str
    source: str
    value: Decimal


@dataclass(frozen=True)
class RatedPart:
    part_code: str
    limit: Money
    base_rate: Decimal
    factors: tuple[AppliedFactor, ...]
    technical_premium: Money
    bundle_credit: Money
    minimum_top_up: Money

    @property
    def annual_premium(self) -> Money:
        return self.technical_premium - self.bundle_credit + self.minimum_top_up


@dataclass(frozen=True)
class Worksheet:
    """The arithmetic of one price, for one year."""

    rated_for: date
    parts: tuple[RatedPart, ...]
    vat_rate: Decimal
    vat: Money
    stamp_duty_rate: Decimal
    stamp_duty: Money
    experience: Experience | None = None

    @property
    def technical_premium(self) -> Money:
        return total(part.technical_premium for part in self.parts)

    @property
    def bundle_credit(self) -> Money:
        return total(part.bundle_credit for part in self.parts)

    @property
    def minimum_top_up(self) -> Money:
        return total(part.minimum_top_up for part in self.parts)

    @property
    def annual_premium(self) -> Money:
        return total(part.annual_premium for part in self.parts)


Rated = dict[tuple[RatingInputs, PartChoice], RatedPart]
"""Parts that one product version has rated already, before any minimum premium."""


def rate(terms: ProductTerms, cover: Cover, rated: Rated | None = None) -> Worksheet:
    """Prices one year of a cover. Refuses when a table has no line for this insured: nothing is guessed.

    `rated` is for whoever prices many covers that differ in little: what is in it is not rated again.
    """
    terms, inputs = master_tariff(terms), cover.inputs
    parts = [_rate_part(terms, inputs, choice, {} if rated is None else rated) for choice in cover.parts]
    before = [part.annual_premium for part in parts]
    short = terms.minimum_premium - total(before)
    if parts and short.minor_units > 0:
        weights = [premium.minor_units for premium in before]
        top_ups = short.allocate(weights if any(weights) else [1] * len(parts))
        parts = [_with_top_up(part, top_up) for part, top_up in zip(parts, top_ups, strict=True)]
    net = total(part.annual_premium for part in parts)
    vat_rate = rate_on(terms.vat_rates, inputs.rated_for, "VAT rate")
    stamp_duty_rate = rate_on(terms.stamp_duty_rates, inputs.rated_for, "stamp duty rate")
    check_bookable(net + net.times(vat_rate))
    return Worksheet(
        rated_for=inputs.rated_for,
        parts=tuple(parts),
        vat_rate=vat_rate,
        vat=net.times(vat_rate),
        stamp_duty_rate=stamp_duty_rate,
        stamp_duty=net.times(stamp_duty_rate),
        experience=inputs.experience,
    )


def check_bookable(gross: Money) -> None:
    """Refuses a premium of a year or of a term, with VAT, that the others could not take from an announcement."""
    if abs(gross.minor_units) > LARGEST_AMOUNT:
        raise PremiumTooLarge(gross=gross, most=Money(gross.currency, LARGEST_AMOUNT))


def priced_parts(terms: ProductTerms, cover: Cover, on: date, rated: Rated | None = None) -> tuple[PartTerms, ...]:
    """The terms of a cover with the annual premium of each part, from the same rating as the quote's worksheet."""
    check_cover(terms, cover, on)
    premiums = {part.part_code: part.annual_premium for part in rate(terms, cover, rated).parts}
    return tuple(terms_of(terms, choice, premiums[choice.part_code]) for choice in cover.parts)


def rate_on(rates: Iterable[DatedRate], day: date, what: str) -> Decimal:
    """The rate that a dated table gives for an inception."""
    valid = [rate for rate in rates if rate.valid_from <= day]
    if not valid:
        raise RateMissing(what=what, on=day)
    return max(valid, key=lambda rate: rate.valid_from).rate


def _rate_part(terms: ProductTerms, inputs: RatingInputs, choice: PartChoice, rated: Rated) -> RatedPart:
    found = rated.get((inputs, choice))
    if found is None:
        found = rated[inputs, choice] = _rated_part(terms, inputs, choice)
    return found


def _rated_part(terms: ProductTerms, inputs: RatingInputs, choice: PartChoice) -> RatedPart:
    base_rate = rate_on(
        (
            DatedRate(base.rate, base.valid_from)
            for base in terms.rating.base_rates
            if base.part_code == choice.part_code
        ),
        inputs.rated_for,
        f"base rate of {choice.part_code}",
    )
    factors = tuple(_factor(table, inputs, choice) for table in _tables(terms, inputs, choice))
    exact = Fraction(base_rate)
    for factor in factors:
        exact *= Fraction(factor.value)
    technical = choice.limit.times(exact)
    credit = technical.times(Fraction(terms.rating.bundle_credit_percent) / 100) if inputs.bundled else technical.zero()
    return RatedPart(choice.part_code, choice.limit, base_rate, factors, technical, credit, technical.zero())


def _with_top_up(part: RatedPart, top_up: Money) -> RatedPart:
    return RatedPart(
        part.part_code,
        part.limit,
        part.base_rate,
        part.factors,
        part.technical_premium,
        part.bundle_credit,
        top_up,
    )


def _tables(terms: ProductTerms, inputs: RatingInputs, choice: PartChoice) -> list[FactorTable]:
    """The tables for this part in the plan's order, of each name the one that holds for the inception."""
    newest: dict[str, FactorTable] = {}
    for table in terms.rating.factor_tables:
        if table.part_codes and choice.part_code not in table.part_codes:
            continue
        known = newest.setdefault(table.name, table)
        if table.valid_from <= inputs.rated_for and (
            table.valid_from > known.valid_from or known.valid_from > inputs.rated_for
        ):
            newest[table.name] = table
    if late := next((table for table in newest.values() if table.valid_from > inputs.rated_for), None):
        raise RateMissing(what=f"table {late.name}", on=inputs.rated_for)
    return list(newest.values())


def _factor(table: FactorTable, inputs: RatingInputs, choice: PartChoice) -> AppliedFactor:
    subject, key = _subject(table, inputs, choice)
    value = next((row.factor for row in table.rows if row.key == key), None)
    if key is None or value is None:
        raise FactorMissing(table=table.name, key=subject)
    return AppliedFactor(table.name, f"{subject}, line {key} of table {table.name} from {table.valid_from}", value)


def _subject(table: FactorTable, inputs: RatingInputs, choice: PartChoice) -> tuple[str, str | None]:
    """What the table looks at, in words, and the key of the line that fits it."""
    match table.basis:
        case FactorBasis.INDUSTRY:
            code = inputs.industry_code
            return f"industry {code}", _first(table, (code, code[0]))
        case FactorBasis.SIZE:
            return f"size {inputs.size}", _first(table, (inputs.size,))
        case FactorBasis.REGION:
            code = inputs.region_code
            return f"region {code}", _first(table, (code, code[:4], code[:2]))
        case FactorBasis.DEDUCTIBLE:
            return f"deductible {choice.deductible}", _band(table, _yuan(choice.deductible))
        case FactorBasis.REVENUE:
            return f"revenue {inputs.annual_revenue}", _band(table, _yuan(inputs.annual_revenue))
        case FactorBasis.SCORE if inputs.score is None:
            return "no assessment", _first(table, (NO_SCORE,))
        case FactorBasis.SCORE:
            return f"score {inputs.score}", _band(table, Decimal(inputs.score or 0))
        case FactorBasis.CLAIM_COUNT | FactorBasis.LOSS_RATIO:
            return _of_experience(table, inputs.experience)
    answer = inputs.answer(table.question)
    if answer is None:
        raise AnswerMissing(question=table.question)
    subject = f"answer {answer.text} to {answer.question}"
    if answer.kind in NUMERIC:
        return subject, _band(table, answer.number)
    return subject, _first(table, (answer.text,))


def _of_experience(table: FactorTable, experience: Experience | None) -> tuple[str, str | None]:
    if experience is None:
        return "no policy that is renewed", _first(table, (NO_SCORE,))
    if table.basis is FactorBasis.CLAIM_COUNT:
        return experience.source, _band(table, Decimal(experience.claims))
    ratio = experience.loss_ratio_percent
    return f"{experience.source}, {ratio} % of the premium {experience.premium}", _band(table, ratio)


def _first(table: FactorTable, keys: Iterable[str]) -> str | None:
    known = {row.key for row in table.rows}
    return next((key for key in keys if key in known), None)


def _band(table: FactorTable, amount: Decimal) -> str | None:
    """The line with the highest threshold that the amount reaches."""
    reached = [(least, row.key) for row in table.rows if (least := threshold(row.key)) is not None and least <= amount]
    return max(reached)[1] if reached else None


def _yuan(amount: Money) -> Decimal:
    return Decimal(amount.minor_units) / 100
