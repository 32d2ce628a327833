"""What counts as an outage, and what the log of a worker says of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import nats.errors
import psycopg
import pytest
from psycopg_pool import PoolTimeout
from sqlalchemy.exc import InterfaceError

from libs.common.outages import Fenced, OutcomeUnknown, in_a_line, is_outage, patiently
from libs.common.waking import forever


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown("the database does not answer"),
        psycopg.OperationalError("server closed the connection"),
        PoolTimeout("no connection"),
        InterfaceError("SELECT 1", None, Exception("closed")),
        nats.errors.NoServersError(),
        ConnectionResetError(),
        TimeoutError(),
    ],
)
def test_what_the_platform_does_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize(
    "error",
    [LookupError("it is not there"), psycopg.errors.ProgramLimitExceeded("index row size"), psycopg.DataError()],
)
def test_what_would_fail_again_for_ever_is_none(error: Exception) -> None:
    assert not is_outage(error)


def test_an_error_is_told_in_one_line() -> None:
    assert in_a_line(psycopg.OperationalError("it failed\n\tHINT:  look")) == "OperationalError: it failed HINT: look"
    assert in_a_line(TimeoutError()) == "TimeoutError"


async def test_what_an_outage_is_in_the_way_of_is_done_when_it_is_over() -> None:
    failures = [ConnectionRefusedError(), psycopg.OperationalError("the database system is starting up")]

    async def work() -> str:
        if failures:
            raise failures.pop()
        return "done"

    assert await patiently(work) == "done"


async def test_an_outage_that_lasts_is_told_as_one() -> None:
    async def work() -> None:
        raise ConnectionRefusedError("nobody there")

    with pytest.raises(OutcomeUnknown, match="ConnectionRefusedError: nobody there"):
        await patiently(work, seconds=0.3)


@pytest.mark.parametrize("error", [LookupError("it is not there"), Fenced("another has taken over")])
async def test_what_would_fail_again_is_not_tried_again(error: Exception) -> None:
    tries = []

    async def work() -> None:
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        await patiently(work)
    assert len(tries) == 1


async def rounds(work: Callable[[], Awaitable[None]]) -> None:
    """Lets a worker fail and begin again a few times."""
    task = asyncio.create_task(forever("relay", work, pause=0.001))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_worker_that_meets_an_outage_writes_a_line_and_begins_again(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ConnectionRefusedError("nobody there")

    await rounds(work)

    assert len(caplog.records) > 1
    assert {one.getMessage() for one in caplog.records} == {
        "worker relay begins again: ConnectionRefusedError: nobody there"
    }
    assert {(one.levelno, one.exc_info) for one in caplog.records} == {(logging.WARNING, None)}


async def test_a_worker_with_a_bug_writes_all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise LookupError("it is not there")

    await rounds(work)

    assert {one.levelno for one in caplog.records} == {logging.ERROR}
    assert all(one.exc_info for one in caplog.records)
