"""CPU of the whole idle stack: PostgreSQL, NATS and the four services, against one core."""

import asyncio
import os
from time import monotonic

from deploy.local.stack import Stack
from tests.bench.figures import Figure, Size
from tests.bench.place import Place, cpu_seconds

SETTLE_SECONDS = 3.0
WINDOW = 2.5
"""A window is so many times as long as other measurements: idle work comes in polls."""


async def idle_cpu(place: Place, size: Size) -> Figure:
    figure = Figure("cores")
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    stack = await asyncio.to_thread(Stack(place.directory / "idle", environ, fsync=True).start)
    try:
        servers = (stack.postgres, stack.nats)
        pids = {child.name: child.pid for child in stack.services.values()}
        pids |= {server.child.name: server.child.pid for server in servers if server is not None}
        await asyncio.sleep(SETTLE_SECONDS)
        parts: list[dict[str, float]] = []
        for _ in range(size.rounds):
            before, started = {name: cpu_seconds(pid) for name, pid in pids.items()}, monotonic()
            await asyncio.sleep(size.seconds * WINDOW)
            stack.check()
            took = monotonic() - started
            parts.append({name: (cpu_seconds(pid) - before[name]) / took for name, pid in pids.items()})
            figure.ours.append(sum(parts[-1].values()))
            figure.reference.append(1.0)
        figure.notes |= {"parts": parts}
    finally:
        await asyncio.to_thread(stack.stop)
    return figure
