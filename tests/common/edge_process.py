"""A process with the real edge and every service of the contract behind it, none of which does anything.

What a request costs before its method is the edge's affair alone, so nothing else runs here. `python -m
tests.common.edge_process DIRECTORY` takes the keys from that directory, prints its port, and serves until it is ended.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from google.protobuf import descriptor_pool

from libs.common.grpc.auth import Authenticator
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.tokens import LocalIssuer
from tests.contracts.protos import modules


def nothing(service: str) -> Any:
    """A servicer: each of its methods has no answer but an error, once the edge has let a call in."""

    async def one(request: Any, context: Any) -> Any:
        raise LookupError

    async def each(requests: Any, context: Any) -> AsyncIterator[Any]:
        async for _ in requests:
            pass
        raise LookupError
        yield

    methods = descriptor_pool.Default().FindServiceByName(service).methods
    return SimpleNamespace(**{method.name: each if method.server_streaming else one for method in methods})


def servicers() -> list[Any]:
    """All services of the contract."""
    found = []
    for module in modules("_pb2_grpc"):
        for name, add in vars(module).items():
            if name.startswith("add_") and name.endswith("Servicer_to_server"):
                package = module.__name__.rpartition(".")[0]
                service = f"{package}.{name.removeprefix('add_').removesuffix('Servicer_to_server')}"
                found.append((add, nothing(service), service))
    return found


async def main(directory: Path) -> None:
    """Serves."""
    issuer = LocalIssuer.create(directory)

    async def reached(position: int, seconds: float) -> bool:
        return True

    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    server = EdgeServer("127.0.0.1:0", Edge("any", authenticator, lambda: datetime.now(UTC), reached), servicers())
    print(await server.start(), flush=True)
    await server.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
