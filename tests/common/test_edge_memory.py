"""What hostile requests cost a process: a real server in its own process, real sockets, its memory from the kernel."""

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import grpc
import pytest
from hubao.policy.v1 import certificates_pb2, policy_import_pb2, quantification_service_pb2, submission_service_pb2

from libs.common.grpc.errors import EdgeRefusal
from libs.common.tokens import LocalIssuer
from tests.common.failing import FAILURES, failure
from tests.common.probe import SERVICE, Request, served

MOST_MEMORY = 400
"""MiB that the process may have at any time."""
SOON = 1.0
"""Seconds within which somebody else is answered."""
SELF_CHECK = "/hubao.policy.v1.QuantificationService/SelfCheck"
CREATE = "/hubao.policy.v1.SubmissionService/CreateSubmission"
ISSUE = "/hubao.policy.v1.PolicyService/IssueCertificates"
IMPORT = "/hubao.policy.v1.PolicyService/ImportPolicies"


@dataclass
class Running:
    """A server's process, and how to call it."""

    process: asyncio.subprocess.Process
    address: str
    token: str

    @property
    def peak(self) -> float:
        """The most memory that it had so far, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024

    def headers(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.token}")]


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Running]:
    issuer = LocalIssuer.create(directory)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.common.edge_process", str(directory), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        roles = ("underwriter", "chief_underwriter")
        yield Running(process, f"127.0.0.1:{port}", issuer.token("wang", "org-1", "pingan", roles))
    finally:
        process.kill()
        await process.wait()


def empties(request: Any, name: str, number: int) -> bytes:
    """A message with so many empty elements in a repeated field, two bytes each."""
    field = request.DESCRIPTOR.fields_by_name[name].number
    tag = field << 3 | 2
    return bytes([tag, 0] if tag < 128 else [tag & 127 | 128, tag >> 7, 0]) * number


def slowest_answer(to: Running, done: threading.Event) -> float:
    """Asks as another client, on another connection and in another thread, until `done`; the longest time that an
    answer took."""
    return max(answers_of(to, done))


def answers_of(to: Running, done: threading.Event, path: str = SELF_CHECK) -> list[float]:
    """Asks in the same way; the seconds that each answer took."""
    took: list[float] = []
    with grpc.insecure_channel(to.address, options=[("grpc.use_local_subchannel_pool", 1)]) as other:
        ask = other.unary_unary(path)
        while True:
            began = perf_counter()
            with pytest.raises(grpc.RpcError) as answered:
                ask(b"", metadata=to.headers(), timeout=30)
            assert answered.value.code() == grpc.StatusCode.INVALID_ARGUMENT  # type: ignore[attr-defined]
            took.append(perf_counter() - began)
            if done.wait(0.02):
                return took


async def test_calls_of_nobody_leave_nothing_behind(tmp_path: Path) -> None:
    async with running(tmp_path) as server, grpc.aio.insecure_channel(server.address) as channel:
        body, done = b"\0" * ((4 << 20) - 100), threading.Event()
        watching = asyncio.create_task(asyncio.to_thread(slowest_answer, server, done))

        for _ in range(15):
            calls = [channel.unary_unary(CREATE)(body, timeout=30) for _ in range(20)]
            for call in calls:
                assert (await failure(call)).reason in ("TOKEN_MISSING", "")
        done.set()

        assert await watching < SOON
        assert server.peak < MOST_MEMORY


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SELF_CHECK, empties(quantification_service_pb2.SelfCheckRequest(), "answers", 400_000)),
        (CREATE, empties(submission_service_pb2.CreateSubmissionRequest(), "answers", 2_000_000)),
        (CREATE, empties(submission_service_pb2.CreateSubmissionRequest(), "systems", 400_000)),
        (IMPORT, empties(policy_import_pb2.ImportRows(), "policies", 500_000)),
    ],
    ids=["self-check", "submission", "systems", "import"],
)
async def test_a_request_of_countless_empty_elements_costs_little(tmp_path: Path, path: str, body: bytes) -> None:
    async with running(tmp_path) as server, grpc.aio.insecure_channel(server.address) as channel:
        if path == IMPORT:
            rows = policy_import_pb2.ImportPoliciesRequest.DESCRIPTOR.fields_by_name["rows"].number
            length = len(body)
            sizes = bytes([length & 127 | 128, length >> 7 & 127 | 128, length >> 14])
            body = bytes([rows << 3 | 2]) + sizes + body
        done = threading.Event()
        watching = asyncio.create_task(asyncio.to_thread(slowest_answer, server, done))
        began = perf_counter()

        for _ in range(3):
            if path == IMPORT:
                call: Any = channel.stream_stream(path)([body], metadata=server.headers(), timeout=60)
            else:
                call = channel.unary_unary(path)(body, metadata=server.headers(), timeout=60)
            failed = await failure(call)
            assert failed.code in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
        took = perf_counter() - began
        done.set()

        assert await watching < SOON
        assert server.peak < MOST_MEMORY
        assert took < 3


def members_of_empty_parts() -> bytes:
    """As many empty elements as are taken: the bounds of both lists let them pass, so that all rules are tried."""
    request = certificates_pb2.IssueCertificatesRequest()
    for _ in range(199):
        member = request.members.add()
        for _ in range(49):
            member.parts.add()
    return request.SerializeToString()


def cells_of_empty_losses() -> bytes:
    request = quantification_service_pb2.SelfCheckRequest()
    for _ in range(199):
        cell = request.losses.cells.add()
        for _ in range(49):
            cell.losses.add()
    return request.SerializeToString()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ISSUE, members_of_empty_parts()),
        (SELF_CHECK, cells_of_empty_losses()),
        (SELF_CHECK, empties(quantification_service_pb2.SelfCheckRequest(), "answers", 9_990)),
    ],
    ids=["members", "cells", "answers"],
)
async def test_many_messages_at_once_of_all_the_elements_that_are_taken_hold_nobody_up(
    tmp_path: Path, path: str, body: bytes
) -> None:
    async with running(tmp_path) as server, grpc.aio.insecure_channel(server.address) as channel:

        async def beside(seconds: float, attackers: int) -> tuple[list[float], float]:
            """What a second client of the method sees, and how long a message of each attacker takes meanwhile."""
            done, answered, began = threading.Event(), 0, perf_counter()

            async def attack() -> None:
                nonlocal answered
                while perf_counter() < began + seconds:
                    await failure(channel.unary_unary(path)(body, metadata=server.headers(), timeout=60))
                    answered += 1

            watching = asyncio.create_task(asyncio.to_thread(answers_of, server, done, path))
            await asyncio.gather(asyncio.sleep(seconds), *(attack() for _ in range(attackers)))
            done.set()
            return sorted(await watching), (perf_counter() - began) * attackers / max(answered, 1)

        quiet, _ = await beside(2, 0)
        flooded, all_of_them = await beside(4, 200)
        p99 = [1000 * took[int(len(took) * 0.99)] for took in (quiet, flooded)]
        worst = f"{quiet[-1]:.3f} and {flooded[-1]:.3f} s"
        print(f"p99 {p99[0]:.0f} and {p99[1]:.0f} ms; worst {worst}; 200 large messages take {all_of_them:.3f} s")

        # On any machine: a small call does not stand behind all the large ones that came before it.
        assert flooded[int(len(flooded) * 0.9)] < max(all_of_them / 2, 2 * SOON)
        assert server.peak < MOST_MEMORY


@pytest.mark.parametrize("behaviour", ["refuse", "bug", "unknown", "no token", "wrong field"])
async def test_a_failed_call_is_freed_without_the_collector(
    tmp_path: Path, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("libs.common.grpc.edge"), "disabled", True)  # pytest keeps what is logged.
    async with served(tmp_path) as good, grpc.aio.insecure_channel(f"127.0.0.1:{good.port}") as channel:
        body = Request(name="" if behaviour == "wrong field" else "x", behaviour=behaviour).SerializeToString()
        headers = [] if behaviour == "no token" else [("authorization", f"Bearer {good.token()}")]
        ask = channel.unary_unary(f"/{SERVICE}/Ask")
        await failure(ask(body, metadata=headers))
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                await failure(ask(body, metadata=headers))
            good.probe.seen.clear()
            for remembered in FAILURES.values():
                remembered.__traceback__ = None  # The probe raises the same one each time.
            kept = [thing for thing in gc.get_objects() if isinstance(thing, EdgeRefusal | Request)]
        finally:
            gc.enable()

        assert kept == []
