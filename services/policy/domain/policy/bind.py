"""How a quote becomes a policy: the contract takes over all that it will ever need."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from libs.common.dates import date_in_shanghai
from libs.common.money import Money
from services.policy.domain.policy.ceding import check_cessions, sole_quota_share
from services.policy.domain.policy.cession import Cession
from services.policy.domain.policy.charge import Charging, Terms, bookable, check_shares, exposure_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.number import policy_number
from services.policy.domain.policy.values import CriticalSystem, Share, TransactionKind
from services.policy.domain.product.product import ProductVersion
from services.policy.domain.product.terms import ProductTerms, ServiceEntitlement, ServicePhase
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredSystem, Quote


def bind_policy(
    policy_id: UUID,
    submission_id: UUID,
    submission: Submission,
    quote_number: int,
    version: ProductVersion,
    shares: Sequence[Share],
    cessions: Sequence[Cession],
    tenant: str,
    at: datetime,
) -> list[Bound]:
    """The contract that an accepted quote makes; the submission's own decision to bind comes with it."""
    quote, asked, terms = submission.quote_number(quote_number), submission.asked, version.terms
    worksheet = quote.worksheet
    charging = _charging(quote, check_shares(shares, tenant), asked.aggregate_limit, cessions)
    deltas = {part.code: part.annual_premium for part in quote.parts}
    transaction = charging.transaction(
        1, TransactionKind.BIND, asked.period.inception, at, deltas, Terms(quote.parts, quote.parts)
    )
    sole = sole_quota_share(charging.cessions)
    return [
        Bound(
            policy_number=policy_number(policy_id, asked.period.inception),
            submission_id=str(submission_id),
            quote_number=quote_number,
            bound_on=date_in_shanghai(at),
            insured=asked.insured,
            line=terms.line,
            product_id=asked.product_id,
            product_version=version.number,
            period=asked.period,
            cover=quote.cover,
            parts=quote.parts,
            aggregate_cap=asked.aggregate_limit,
            shares=charging.shares,
            quota_share=sole,
            entitlements=promised(terms, asked.bundled_services, asked.is_critical),
            subsidy_classes=terms.subsidy_classes,
            exclusions=terms.exclusions,
            cancellation_rule=terms.cancellation,
            vat_rate=worksheet.vat_rate,
            stamp_duty_rate=worksheet.stamp_duty_rate,
            transaction=bookable((), [transaction])[0],
            cessions=() if sole else charging.cessions,
            renews=submission.renewal.policy_id if submission.renewal else "",
            critical_systems=_critical(asked.systems),
        )
    ]


def _critical(systems: Sequence[DeclaredSystem]) -> tuple[CriticalSystem, ...]:
    """The systems that were declared critical information infrastructure."""
    return tuple(
        CriticalSystem(each.name, each.protecting_department) for each in systems if each.critical_infrastructure
    )


def promised(terms: ProductTerms, bundled: bool, critical: bool) -> tuple[ServiceEntitlement, ...]:
    """The services of the term: the mandatory ones, and the others if they were asked for."""
    return tuple(
        service.promised_to(critical)
        for service in terms.entitlements
        if service.phase is not ServicePhase.PRE_BIND and (service.mandatory or bundled)
    )


def _charging(quote: Quote, shares: tuple[Share, ...], cap: Money | None, chosen: Sequence[Cession]) -> Charging:
    """How the premium will be taxed and divided; refuses cessions that can't apply."""
    exposure = exposure_of(shares, cap)
    ordered = check_cessions(chosen, exposure.of(quote.parts))
    worksheet = quote.worksheet
    return Charging(worksheet.vat_rate, worksheet.stamp_duty_rate, shares, ordered, exposure)
