"""A billing office on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.billing_subsidy.office import Office


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    async with Office(database) as running:
        yield running
