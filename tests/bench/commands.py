"""A typical single-aggregate write through everything, against an empty echo of the same message in the same loop."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

from libs.common.store.migrate import prepare
from libs.common.tokens import LocalIssuer
from tests.bench.client import ECHO
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place, cpu_seconds

WRITE = "/hubao.vendor_gateway.v1.VendorService/AccreditVendor"


class Rig:
    """The measured process, and the client that asks it."""

    def __init__(self, server: Process, ports: tuple[int, int], token: str) -> None:
        self._server = server
        self._ports = ports
        self._token = token
        self.results: dict[str, list[dict[str, float]]] = {WRITE: [], ECHO: []}

    async def drive(self, method: str, in_flight: int, seconds: float) -> dict[str, float]:
        """One client run; its result, with the server's CPU time for each call."""
        port = self._ports[method == ECHO]
        before = cpu_seconds(self._server.pid)
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.client", f"127.0.0.1:{port}", method, str(in_flight), str(seconds)),
            stdin=PIPE,
            stdout=PIPE,
        )
        try:
            output, _ = await asyncio.wait_for(client.communicate(self._token.encode()), seconds + 60)
        finally:
            if client.returncode is None:
                client.kill()
        if client.returncode != 0:
            raise RuntimeError(f"the client of {method} failed")
        result: dict[str, float] = json.loads(output)
        result["server_cpu_seconds"] = cpu_seconds(self._server.pid) - before
        self.results[method].append(result)
        return result

    def notes(self) -> dict[str, Any]:
        """The client's share of a core on both sides, and all that it saw."""
        shares = {
            side: median(one["client_cores"] for one in self.results[method])
            for side, method in (("ours", WRITE), ("reference", ECHO))
        }
        return {"client_cores": shares, "runs": {"ours": self.results[WRITE], "reference": self.results[ECHO]}}


@asynccontextmanager
async def rig(place: Place) -> AsyncIterator[Rig]:
    url = prepare(place.database(), "vendor_gateway")
    directory = place.directory / "identity"
    token = LocalIssuer.create(directory).token("operator", "hubao", roles=("operator",))
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.serve", url, str(directory), stdin=PIPE, stdout=PIPE
    )
    assert server.stdin is not None and server.stdout is not None
    try:
        line = await asyncio.wait_for(server.stdout.readline(), 60)
        port, echo_port = map(int, line.split())
        yield Rig(server, (port, echo_port), token)
    finally:
        server.stdin.close()
        try:
            await asyncio.wait_for(server.wait(), 20)
        except TimeoutError:
            server.kill()


async def compare(place: Place, size: Size, *, in_flight: int, value: str, unit: str) -> Figure:
    async with rig(place) as running:
        await running.drive(WRITE, in_flight, 0.2)  # The vendors of the client are there from now on.
        running.results[WRITE].clear()

        async def ours() -> float:
            return (await running.drive(WRITE, in_flight, size.seconds))[value]

        async def reference() -> float:
            return (await running.drive(ECHO, in_flight, size.seconds))[value]

        figure = await alternate(Figure(unit), size.rounds, ours, reference)
        figure.notes |= running.notes() | {"in_flight": in_flight}
        return figure


async def command_vs_echo(place: Place, size: Size) -> Figure:
    return await compare(place, size, in_flight=64, value="rate", unit="calls/s")


async def command_latency_vs_echo(place: Place, size: Size) -> Figure:
    return await compare(place, size, in_flight=4, value="p99", unit="s, p99")
