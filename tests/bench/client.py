"""A client process for machines without h2load: the same bytes again and again, so many calls, so many in flight.

`python -m tests.bench.client PORT METHOD BODY_FILE BEGIN ANSWER_BYTES CALLS IN_FLIGHT`, the token as its input. It
begins at BEGIN, seconds since the epoch, so that several of them begin together. The result is JSON: start and end of
each call, and the CPU seconds that they took. An answer of another length ends it with an error.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import process_time, time
from typing import Any

import grpc


async def main(
    port: int, method: str, body: bytes, begin: float, answer: int, calls: int, in_flight: int, token: str
) -> dict[str, Any]:
    times: list[tuple[float, float]] = []
    numbers = iter(range(calls))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.unary_unary(method)  # Bytes in, bytes out.
        metadata = (("authorization", f"Bearer {token}"),)
        await channel.channel_ready()
        await asyncio.sleep(begin - time())

        async def worker() -> None:
            for _ in numbers:
                started = time()
                answered = await call(body, metadata=metadata)
                times.append((started, time()))
                if len(answered) != answer:
                    raise AssertionError(f"an answer of {len(answered)} bytes instead of {answer}")

        busy = process_time()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
        return {"times": times, "cpu": process_time() - busy}


if __name__ == "__main__":
    where, what, file, begins, *numbers = sys.argv[1:]
    length, count, flying = map(int, numbers)
    request, bearer = Path(file).read_bytes(), sys.stdin.read()
    print(json.dumps(asyncio.run(main(int(where), what, request, float(begins), length, count, flying, bearer))))
