"""A treaty: what part of the insurer's own share goes to its reinsurers, and of which policies."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from libs.common.dates import Period
from libs.common.events import event
from services.policy.domain.errors import LineNotCovered, TreatyNotInForce, TreatyTerminated
from services.policy.domain.policy.cession import HUNDRED, Cession, Reinsurer
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.treaty.terms import PLAIN, TreatyTerms, check_termination, check_treaty


@event("policy.TreatyCreated")
class TreatyCreated:
    """`reinsurer_id` is empty for a panel, `percent` zero for a surplus."""

    treaty_key: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal
    period: Period
    terms: TreatyTerms = PLAIN


@event("policy.TreatyEnded")
class TreatyEnded:
    """It takes no policy that begins on this day or later; what it took stays with it to its expiry."""

    ended_on: date
    reason: str


TreatyEvent = TreatyCreated | TreatyEnded


@dataclass(frozen=True)
class Treaty:
    """It takes policies by their inception, and keeps them for their whole term."""

    KIND: ClassVar[str] = "policy.Treaty"

    treaty_key: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal
    period: Period
    terms: TreatyTerms = PLAIN
    ended_on: date | None = None
    end_reason: str = ""

    @staticmethod
    def create(
        treaty_key: str,
        reinsurer_id: str,
        percent: Decimal,
        commission_percent: Decimal,
        starts_on: date,
        ends_on: date,
        terms: TreatyTerms = PLAIN,
    ) -> list[TreatyCreated]:
        check_treaty(reinsurer_id, percent, commission_percent, starts_on, ends_on, terms)
        return [
            TreatyCreated(
                treaty_key=treaty_key,
                reinsurer_id=reinsurer_id,
                percent=percent,
                commission_percent=commission_percent,
                period=Period(starts_on, ends_on),
                terms=terms,
            )
        ]

    def terminate(self, on: date, reason: str) -> list[TreatyEnded]:
        if (self.ended_on, self.end_reason) == (on, reason):
            return []
        if self.ended_on is not None:
            raise TreatyTerminated(treaty_key=self.treaty_key, terminated_on=self.ended_on)
        check_termination(self.period, on)
        return [TreatyEnded(ended_on=on, reason=reason)]

    @property
    def reinsurers(self) -> tuple[Reinsurer, ...]:
        """The panel; a sole reinsurer takes all."""
        return self.terms.reinsurers or (Reinsurer(self.reinsurer_id, HUNDRED),)

    def takes(self, inception: date, line: ProductLine) -> None:
        """Refuses a policy that does not begin in the treaty's period, or is of another line."""
        if inception not in self.period:
            raise TreatyNotInForce(
                treaty_key=self.treaty_key,
                starts_on=self.period.inception,
                ends_on=self.period.expiry,
                inception=inception,
            )
        if self.ended_on is not None and inception >= self.ended_on:
            raise TreatyTerminated(treaty_key=self.treaty_key, terminated_on=self.ended_on)
        lines = self.terms.product_lines
        if lines and line not in lines:
            raise LineNotCovered(treaty_key=self.treaty_key, line=line, lines=", ".join(lines))

    def cession(self, treaty_id: str) -> Cession:
        """What a policy keeps of it."""
        return Cession(
            kind=self.terms.kind,
            source_id=treaty_id,
            reinsurers=self.reinsurers,
            commission_percent=self.commission_percent,
            percent=self.percent,
            retention=self.terms.retention,
            line_count=self.terms.line_count,
            capacity=self.terms.capacity,
        )

    @classmethod
    def begin(cls, event: TreatyCreated) -> Self:
        return cls(
            event.treaty_key, event.reinsurer_id, event.percent, event.commission_percent, event.period, event.terms
        )

    def evolve(self, event: TreatyEvent) -> "Treaty":
        match event:
            case TreatyCreated():
                return Treaty.begin(event)
            case TreatyEnded():
                return replace(self, ended_on=event.ended_on, end_reason=event.reason)
