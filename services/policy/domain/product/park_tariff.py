"""By which tariff the master and the members of a park policy (园区保) are rated, and which park terms make sense.

The master is free of charge: it only holds the terms and the aggregate that its members share. Each member is rated
as any insured is, by the same plan, with its own industry, size, region, revenue and answers; its parts are those for
which the product gives a range of sub-limits.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField
from libs.common.money import CNY, Money
from services.policy.domain.product.terms import BaseRate, ProductLine, ProductTerms

MOST_MEMBERS = 100_000


def master_tariff(terms: ProductTerms) -> ProductTerms:
    """The terms by which a contract itself is rated; those of a master charge nothing."""
    if terms.park is None:
        return terms
    free = tuple(BaseRate(part.code, Decimal(0), date.min) for part in terms.parts)
    rating = replace(terms.rating, base_rates=free, factor_tables=(), bundle_credit_percent=Decimal(0))
    return replace(terms, rating=rating, minimum_premium=terms.minimum_premium.zero())


def member_terms(terms: ProductTerms) -> ProductTerms:
    """The terms by which a member is covered and rated: the parts it may have, within its range of sub-limits."""
    ranges = {each.part_code: each for each in terms.park.sub_limits} if terms.park else {}
    parts = tuple(
        replace(part, minimum_limit=ranges[part.code].minimum, maximum_limit=ranges[part.code].maximum)
        for part in terms.parts
        if part.code in ranges
    )
    return replace(terms, parts=parts, park=None)


@all_at_once
def check_park(terms: ProductTerms, field: str) -> Iterator[Invalid]:
    """Refuses park terms without a park product, a park product without them, and ranges that nobody could choose."""
    if (terms.line is ProductLine.PARK) != (terms.park is not None):
        yield InvalidField(field=f"{field}.park", problem="is for park products, and needed for each of them")
    if terms.park is None:
        return
    if not terms.park.sub_limits:
        yield InvalidField(field=f"{field}.park.sub_limits", problem="needs one part at least")
    if not 1 <= terms.park.minimum_members <= MOST_MEMBERS:
        yield InvalidField(field=f"{field}.park.minimum_members", problem=f"must be from 1 to {MOST_MEMBERS}")
    codes = [each.part_code for each in terms.park.sub_limits]
    for index, each in enumerate(terms.park.sub_limits):
        here, part = f"{field}.park.sub_limits[{index}]", terms.part(each.part_code)
        if part is None:
            yield InvalidField(field=f"{here}.part_code", problem=f"the product has no part {each.part_code}")
            continue
        if each.part_code in codes[:index]:
            yield InvalidField(field=f"{here}.part_code", problem=f"{each.part_code} comes twice")
        if part.sub_limit_parent and part.sub_limit_parent not in codes:
            yield InvalidField(field=f"{here}.part_code", problem=f"needs {part.sub_limit_parent} among them too")
        yield from problems(_check_range, here, each.minimum, each.maximum, part.maximum_limit)


@all_at_once
def _check_range(field: str, least: Money, most: Money, limit: Money) -> Iterator[Invalid]:
    foreign = [name for name, amount in (("minimum", least), ("maximum", most)) if amount.currency != CNY]
    for name in foreign:
        yield InvalidField(field=f"{field}.{name}.currency_code", problem=f"must be {CNY}")
    if least.minor_units < 1:
        yield InvalidField(field=f"{field}.minimum", problem="must be positive")
    if not foreign and limit.currency == CNY and not least <= most <= limit:
        yield InvalidField(field=f"{field}.maximum", problem="must be from the minimum to the part's highest limit")
