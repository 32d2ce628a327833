"""The model of hearing: outbox, relay, JetStream that may be lost, a feed, and two consumers by lease.

A consumer that has lost its lease does not know it. What it has on its way is a reaction or, where it had waited too
long for a fact, the parking of the announcement; each has a request id of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.common.model.explorer import Model

ANNOUNCEMENTS = 3
LOST_ANSWERS, CRASHES, LEASES, WIPES = 1, 1, 2, 1


@dataclass(frozen=True)
class Consumer:
    """One process: whether it believes to lead, where it believes to be, and what it is about to append."""

    leading: bool = False
    position: int = 0
    doing: str = ""


@dataclass(frozen=True)
class State:
    outbox: int = 0
    cursor: int = 0
    stream: frozenset[int] = frozenset()
    tracking: int = 0
    handled: tuple[tuple[str, int], ...] = ()
    """What was done with each announcement, in the order of the consumer's log."""
    consumers: tuple[Consumer, Consumer] = (Consumer(), Consumer())
    lost: int = 0
    crashes: int = 0
    leases: int = 0
    wipes: int = 0


def hearing(*, skip_tracking: bool = False, without_feed: bool = False) -> Model[State]:
    """The model, sound unless one of its parts is left out."""

    def steps(state: State) -> Iterator[tuple[str, State]]:
        if state.outbox < ANNOUNCEMENTS:
            yield "the owner announces", replace(state, outbox=state.outbox + 1)
        if state.cursor < state.outbox:
            following = state.cursor + 1
            yield f"{following} is relayed", replace(state, cursor=following, stream=state.stream | {following})
        if state.stream and state.wipes < WIPES:
            yield "JetStream is lost", replace(state, stream=frozenset(), wipes=state.wipes + 1)
        for index, consumer in enumerate(state.consumers):
            yield from lead(state, index, consumer)
            if consumer.leading and consumer.doing:
                yield from append(state, index, consumer)
            elif consumer.leading:
                yield from take(state, index, consumer)

    def lead(state: State, index: int, consumer: Consumer) -> Iterator[tuple[str, State]]:
        if not consumer.leading and (state.leases < LEASES or not any(one.leading for one in state.consumers)):
            leader = Consumer(leading=True, position=state.tracking)
            leases = min(state.leases + 1, LEASES)
            yield f"consumer {index} takes the lease", replace(at(state, index, leader), leases=leases)
        if consumer.leading and state.crashes < CRASHES:
            yield f"consumer {index} dies", replace(at(state, index, Consumer()), crashes=state.crashes + 1)

    def take(state: State, index: int, consumer: Consumer) -> Iterator[tuple[str, State]]:
        following = consumer.position + 1
        if following in state.stream or (following <= state.outbox and not without_feed):
            for what in ("react", "park"):
                step = f"consumer {index} decides to {what} {following}"
                yield step, at(state, index, replace(consumer, doing=what))

    def append(state: State, index: int, consumer: Consumer) -> Iterator[tuple[str, State]]:
        following = consumer.position + 1
        request = (consumer.doing, following)
        if request in state.handled:
            done, verdict = state, "repeated"
        elif state.tracking != consumer.position and not skip_tracking:
            yield f"consumer {index} is out of step", at(state, index, Consumer())
            return
        else:
            done, verdict = replace(state, handled=(*state.handled, request), tracking=following), "ok"
        name = f"consumer {index} appends {consumer.doing} {following}: {verdict}"
        yield name, at(done, index, Consumer(leading=True, position=following))
        if state.lost < LOST_ANSWERS:
            yield f"{name}, the answer is lost", replace(done, lost=state.lost + 1)

    def broken(state: State) -> str:
        positions = [position for _, position in state.handled]
        if positions != list(range(1, state.tracking + 1)):
            return f"handled {state.handled}, the position is {state.tracking}"
        return ""

    return Model(State(), steps, broken, lambda state: state.tracking == ANNOUNCEMENTS)


def at(state: State, index: int, consumer: Consumer) -> State:
    """The state with another consumer in a place."""
    first, second = state.consumers
    return replace(state, consumers=(consumer, second) if index == 0 else (first, consumer))
