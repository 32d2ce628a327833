"""What one movement of premium means for everybody: tax, co-insurers, reinsurer.

VAT and stamp duty are rounded half up once for each movement. Stamp duty follows every change of the contract's
amount: more is due on an increase, and a decrease gives a claim to refund or set-off (Stamp Tax Law; Announcement 22
of 2022 of the Ministry of Finance and the State Taxation Administration). The co-insurers' parts sum to the whole by
largest remainders; the reinsurer's is a percent of the lead's part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from libs.common.money import Money, total
from services.policy.domain.errors import LeadIsNotTenant, SharesNotWhole
from services.policy.domain.policy.values import (
    InsurerAmount,
    PartAmount,
    QuotaShare,
    Share,
    Transaction,
    TransactionKind,
)

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Charging:
    """How the premium of one policy is taxed and divided."""

    vat_rate: Decimal
    stamp_duty_rate: Decimal
    shares: tuple[Share, ...]
    quota_share: QuotaShare | None

    def transaction(
        self,
        number: int,
        kind: TransactionKind,
        effective_date: date,
        recorded_at: datetime,
        deltas: Mapping[str, Money],
        endorsement: int = 0,
        refers_to: int = 0,
    ) -> Transaction:
        """The movement that these changes of premium by part make."""
        net = total(deltas.values())
        divided = net.allocate([share.percent for share in self.shares])
        own = next(amount for share, amount in zip(self.shares, divided, strict=True) if share.lead)
        ceded = own.times(_fraction(self.quota_share.percent)) if self.quota_share else net.zero()
        commission = ceded.times(_fraction(self.quota_share.commission_percent)) if self.quota_share else net.zero()
        return Transaction(
            number=number,
            kind=kind,
            effective_date=effective_date,
            recorded_at=recorded_at,
            parts=tuple(PartAmount(code, amount) for code, amount in deltas.items() if amount),
            net=net,
            vat=net.times(self.vat_rate),
            stamp_duty=net.times(self.stamp_duty_rate),
            shares=tuple(
                InsurerAmount(share.insurer_id, amount) for share, amount in zip(self.shares, divided, strict=True)
            ),
            ceded=ceded,
            ceding_commission=commission,
            endorsement=endorsement,
            refers_to=refers_to,
        )


def check_shares(shares: Sequence[Share], tenant: str, field: str = "shares") -> tuple[Share, ...]:
    """The shares of a policy: whole, each insurer once, led by the tenant; the tenant alone if none are given."""
    if not shares:
        return (Share(tenant, HUNDRED, lead=True),)
    insurers = [share.insurer_id for share in shares]
    for index, share in enumerate(shares):
        if not share.insurer_id.strip():
            raise SharesNotWhole(field=f"{field}[{index}].insurer_id", problem="is blank")
        if share.insurer_id in insurers[:index]:
            raise SharesNotWhole(field=f"{field}[{index}].insurer_id", problem="has a share already")
        if share.percent <= 0:
            raise SharesNotWhole(field=f"{field}[{index}].percent", problem="must be above 0")
    whole = sum((share.percent for share in shares), Decimal(0))
    if whole != HUNDRED:
        raise SharesNotWhole(field=field, problem=f"percents sum to {whole}, not to 100")
    leads = [share for share in shares if share.lead]
    if len(leads) != 1:
        raise SharesNotWhole(field=field, problem=f"exactly one insurer leads, not {len(leads)}")
    if leads[0].insurer_id != tenant:
        raise LeadIsNotTenant(tenant=tenant, lead=leads[0].insurer_id)
    return tuple(shares)


def _fraction(percent: Decimal) -> Fraction:
    return Fraction(percent) / 100
