"""What one movement of premium means for everybody: tax, co-insurers, reinsurers.

VAT (see `vat`) and stamp duty are rounded half up once for each movement. Stamp duty follows every change of the
contract's amount: more is due on an increase, and a decrease gives a claim to refund or set-off (Stamp Tax Law;
Announcement 22 of 2022 of the Ministry of Finance and the State Taxation Administration). The co-insurers' parts sum to
the whole by largest remainders; the reinsurers' are fractions of the lead's part (see `cession`).

An endorsement that moves limits can move the fractions. Then a cession gets its new fraction of the movement, and the
difference of the fractions of the lead's premium for the days that remain: from that day on it has borne, and is paid
for, its new fraction of everything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from libs.common.money import Money, total
from services.policy.domain.cover import PartTerms
from services.policy.domain.errors import LeadIsNotTenant, SharesNotWhole
from services.policy.domain.policy.cession import (
    HUNDRED,
    CededAmount,
    Cession,
    CessionKind,
    Exposure,
    Reinsurer,
    divide,
    fractions,
)
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.values import (
    InsurerAmount,
    PartAmount,
    QuotaShare,
    Share,
    Taxed,
    Transaction,
    TransactionKind,
)
from services.policy.domain.rating import check_bookable


@dataclass(frozen=True)
class Terms:
    """The terms on both sides of a movement, and the part of the term for which those after it hold."""

    before: Sequence[PartTerms]
    after: Sequence[PartTerms]
    remaining: Fraction = Fraction(0)


@dataclass(frozen=True)
class Charging:
    """How the premium of one policy is taxed and divided."""

    vat_rate: Decimal
    stamp_duty_rate: Decimal
    shares: tuple[Share, ...]
    cessions: tuple[Cession, ...]
    exposure: Exposure

    @classmethod
    def of(cls, bound: Bound) -> "Charging":
        exposure = exposure_of(bound.shares, bound.aggregate_cap)
        return cls(bound.vat_rate, bound.stamp_duty_rate, bound.shares, cessions_of(bound), exposure)

    def transaction(
        self,
        number: int,
        kind: TransactionKind,
        effective_date: date,
        recorded_at: datetime,
        deltas: Mapping[str, Money],
        terms: Terms,
        endorsement: int = 0,
        refers_to: int = 0,
        taxed: tuple[Taxed, ...] = (),
    ) -> Transaction:
        """The movement that these changes of premium by part make; `taxed` as `vat` reckons it."""
        net = total(deltas.values())
        vat = total(piece.vat for piece in taxed) if taxed else net.times(self.vat_rate)
        divided = net.allocate([share.percent for share in self.shares])
        own = next(amount for share, amount in zip(self.shares, divided, strict=True) if share.lead)
        cessions = self._ceded(own, terms)
        return Transaction(
            number=number,
            kind=kind,
            effective_date=effective_date,
            recorded_at=recorded_at,
            parts=tuple(PartAmount(code, amount) for code, amount in deltas.items() if amount),
            net=net,
            vat=vat,
            stamp_duty=net.times(self.stamp_duty_rate),
            shares=tuple(
                InsurerAmount(share.insurer_id, amount) for share, amount in zip(self.shares, divided, strict=True)
            ),
            ceded=total(each.ceded for each in cessions),
            ceding_commission=total(each.commission for each in cessions),
            endorsement=endorsement,
            refers_to=refers_to,
            cessions=cessions,
            taxed=taxed,
        )

    def _ceded(self, own: Money, terms: Terms) -> tuple[CededAmount, ...]:
        if not self.cessions:
            return ()
        before = fractions(self.cessions, self.exposure.of(terms.before))
        after = fractions(self.cessions, self.exposure.of(terms.after))
        annual = total(part.annual_premium for part in terms.before).minor_units
        running = annual * Fraction(self.exposure.lead_percent) / 100 * terms.remaining
        exact = [new * own.minor_units + (new - old) * running for old, new in zip(before, after, strict=True)]
        return divide(self.cessions, exact, after)


def bookable(so_far: Iterable[Transaction], made: Iterable[Transaction]) -> tuple[Transaction, ...]:
    """What a command has made; refused if it raises the premium of the term, with VAT, above what is booked.

    The premium of the term has to fit: then every movement, invoice, instalment and share does, and so does the return
    premium of an end of cover, whose own movement is never refused for its size.
    """
    made = tuple(made)
    if _gross(made).minor_units > 0:
        check_bookable(_gross((*so_far, *made)))
    return made


def _gross(transactions: Iterable[Transaction]) -> Money:
    return total(amount for each in transactions for amount in (each.net, each.vat))


def opposite(live: Transaction, number: int, at: datetime) -> Transaction:
    """The movement that takes back another one, to the last fen of tax, share and cession."""
    return replace(
        live,
        number=number,
        kind=TransactionKind.REVERSE,
        recorded_at=at,
        parts=tuple(PartAmount(part.part_code, -part.amount) for part in live.parts),
        net=-live.net,
        vat=-live.vat,
        stamp_duty=-live.stamp_duty,
        shares=tuple(InsurerAmount(share.insurer_id, -share.amount) for share in live.shares),
        ceded=-live.ceded,
        ceding_commission=-live.ceding_commission,
        refers_to=live.number,
        cessions=tuple(each.opposite() for each in live.cessions),
        taxed=tuple(
            Taxed(piece.rate, tuple(PartAmount(part.part_code, -part.amount) for part in piece.parts), -piece.vat)
            for piece in live.taxed
        ),
    )


def cessions_of(bound: Bound) -> tuple[Cession, ...]:
    """All that the policy cedes; a sole quota share too, which the contract keeps in a form of its own."""
    return bound.cessions if bound.quota_share is None else (as_cession(bound.quota_share),)


def as_cession(quota: QuotaShare) -> Cession:
    return Cession(
        kind=CessionKind.QUOTA_SHARE,
        source_id=quota.treaty_id,
        reinsurers=(Reinsurer(quota.reinsurer_id, HUNDRED),),
        commission_percent=quota.commission_percent,
        percent=quota.percent,
    )


def exposure_of(shares: Sequence[Share], cap: Money | None) -> Exposure:
    return Exposure(next(share.percent for share in shares if share.lead), cap)


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
