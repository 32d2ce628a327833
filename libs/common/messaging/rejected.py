"""What was brought in an upstream's name and not believed: how many, the last one's fault, and when that was."""

from datetime import UTC, datetime

from libs.common import telemetry
from libs.common.messaging.seldom import Seldom


class Rejected:
    """Counts for one upstream, since this process began. Told in the log, but not as often as somebody else likes."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._seldom = Seldom()
        self.count = 0
        self.reason = ""
        self.at: datetime | None = None
        """When the last one came, in real time."""

    def note(self, reason: str) -> None:
        """One more, and why it is not believed."""
        self.count += 1
        self.reason, self.at = reason, datetime.now(UTC)
        telemetry.REJECTED.add(1, {"upstream": self._upstream, "reason": reason})
        self._seldom.warning("an announcement in the name of %s is not believed: %s", self._upstream, reason)
