"""An upgrade with running traffic: each replica of a service is ended and started in its turn, and no call fails."""

import asyncio
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree

import grpc
import psycopg
import pytest
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import product_service_pb2_grpc as product_grpc

from deploy.local.market import TENANT
from deploy.local.stack import Stack
from libs.common.grpc.client import RETRIES
from tests.policy.desk import create_product

CLIENTS = 6
MEANWHILE = 25
"""Calls answered before each step, so that every step happens under load."""


@pytest.fixture
def pair() -> Iterator[Stack]:
    """Two replicas of every service."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-rolling-"))
    try:
        with Stack(directory / "data", {}, fsync=False, replicas=2) as stack:
            yield stack
    finally:
        rmtree(directory, ignore_errors=True)


@dataclass
class Load:
    """Clients that make products and read them back, one call after the other, until they are told to end."""

    channel: grpc.aio.Channel
    token: str
    made: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ended: bool = False

    async def run(self, client: int) -> None:
        stub = product_grpc.ProductServiceStub(self.channel)
        metadata = (("authorization", f"Bearer {self.token}"),)
        number = 0
        while not self.ended:
            number += 1
            request = create_product(f"ROLL-{client}-{number}")
            try:
                made = (await stub.CreateProduct(request, metadata=metadata, timeout=20)).product
                wanted = product_pb.GetProductRequest(product_id=made.product_id)
                await stub.GetProduct(wanted, metadata=metadata, timeout=20)
                self.made.append(made.product_id)
            except grpc.aio.AioRpcError as error:
                self.failures.append(f"{error.code().name}: {error.details()}")

    async def until_more(self, count: int) -> None:
        """Waits until so many more products are made."""
        enough = len(self.made) + count
        async with asyncio.timeout(90):
            while len(self.made) < enough:
                await asyncio.sleep(0.02)


def balanced(stack: Stack) -> grpc.aio.Channel:
    """One channel over both replicas: it repeats what was UNAVAILABLE, as every client of ours does."""
    config = RETRIES | {"loadBalancingConfig": [{"round_robin": {}}]}
    addresses = ",".join(stack.addresses[name] for name in ("policy", "policy-2"))
    options = [
        ("grpc.service_config", json.dumps(config)),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 500),
    ]
    return grpc.aio.insecure_channel(f"ipv4:{addresses}", options)


async def test_replicas_restarted_in_turn_under_load_fail_no_call_and_lose_no_write(pair: Stack) -> None:
    async with balanced(pair) as channel:
        load = Load(channel, pair.issue("lin", TENANT, TENANT, ("underwriter",)))
        clients = [asyncio.create_task(load.run(number)) for number in range(CLIENTS)]
        for name in ("policy", "policy-2"):
            await load.until_more(MEANWHILE)
            await asyncio.to_thread(pair.services[name].stop)
            assert pair.services[name].exit_status == 0, pair.services[name].tail()
            await load.until_more(MEANWHILE)
            pair.start_service(name)
            await asyncio.to_thread(pair.await_health, name)
        await load.until_more(MEANWHILE)
        load.ended = True
        await asyncio.gather(*clients)

    with psycopg.connect(pair.database_url) as connection:
        rows = connection.execute("SELECT stream::text FROM policy.event WHERE version = 1").fetchall()
    assert load.failures == []
    assert sorted(stream for (stream,) in rows) == sorted(load.made)
