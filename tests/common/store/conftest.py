"""A prepared log for each test, in a database of its own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from libs.common.store.committer import Committer
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from tests.common.store.purses import Purses, purses_at


@pytest.fixture
def store_url(database: str) -> str:
    """Where the service `purse` connects."""
    return prepare(database, "purse")


@pytest.fixture
def connection(store_url: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection of the service's role."""
    with psycopg.connect(store_url, autocommit=True) as connected:
        yield connected


@pytest.fixture
async def log(store_url: str) -> AsyncIterator[Log]:
    reading = Log(store_url)
    await reading.open()
    yield reading
    await reading.close()


@pytest.fixture
async def committer(store_url: str) -> AsyncIterator[Committer]:
    opened = Committer(store_url)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def purses(store_url: str) -> AsyncIterator[Purses]:
    async with purses_at(store_url) as opened:
        yield opened


@pytest.fixture
async def purse(purses: Purses) -> UUID:
    """A purse that has been opened."""
    purse = uuid4()
    await purses.open(purse)
    return purse
