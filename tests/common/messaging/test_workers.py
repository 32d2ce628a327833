"""Timers, projections, leases and verification of one service's engine."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from libs.common.store.leases import Leases
from libs.common.store.verify import verify
from libs.common.waking import cancelled
from tests.common.messaging.town import BELL, STRIKES, Bell, NoBell, Node, bell_id

pytestmark = pytest.mark.asyncio


async def strikes(node: Node, name: str = "big") -> int:
    loaded = await node.application.read(Bell, bell_id("lead", name), NoBell(name=name), tenant="lead")
    return loaded.value.strikes


async def test_a_timer_fires_once_it_is_due_by_the_services_clock(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 1, again_at=bell.clock.now() + timedelta(days=30))
        assert await bell.timers.fire_due() == 0

        bell.clock.set(bell.clock.now() + timedelta(days=31))
        assert await bell.timers.fire_due() == 1
        assert await bell.timers.fire_due() == 0

        assert await strikes(bell) == 2


async def test_an_event_can_cancel_a_timer(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 1, again_at=bell.clock.now() + timedelta(days=30))
        await bell.strike("big", 1)

        bell.clock.set(bell.clock.now() + timedelta(days=31))

        assert await bell.timers.fire_due() == 0
        assert await strikes(bell) == 2


async def test_two_processes_fire_a_timer_once(database: str) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as other:
        for name in "abcdefgh":
            await one.cast(name)
            await one.strike(name, 1, again_at=one.clock.now() + timedelta(days=1))
        for node in (one, other):
            node.clock.set(node.clock.now() + timedelta(days=2))

        fired = await asyncio.gather(one.timers.fire_due(), other.timers.fire_due())

        assert sum(fired) == 8
        assert [await strikes(one, name) for name in "abcdefgh"] == [2] * 8


async def test_read_tables_follow_the_log_and_a_read_can_wait_for_its_own_write(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        done = await bell.strike("big", 5)
        task = asyncio.create_task(bell.projector.run())

        assert await bell.tables.wait_for(done.position, 5)

        async with bell.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [5]
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        later = await bell.strike("big", 1)
        assert not await bell.tables.wait_for(later.position, 0.1)


async def test_two_projectors_project_every_event_once(database: str) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as other:
        await one.cast("big")
        for _ in range(20):
            await one.strike("big", 1)

        await asyncio.gather(one.projector.advance(one.tables.schema), other.projector.advance(other.tables.schema))

        async with one.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [20]


async def test_read_tables_are_rebuilt_beside_the_old_ones_and_compared(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 5)
        while await bell.projector.advance(bell.tables.schema):
            pass
        before = bell.tables.schema

        position, equal = await bell.projector.rebuild()

        assert (position, equal) == (2, True)
        assert bell.tables.schema != before

        async with bell.tables.engine.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE {bell.tables.schema}.strikes SET hours = 6")
        assert await bell.projector.rebuild() == (2, False)
        async with bell.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [5]


async def test_only_one_process_leads_and_another_takes_over(database: str) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as other:
        leading: list[str] = []

        def work(name: str):  # type: ignore[no-untyped-def]
            async def lead() -> None:
                leading.append(name)
                try:
                    await asyncio.sleep(60)
                finally:
                    leading.remove(name)

            return lead

        first = asyncio.create_task(Leases(one.log, "one", term=0.6).lead("relay", work("one")))
        await asyncio.sleep(0.3)
        second = asyncio.create_task(Leases(other.log, "other", term=0.6).lead("relay", work("other")))
        await asyncio.sleep(1.0)
        assert leading == ["one"]

        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await asyncio.sleep(0.8)
        assert leading == ["other"]
        rows = await one.log.all("SELECT holder, epoch FROM lease")
        assert rows == [("other", 2)]
        second.cancel()
        with suppress(asyncio.CancelledError):
            await second


async def test_a_good_log_verifies_and_a_changed_one_names_the_position(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        for _ in range(3):
            await bell.strike("big", 2)
        assert await verify(bell.log) == (4, [])

        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("ALTER TABLE bell.event DISABLE TRIGGER event_is_history")
            admin.execute(
                "UPDATE bell.event SET payload = replace(convert_from(payload, 'UTF8'), '2', '3')::bytea"
                " WHERE position = 3"
            )
            admin.execute("UPDATE bell.guard SET used = 5")

        events, violations = await verify(bell.log)
        assert events == 4
        assert violations[0] == "position 3: the chain does not match the event"
        assert any("the table says 5 of 100, the events say 6 of 100" in one for one in violations)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ("DELETE FROM bell.event WHERE position = 3", "position 3: missing, the next event is at 4"),
        (
            "UPDATE bell.event SET chain = sha256('') WHERE position = 4",
            "position 4: the chain does not match the event",
        ),
        ("UPDATE bell.event SET tenant = 'other' WHERE position = 2", "position 2: the chain does not match the event"),
        (
            "UPDATE bell.event SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 5",
            "position 5: the chain does not match the event",
        ),
        ("UPDATE bell.event SET metadata = '\"guards\"' WHERE position = 1", "position 1: the chain does not match"),
        (
            "DELETE FROM bell.outbox WHERE position = 6; DELETE FROM bell.event WHERE position = 6",
            "position 5: the head is not the end of the chain",
        ),
        ("UPDATE bell.head SET chain = sha256('')", "position 6: the head is not the end of the chain"),
    ],
)
async def test_verification_names_the_first_position_that_is_wrong(
    database: str, monkeypatch: pytest.MonkeyPatch, change: str, finding: str
) -> None:
    monkeypatch.setattr("libs.common.store.verify._CHUNK", 2)
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        for _ in range(5):
            await bell.strike("big", 2)

        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            admin.execute(change)

        assert (await verify(bell.log))[1][0].startswith(finding)


async def test_a_long_stream_gets_a_snapshot_that_a_cold_load_begins_from(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await asyncio.gather(*(bell.strike("big", 0) for _ in range(450)))
        await bell.strike("big", 7)

    async with Node(BELL, database) as cold:
        assert await strikes(cold) == 7
        await cold.application.settle()
        ((version,),) = await cold.log.all("SELECT version FROM snapshot")
        assert version == 452

    async with Node(BELL, database) as colder:
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute(
                "UPDATE bell.snapshot SET state = convert_to(replace(convert_from(state, 'UTF8'), '7', '8'), 'UTF8')"
            )
        assert await strikes(colder) == 8  # It really came from the snapshot.
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("UPDATE bell.snapshot SET evolve_version = 'another code'")

    async with Node(BELL, database) as coldest:
        assert await strikes(coldest) == 7


async def test_all_leases_of_a_process_are_prolonged_together_and_kept(database: str) -> None:
    async with Node(BELL, database) as node:
        leases, led = Leases(node.log, "one", term=1.0), set()

        async def leading(name: str) -> None:
            async def work() -> None:
                led.add(name)
                await asyncio.sleep(60)

            await leases.lead(name, work)

        tasks = [asyncio.create_task(leading(name)) for name in ("a", "b", "c")]
        await asyncio.sleep(3)

        assert led == leases.held == {"a", "b", "c"}
        rows = await node.log.all("SELECT name, holder, epoch, until > clock_timestamp() FROM lease ORDER BY name")
        assert rows == [(name, "one", 1, True) for name in "abc"]
        await cancelled(tasks)
        assert leases.held == set()


async def test_who_has_lost_one_lease_keeps_the_others(database: str) -> None:
    async with Node(BELL, database) as node:
        leases, ended = Leases(node.log, "one", term=1.0), asyncio.Queue[str]()

        async def leading(name: str) -> None:
            async def work() -> None:
                try:
                    await asyncio.sleep(60)
                finally:
                    ended.put_nowait(name)

            await leases.lead(name, work)

        tasks = [asyncio.create_task(leading(name)) for name in ("a", "b")]
        async with asyncio.timeout(15):
            while leases.held != {"a", "b"}:
                await asyncio.sleep(0.02)
        await node.log.run(
            "UPDATE lease SET holder = 'other', epoch = 2, until = clock_timestamp() + '1 hour' WHERE name = 'a'"
        )

        assert await asyncio.wait_for(ended.get(), 15) == "a"
        assert ended.empty()
        assert "b" in leases.held
        await cancelled(tasks)
        assert await node.log.all("SELECT holder, epoch FROM lease WHERE name = 'a'") == [("other", 2)]


async def test_a_lease_that_can_not_be_prolonged_for_whatever_reason_is_lost(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Node(BELL, database) as node:
        leases, ended = Leases(node.log, "one", term=1.0), asyncio.Event()

        async def work() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()

        async def broken(names: list[str]) -> set[str]:
            raise RuntimeError("a bug")

        monkeypatch.setattr(leases, "_prolonged", broken)
        task = asyncio.create_task(leases.lead("relay", work))

        await asyncio.wait_for(ended.wait(), 15)
        await cancelled([task])
