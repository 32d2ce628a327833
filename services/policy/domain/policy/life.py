"""What can happen to a policy after it was bound besides endorsements: it lapses, comes back, is renewed, reported on.

`Life` is what a policy remembers of that.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.policy.values import Cancellation, Segment, Transaction

NON_PAYMENT = "NON_PAYMENT"
"""The reason of a lapse, and of a cancellation that gives no extended reporting."""
PREMIUM_PAID = "PREMIUM_PAID"
"""The reason of a reinstatement by which a payment cured a lapse."""
PAID_IN_TIME = "PREMIUM_PAID_IN_TIME"
"""The reason of a reinstatement because the money had been there before grace ended, which became known later."""
BY_PAYMENT = (PREMIUM_PAID, PAID_IN_TIME)
"""The reasons of reinstatements that nobody decided."""


@dataclass(frozen=True)
class NoKnownLosses:
    """The insured's signed word that it knows of no loss since cover ended."""

    reference: str
    sha256: str
    signed_on: date


@dataclass(frozen=True)
class Reinstatement:
    """From the day on which cover ended there is no cover until `effective_date`: no day, if both are the same."""

    ended_on: date
    effective_date: date
    recorded_at: datetime
    reason: str
    statement: NoKnownLosses | None

    @property
    def has_gap(self) -> bool:
        return self.effective_date > self.ended_on


@dataclass(frozen=True)
class Lapse:
    """`cured_by` is what has to have come in, all in all and gross of VAT, with value dates to `cure_until`.

    Less than `tolerance` may be missing of it. `grace_expired_on` is the first day without grace, on which cover ended
    unless it had not begun by then; None of lapses of before, which ended it on that day.
    """

    effective_date: date
    outstanding: Money
    cure_until: date | None
    cured_by: Money
    grace_expired_on: date | None = None
    tolerance: Money | None = None

    @property
    def ground(self) -> date:
        """The first day without grace."""
        return self.grace_expired_on or self.effective_date

    def is_cured_by(self, received: Money) -> bool:
        missing = self.cured_by - received
        return missing.minor_units <= 0 or (self.tolerance is not None and missing < self.tolerance)


@dataclass(frozen=True)
class Interruption:
    """Days of the term without cover: from a cancellation to before the day on which cover began again."""

    cancellation: Cancellation
    reinstated_from: date


@dataclass(frozen=True)
class Ending:
    """What the cancellation or lapse that holds now has moved, and the timeline that it cut."""

    transactions: tuple[Transaction, ...]
    segments: tuple[Segment, ...]


@event("policy.Lapsed")
class Lapsed:
    """Grace was over and premium missing: cover ended on the first day without grace, or never began."""

    lapse: Lapse
    cancellation: Cancellation
    transactions: tuple[Transaction, ...]
    segments: tuple[Segment, ...]


@event("policy.Reinstated")
class Reinstated:
    reinstatement: Reinstatement
    transactions: tuple[Transaction, ...]
    segments: tuple[Segment, ...]


@event("policy.ReportingExtended")
class ReportingExtended:
    """Claims may be reported for so many days from the end of cover."""

    days: int
    transaction: Transaction


@event("policy.Renewed")
class Renewed:
    """Another policy goes on from this one."""

    policy_id: str
    policy_number: str
    inception: date
    continuous: bool


LifeEvent = Lapsed | Reinstated | ReportingExtended | Renewed


@dataclass(frozen=True)
class Life:
    ending: Ending | None = None
    lapse: Lapse | None = None
    last_lapsed_on: date | None = None
    interruptions: tuple[Interruption, ...] = ()
    reinstatements: tuple[Reinstatement, ...] = ()
    extended_days: int = 0
    renewed_by: str = ""

    @property
    def decided_on(self) -> datetime | None:
        """When a person last put the policy back in force, in spite of what was owed then."""
        decided = (each.recorded_at for each in self.reinstatements if each.reason not in BY_PAYMENT)
        return max(decided, default=None)

    @property
    def covered_again_from(self) -> date | None:
        """The first day of cover after the newest gap."""
        return self.interruptions[-1].reinstated_from if self.interruptions else None

    def ended(self, transactions: tuple[Transaction, ...], segments: tuple[Segment, ...]) -> "Life":
        return replace(self, ending=Ending(transactions, segments))

    def lapsed(self, lapse: Lapse) -> "Life":
        return replace(self, lapse=lapse, last_lapsed_on=lapse.ground)

    def reinstated(self, by: Reinstatement, cancellation: Cancellation | None) -> "Life":
        gap = (Interruption(cancellation, by.effective_date),) if cancellation is not None and by.has_gap else ()
        return replace(
            self,
            ending=None,
            lapse=None,
            interruptions=(*self.interruptions, *gap),
            reinstatements=(*self.reinstatements, by),
        )


NEW = Life()
"""Of a policy that was just bound."""
