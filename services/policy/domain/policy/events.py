"""What can happen to a policy."""

from datetime import date
from decimal import Decimal

from libs.common.dates import Period
from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.cover import Cover, PartTerms
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.policy.cession import Cession
from services.policy.domain.policy.life import LifeEvent
from services.policy.domain.policy.origin import Imported
from services.policy.domain.policy.values import (
    Cancellation,
    CriticalSystem,
    Endorsement,
    QuotaShare,
    Segment,
    Share,
    Transaction,
)
from services.policy.domain.product.terms import CancellationRule, ProductLine, ServiceEntitlement


@event("policy.Bound")
class Bound:
    """All that the contract fixes: later product versions and tariffs do not touch it; `vat_rate` is that of the
    premium at binding.

    `quota_share` is the only cession, or None; `cessions` are those of any other policy. `renews` is the id of the
    policy that it goes on from, if it is a renewal. One that was `imported` has neither submission nor quote.
    """

    policy_number: str
    submission_id: str
    quote_number: int
    bound_on: date
    insured: Enterprise
    line: ProductLine
    product_id: str
    product_version: int
    period: Period
    cover: Cover
    parts: tuple[PartTerms, ...]
    aggregate_cap: Money | None
    shares: tuple[Share, ...]
    quota_share: QuotaShare | None
    entitlements: tuple[ServiceEntitlement, ...]
    subsidy_classes: tuple[str, ...]
    exclusions: tuple[str, ...]
    cancellation_rule: CancellationRule
    vat_rate: Decimal
    stamp_duty_rate: Decimal
    transaction: Transaction
    cessions: tuple[Cession, ...] = ()
    renews: str = ""
    imported: Imported | None = None
    critical_systems: tuple[CriticalSystem, ...] = ()


@event("policy.Endorsed")
class Endorsed:
    endorsement: Endorsement
    transactions: tuple[Transaction, ...]
    segments: tuple[Segment, ...]


@event("policy.Cancelled")
class Cancelled:
    cancellation: Cancellation
    transactions: tuple[Transaction, ...]
    segments: tuple[Segment, ...]


@event("policy.Expired")
class Expired:
    expired_on: date


PolicyEvent = Bound | Endorsed | Cancelled | Expired | LifeEvent
