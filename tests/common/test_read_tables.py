"""Reading the read tables while the database goes away."""

import asyncio

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from libs.common.errors import PositionAhead
from libs.common.outages import Conflict, OutcomeUnknown, TablesReplaced
from libs.common.waking import cancelled
from tests.common.messaging.town import BELL, STRIKES, Node


async def test_a_read_whose_connection_is_lost_is_an_outage_and_no_bug(database: str) -> None:
    async with Node(BELL, database) as bell:
        with pytest.raises(OutcomeUnknown):
            async with bell.tables.connect() as connection:
                await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

        assert await bell.tables.position() == 0


async def test_read_tables_that_were_not_restored_with_their_log_are_made_anew_and_filled(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 5)
        await bell.projector.rebuild()
        schema = bell.tables.schema
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(f"DROP SCHEMA {schema} CASCADE")

    async with Node(BELL, database) as restored:
        assert (restored.tables.schema, await restored.tables.position()) == (schema, 0)
        while await restored.projector.advance(restored.tables.schema):
            pass
        assert await restored.projector.rebuild() == (2, True)


async def test_a_position_that_the_log_has_not_is_refused_and_not_waited_for(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        while await bell.projector.advance(bell.tables.schema):
            pass

        assert await bell.tables.wait_for(1, 0)
        with pytest.raises(PositionAhead) as refusal:
            await bell.tables.wait_for(2, 60)

    # How far the log has come counts the events of all insurers, and is not told.
    assert refusal.value.details == {"asked": "2"}
    assert str(refusal.value) == "The log has not come to 2."


async def test_a_rebuild_while_the_database_is_away_is_an_outage_and_no_bug(database: str) -> None:
    async with Node(BELL, database) as bell:
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("ALTER ROLE hubao_bell CONNECTION LIMIT 0")
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hubao_bell'")
            try:
                with pytest.raises(OutcomeUnknown):
                    await bell.projector.rebuild()
            finally:
                admin.execute("ALTER ROLE hubao_bell CONNECTION LIMIT -1")


async def test_two_rebuilds_at_once_leave_one_whole_generation(database: str) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as other:
        for name in "abc":
            await one.cast(name)
            for _ in range(20):
                await one.strike(name, 1)
        while await one.projector.advance(one.tables.schema):
            pass

        results = await asyncio.gather(
            *(node.projector.rebuild(batch=7) for node in (one, other)), return_exceptions=True
        )

        # One may find the other's generation gone from under it; then it says so, and nothing is switched.
        assert any(result == (63, True) for result in results), results
        assert await one.projector.rebuild(batch=7) == (63, True)
        async with one.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [20, 20, 20]


async def test_a_rebuild_that_is_given_up_lets_go_of_the_database_and_can_be_begun_again(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        for _ in range(60):
            await bell.strike("big", 1)
        await bell.projector.advance(bell.tables.schema)
        before = bell.tables.schema

        rebuilding = asyncio.create_task(bell.projector.rebuild(batch=1))
        await asyncio.sleep(0.05)
        await cancelled([rebuilding])

        assert bell.tables.schema == before
        assert await bell.projector.rebuild() == (61, True)


async def test_events_that_are_written_during_a_rebuild_are_in_the_new_generation(database: str) -> None:
    async with Node(BELL, database) as bell:
        for name in "abcd":
            await bell.cast(name)
            await bell.strike(name, 1)

        async def strikes() -> None:
            for _ in range(10):
                for name in "abcd":
                    await bell.strike(name, 1)

        (_, equal), _ = await asyncio.gather(bell.projector.rebuild(batch=2), strikes())
        while await bell.projector.advance(bell.tables.schema):
            pass

        assert equal
        async with bell.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [11] * 4


async def cast_and_projected(node: Node, *names: str) -> None:
    for name in names:
        await node.cast(name)
        await node.strike(name, 1)
    while await node.projector.advance(node.tables.schema):
        pass


async def test_two_rebuilds_under_a_read_are_an_outage_and_no_bug(database: str) -> None:
    async with Node(BELL, database) as bell:
        await cast_and_projected(bell, "big", "small")

        async def read() -> None:
            async with bell.tables.connect() as connection:
                assert await bell.projector.rebuild() == (4, True)
                assert await bell.projector.rebuild() == (4, True)
                await connection.execute(select(STRIKES.c.hours))

        with pytest.raises(TablesReplaced):
            await read()

        async with bell.tables.connect() as connection:
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [1, 1]


async def test_one_rebuild_under_a_read_does_it_no_harm(database: str) -> None:
    async with Node(BELL, database) as bell:
        await cast_and_projected(bell, "big", "small")

        async with bell.tables.connect() as connection:
            assert await bell.projector.rebuild() == (4, True)
            assert (await connection.execute(select(STRIKES.c.hours))).scalars().all() == [1, 1]


async def test_a_process_that_has_missed_two_rebuilds_reads_nothing_that_is_half_built(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as behind:
        await cast_and_projected(one, "big", "small")
        assert await one.projector.rebuild() == (4, True)

        def died(*_: object) -> None:
            raise RuntimeError("the process died")

        monkeypatch.setattr(one.projector, "_fill", died)
        with pytest.raises(RuntimeError):
            await one.projector.rebuild()  # Its generation is there, and empty.

        with pytest.raises(TablesReplaced):
            await behind.tables.position()
        assert await behind.tables.position() == 4


async def test_a_rebuild_that_another_one_has_overtaken_drops_nothing(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as late:
        await cast_and_projected(one, "big", "small")
        assert await one.projector.rebuild() == (4, True)

        async def not_yet() -> None:
            """It has looked before the other one switched."""

        with monkeypatch.context() as patched:
            patched.setattr(late.tables, "refresh", not_yet)
            with pytest.raises(Conflict):
                await late.projector.rebuild()

        assert await one.tables.position() == 4
        assert await late.projector.rebuild() == (4, True)


async def test_a_projector_that_has_missed_two_rebuilds_goes_on_with_the_new_tables(database: str) -> None:
    async with Node(BELL, database) as one, Node(BELL, database) as behind:
        await cast_and_projected(one, "big")
        for _ in range(2):
            await one.projector.rebuild()
        await one.cast("small")

        with pytest.raises(TablesReplaced):
            await behind.projector.advance(behind.tables.schema)
        assert await behind.projector.advance(behind.tables.schema) == 1


async def test_a_table_that_is_missing_for_another_reason_is_still_a_bug(database: str) -> None:
    async with Node(BELL, database) as bell:
        with pytest.raises(ProgrammingError):
            async with bell.tables.connect() as connection:
                await connection.execute(text("SELECT 1 FROM never_made"))


async def test_rebuilds_leave_two_generations_at_most(database: str) -> None:
    async with Node(BELL, database) as bell:
        await cast_and_projected(bell, "big")
        for _ in range(30):
            before = bell.tables.schema
            assert await bell.projector.rebuild() == (2, True)
            async with bell.tables.connect() as connection:
                found = await connection.execute(
                    text("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, :prefix)"),
                    {"prefix": f"{bell.tables.prefix}_"},
                )
                assert set(found.scalars()) == {before, bell.tables.schema}
