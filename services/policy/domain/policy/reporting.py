"""Extended reporting: until when after the end of cover a claim may be reported for a claims-made part.

The product fixes days for each part. Who did not pay has none. A longer time may be bought once cover has ended, while
claims can still be reported.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

from libs.common.dates import add_days
from services.policy.domain.cover import PartTerms
from services.policy.domain.policy.charge import Terms
from services.policy.domain.policy.charged import Charged
from services.policy.domain.policy.life import NON_PAYMENT, ReportingExtended
from services.policy.domain.policy.life_errors import (
    CoverNotEnded,
    ExtendedReportingOver,
    ExtensionNotOffered,
    NoExtendedReporting,
    ReportingExtendedAlready,
)
from services.policy.domain.policy.lifeline import Charge
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import PolicyStatus, Segment, TransactionKind
from services.policy.domain.product.terms import DatedRate, ProductTerms, ReportingExtension, Trigger


def promised_segments(policy: Policy) -> tuple[Segment, ...]:
    """The timeline with the days of extended reporting as they are now; what others are told."""
    if not _unpaid(policy) and not policy.life.extended_days:
        return policy.segments
    return tuple(
        replace(segment, parts=tuple(_promised(policy, part) for part in segment.parts)) for segment in policy.segments
    )


def reported_until(policy: Policy) -> dict[str, date]:
    """For each claims-made part that was covered to the end, the first day on which it is too late."""
    if policy.status is PolicyStatus.IN_FORCE or not policy.segments:
        return {}
    last = promised_segments(policy)[-1]
    return {
        part.code: add_days(last.end, part.extended_reporting_days)
        for part in last.parts
        if part.trigger is Trigger.CLAIMS_MADE
    }


def extend_reporting(
    policy: Policy, terms: ProductTerms, days: int, today: date, at: datetime
) -> list[ReportingExtended]:
    if policy.life.extended_days == days:
        return []
    if policy.life.extended_days:
        raise ReportingExtendedAlready(days=policy.life.extended_days)
    if policy.status is PolicyStatus.IN_FORCE:
        raise CoverNotEnded(status=policy.status)
    if _unpaid(policy):
        raise NoExtendedReporting(why="cover ended because premium was not paid")
    until = reported_until(policy)
    if not until:
        raise NoExtendedReporting(why="no claims-made part was covered to the end")
    if today >= max(until.values()):
        raise ExtendedReportingOver(until=max(until.values()))
    extension = next((each for each in terms.reporting_extensions if each.days == days), None)
    if extension is None:
        offered = ", ".join(str(each.days) for each in terms.reporting_extensions) or "none"
        raise ExtensionNotOffered(days=days, offered=offered)
    return [_extended(policy, extension, terms.vat_rates, at)]


def _extended(
    policy: Policy, extension: ReportingExtension, vat_rates: Sequence[DatedRate], at: datetime
) -> ReportingExtended:
    last = policy.segments[-1]
    rate = Fraction(extension.premium_percent) / 100
    deltas = {part.code: part.annual_premium.times(rate) for part in last.parts if part.trigger is Trigger.CLAIMS_MADE}
    charged = Charged(policy.bound, policy.transactions, at, vat_rates)
    charged.add(Charge(TransactionKind.EXTEND_REPORTING, last.end, deltas, Terms(last.parts, last.parts)))
    (transaction,) = charged.raised()
    return ReportingExtended(days=extension.days, transaction=transaction)


def _promised(policy: Policy, part: PartTerms) -> PartTerms:
    if part.trigger is not Trigger.CLAIMS_MADE:
        return part
    days = 0 if _unpaid(policy) else max(part.extended_reporting_days, policy.life.extended_days)
    return replace(part, extended_reporting_days=days)


def _unpaid(policy: Policy) -> bool:
    return policy.cancellation is not None and policy.cancellation.reason == NON_PAYMENT
