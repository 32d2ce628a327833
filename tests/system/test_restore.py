"""One service loses its database, gets its log back from `pg_dump`, and hears what it has missed from the feeds."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hubao.claims.v1 import claim_service_pb2 as claims_pb
from psycopg import sql

from deploy.local.flow import Unwatched
from deploy.local.invariants import invariants
from deploy.local.market import PORTFOLIO_TERMS, open_product
from deploy.local.players import Players
from deploy.local.portfolio.enterprises import prospects
from deploy.local.portfolio.play import SELLING, Portfolio
from deploy.local.servers.postgres import POSTGRES_BIN_PATH
from deploy.local.stack import Stack
from deploy.local.year.play import Year
from tests.system.scene import wrong

SERVICE = "claims"


@pytest.fixture
def archive() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hubao-archive-") as name:
        yield Path(name) / f"{SERVICE}.dump"


def run(tool: str, *words: str | Path) -> None:
    """One of PostgreSQL's own tools."""
    done = subprocess.run(
        [POSTGRES_BIN_PATH / tool, *words],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def lose_everything(database_url: str) -> None:
    """Drops the service's log and its read tables."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [f"^{SERVICE}(_read_|$)"]
        ).fetchall()
        assert len(rows) >= 2
        for (schema,) in rows:
            admin.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))


def lose_jetstream(stack: Stack) -> None:
    """Deletes all that NATS kept, so that only the feeds know what was announced."""
    assert stack.nats is not None
    stack.nats.stop()
    stack.nats.wipe()
    stack.nats.start()


async def sell(players: Players, year: Year, count: int) -> list[str]:
    """Sells so many policies, which only needs the policy service; their ids."""
    product_id = await open_product(players.cast.underwriter, "CYBER-SME", "中小企业网络安全综合险", PORTFOLIO_TERMS)
    portfolio = Portfolio(players.cast, players.cluster, year.scene, Unwatched(), count)
    return [(await portfolio.bind(prospect, product_id)).policy_id for prospect in prospects(count)]


def chain_at(database_url: str, position: int) -> str:
    """The hash chain of the service's log at a position."""
    with psycopg.connect(database_url) as admin:
        row = admin.execute(f"SELECT chain FROM {SERVICE}.event WHERE position = %s", [position]).fetchone()
    assert row is not None
    return bytes(row[0]).hex()


async def test_a_service_restored_from_its_dump_catches_up_from_the_feeds(
    fresh_stack: Stack, fresh_players: Players, archive: Path
) -> None:
    cast, cluster, database = fresh_players.cast, fresh_players.cluster, fresh_stack.database_url
    year = Year(cast, cluster)
    async for _ in year.play():
        pass
    await cluster.open_day(SELLING)
    before = (await cluster.status())[SERVICE]

    schemas = [f"--schema={SERVICE}", f"--schema={SERVICE}_read_*"]
    run("pg_dump", "--format=custom", *schemas, f"--file={archive}", f"--dbname={database}")
    fresh_stack.services[SERVICE].kill()
    lose_everything(database)
    sold = await sell(fresh_players, year, 4)
    lose_jetstream(fresh_stack)
    run("pg_restore", "--exit-on-error", f"--dbname={database}", archive)
    fresh_stack.prepared(SERVICE)
    fresh_stack.start_service(SERVICE)
    fresh_stack.await_health(SERVICE)
    await cluster.drain()

    after = (await cluster.status())[SERVICE]
    assert after.position == before.position + len(sold)
    assert chain_at(database, before.position) == before.chain
    assert [log for log, answer in (await cluster.verify_logs()).items() if answer.violations] == []
    assert wrong(await invariants(cast, cluster)) == []
    for policy_id in sold:
        account = await cast.handler(claims_pb.GetCoverageAccountRequest(policy_id=policy_id))
        assert account.account.policy_id == policy_id
