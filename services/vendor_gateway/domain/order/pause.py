"""A pause of an order's work: who asked for it, since when its clocks stand, and until when they may."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Pause:
    """Work that waits. Its clocks stand since `stands_since`, or run all the same if that is None.

    A vendor's pause draws on the order's allowance since `drawn_since`, until it is used up at `allowed_until` or the
    insurer consents. Both are None for a pause that draws on nothing.
    """

    reason: str
    since: datetime
    by_insurer: bool
    stands_since: datetime | None
    drawn_since: datetime | None = None
    allowed_until: datetime | None = None
    consented_by: str = ""

    @classmethod
    def begin(cls, reason: str, since: datetime, by_insurer: bool, allowed_until: datetime | None) -> "Pause":
        drawn_since = None if allowed_until is None else since
        return cls(reason, since, by_insurer, since, drawn_since=drawn_since, allowed_until=allowed_until)

    def drawn(self, until: datetime) -> timedelta:
        """What the pause draws on the allowance from where it was last reckoned."""
        return timedelta() if self.drawn_since is None else until - self.drawn_since

    def stood(self, until: datetime) -> timedelta:
        """How long the clocks have stood, as far as no deadline was moved for it yet."""
        return timedelta() if self.stands_since is None else until - self.stands_since

    @property
    def is_bounded(self) -> bool:
        """Whether the clocks run again by themselves."""
        return self.drawn_since is not None

    def used_up(self) -> "Pause":
        return replace(self, stands_since=None, drawn_since=None)

    def consented(self, by: str, at: datetime) -> "Pause":
        return replace(self, stands_since=self.stands_since or at, drawn_since=None, consented_by=by)
