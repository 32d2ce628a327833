"""The log while the database goes away: what may be done again is, and what can't be is an outage, never a bug."""

import asyncio

import psycopg
import pytest

from libs.common.outages import OutcomeUnknown
from libs.common.store.leases import Leases
from libs.common.store.reading import Log
from libs.common.store.verify import verify
from tests.common.store.proxy import Proxy

SET = "INSERT INTO setting (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


async def test_a_statement_whose_connection_was_cut_is_executed_on_another(database: str, log: Log) -> None:
    ((backend,),) = await log.all("SELECT pg_backend_pid()")
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s)", (backend,))

    assert await log.run(SET, ("colour", "green")) == 1
    assert await log.all("SELECT value FROM setting WHERE key = 'colour'") == [("green",)]


async def test_in_an_outage_every_way_to_the_log_says_that_the_outcome_is_unknown(store_url: str) -> None:
    async with Proxy(store_url) as proxy:
        log = Log(proxy.url, patience=0.3)
        await log.open()
    # The proxy has gone, and the database with it.
    with pytest.raises(OutcomeUnknown):
        await log.run(SET, ("colour", "green"))
    with pytest.raises(OutcomeUnknown):
        await log.one("SELECT 1")
    with pytest.raises(OutcomeUnknown):
        await verify(log)
    await log.close()


async def test_a_leader_that_is_told_to_end_in_an_outage_ends_within_its_term(store_url: str) -> None:
    async with Proxy(store_url) as proxy:
        log = Log(proxy.url, patience=30)
        await log.open()
        leading = asyncio.Event()

        async def work() -> None:
            leading.set()
            await asyncio.sleep(60)

        task = asyncio.create_task(Leases(log, "one", term=0.5).lead("relay", work))
        await leading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    await log.close()
