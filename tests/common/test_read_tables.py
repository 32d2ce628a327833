"""Reading the read tables while the database goes away."""

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
