"""What rating a policy costs for each of its endorsements: with 200 of them, against one with two.

The newest endorsement is decided upon, which rates the whole timeline, charges the movement, and is applied to the
policy. Its time is divided by the number of endorsements. The times of the command itself stand in the notes.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median
from time import perf_counter

from libs.common.money import Money, total
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.timeline import steps_of
from services.policy.domain.policy.values import Change, ChangeKind
from tests.bench.figures import QUICK, Figure, Size, alternate
from tests.bench.place import Place
from tests.policy import examples as an

MANY, FEW = 200, 2
TIMES = 400
"""Endorsements that are rated on one side of a round."""

TERMS = an.product_terms()


async def timeline_cost(place: Place, size: Size) -> Figure:
    commands: dict[str, list[float]] = {"ours": [], "reference": []}
    times = TIMES if size is QUICK else TIMES * 10
    policies = {count: _endorsed(count - 1) for count in (MANY, FEW)}

    async def side(name: str, count: int) -> float:
        took = [_rate(policies[count], count) for _ in range(times // count)]
        commands[name].append(median(took))
        return median(took) / count

    figure = await alternate(
        Figure("s an endorsement"), size.rounds, lambda: side("ours", MANY), lambda: side("reference", FEW)
    )
    figure.notes |= {"endorsements": {"ours": MANY, "reference": FEW}, "seconds_a_command": commands}
    return figure


def _endorsed(count: int) -> Policy:
    """A policy with endorsements on as many days, each of one part's limit in turn."""
    policy = an.policy()
    for number in range(1, count + 1):
        policy = an.endorsed(policy, _day(number), *_changes(number), terms=TERMS)
    return policy


def _day(number: int) -> date:
    return an.INCEPTION + timedelta(days=number)


def _changes(number: int) -> Sequence[Change]:
    code, limit = ((an.DATA, an.DATA_LIMIT), (an.EXTORTION, an.EXTORTION_LIMIT))[number % 2]
    return [Change(ChangeKind.SET_PART, code, limit + Money.cny(number * 1_000))]


def _rate(policy: Policy, count: int) -> float:
    """Seconds of the newest endorsement, decided and applied; the premium is that of the timeline reckoned anew."""
    started = perf_counter()
    (event,) = policy.endorse(TERMS, _day(count), _changes(count), "", "newest", an.BOUND_AT)
    after = policy.evolve(event)
    took = perf_counter() - started
    steps = steps_of(TERMS, after.bound, after.endorsements, count)
    exact = total(amount for step in steps for amount in step.deltas.values()) + after.bound.transaction.net
    if len(after.endorsements) != count or len(after.segments) != count + 1 or after.premium != exact:
        raise AssertionError(f"{after.premium} after {count} endorsements, not {exact}")
    return took
