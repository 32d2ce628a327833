"""What a treaty says besides its percent and its period, and which treaties make sense."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from libs.common.dates import Period
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.policy.cession import HUNDRED, CessionKind, Reinsurer
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.naming import unique
from services.policy.domain.product.terms import ProductLine


@dataclass(frozen=True)
class TreatyTerms:
    """`reinsurers` are a panel, empty for a sole reinsurer. `capacity` is the largest sum insured of one risk that the
    treaty takes a part of, None for any; `product_lines` are the lines that it covers, none for all."""

    kind: CessionKind = CessionKind.QUOTA_SHARE
    reinsurers: tuple[Reinsurer, ...] = ()
    retention: Money | None = None
    line_count: int = 0
    capacity: Money | None = None
    product_lines: tuple[ProductLine, ...] = ()


PLAIN = TreatyTerms()
"""A quota share with one reinsurer, for every line and risk."""


def check_treaty(
    reinsurer_id: str, percent: Decimal, commission_percent: Decimal, starts_on: date, ends_on: date, terms: TreatyTerms
) -> None:
    """Refuses a treaty that makes no sense, naming the field."""
    if not 0 <= commission_percent <= HUNDRED:
        raise InvalidField(field="commission_percent", problem="must be from 0 to 100")
    if ends_on <= starts_on:
        raise InvalidField(field="ends_on", problem="must be after starts_on")
    if terms.reinsurers:
        if reinsurer_id:
            raise InvalidField(field="reinsurer_id", problem="must be empty beside a panel")
        check_panel("reinsurers", terms.reinsurers)
    elif not reinsurer_id.strip():
        raise InvalidField(field="reinsurer_id", problem="is missing")
    unique("product_lines", terms.product_lines)
    if terms.kind is CessionKind.QUOTA_SHARE:
        _check_quota_share(percent, terms)
    elif terms.kind is CessionKind.SURPLUS:
        _check_surplus(percent, terms)
    else:
        raise InvalidField(field="kind", problem="must be quota_share or surplus; facultative cessions are placed")
    if terms.capacity is not None:
        check_money("capacity", terms.capacity, 1)
        if terms.retention is not None and terms.capacity <= terms.retention:
            raise InvalidField(field="capacity", problem="must be above the retention")


def check_panel(field: str, reinsurers: Sequence[Reinsurer]) -> None:
    """Each once, each above zero, together all."""
    for index, reinsurer in enumerate(reinsurers):
        if not reinsurer.reinsurer_id.strip():
            raise InvalidField(field=f"{field}[{index}].reinsurer_id", problem="is blank")
        if reinsurer.percent <= 0:
            raise InvalidField(field=f"{field}[{index}].percent", problem="must be above 0")
    unique(field, [reinsurer.reinsurer_id for reinsurer in reinsurers])
    whole = sum((reinsurer.percent for reinsurer in reinsurers), Decimal(0))
    if whole != HUNDRED:
        raise InvalidField(field=field, problem=f"percents sum to {whole}, not to 100")


def check_termination(period: Period, on: date) -> None:
    if on not in period:
        raise InvalidField(field="terminated_on", problem=f"must be from {period.inception} to before {period.expiry}")


def _check_quota_share(percent: Decimal, terms: TreatyTerms) -> None:
    if not 0 < percent <= HUNDRED:
        raise InvalidField(field="percent", problem="must be above 0 and at most 100")
    if terms.retention is not None:
        raise InvalidField(field="retention", problem="is for a surplus treaty")
    if terms.line_count:
        raise InvalidField(field="line_count", problem="is for a surplus treaty")


def _check_surplus(percent: Decimal, terms: TreatyTerms) -> None:
    if percent:
        raise InvalidField(field="percent", problem="is for a quota share; a surplus follows the sum insured")
    if terms.retention is None:
        raise InvalidField(field="retention", problem="is missing")
    check_money("retention", terms.retention, 1)
    if terms.line_count < 1:
        raise InvalidField(field="line_count", problem="must be at least 1")
