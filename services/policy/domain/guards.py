"""Draws on guards: the insurer's capacity for each thing on which its insureds depend. In fen.

Reckoned from the event alone, so that a replay can prove that no capacity was ever passed.
"""

from typing import Any

from libs.common.changes import Draw, GuardChange, GuardWords, Recorded, SetLimit
from libs.common.money import CNY
from services.policy.domain.accumulation.accumulation import AccumulationCapacitySet, AccumulationOpened, Dependency
from services.policy.domain.accumulation.exposure import ExposureFollowed

WITHOUT_LIMIT = 2**62
"""The limit of a dependency for which no capacity is set: its exposure is counted all the same."""


def accumulation_key(tenant: str, dependency: Dependency) -> str:
    """The guard of one insurer's exposure to one dependency."""
    return f"accumulation:{tenant}:{dependency.key}"


def guard_words(key: str) -> GuardWords:
    """The capacity, with the dependency as it was declared."""
    _, _, kind, name = key.split(":", 3)
    return GuardWords(f"The capacity for {kind} {name}", CNY)


def draws(recorded: Recorded[Any]) -> list[GuardChange]:
    """What an event does to guards."""
    match recorded.event:
        case AccumulationOpened(dependency=dependency):
            return [SetLimit(accumulation_key(recorded.tenant, dependency), WITHOUT_LIMIT)]
        case AccumulationCapacitySet(dependency=dependency, capacity=capacity):
            return [SetLimit(accumulation_key(recorded.tenant, dependency), capacity.minor_units)]
        case ExposureFollowed(dependencies=dependencies, change=change) if change:
            return [Draw(accumulation_key(recorded.tenant, each), change.minor_units) for each in dependencies]
    return []
