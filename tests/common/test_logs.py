"""What logs hold, and what they never hold: no values of the data, and no outage as an error of ours."""

import json
import logging
from collections.abc import Iterator
from io import StringIO

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from libs.common.logs import Form, log_to
from libs.common.outages import in_a_line
from tests.common.messaging.town import BELL, Node

USCC = "91310000MA1FL0AB1X"
log = logging.getLogger("libs.common.test")


@pytest.fixture
def stream() -> Iterator[StringIO]:
    """What the process writes to its log."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = StringIO()
    log_to(written, "bell")
    yield written
    root.handlers[:] = before
    root.setLevel(level)


def lines(stream: StringIO) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


async def fail(bell: Node, statement: str) -> None:
    async with bell.tables.engine.begin() as connection:
        await connection.execute(text("CREATE TEMPORARY TABLE pair (uscc text PRIMARY KEY, number bigint)"))
        await connection.execute(text("INSERT INTO pair VALUES (:uscc, 1)"), {"uscc": USCC})
        await connection.execute(text(statement), {"uscc": USCC})


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pair VALUES (:uscc, 1)",
        "SELECT CAST(:uscc AS uuid)",
        "INSERT INTO pair VALUES (:uscc, 10 ^ 30)",
        "SELECT missing FROM pair WHERE uscc = :uscc",
    ],
)
@pytest.mark.parametrize("form", ["json", "plain"])
async def test_a_traceback_holds_no_value_of_a_statement(
    database: str, stream: StringIO, statement: str, form: Form
) -> None:
    log_to(stream, "bell", form)
    async with Node(BELL, database) as bell:
        with pytest.raises(SQLAlchemyError) as failure:
            await fail(bell, statement)
        log.error("it failed", exc_info=failure.value)
        log.error("it failed: %s", in_a_line(failure.value))
        with pytest.raises(psycopg.Error) as raw, psycopg.connect(database) as connection:
            connection.execute("SELECT %s::uuid", (USCC,))
        log.error("it failed", exc_info=raw.value)

    assert "Traceback" in stream.getvalue()
    assert "InvalidTextRepresentation" in stream.getvalue()
    assert "test_logs.py" in stream.getvalue()
    assert USCC not in stream.getvalue()


async def test_a_connection_that_has_died_when_it_is_given_back_is_no_error(database: str, stream: StringIO) -> None:
    async with Node(BELL, database) as bell:
        borrowed = bell.tables.writing.raw_connection()
        cursor = borrowed.cursor()
        cursor.execute("SELECT pg_backend_pid()")
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
        borrowed.close()
        assert await bell.tables.position() == 0

    told = [line for line in lines(stream) if line["logger"].startswith("sqlalchemy.pool")]
    assert [line["level"] for line in told] == ["WARNING"]
    assert "reset" in told[0]["message"]


def test_whoever_logs_an_outage_as_an_error_warns_in_one_line(stream: StringIO) -> None:
    for failure in (ConnectionResetError("by peer"), psycopg.errors.DiskFull("could not extend file")):
        try:
            raise failure
        except Exception:
            logging.getLogger("sqlalchemy.pool.impl.QueuePool").exception("Exception during reset or similar")

    assert [(line["level"], line["message"]) for line in lines(stream)] == [
        ("WARNING", "Exception during reset or similar: ConnectionResetError: by peer"),
        ("WARNING", "Exception during reset or similar: DiskFull: the database's disk is full"),
    ]
    assert "Traceback" not in stream.getvalue()


def test_a_bug_is_told_with_all_that_led_to_it(stream: StringIO) -> None:
    try:
        try:
            raise LookupError("it is not there")
        except LookupError as error:
            raise RuntimeError("it can't go on") from error
    except RuntimeError:
        log.exception("a bug")

    (line,) = lines(stream)
    assert line["level"] == "ERROR"
    assert line["exc_info"].count("Traceback (most recent call last):") == 2
    assert line["exc_info"].index("LookupError: it is not there") < line["exc_info"].index("RuntimeError: it can't go")
