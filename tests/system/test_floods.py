"""What one caller floods a process with, another one hardly notices, and when it is over nothing of it is left.

Each flood is bounded in count and time, and goes to a process of this test on loopback. The second caller's times are
measured before and meanwhile; on two cores that also run the flood they are shown, and bounded generously.
"""

import asyncio
import random
import resource
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import grpc
import pytest
from hubao.feed.v1 import admin_service_pb2 as admin_pb
from hubao.feed.v1 import admin_service_pb2_grpc as admin_grpc
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import policy_service_pb2_grpc as policy_grpc
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import order_service_pb2_grpc as order_grpc

from deploy.local.stack import Stack
from libs.common.grpc.server import MOST_CONNECTIONS
from libs.common.settings import STREAMS
from tests.common import bombs, http2
from tests.policy.test_import_files import COLUMNS

MOST_MEMORY = 400
"""MiB of a process, whatever happens."""
SLOWEST = 1.0
"""Seconds for the 99th of a hundred answers to another caller."""
WATCHES_PER_CONNECTION = 90


@dataclass
class Asked:
    """What a second caller saw."""

    times: list[float]
    failed: int

    @property
    def p99(self) -> float:
        return sorted(self.times)[len(self.times) * 99 // 100]


class Caller:
    """One who asks again and again, on a connection of their own."""

    def __init__(self, stack: Stack, service: str, principal: str = "second", tenant: str = "insurer-second") -> None:
        role, tenant, organisation = (
            ("vendor", "", principal) if service == "vendor_gateway" else ("auditor", tenant, tenant)
        )
        self.metadata = [("authorization", f"Bearer {stack.issue(principal, organisation, tenant, (role,))}")]
        options = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.aio.insecure_channel(stack.addresses[service], options=options)
        stub: Any = order_grpc.OrderServiceStub if service == "vendor_gateway" else policy_grpc.PolicyServiceStub
        request: Any = order_pb.ListOrdersRequest if service == "vendor_gateway" else policy_pb.ListPoliciesRequest
        self.stub = stub(self.channel)
        method = self.stub.ListOrders if service == "vendor_gateway" else self.stub.ListPolicies
        self.ask: Callable[[], Any] = lambda: method(request(), metadata=self.metadata, timeout=5)

    async def asks(self, seconds: float) -> Asked:
        asked, until = Asked([], 0), monotonic() + seconds
        while monotonic() < until:
            began = monotonic()
            try:
                await self.ask()
            except grpc.aio.AioRpcError:
                asked.failed += 1
            asked.times.append(monotonic() - began)
            await asyncio.sleep(0.01)
        return asked


def memory_of(stack: Stack, service: str) -> int:
    """MiB that a service's process has in memory."""
    return _status(stack, service, "VmRSS") >> 10


def _status(stack: Stack, service: str, name: str) -> int:
    lines = Path(f"/proc/{stack.services[service].pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


def cpu_of(stack: Stack, service: str) -> float:
    """Seconds of CPU that a service's process has had."""
    fields = Path(f"/proc/{stack.services[service].pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def settled(stack: Stack, service: str) -> None:
    """Waits until a process has little to do any more."""
    async with asyncio.timeout(20):
        while True:
            before = cpu_of(stack, service)
            await asyncio.sleep(0.5)
            if cpu_of(stack, service) - before < 0.05:
                return


def show(what: str, quiet: Asked, flooded: Asked, stack: Stack, service: str) -> None:
    print(
        f"{what}: p99 {quiet.p99 * 1000:.0f} ms quiet, {flooded.p99 * 1000:.0f} ms meanwhile,"
        f" {len(flooded.times)} answers, {flooded.failed} failed, {memory_of(stack, service)} MiB"
    )


def check(flooded: Asked, stack: Stack, service: str) -> None:
    assert flooded.failed == 0
    assert flooded.p99 < SLOWEST
    assert memory_of(stack, service) < MOST_MEMORY


@asynccontextmanager
async def a_caller(stack: Stack, service: str, principal: str = "second", **more: str) -> AsyncIterator[Caller]:
    caller = Caller(stack, service, principal, **more)
    try:
        yield caller
    finally:
        await caller.channel.close()


@contextmanager
def flooding(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Does it in a thread until the block is over."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def port_of(stack: Stack, service: str) -> int:
    return int(stack.addresses[service].rpartition(":")[2])


async def test_streams_that_are_begun_and_reset_cancel_nobody_elses_calls(stack: Stack) -> None:
    def flood(stop: threading.Event) -> None:
        line, block = (
            http2.connect(port_of(stack, "policy")),
            http2.headers_of("/hubao.policy.v1.PolicyService/GetPolicy"),
        )
        threading.Thread(target=_drained, args=(line,), daemon=True).start()
        began, stream, sent = monotonic(), 1, 0
        with line:
            while not stop.is_set() and sent < 150_000:
                line.sendall(b"".join(_begun_and_reset(stream + 2 * at, block) for at in range(100)))
                stream, sent = stream + 200, sent + 100
                stop.wait(max(sent / 30_000 - (monotonic() - began), 0))

    async with a_caller(stack, "policy") as caller:
        quiet = await caller.asks(2)
        with flooding(flood):
            flooded = await caller.asks(4)
        show("HEADERS and RST_STREAM, 30,000 a second", quiet, flooded, stack, "policy")
        check(flooded, stack, "policy")
        after = await caller.asks(1)

    assert after.failed == 0


def _begun_and_reset(stream: int, block: bytes) -> bytes:
    reset = http2.frame(http2.RST_STREAM, 0, stream, http2.CANCEL.to_bytes(4, "big"))
    return http2.frame(http2.HEADERS, http2.END_HEADERS, stream, block) + reset


def _drained(line: socket.socket) -> None:
    try:
        line.settimeout(10)
        while line.recv(65536):
            pass
    except OSError:
        return  # The flood is over.


async def test_headers_that_never_end_take_no_memory(stack: Stack) -> None:
    more = b"\x00\x03x-a\x7f" + bytes((0x81, 0x7C)) + b"b" * 16_000

    def flood(stop: threading.Event) -> None:
        with http2.connect(port_of(stack, "policy")) as line:
            line.sendall(http2.frame(http2.HEADERS, 0, 1, http2.headers_of("/x")))
            for _ in range(6_000):
                if stop.is_set():
                    return
                try:
                    line.sendall(http2.frame(http2.CONTINUATION, 0, 1, more))
                except OSError:
                    return  # It was closed on us, as it may be.

    before = memory_of(stack, "policy")
    async with a_caller(stack, "policy") as caller:
        quiet = await caller.asks(1)
        with flooding(flood):
            flooded = await caller.asks(3)
        show("CONTINUATION without end", quiet, flooded, stack, "policy")
        check(flooded, stack, "policy")

    assert memory_of(stack, "policy") < before + 60


async def test_idle_connections_keep_nobody_out(stack: Stack) -> None:
    """As many as an ordinary limit of descriptors would let in; the process has raised its own."""
    own, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if own < 2048:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    lines = [http2.connect(port_of(stack, "policy")) for _ in range(1100)]
    try:
        async with a_caller(stack, "policy", "newcomer") as caller:
            flooded = await caller.asks(2)
        show("1,100 idle connections", flooded, flooded, stack, "policy")
        check(flooded, stack, "policy")
    finally:
        for line in lines:
            line.close()
    assert MOST_CONNECTIONS > 1100


async def test_silent_imports_of_one_take_no_place_of_others(stack: Stack) -> None:
    flooders = [Caller(stack, "policy", f"flood-{number}", "insurer-flood") for number in range(12)]
    token = stack.issue("flood", "insurer-flood", "insurer-flood", ("underwriter",))
    calls = [
        flooder.stub.ImportPolicies(metadata=[("authorization", f"Bearer {token}")])
        for flooder in flooders
        for _ in range(WATCHES_PER_CONNECTION)
    ]
    ended = [asyncio.ensure_future(call.code()) for call in calls]
    try:
        async with asyncio.timeout(15):
            while sum(task.done() for task in ended) < len(calls) - STREAMS.of_principal:
                await asyncio.sleep(0.1)
        async with a_caller(stack, "policy") as caller:
            await caller.asks(1)
            flooded = await caller.asks(3)
            show("1,080 silent imports", flooded, flooded, stack, "policy")
            check(flooded, stack, "policy")
        refused = [task.result() for task in ended if task.done()]
        assert set(refused) == {grpc.StatusCode.RESOURCE_EXHAUSTED}
        assert len(refused) == len(calls) - STREAMS.of_principal
    finally:
        for call in calls:
            call.cancel()
        for flooder in flooders:
            await flooder.channel.close()
        await asyncio.gather(*ended, return_exceptions=True)
        await settled(stack, "policy")


async def test_watchers_cost_next_to_nothing_and_slow_nobody(stack: Stack) -> None:
    async with a_caller(stack, "vendor_gateway") as caller:
        quiet = await caller.asks(2)
        before = cpu_of(stack, "vendor_gateway")
        await asyncio.sleep(3)
        idle = (cpu_of(stack, "vendor_gateway") - before) / 3
        watchers = [Caller(stack, "vendor_gateway", f"vendor-{number % 5}") for number in range(23)]
        calls: list[Any] = []
        opened: list[asyncio.Future[Any]] = []
        try:
            for each in watchers:
                begun = [
                    each.stub.WatchOrders(order_pb.WatchOrdersRequest(), metadata=each.metadata)
                    for _ in range(WATCHES_PER_CONNECTION)
                ]
                calls += begun
                opened += [asyncio.ensure_future(call.read()) for call in begun]
                # Of more than 1,000 calls that a process has not looked at yet, grpc cancels some by itself.
                await asyncio.sleep(0.1)
            await asyncio.sleep(2)
            await settled(stack, "vendor_gateway")  # They are open.
            before = cpu_of(stack, "vendor_gateway")
            await asyncio.sleep(3)
            watching = (cpu_of(stack, "vendor_gateway") - before) / 3
            flooded = await caller.asks(3)
            show(
                f"{len(calls)} watches, CPU {idle:.1%} without and {watching:.1%} with",
                quiet,
                flooded,
                stack,
                "vendor_gateway",
            )
            # Those that are done have been told how far the log has come.
            assert {task.exception() for task in opened if task.done()} <= {None}
            await _are_open(stack, 5 * WATCHES_PER_CONNECTION)
            check(flooded, stack, "vendor_gateway")
            assert watching < idle + 0.1
        finally:
            for call in calls:
                call.cancel()
            for task in opened:
                task.cancel()
            for each in watchers:
                await each.channel.close()
            await settled(stack, "vendor_gateway")


async def _are_open(stack: Stack, watches: int) -> None:
    """Of one vendor so many watches are open, so just the others of its share are let in."""
    async with a_caller(stack, "vendor_gateway", "vendor-0") as same:
        asked = [
            same.stub.WatchOrders(order_pb.WatchOrdersRequest(), metadata=same.metadata)
            for _ in range(WATCHES_PER_CONNECTION)
        ]
        codes = [asyncio.ensure_future(call.code()) for call in asked]
        beyond = watches + WATCHES_PER_CONNECTION - STREAMS.of_principal
        async with asyncio.timeout(10):
            while sum(code.done() for code in codes) < beyond:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        assert sum(code.done() for code in codes) == beyond
        for call in asked:
            call.cancel()
        await asyncio.gather(*codes)


@pytest.mark.parametrize("bomb", ["rows far apart", "a part that unpacks to much"])
async def test_workbooks_that_claim_too_much_hold_up_nobody(stack: Stack, tmp_path: Path, bomb: str) -> None:
    path = tmp_path / "a.xlsx"
    if bomb == "rows far apart":
        bombs.gap(path)
    else:
        name, begun = "xl/worksheets/sheet1.xml", bombs.begun(bombs.HEADING)
        bombs.long_part(path, name, begun, f"<row>{' ' * 95}</row>", 400_000, "")
    content = path.read_bytes()
    token = stack.issue("flood", "insurer-flood", "insurer-flood", ("underwriter",))

    async with a_caller(stack, "policy") as caller, a_caller(stack, "policy", "flood") as flooder:
        quiet = await caller.asks(1)
        sent = [asyncio.create_task(send(flooder, token, content)) for _ in range(20)]
        flooded = await caller.asks(4)
        codes = await asyncio.gather(*sent)
        show(f"20 workbooks with {bomb}", quiet, flooded, stack, "policy")
        check(flooded, stack, "policy")

        assert set(codes) <= {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}
        operator = [("authorization", f"Bearer {stack.issue('op', 'hubao', '', ('operator',))}")]
        admin: Any = admin_grpc.AdminServiceStub(caller.channel)  # type: ignore[no-untyped-call]
        verified = await admin.VerifyLog(admin_pb.VerifyLogRequest(), metadata=operator, timeout=10)
        assert not verified.violations


async def send(flooder: Caller, token: str, content: bytes) -> grpc.StatusCode:
    """Sends a workbook; how the import ends."""
    header = pb.ImportFileHeader(format=pb.IMPORT_FORMAT_XLSX)
    getattr(header, "import").CopyFrom(pb.ImportHeader(import_key="BOMB", source="a flood"))
    call = flooder.stub.ImportPolicyFile(metadata=[("authorization", f"Bearer {token}")], timeout=40)
    try:
        await call.write(pb.ImportPolicyFileRequest(header=header))
        for start in range(0, len(content), 1 << 17):
            await call.write(pb.ImportPolicyFileRequest(chunk=content[start : start + (1 << 17)]))
        await call.done_writing()
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        return await call.code()  # It was refused before all was sent.
    return await call.code()


async def test_a_process_ends_while_it_reads_a_large_workbook(stack: Stack, tmp_path: Path) -> None:
    """The rows are blank, so there is nothing between the first and the last of them to wait for."""
    numbers = random.Random(9)
    heading = bombs.row(1, *COLUMNS)
    again = "".join(f'<row x="{numbers.randbytes(3).hex()}">{"<c/>" * 20}</row>' for _ in range(400))
    path = bombs.long_part(tmp_path / "a.xlsx", "xl/worksheets/sheet1.xml", bombs.begun(heading), again, 1000, "")
    token = stack.issue("flood", "insurer-flood", "insurer-flood", ("underwriter",))
    child = stack.services["policy"]
    async with a_caller(stack, "policy", "flood") as flooder:
        sending = asyncio.create_task(send(flooder, token, path.read_bytes()))
        before = cpu_of(stack, "policy")
        async with asyncio.timeout(20):
            while cpu_of(stack, "policy") < before + 1.0:
                await asyncio.sleep(0.05)
        assert not sending.done()

        began = monotonic()
        child.ask_to_stop()
        await asyncio.to_thread(child.stop)
        took = monotonic() - began
        print(f"ends {took:.1f} s after SIGTERM")
        assert await sending in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    stack.start_service("policy")
    await asyncio.to_thread(stack.await_health, "policy")
    assert took < 15
