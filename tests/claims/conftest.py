"""A claims service on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.claims.desk import Desk


@pytest.fixture
async def desk(database: str) -> AsyncIterator[Desk]:
    async with Desk(database) as running:
        yield running
