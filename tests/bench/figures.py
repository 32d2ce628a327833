"""What a benchmark gives: a ratio of ours to a reference that was measured in the same run, round by round."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

Side = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Size:
    """How long and how large a run is."""

    rounds: int
    seconds: float
    events: int
    long_stream: int
    small_log: int
    times_as_long: int


FULL = Size(rounds=5, seconds=4.0, events=20_000, long_stream=10_000, small_log=2_000, times_as_long=1_000)
QUICK = Size(rounds=1, seconds=0.5, events=600, long_stream=500, small_log=200, times_as_long=20)


@dataclass(frozen=True)
class Goal:
    """The bound of a ratio."""

    value: float
    at_least: bool

    def met(self, ratio: float) -> bool:
        return ratio >= self.value if self.at_least else ratio <= self.value

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.value:g}"


@dataclass
class Figure:
    """Both sides of one key, a value for each round."""

    unit: str
    ours: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: what disturbs a whole round disturbs both of its sides."""
        return median(ours / reference for ours, reference in zip(self.ours, self.reference, strict=True))


async def alternate(figure: Figure, rounds: int, ours: Side, reference: Side) -> Figure:
    """Measures both sides in turn; every other round begins with the other side."""
    for number in range(rounds):
        if number % 2:
            figure.reference.append(await reference())
            figure.ours.append(await ours())
        else:
            figure.ours.append(await ours())
            figure.reference.append(await reference())
    return figure
