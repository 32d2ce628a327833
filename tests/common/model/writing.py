"""The model of writing: clients that repeat, a head row with an epoch, lost answers, and a writer that lives on.

Writer 1 is fenced when the log moves: the epoch is raised, the log is copied, and writer 2 writes to the copy. A
request that writer 1 has on its way meanwhile is the zombie's.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.common.model.explorer import Model

COMMANDS = ("a", "b", "c")
LOST_ANSWERS = 2


@dataclass(frozen=True)
class State:
    old: tuple[str, ...] = ()
    copy: tuple[str, ...] | None = None
    epoch: int = 1
    on_the_way: frozenset[tuple[str, int]] = frozenset()
    """Commands with the writer that has taken them."""
    acknowledged: frozenset[str] = frozenset()
    lost: int = 0

    @property
    def log(self) -> tuple[str, ...]:
        """The log that counts."""
        return self.old if self.copy is None else self.copy


def writing(
    *, acknowledge_early: bool = False, ignore_epoch: bool = False, forget_requests: bool = False
) -> Model[State]:
    """The model, sound unless one of its parts is left out."""

    def steps(state: State) -> Iterator[tuple[str, State]]:
        for command in COMMANDS:
            if command not in state.acknowledged:
                yield from send(state, command)
        for command, writer in sorted(state.on_the_way):
            taken = replace(state, on_the_way=state.on_the_way - {(command, writer)})
            yield f"writer {writer} dies with {command}", taken
            yield from append(state, taken, command, writer)
        if state.epoch == 1:
            yield "the log moves", replace(state, epoch=2, copy=state.old)

    def send(state: State, command: str) -> Iterator[tuple[str, State]]:
        writers = (1,) if state.epoch == 1 else (1, 2)  # A client may still know only the old one.
        for writer in writers:
            if (command, writer) not in state.on_the_way:
                sent = replace(state, on_the_way=state.on_the_way | {(command, writer)})
                if acknowledge_early:
                    sent = replace(sent, acknowledged=sent.acknowledged | {command})
                yield f"{command} is sent to writer {writer}", sent

    def append(state: State, taken: State, command: str, writer: int) -> Iterator[tuple[str, State]]:
        if writer == 1 and state.epoch > 1 and not ignore_epoch:
            yield f"{command} of writer 1 is fenced", taken
            return
        log = state.old if writer == 1 else state.copy
        assert log is not None
        if command not in log or forget_requests:
            log = (*log, command)
        stored = replace(taken, old=log) if writer == 1 else replace(taken, copy=log)
        answered = replace(stored, acknowledged=stored.acknowledged | {command})
        yield f"writer {writer} appends {command} and answers", answered
        if state.lost < LOST_ANSWERS:
            yield f"writer {writer} appends {command}, the answer is lost", replace(stored, lost=state.lost + 1)

    def broken(state: State) -> str:
        under_way = {command for command, _ in state.on_the_way}
        for command in COMMANDS:
            if command in state.acknowledged - under_way and command not in state.log:
                return f"{command} was acknowledged and is lost"
            if state.log.count(command) > 1:
                return f"{command} is there twice"
        return ""

    return Model(State(), steps, broken, lambda state: state.acknowledged == frozenset(COMMANDS))
