"""The plain eventsourcing library: an application on its PostgreSQL recorder behind a threaded gRPC server.

Each call saves a new aggregate, whose one event has as many bytes as ours. No token, no rule, no request id.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import grpc
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from hubao.policy.v1 import treaty_service_pb2 as pb
from psycopg.conninfo import conninfo_to_dict

METHOD = "/bench.Library/CreateTreaty"
THREADS = 16
"""Threads, and connections for them."""


class Treaty(Aggregate):
    def __init__(self, terms: str) -> None:
        self.terms = terms


class Treaties(Application[UUID]):
    """Saves treaties as events of a given length."""

    name = "treaties"

    def __init__(self, environment: dict[str, str], length: int) -> None:
        super().__init__(environment)
        bare = Treaty("").collect_events()[0]
        self._left = length - len(self.mapper.to_stored_event(bare).state)
        if self._left < 0:
            raise ValueError(f"the library's event can't be as short as {length} bytes")

    def create(self, treaty_key: str) -> Treaty:
        treaty = Treaty(treaty_key[: self._left].ljust(self._left, "."))
        self.save(treaty)
        return treaty


def environment(url: str) -> dict[str, str]:
    """The library's settings for a database."""
    parts = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts.get("password", "trusted")),
        "POSTGRES_POOL_SIZE": str(THREADS),
    }


@asynccontextmanager
async def serving(url: str, length: str) -> AsyncIterator[int]:
    treaties = Treaties(environment(url), int(length))

    def create(request: pb.CreateTreatyRequest, context: Any) -> pb.CreateTreatyResponse:
        key = str(uuid4())
        treaty = treaties.create(key)
        return pb.CreateTreatyResponse(
            treaty=pb.Treaty(
                treaty_id=str(treaty.id),
                treaty_key=key,
                reinsurer_id=request.reinsurer_id,
                percent=request.percent,
                commission_percent=request.commission_percent,
                starts_on=request.starts_on,
                ends_on=request.ends_on,
                etag=str(treaty.version),
            )
        )

    handler = grpc.unary_unary_rpc_method_handler(
        create, pb.CreateTreatyRequest.FromString, pb.CreateTreatyResponse.SerializeToString
    )
    _, package, name = METHOD.split("/")
    server = grpc.server(ThreadPoolExecutor(THREADS))
    # Both, as generated code does it.
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(package, {name: handler}),))
    server.add_registered_method_handlers(package, {name: handler})
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    await asyncio.to_thread(server.stop(None).wait)
    treaties.close()
