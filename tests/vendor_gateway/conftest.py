"""A gateway on a database of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.vendor_gateway.gateway import Gateway


@pytest.fixture
async def gateway(database: str) -> AsyncIterator[Gateway]:
    async with Gateway(database) as running:
        yield running
