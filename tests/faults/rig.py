"""The rig: a cluster under load, a seeded schedule of faults, and what came of each.

Processes are started and signalled by the thread that made them; clients and checks run on a loop of another thread.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg

from deploy.local.cast import Cast
from deploy.local.clients import Caller, Channels
from deploy.local.cluster import DRAIN_WITHIN
from deploy.local.cluster import Cluster as Services
from deploy.local.servers import Nats, Postgres, ServerError
from deploy.local.stack import service_of
from tests.faults.cluster import Cluster
from tests.faults.firing import Firing, Injected
from tests.faults.history import Recomputed
from tests.faults.journal import Journal, JournalCaller, channels_to
from tests.faults.kinds import NATS, POSTGRES, PROCESSES
from tests.faults.load import Client, Market
from tests.faults.plan import planned
from tests.faults.recovery import Recovery

T = TypeVar("T")
CLIENTS = 6
FINISH_WITHIN = 100.0
LOOK_EVERY = 1.0


class Patient(Caller):
    """Waits as long as it takes to verify a log, or to rebuild its read tables, on a busy machine."""

    ANSWER_WITHIN = 600


@dataclass
class Rig:
    """Everything of one run."""

    seed: int
    cluster: Cluster
    journal: Journal
    tell: Callable[[str], None] = lambda line: None
    """Told of each fault when it begins."""
    injected: list[Injected] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    poisoned: set[tuple[str, str, int]] = field(default_factory=set)
    memory: dict[str, int] = field(default_factory=dict)
    """The largest resident size of each process, in KiB."""
    leaders: dict[str, str] = field(default_factory=dict)
    """Which process was last seen to hold each lease."""
    moved: int = 0
    """How often another process than the one before was seen to hold a lease."""
    behind: int = 0
    """The most announcements that a slowed consumer was seen to be behind."""
    histories: list[Recomputed] = field(default_factory=list)
    """What the logs were found to say when all had come to rest."""
    clients: list[Client] = field(default_factory=list)
    opens_within: float = DRAIN_WITHIN
    fired_for: float = 0.0
    """Seconds for which faults were injected."""

    @classmethod
    def at(cls, directory: Path, seed: int, planted: str = "", opens_within: float = DRAIN_WITHIN) -> Self:
        """A rig on an empty directory; its market must come to rest within `opens_within` seconds."""
        cluster = Cluster(directory / "data", planted=planted)
        directory.mkdir(parents=True, exist_ok=True)
        return cls(seed, cluster, Journal(directory / "journal.jsonl"), opens_within=opens_within)

    def __enter__(self) -> Self:
        self._look_at = 0.0
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

    def begin(self, work: Coroutine[Any, Any, T], within: float) -> "Future[T]":
        """Begins asynchronous work on the clients' loop."""
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, within), self._loop)

    def run(self, work: Coroutine[Any, Any, T], within: float) -> T:
        """Does asynchronous work on the clients' loop."""
        return self.begin(work, within).result(within + 10)

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

    def under_fire(self, seconds: float, kinds: Sequence[str] = ()) -> None:
        """Injects faults while the clients work, until the time is up; the clients then finish what they do."""
        self.start_clients()
        begun = time.monotonic()
        Firing(self).run(planned(self.seed, seconds, kinds), seconds)
        self.fired_for = time.monotonic() - begun
        self.await_recoveries()
        self.finish_clients()

    def healed(self, one: Injected) -> None:
        """A fault is over; its recovery is measured from now on."""
        one.healed = time.monotonic()
        self.injected.append(one)

    @property
    def unheard(self) -> set[str]:
        """The processes that were hurt themselves and have not answered since."""
        return {one.where for one in self.injected if one.recovered is None and one.where in one.unheard}

    def await_recoveries(self) -> None:
        """Waits until every fault is recovered from, or has taken too long."""
        while self.recovery.waiting:
            self.look_after(set())
            time.sleep(0.05)

    def start_clients(self) -> None:
        self.run(self._start_clients(), 10)

    def finish_clients(self) -> None:
        """Lets each client end what it is at; who can't is cut off, and what it asked for last stays without answer."""
        self.run(self._finish_clients(), FINISH_WITHIN + 20)

    def look_after(self, excused: set[str]) -> None:
        """Notes the memory of each process now and then, and any that died though nobody had killed it."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + LOOK_EVERY
        for process, child in (self.cluster.services | {NATS: self.nats.child, POSTGRES: self.postgres.child}).items():
            if child.running:
                self.memory[process] = max(self.memory.get(process, 0), resident(child.pid))
            elif process in (NATS, POSTGRES):
                if process not in excused:
                    raise ServerError(f"{process} died: {child.last_line}")
            elif process not in excused:
                self.violated(f"{process} died with status {child.exit_status}: {child.last_line}")
                self.cluster.start_service(process)

    def note_leases(self, process: str, leases: Iterable[str]) -> None:
        """Notes which leases a process says that it holds."""
        for lease in leases:
            name = f"{service_of(process)}/{lease}"
            self.moved += self.leaders.get(name, process) != process
            self.leaders[name] = process

    async def behind_policy(self, service: str) -> int:
        """How many announcements of policy a service has not yet handled, by the database."""
        async with await psycopg.AsyncConnection.connect(self.postgres.url) as admin:
            rows = await admin.execute(
                "SELECT outbox_position - heard FROM policy.head,"
                f" (SELECT coalesce(max(position), 0) AS heard FROM {service}.tracking WHERE upstream = 'policy') AS t"
            )
            ((behind,),) = await rows.fetchall()
            return int(behind)

    async def _connect(self) -> None:
        addresses = self.cluster.addresses
        self._every = Channels.to(addresses)
        self._channels = [channels_to(addresses, self.journal, number % 2) for number in range(CLIENTS)]
        casts = [Cast.on(channels, self.cluster.issue, self._caller) for channels in self._channels]
        self.operator = Patient(self._every, self.cluster.issue("operator@hubao", "hubao", "", ("operator",)))
        self.cast = casts[0]
        self.services = Services(self.operator, self.opens_within)
        self.market = Market()
        self.recovery = Recovery(self)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._watching: list[asyncio.Task[None]] = []
        self.clients = [
            Client(number, self.seed, cast, self.services, self.market) for number, cast in enumerate(casts)
        ]

    def _caller(self, channels: Channels, token: str) -> JournalCaller:
        return JournalCaller(channels, token, self.journal)

    async def _open(self) -> None:
        await self.market.open(self.cast, self.services)

    async def _start_clients(self) -> None:
        self._tasks = [asyncio.create_task(client.work(self._stopping)) for client in self.clients]
        self._watching = self.recovery.watch(PROCESSES)

    async def _finish_clients(self) -> None:
        self._stopping.set()
        for watching in self._watching:
            watching.cancel()
        _, late = await asyncio.wait(self._tasks, timeout=FINISH_WITHIN)
        for task in late:
            task.cancel()
        for result in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(result, Exception):
                self.violated(f"a client failed: {type(result).__name__}: {result}")

    async def _disconnect(self) -> None:
        if not hasattr(self, "_every"):
            return
        tasks = self._tasks + self._watching
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(channels.close() for channels in (self._every, *self._channels)))


def resident(pid: int) -> int:
    """The resident size of a process in KiB; 0 if it has just gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)
