"""A facultative placement: one reinsurer's part of one risk, agreed on its own: offered, then accepted.

It is placed for a submission, which becomes one policy at most, and taken along when that is bound.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.errors import (
    FacultativeAcceptedOtherwise,
    FacultativeForOther,
    FacultativeNotAccepted,
    FacultativeOfferExpired,
)
from services.policy.domain.policy.cession import HUNDRED, Cession, CessionKind, Reinsurer
from services.policy.domain.product.checks import check_money


@dataclass(frozen=True)
class Slip:
    """What is offered: a percent of the lead's share, or of the layer of it that begins at `attachment`."""

    submission_id: str
    reinsurer_id: str
    percent: Decimal
    commission_percent: Decimal
    valid_until: date
    attachment: Money | None = None
    layer: Money | None = None


@event("policy.FacultativeOffered")
class FacultativeOffered:
    facultative_key: str
    slip: Slip
    offered_on: date


@event("policy.FacultativeAccepted")
class FacultativeAccepted:
    """The reinsurer signed, under a reference of its own."""

    reference: str
    accepted_on: date


FacultativeEvent = FacultativeOffered | FacultativeAccepted


@dataclass(frozen=True)
class Facultative:
    KIND: ClassVar[str] = "policy.Facultative"

    facultative_key: str
    slip: Slip
    offered_on: date
    accepted_on: date | None = None
    reference: str = ""

    @staticmethod
    def offer(facultative_key: str, slip: Slip, today: date) -> list[FacultativeOffered]:
        if not slip.reinsurer_id.strip():
            raise InvalidField(field="reinsurer_id", problem="is blank")
        if not 0 < slip.percent <= HUNDRED:
            raise InvalidField(field="percent", problem="must be above 0 and at most 100")
        if not 0 <= slip.commission_percent <= HUNDRED:
            raise InvalidField(field="commission_percent", problem="must be from 0 to 100")
        if slip.valid_until < today:
            raise InvalidField(field="valid_until", problem="must not be in the past")
        if slip.layer is not None:
            check_money("layer", slip.layer, 1)
        if slip.attachment is not None:
            check_money("attachment", slip.attachment)
            if slip.layer is None:
                raise InvalidField(field="layer", problem="is missing beside attachment")
        return [FacultativeOffered(facultative_key=facultative_key, slip=slip, offered_on=today)]

    def accept(self, reference: str, on: date) -> list[FacultativeAccepted]:
        if self.accepted_on is not None:
            if reference == self.reference:
                return []
            raise FacultativeAcceptedOtherwise(accepted_on=self.accepted_on, reference=self.reference)
        if on > self.slip.valid_until:
            raise FacultativeOfferExpired(valid_until=self.slip.valid_until)
        return [FacultativeAccepted(reference=reference, accepted_on=on)]

    def cession(self, facultative_id: str, submission_id: str) -> Cession:
        """What the policy of a submission keeps of it."""
        if self.slip.submission_id != submission_id:
            raise FacultativeForOther(facultative_id=facultative_id, submission_id=self.slip.submission_id)
        if self.accepted_on is None:
            raise FacultativeNotAccepted(facultative_id=facultative_id, reinsurer_id=self.slip.reinsurer_id)
        return Cession(
            kind=CessionKind.FACULTATIVE,
            source_id=facultative_id,
            reinsurers=(Reinsurer(self.slip.reinsurer_id, HUNDRED),),
            commission_percent=self.slip.commission_percent,
            percent=self.slip.percent,
            attachment=self.slip.attachment,
            layer=self.slip.layer,
        )

    @classmethod
    def begin(cls, event: FacultativeOffered) -> Self:
        return cls(event.facultative_key, event.slip, event.offered_on)

    def evolve(self, event: FacultativeEvent) -> "Facultative":
        match event:
            case FacultativeOffered():
                return Facultative.begin(event)
            case FacultativeAccepted():
                return replace(self, accepted_on=event.accepted_on, reference=event.reference)
