"""A server that is driven, how its work is counted where it is kept, and two of them measured in turn."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

import grpc

from tests.bench.driving import Aim, WrongAnswers, client_name, drive
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place, cpu_seconds

WARM_UP = 4
"""How often every call in flight is replaced by another one in a first run, which nobody counts."""
STARTS_WITHIN = 60.0
STOPS_WITHIN = 20.0
LOOK_WITHIN = 30.0


@dataclass(frozen=True)
class Server:
    """A process of `tests.bench.serve`."""

    pid: int
    port: int
    loop: str


@asynccontextmanager
async def server(kind: str, *arguments: str) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.serve", kind, *arguments, stdin=PIPE, stdout=PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), STARTS_WITHIN)).decode().split()
        if len(line) != 2:
            raise RuntimeError(f"the server {kind} did not start")
        yield Server(process.pid, int(line[0]), line[1])
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOPS_WITHIN)
        except TimeoutError:
            process.kill()
            await process.wait()


def answer_of(aim: Aim) -> bytes:
    """One call's answer, for a look into it."""
    with grpc.insecure_channel(f"127.0.0.1:{aim.port}") as channel:
        call = channel.unary_unary(aim.method)
        answer: bytes = call(aim.body, metadata=(("authorization", f"Bearer {aim.token}"),), timeout=LOOK_WITHIN)
    return answer


class Target:
    """A server under load. `kept` counts, in whatever way, what the answers claim: it must grow by one for each."""

    def __init__(
        self,
        place: Place,
        running: Server,
        aim: Aim,
        *,
        good: Callable[[bytes], bool],
        kept: Callable[[], tuple[int, ...]] | None = None,
    ) -> None:
        answer = answer_of(aim)
        if not good(answer):
            raise WrongAnswers(f"{aim.method} answers {answer!r}")
        self.loop = running.loop
        self.runs: list[dict[str, float]] = []
        self._aim = replace(aim, answer=len(answer))
        self.kept = kept or tuple
        self._pids = {"server_cores": running.pid, "database_cores": place.database_pid}

    async def run(self, calls: int, in_flight: int) -> dict[str, float]:
        """So many calls; what the client saw, and the cores that server and database took."""
        before = await asyncio.to_thread(self.kept)
        busy = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        result = asdict(await drive(self._aim, calls, in_flight))
        for name, pid in self._pids.items():
            result[name] = (cpu_seconds(pid) - busy[name]) / result["seconds"]
        grown = [now - old for now, old in zip(await asyncio.to_thread(self.kept), before, strict=True)]
        if any(growth != calls for growth in grown):
            raise WrongAnswers(f"{calls} calls of {self._aim.method} were answered, and what is kept grew by {grown}")
        self.runs.append(result)
        return result

    async def warm_up(self, in_flight: int, seconds: float) -> int:
        """How many calls take about so many seconds; the server has warmed up by then."""
        for _ in range(2):
            rate = (await self.run(in_flight * WARM_UP, in_flight))["rate"]
        self.runs.clear()
        return max(in_flight * WARM_UP, int(rate * seconds))


async def compare(unit: str, size: Size, ours: Target, reference: Target, *, in_flight: int, value: str) -> Figure:
    """Both under the same load in turn; `value` is what of a run counts."""
    our_calls, their_calls = [await one.warm_up(in_flight, size.seconds) for one in (ours, reference)]

    async def our_side() -> float:
        return (await ours.run(our_calls, in_flight))[value]

    async def their_side() -> float:
        return (await reference.run(their_calls, in_flight))[value]

    figure = await alternate(Figure(unit), size.rounds, our_side, their_side)
    sides = Sides()
    sides.keep("ours", ours)
    sides.keep("reference", reference)
    figure.notes |= {"in_flight": in_flight} | sides.notes()
    return figure


class Sides:
    """What the clients of both sides saw, for the notes of a figure."""

    def __init__(self) -> None:
        self._runs: dict[str, list[dict[str, float]]] = {"ours": [], "reference": []}
        self._loops: dict[str, str] = {}

    def keep(self, side: str, target: Target) -> None:
        self._runs[side].extend(target.runs)
        self._loops[side] = target.loop

    def notes(self) -> dict[str, Any]:
        """The client, what it took of a core, the CPU time of a call, and all that was seen."""
        return {
            "client": client_name(),
            "client_cores": {side: _median(runs, "client_cores") for side, runs in self._runs.items()},
            "cpu_ms_a_call": {side: _costs(runs) for side, runs in self._runs.items()},
            "loop": self._loops,
            "runs": self._runs,
        }


def _median(runs: list[dict[str, float]], name: str) -> float:
    return median(run[name] for run in runs)


def _costs(runs: list[dict[str, float]]) -> dict[str, float]:
    """CPU milliseconds of a call: they tell more than rates where others use the machine too."""
    return {
        who: median(run[f"{who}_cores"] / run["rate"] * 1000 for run in runs)
        for who in ("client", "server", "database")
    }
