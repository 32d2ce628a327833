"""The rig: a cluster under load, a seeded schedule of faults, and what came of each.

Processes are started and signalled by the thread that made them; clients and checks run on a loop of another thread.
"""

import asyncio
import random
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any, Self, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as admin_pb

from deploy.local.cast import Cast
from deploy.local.clients import Caller, Channels, Refusal
from deploy.local.cluster import Cluster as Services
from deploy.local.servers import Nats, Postgres
from tests.faults.cluster import Cluster
from tests.faults.journal import Journal, JournalCaller, channels_to
from tests.faults.kinds import KINDS, schedule
from tests.faults.load import Client, Market

T = TypeVar("T")
CLIENTS = 6
RECOVER_WITHIN = 60.0
FINISH_WITHIN = 100.0
PAUSE = (0.3, 1.2)


class Patient(Caller):
    """Waits as long as it takes to verify a log, or to rebuild its read tables, on a busy machine."""

    ANSWER_WITHIN = 200


@dataclass(frozen=True)
class Injected:
    """One fault, and the seconds until every process answered and a new change was acknowledged again."""

    kind: str
    where: str
    recovered: float | None


@dataclass
class Rig:
    """Everything of one run."""

    seed: int
    cluster: Cluster
    journal: Journal
    injected: list[Injected] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    poisoned: set[tuple[str, str, int]] = field(default_factory=set)
    memory: dict[str, int] = field(default_factory=dict)
    """The largest resident size of each process, in KiB."""
    clients: list[Client] = field(default_factory=list)

    @classmethod
    def at(cls, directory: Path, seed: int, planted: str = "") -> Self:
        cluster = Cluster(directory / "data", planted=planted)
        directory.mkdir(parents=True, exist_ok=True)
        return cls(seed, cluster, Journal(directory / "journal.jsonl"))

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="clients", daemon=True)
        self._thread.start()
        try:
            self.cluster.start()
            self.run(self._connect(), 30)
            self.run(self._open(), 180)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.run(self._disconnect(), 20)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self.cluster.stop()
            self.journal.close()

    def run(self, work: Coroutine[Any, Any, T], within: float) -> T:
        """Does asynchronous work on the clients' loop."""
        future = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, within), self._loop)
        return future.result(within + 10)

    @property
    def nats(self) -> Nats:
        assert self.cluster.nats is not None
        return self.cluster.nats

    @property
    def postgres(self) -> Postgres:
        assert self.cluster.postgres is not None
        return self.cluster.postgres

    def violated(self, what: str) -> None:
        self.violations.append(what)

    def under_fire(self, seconds: float, kinds: list[str] | None = None) -> None:
        """Injects faults while the clients work, until the time is up; the clients then finish what they do."""
        dice = random.Random(self.seed)
        self.start_clients()
        until = time.monotonic() + seconds
        waiting: list[str] = []
        while time.monotonic() < until:
            waiting = waiting or list(kinds or schedule(dice))
            self.inject(waiting.pop(), dice)
            time.sleep(dice.uniform(*PAUSE))
        self.finish_clients()

    def inject(self, kind: str, dice: random.Random) -> None:
        """One fault, and the wait until its effects are over."""
        where = KINDS[kind](self, dice)
        recovered = self.await_recovery(f"{kind}, {where}")
        self.injected.append(Injected(kind, where, recovered))

    def start_clients(self) -> None:
        self.run(self._start_clients(), 10)

    def finish_clients(self) -> None:
        """Lets each client end what it is at; who can't is cut off, and what it asked for last stays without answer."""
        self.run(self._finish_clients(), FINISH_WITHIN + 20)

    def lease_holders(self) -> list[str]:
        statuses = self.run(self.statuses(), 10)
        return sorted(process for process, status in statuses.items() if status is not None and status.leases)

    def move_clock(self, service: str, step: timedelta) -> None:
        self.run(self._move_clock(service, step), 60)

    async def statuses(self) -> dict[str, Any]:
        """How each process is doing; None if it does not answer."""

        async def ask(process: str) -> Any:
            try:
                return await asyncio.wait_for(self.operator(admin_pb.GetStatusRequest(), at=process), 3)
            except (Refusal, TimeoutError):
                return None

        answers = await asyncio.gather(*(ask(process) for process in self.cluster.addresses))
        return dict(zip(self.cluster.addresses, answers, strict=True))

    def await_recovery(self, what: str) -> float | None:
        """The seconds until every process answers and a change asked for from now on is acknowledged."""
        begun = self.journal.mark = time.monotonic()
        while time.monotonic() < begun + RECOVER_WITHIN:
            self._look_after()
            statuses = self.run(self.statuses(), 10)
            if all(statuses.values()) and (self.journal.acknowledged_at > begun or not self._working):
                return time.monotonic() - begun
            time.sleep(0.05)
        self.violated(f"no recovery within {RECOVER_WITHIN:.0f} s of: {what}")
        return None

    def _look_after(self) -> None:
        """Notes the memory of each process, and any that died though nobody had killed it."""
        for process, child in self.cluster.services.items():
            if not child.running:
                self.violated(f"{process} died with status {child.exit_status}: {child.last_line}")
                self.cluster.start_service(process)
            self.memory[process] = max(self.memory.get(process, 0), _resident(child.pid))

    @property
    def _working(self) -> bool:
        return any(not task.done() for task in self._tasks)

    async def _connect(self) -> None:
        addresses = self.cluster.addresses
        self._every = Channels.to(addresses)
        self._channels = [channels_to(addresses, self.journal, number % 2) for number in range(CLIENTS)]
        casts = [Cast.on(channels, self.cluster.issue, self._caller) for channels in self._channels]
        self.operator = Patient(self._every, self.cluster.issue("operator@hubao", "hubao", "", ("operator",)))
        self.cast = casts[0]
        self.services = Services(self.operator)
        self.market = Market()
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.clients = [
            Client(number, self.seed, cast, self.services, self.market) for number, cast in enumerate(casts)
        ]

    def _caller(self, channels: Channels, token: str) -> JournalCaller:
        return JournalCaller(channels, token, self.journal)

    async def _open(self) -> None:
        await self.market.open(self.cast, self.services)

    async def _start_clients(self) -> None:
        self._tasks = [asyncio.create_task(client.work(self._stopping)) for client in self.clients]

    async def _finish_clients(self) -> None:
        self._stopping.set()
        _, late = await asyncio.wait(self._tasks, timeout=FINISH_WITHIN)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.violated(f"a client failed: {type(result).__name__}: {result}")

    async def _move_clock(self, service: str, step: timedelta) -> None:
        status = await self.operator(admin_pb.GetStatusRequest(), at=service)
        moment = Timestamp()
        moment.FromDatetime(status.now.ToDatetime(UTC) + step)
        await self.operator(admin_pb.SetClockRequest(now=moment), at=service)

    async def _disconnect(self) -> None:
        if not hasattr(self, "_every"):
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(channels.close() for channels in (self._every, *self._channels)))


def _resident(pid: int) -> int:
    """The resident size of a process in KiB; 0 if it has just gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
