"""A measured process: one server and nothing else. All of them run on the loop that `asyncio.run` makes.

`python -m tests.bench.serve KIND [ARGUMENTS]` starts `tests.bench.servers.KIND`, prints its port and its loop, and
serves until its input ends.
"""

import asyncio
import sys
from importlib import import_module

from libs.common import collector


async def serve(kind: str, *arguments: str) -> None:
    async with import_module(f"tests.bench.servers.{kind}").serving(*arguments) as port:
        collector.calm()  # As every process of ours does: see libs/common/runtime.py. The references have it too.
        loop = type(asyncio.get_running_loop())
        print(port, f"{loop.__module__}.{loop.__qualname__}", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
