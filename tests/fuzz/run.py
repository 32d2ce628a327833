"""One run: a stack with a scene, hostile messages to every method, another insurer beside them, and the checks."""

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass
from hubao.common.v1 import access_pb2
from hubao.feed.v1 import admin_service_pb2 as admin_pb

from deploy.local.cast import Cast
from deploy.local.clients import SERVICES, Channels, Refusal
from deploy.local.cluster import Cluster, NotDrained, Parked
from deploy.local.flow import Unwatched
from deploy.local.market import TENANT
from deploy.local.portfolio.play import Portfolio
from deploy.local.servers import Child
from deploy.local.stack import ROOT, Stack
from deploy.local.year.play import Year
from tests.contracts.protos import Rpc, rpcs
from tests.faults.checks import ERROR, MEMORY_LIMIT
from tests.faults.rig import Patient, resident
from tests.fuzz.corpus import Corpus, Recorder
from tests.fuzz.mutating import mutated

ENTERPRISES = 12
IN_FLIGHT = 24
CALL_SECONDS = 20.0
STREAM_SECONDS = 0.5
"""A stream that is endless by nature is listened to for so long."""
BYSTANDER_SECONDS = 1.0
BYSTANDER_SHARE = 0.99
DRAIN_WITHIN = 180.0
BUGS = {"INTERNAL", "UNKNOWN", "DATA_LOSS", "UNAVAILABLE"}
SELDOM = {"RebuildProjection": 0.02, "VerifyLog": 0.02, "Republish": 0.05}
"""Methods that go through a whole log each time: the share of their messages that are sent."""
CENTURY_OF_CLOCKS = (1_600_000_000, 7_258_118_400)
"""Seconds of 2020 and of 2200: a clock set between them moves, and the scene would be over."""
STRANGER = "beihai"
WRITTEN_TOO_LATE = "Internal error from Core"
"""What grpc's client says, in place of the status, when a server has answered a stream before all of it was written."""
FEW = 20


@dataclass
class Found:
    """A message and what was wrong about its answer."""

    number: int
    method: str
    role: str
    problem: str
    sent: str

    def __str__(self) -> str:
        return f"message {self.number}, {self.method} as {self.role}: {self.problem}; sent {self.sent}"


@dataclass
class Fuzz:
    """A seeded run on a stack that is up."""

    seed: int
    stack: Stack
    corpus: Corpus = field(default_factory=Corpus)
    statuses: Counter[str] = field(default_factory=Counter)
    by_method: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)
    """The largest resident size of each process, in KiB."""
    bystander: list[tuple[str, float, str]] = field(default_factory=list)
    before: list[tuple[str, float, str]] = field(default_factory=list)
    """What the other insurer measured before the first message."""
    sent: int = 0

    async def prepare(self) -> None:
        """Plays the year and a small portfolio, and keeps every valid message."""
        self._channels = Channels.to(self.stack.addresses)
        cast = Cast.on(self._channels, self.stack.issue, lambda channels, token: Recorder(channels, token, self.corpus))
        cluster = Cluster(cast.operator)
        year = Year(cast, cluster)
        async for _ in year.play():
            pass
        await Portfolio(cast, cluster, year.scene, Unwatched(), ENTERPRISES).play()
        self._operator = Patient(self._channels, self.stack.issue("operator@hubao", "hubao", "", ("operator",)))
        self._cluster = Cluster(self._operator, DRAIN_WITHIN)
        self._tokens = {name: self._token(name) for name, number in access_pb2.Role.items() if number}

    def _token(self, role: str, tenant: str = TENANT) -> str:
        name = role.removeprefix("ROLE_").lower()
        if name == "vendor":
            vendors = [value for value in self.corpus.values["vendor_id"] if value]
            return self.stack.issue("duty@vendor", vendors[0], "", (name,))
        outside = {"authority": "finance-bureau", "operator": "hubao", "service": "hubao", "insured": "insured-1"}
        organisation = outside.get(name, tenant)
        return self.stack.issue(f"fuzz@{organisation}", organisation, "" if name in outside else tenant, (name,))

    async def rain(
        self, messages: int, seconds: float = float("inf"), tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """Sends so many messages, or as many as go in the time, with the other insurer beside them."""
        watching = asyncio.create_task(self._watch_memory())
        file = self.stack.data / "bystander"
        other = self._start_bystander(file)
        try:
            await asyncio.sleep(4)
            self.before = _lines(file)
            deadline = time.monotonic() + seconds
            numbers = iter(range(messages))

            async def worker() -> None:
                for number in numbers:
                    if time.monotonic() > deadline:
                        return
                    await self._send(number)
                    if number % 1000 == 999:
                        tell(f"{number + 1:,} messages, {len(self.found)} found")

            await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
        finally:
            self.bystander = _lines(file)[len(self.before) :]
            other.stop()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    def _start_bystander(self, file: Path) -> Child:
        token = self.stack.issue(f"auditor@{STRANGER}", STRANGER, STRANGER, ("auditor",))
        places = [f"{name}={self.stack.addresses[name]}" for name in SERVICES]
        child = Child("bystander", self.stack.data / "logs" / "bystander.log")
        child.start([sys.executable, "-m", "tests.fuzz.bystander", file, token, *places], directory=ROOT)
        return child

    async def _send(self, number: int) -> None:
        rng = random.Random(f"{self.seed}/{number}")
        rpc = rng.choice(rpcs())
        if rng.random() > SELDOM.get(rpc.descriptor.name, 1.0):
            return
        wanted = rpc.descriptor.input_type
        count = rng.choice((1, 1, 1, 2, 4)) if rpc.descriptor.client_streaming else 1
        sent = [mutated(self.corpus.request(wanted, rng), rng, self.corpus) for _ in range(count)]
        if rpc.descriptor.name == "SetClock" and _moves(sent[0]):
            return
        role, token = self._caller_of(rpc, rng)
        service = rpc.name.split(".")[1]
        channel = self._channels.by_service[rng.choice(SERVICES) if service == "feed" else service]
        begun = time.monotonic()
        code, details = await _called(channel, rpc, sent, _metadata(token, rng))
        taken = time.monotonic() - begun
        self.sent += 1
        self.statuses[code] += 1
        self.by_method[f"{rpc.name} {code}"] += 1
        problem = f"{code} {details[:200]}" if code in BUGS else f"took {taken:.1f} s" if taken > CALL_SECONDS else ""
        if problem:
            self.found.append(Found(number, rpc.name, role, problem, _shown(wanted, sent[0])))

    def _caller_of(self, rpc: Rpc, rng: random.Random) -> tuple[str, str]:
        """Mostly somebody who may call; now and then a stranger, another role, or nobody."""
        allowed = [access_pb2.Role.Name(role) for role in rpc.access.roles]
        draw = rng.random()
        if draw < 0.03:
            return "nobody", ""
        if draw < 0.08 or not allowed:
            role = rng.choice(sorted(self._tokens))
            return role, self._tokens[role]
        role = rng.choice(allowed)
        if draw < 0.18:
            return f"{role} of {STRANGER}", self._token(role, STRANGER)
        return role, self._tokens[role]

    async def _watch_memory(self) -> None:
        while True:
            for name, child in self.stack.services.items():
                self.memory[name] = max(self.memory.get(name, 0), resident(child.pid))
            await asyncio.sleep(0.2)

    async def check(self) -> None:
        """What must hold when the rain is over."""
        self.violations += [str(one) for one in self.found[:FEW]]
        if len(self.found) > FEW:
            self.violations.append(f"and {len(self.found) - FEW} more")
        for name, child in self.stack.services.items():
            if not child.running:
                self.violations.append(f"{name} died: {child.last_line}")
        try:
            await self._cluster.drain()
        except (NotDrained, Parked, Refusal) as error:
            self.violations.append(f"{type(error).__name__}: {error}")
        for name in SERVICES:
            try:
                verified = await self._operator(admin_pb.VerifyLogRequest(), at=name)
                self.violations += [f"{name}: {one}" for one in verified.violations[:FEW]]
                rebuilt = await self._operator(admin_pb.RebuildProjectionRequest(), at=name)
                if not rebuilt.equal:
                    self.violations.append(f"{name}: its read tables are not what a rebuild makes")
            except Refusal as refusal:
                self.violations.append(f"{name}: {refusal}")
        self._check_others()

    def _check_others(self) -> None:
        for name, size in self.memory.items():
            if size > MEMORY_LIMIT:
                self.violations.append(f"{name} took {size // 1024} MiB")
        for name, child in self.stack.services.items():
            errors = [line for line in child.log.read_text("utf-8", "replace").splitlines() if ERROR.match(line)]
            self.violations += [f"{name} logged: {line}" for line in errors[:FEW]]
        refused = Counter(f"{method} {code}" for method, _, code in self.bystander if code != "OK")
        if refused:
            self.violations.append(f"the other insurer was answered {dict(refused)}")
        late = quantile([seconds for _, seconds, _ in self.bystander], BYSTANDER_SHARE)
        if late > BYSTANDER_SECONDS:
            self.violations.append(f"the other insurer waited {late:.2f} s")

    async def close(self) -> None:
        await self._channels.close()


def quantile(values: list[float], share: float) -> float:
    """The value that so large a share of all does not pass; infinite if there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("inf")


async def _called(channel: grpc.aio.Channel, rpc: Rpc, sent: list[bytes], metadata: Any) -> tuple[str, str]:
    """The status of a call and its text."""
    streams_out = rpc.descriptor.server_streaming
    # A client's stream of one message is the same on the wire as a single request.
    kind = f"{'stream' if len(sent) > 1 else 'unary'}_{'stream' if streams_out else 'unary'}"
    method = getattr(channel, kind)(rpc.path)
    call = method(sent if len(sent) > 1 else sent[0], metadata=metadata, timeout=CALL_SECONDS + 5)
    try:
        if streams_out:
            async with asyncio.timeout(STREAM_SECONDS if rpc.descriptor.name.startswith("Watch") else CALL_SECONDS):
                async for _ in call:
                    pass
        else:
            await call
    except TimeoutError:
        call.cancel()
        return "STREAMING", ""
    except grpc.aio.AioRpcError as error:
        if error.details() == WRITTEN_TOO_LATE:
            return "ANSWERED_EARLY", ""
        return error.code().name, error.details() or ""
    return "OK", ""


def _metadata(token: str, rng: random.Random) -> list[tuple[str, str | bytes]]:
    metadata: list[tuple[str, str | bytes]] = [("authorization", f"Bearer {token}")] if token else []
    if rng.random() < 0.05:
        metadata.append(
            rng.choice(
                (
                    ("hubao-min-position", rng.choice(("-1", "1", "9" * 18, "²"))),
                    ("hubao-correlation-id", rng.choice(("a b", "x" * 500, "ok-1"))),
                    ("traceparent", rng.choice(("00-zz-zz-00", "0" * 300, "00-" + "a" * 32 + "-" + "b" * 16 + "-01"))),
                    ("hubao-bin", rng.randbytes(30)),
                )
            )
        )
    return [(name, value) for name, value in metadata if isinstance(value, bytes) or value.isascii()]


def _moves(sent: bytes) -> bool:
    try:
        seconds = admin_pb.SetClockRequest.FromString(sent).now.seconds
    except DecodeError:
        return False
    return CENTURY_OF_CLOCKS[0] < seconds < CENTURY_OF_CLOCKS[1]


def _shown(wanted: Any, sent: bytes) -> str:
    try:
        message: Message = GetMessageClass(wanted).FromString(sent)
    except DecodeError:
        return f"bytes {sent[:60].hex()}"
    text: str = text_format.MessageToString(message, as_one_line=True)
    return text if len(text) < 900 else f"{text[:900]}… ({len(sent):,} bytes)"


def _lines(file: Path) -> list[tuple[str, float, str]]:
    lines = file.read_text().splitlines() if file.exists() else []
    rows = [line.split() for line in lines]
    return [(row[0], float(row[1]), row[2]) for row in rows if len(row) == 3]
