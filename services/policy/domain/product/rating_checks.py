"""Which rating plans make sense: every part has a rate, and every table's lines are in the words of its basis."""

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from libs.common.checking import all_at_once, problems
from libs.common.codes.industry import is_division_or_section
from libs.common.codes.region import PROVINCES
from libs.common.errors import Invalid, InvalidField
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.product.terms import NUMERIC, AnswerKind, FactorBasis, FactorTable, ProductTerms, Question

NO_SCORE = "none"
BANDED = {FactorBasis.DEDUCTIBLE, FactorBasis.REVENUE, FactorBasis.SCORE}


@all_at_once
def check_rating(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    """Refuses a plan that could not price what the product offers."""
    plan = terms.rating
    codes = {part.code for part in terms.parts}
    seen: set[tuple[str, object]] = set()
    for index, rate in enumerate(plan.base_rates):
        here = f"{field}.base_rates[{index}]"
        if rate.part_code not in codes:
            yield InvalidField(field=f"{here}.part_code", problem=f"the product has no part {rate.part_code}")
        if not 0 < rate.rate <= 1:
            yield InvalidField(field=f"{here}.rate", problem="must be above 0 and at most 1")
        if (rate.part_code, rate.valid_from) in seen:
            yield InvalidField(field=here, problem="this part has a rate from that day already")
        seen.add((rate.part_code, rate.valid_from))
    if missing := codes - {rate.part_code for rate in plan.base_rates}:
        yield InvalidField(field=f"{field}.base_rates", problem=f"no rate for {', '.join(sorted(missing))}")
    if not 0 <= plan.bundle_credit_percent < 100:
        yield InvalidField(field=f"{field}.bundle_credit_percent", problem="must be from 0 to below 100")
    first: dict[str, FactorTable] = {}
    for index, table in enumerate(plan.factor_tables):
        here = f"{field}.factor_tables[{index}]"
        if (table.name, table.valid_from) in seen:
            yield InvalidField(field=here, problem="there is a table of this name from that day already")
        seen.add((table.name, table.valid_from))
        leader = first.setdefault(table.name, table)
        if (table.basis, table.question, table.part_codes) != (leader.basis, leader.question, leader.part_codes):
            yield InvalidField(field=here, problem="tables of one name look at the same thing, for the same parts")
        yield from problems(_check_table, terms, table, codes, here)


@all_at_once
def check_options(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    """Refuses tables that have no factor for an answer that may be given: such an insured could not be quoted."""
    for index, table in enumerate(terms.rating.factor_tables):
        question = terms.question(table.question) if table.basis is FactorBasis.ANSWER else None
        if question is None:
            continue
        options = ("yes", "no") if question.kind is AnswerKind.YES_NO else question.options
        keys = {row.key for row in table.rows}
        if missing := [option for option in options if option not in keys]:
            problem = f"have no factor for {', '.join(missing)}, which {question.code} may be answered with"
            yield InvalidField(field=f"{field}.rating.factor_tables[{index}].rows", problem=problem)


@all_at_once
def _check_table(terms: ProductTerms, table: FactorTable, codes: set[str], field: str) -> Iterator[Invalid]:
    for index, code in enumerate(table.part_codes):
        if code not in codes:
            yield InvalidField(field=f"{field}.part_codes[{index}]", problem=f"the product has no part {code}")
    question = terms.question(table.question) if table.question else None
    if table.basis is FactorBasis.ANSWER and question is None:
        yield InvalidField(field=f"{field}.question", problem="must be a question of this product")
    if table.basis is not FactorBasis.ANSWER and table.question:
        yield InvalidField(field=f"{field}.question", problem="only a table over answers has one")
    if not table.rows:
        yield InvalidField(field=f"{field}.rows", problem="needs one line at least")
    keys: set[str] = set()
    for index, row in enumerate(table.rows):
        here = f"{field}.rows[{index}]"
        if not _fits(table, question, row.key):
            yield InvalidField(field=f"{here}.key", problem=f"{row.key!r} is no key for {table.basis}")
        if row.key in keys:
            yield InvalidField(field=f"{here}.key", problem=f"{row.key} comes twice")
        if not 0 < row.factor <= 1000:
            yield InvalidField(field=f"{here}.factor", problem="must be above 0 and at most 1000")
        keys.add(row.key)


_BAND = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")
"""The least value of a band in plain notation: `Decimal` would also read "１０", "1_0" and "1e3"."""


def _fits(table: FactorTable, question: Question | None, key: str) -> bool:
    match table.basis:
        case FactorBasis.INDUSTRY:
            return is_division_or_section(key)
        case FactorBasis.SIZE:
            return key in set(EnterpriseSize)
        case FactorBasis.REGION:
            return len(key) in (2, 4, 6) and key.isascii() and key.isdigit() and key[:2] in PROVINCES
        case FactorBasis.ANSWER if question is not None and question.kind is AnswerKind.YES_NO:
            return key in ("yes", "no")
        case FactorBasis.ANSWER if question is not None and question.kind is AnswerKind.CHOICE:
            return key in question.options
        case FactorBasis.ANSWER if question is not None and question.kind not in NUMERIC:
            return False
        case FactorBasis.SCORE | FactorBasis.CLAIM_COUNT | FactorBasis.LOSS_RATIO if key == NO_SCORE:
            return True
    return _BAND.fullmatch(key) is not None


def threshold(key: str) -> Decimal | None:
    """The least value of a band, if the key is a decimal that is not negative."""
    try:
        value = Decimal(key)
    except InvalidOperation:
        return None
    return value if value.is_finite() and value >= 0 else None
