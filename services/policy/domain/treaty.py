"""A quota share treaty: what part of the insurer's own share goes to a reinsurer, and for which policies."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from libs.common.dates import Period
from libs.common.errors import InvalidField
from libs.common.events import event
from services.policy.domain.errors import TreatyNotInForce


@event("policy.TreatyCreated")
class TreatyCreated:
    treaty_key: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal
    period: Period


@dataclass(frozen=True)
class Treaty:
    """It takes policies by their inception, and keeps them for their whole term."""

    KIND: ClassVar[str] = "policy.Treaty"

    treaty_key: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal
    period: Period

    @staticmethod
    def create(
        treaty_key: str,
        reinsurer_id: str,
        percent: Decimal,
        commission_percent: Decimal,
        starts_on: date,
        ends_on: date,
    ) -> list[TreatyCreated]:
        if not 0 < percent <= 100:
            raise InvalidField(field="percent", problem="must be above 0 and at most 100")
        if not 0 <= commission_percent <= 100:
            raise InvalidField(field="commission_percent", problem="must be from 0 to 100")
        if ends_on <= starts_on:
            raise InvalidField(field="ends_on", problem="must be after starts_on")
        return [
            TreatyCreated(
                treaty_key=treaty_key,
                reinsurer_id=reinsurer_id,
                percent=percent,
                commission_percent=commission_percent,
                period=Period(starts_on, ends_on),
            )
        ]

    def takes(self, inception: date) -> None:
        """Refuses a policy that does not begin in the treaty's period."""
        if inception not in self.period:
            raise TreatyNotInForce(
                treaty_key=self.treaty_key,
                starts_on=self.period.inception,
                ends_on=self.period.expiry,
                inception=inception,
            )

    @classmethod
    def begin(cls, event: TreatyCreated) -> Self:
        return cls(event.treaty_key, event.reinsurer_id, event.percent, event.commission_percent, event.period)

    def evolve(self, event: TreatyCreated) -> "Treaty":
        return Treaty.begin(event)
