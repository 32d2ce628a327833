"""Reading the read tables while the database goes away."""

import psycopg
import pytest
from sqlalchemy import text

from libs.common.outages import OutcomeUnknown
from tests.common.messaging.town import BELL, Node


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
