"""What guards have left for a unit that has not been stored yet."""

from collections import Counter

from libs.common.changes import Draw, SetLimit
from libs.common.money import CNY, Money
from libs.common.unit import Unit


class Purses:
    """What is left of each guard: what the log says, less what this unit itself has drawn so far.

    The log is asked once for each guard. If others draw meanwhile, the append is refused and the plan runs again.
    """

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._looked_at = 0
        self._drawn: Counter[str] = Counter()
        self._opened: dict[str, int] = {}
        self._left: dict[str, int | None] = {}

    async def available(self, key: str) -> Money:
        """What is left now, in fen of CNY; nothing of a guard that was never opened."""
        self._look_at_new_events()
        if key not in self._left:
            self._left[key] = await self._unit.available(key)
        left = self._left[key]
        return Money(CNY, (self._opened.get(key, 0) if left is None else left) - self._drawn[key])

    def _look_at_new_events(self) -> None:
        for new in self._unit.events[self._looked_at :]:
            for change in new.guards:
                match change:
                    case SetLimit(key=key, limit=limit):
                        self._opened[key] = limit
                    case Draw(key=key, amount=amount):
                        self._drawn[key] += amount
        self._looked_at = len(self._unit.events)
