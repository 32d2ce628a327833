"""What can happen as often as somebody else likes is told, but not each time."""

import logging
from time import monotonic

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0


class Seldom:
    """Writes at most one line in so many seconds; it says how many were left out since the line before."""

    def __init__(self, seconds: float = EVERY_SECONDS) -> None:
        self._seconds = seconds
        self._told_at = float("-inf")
        self._untold = 0

    def warning(self, text: str, *values: object) -> None:
        """Writes the line, or only counts it."""
        if monotonic() - self._told_at < self._seconds:
            self._untold += 1
            return
        more = f" ({self._untold} more like this before)" if self._untold else ""
        self._told_at, self._untold = monotonic(), 0
        log.warning(text + "%s", *values, more)
