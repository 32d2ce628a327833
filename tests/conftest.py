"""Real servers for the tests: one PostgreSQL and one NATS per session, started when the first test asks for them.

`DATABASE_URL` and `NATS_URL` make the tests use servers that run already. Where `CI` is set, a skipped test fails the
session: what CI should have, it must have.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.local.servers import Nats, Postgres
from libs.common.projection import batch

_numbers = count(1)
_skipped: list[str] = []


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """Where the session's servers keep their files. Not under pytest's own, which it closes to other users."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-tests-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(server_directory: Path) -> Iterator[str]:
    """The URL of the session's PostgreSQL, as its superuser."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    with Postgres(server_directory / "postgres", fsync=False) as server:
        yield server.url


@pytest.fixture(scope="session")
def nats_url(server_directory: Path) -> Iterator[str]:
    """The URL of the session's NATS, whose streams all tests share."""
    if given := os.environ.get("NATS_URL"):
        yield given
        return
    with Nats(server_directory / "nats") as server:
        yield server.url


@pytest.fixture
def database(postgres_url: str) -> Iterator[str]:
    """The URL of an empty database, which is dropped after the test."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(postgres_url)._replace(path=f"/{name}"))
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def copied_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """New rows of read tables are copied even if there are few of them."""
    monkeypatch.setattr(batch, "COPIED", 1)


@pytest.fixture
def nats(server_directory: Path) -> Iterator[Nats]:
    """A NATS server for this test alone, which it may stop, wipe and start again."""
    directory = server_directory / f"nats-{next(_numbers)}"
    with Nats(directory) as server:
        yield server
    shutil.rmtree(directory, ignore_errors=True)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        _skipped.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        _skipped.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _skipped and os.environ.get("CI"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"skipped, though CI has all that a test may need: {', '.join(_skipped)}", red=True)
