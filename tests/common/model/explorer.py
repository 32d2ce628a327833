"""Explores every state that a model can reach, and whether each can still come to rest.

A model is a start, a function from a state to its next states with the name of each step, a rule that every state must
keep, and what it means that everything is at rest. The shortest way to a broken rule is told step by step.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)
MOST = 400_000


@dataclass(frozen=True)
class Finding:
    """What is wrong, and the steps that lead there."""

    problem: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Explored:
    """How many states there are, and the first thing found wrong with them."""

    states: int
    finding: Finding | None


@dataclass(frozen=True)
class Model(Generic[S]):
    start: S
    steps: Callable[[S], Iterable[tuple[str, S]]]
    broken: Callable[[S], str]
    """The rule that a state breaks, in words; empty if it keeps them all."""
    at_rest: Callable[[S], bool]


def explore(model: Model[S]) -> Explored:
    """Breadth first, so that what is found is found by the shortest way."""
    came_from: dict[S, tuple[S, str] | None] = {model.start: None}
    before: dict[S, list[S]] = {}
    waiting = deque([model.start])
    while waiting:
        state = waiting.popleft()
        if problem := model.broken(state):
            return Explored(len(came_from), Finding(problem, _way(came_from, state)))
        for name, following in model.steps(state):
            before.setdefault(following, []).append(state)
            if following not in came_from:
                came_from[following] = (state, name)
                waiting.append(following)
        if len(came_from) > MOST:
            raise OverflowError(f"the model has more than {MOST} states")
    stuck = _never_at_rest(model, came_from, before)
    finding = None if stuck is None else Finding("it never comes to rest", _way(came_from, stuck))
    return Explored(len(came_from), finding)


def _never_at_rest(model: Model[S], states: Iterable[S], before: dict[S, list[S]]) -> S | None:
    """The first state from which no steps lead to rest."""
    good = {state for state in states if model.at_rest(state)}
    waiting = deque(good)
    while waiting:
        for earlier in before.get(waiting.popleft(), ()):
            if earlier not in good:
                good.add(earlier)
                waiting.append(earlier)
    return next((state for state in states if state not in good), None)


def _way(came_from: dict[S, tuple[S, str] | None], state: S) -> tuple[str, ...]:
    names: list[str] = []
    while (step := came_from[state]) is not None:
        state, name = step
        names.append(name)
    return tuple(reversed(names))
