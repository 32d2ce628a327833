"""Drives a server: so many calls of the same bytes, so many in flight, by h2load, or without it by our own client.

Both clients give the start and the end of every call. What is counted has been checked: every call ended well, and the
answers have the length of the one that was looked into before. Both sides of a comparison have the same client.
"""

import asyncio
import json
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from struct import pack
from tempfile import TemporaryDirectory
from time import time

STREAMS = 16
"""Most calls of h2load at once on one connection."""
PROCESSES = 4
"""How many of our own clients share the calls."""
GETTING_READY = 2.0
"""Seconds that our own clients have to start in."""
LONGEST = 120.0
PREFIX = 5
"""gRPC's own bytes before each message."""

Ran = tuple[list[tuple[float, float]], float]
"""Start and end of each call in seconds since the epoch, and the client's CPU seconds."""
Client = Callable[["Aim", int, int, Path], Awaitable[Ran]]


class WrongAnswers(Exception):
    """Not every call had the answer that it should have."""


@dataclass(frozen=True)
class Aim:
    """Where calls go and what they carry. `answer` is the length of a good answer's message."""

    port: int
    method: str
    body: bytes
    answer: int
    token: str = ""


@dataclass(frozen=True)
class Result:
    """One run as the client saw it, times in seconds. `client_cores` is what the client took of one core."""

    calls: int
    seconds: float
    rate: float
    p50: float
    p99: float
    client_cores: float


def h2load() -> str | None:
    return shutil.which("h2load")


def client_name() -> str:
    """What drives both sides."""
    return f"h2load, {STREAMS} calls at once on a connection" if h2load() else f"{PROCESSES} grpc.aio clients"


async def drive(aim: Aim, calls: int, in_flight: int) -> Result:
    """Keeps `in_flight` calls running until so many are done; WrongAnswers unless all are good."""
    run = by_h2load if h2load() else by_ourselves
    with TemporaryDirectory(prefix="hubao-bench-client-") as directory:
        times, cpu = await asyncio.wait_for(run(aim, calls, in_flight, Path(directory)), LONGEST)
    if len(times) != calls:
        raise WrongAnswers(f"{len(times)} of {calls} calls of {aim.method} were answered")
    seconds = max(end for _, end in times) - min(start for start, _ in times)
    took = sorted(end - start for start, end in times)
    return Result(
        calls=calls,
        seconds=seconds,
        rate=calls / seconds,
        p50=took[calls // 2],
        p99=took[calls * 99 // 100],
        client_cores=cpu / seconds,
    )


async def by_h2load(aim: Aim, calls: int, in_flight: int, directory: Path) -> Ran:
    body, log = directory / "body", directory / "log"
    body.write_bytes(b"\0" + pack(">I", len(aim.body)) + aim.body)
    connections = max(1, in_flight // STREAMS)
    before = _cpu_of_ended_children()
    output = await _output(
        str(h2load()),
        *("-n", str(calls), "-c", str(connections), "-m", str(in_flight // connections), "-d", str(body)),
        *("-H", "content-type: application/grpc", "-H", "te: trailers", "-H", f"authorization: Bearer {aim.token}"),
        *(f"--log-file={log}", f"http://127.0.0.1:{aim.port}{aim.method}"),
    )
    cpu = _cpu_of_ended_children() - before
    good = _number(r"(\d+) 2xx", output)
    answered = _number(r"traffic: .* \((\d+)\) data", output)
    # A refusal is a 200 too, but has no message: only the bytes tell.
    if (good, answered) != (calls, calls * (PREFIX + aim.answer)):
        raise WrongAnswers(f"{calls} calls of {aim.method} had {answered} bytes of answers:\n{output}")
    rows = (line.split("\t") for line in log.read_text().splitlines())
    return [(int(start) / 1e6, (int(start) + int(took)) / 1e6) for start, _, took in rows], cpu


async def by_ourselves(aim: Aim, calls: int, in_flight: int, directory: Path) -> Ran:
    body = directory / "body"
    body.write_bytes(aim.body)
    processes = min(PROCESSES, in_flight)
    command = (sys.executable, "-m", "tests.bench.client", str(aim.port), aim.method, str(body))
    common = (*command, str(time() + GETTING_READY), str(aim.answer))
    parts = [calls // processes + (number < calls % processes) for number in range(processes)]
    outputs = await asyncio.gather(
        *(_output(*common, str(part), str(in_flight // processes), given=aim.token) for part in parts)
    )
    results = [json.loads(output) for output in outputs]
    return [(start, end) for one in results for start, end in one["times"]], sum(one["cpu"] for one in results)


async def _output(*command: str, given: str = "") -> str:
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        output, _ = await process.communicate(given.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise WrongAnswers(f"{Path(command[0]).name} failed with status {process.returncode}")
    return output.decode()


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else -1


def _cpu_of_ended_children() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
