"""The real thing for the system tests: PostgreSQL, NATS and four service processes, on ports and data of their own."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

import pytest

from deploy.local.players import Players
from deploy.local.stack import Stack

NewStack = Callable[[], Stack]


def _directory(stack: ExitStack) -> Path:
    """Not under pytest's own directory, which it closes to the user that PostgreSQL runs as."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-system-"))
    stack.callback(rmtree, directory, ignore_errors=True)
    return directory


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One running stack for the tests that leave it as they found it, or go on from what is there."""
    with ExitStack() as cleanup:
        directory = _directory(cleanup)
        yield cleanup.enter_context(Stack(directory / "data", {}, fsync=False))


@pytest.fixture
def fresh_stack() -> Iterator[Stack]:
    """A stack for one test alone, which may kill parts of it."""
    with ExitStack() as cleanup:
        directory = _directory(cleanup)
        yield cleanup.enter_context(Stack(directory / "data", {}, fsync=False))


@pytest.fixture
async def players(stack: Stack) -> AsyncIterator[Players]:
    """The callers on the shared stack."""
    found = Players.on(stack)
    yield found
    await found.channels.close()


@pytest.fixture
async def fresh_players(fresh_stack: Stack) -> AsyncIterator[Players]:
    """The callers on this test's own stack."""
    found = Players.on(fresh_stack)
    yield found
    await found.channels.close()
