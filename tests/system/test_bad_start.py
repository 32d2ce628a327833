"""A start that can't work stops at once with one clear line, and leaves nothing running."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import ROOT


@pytest.fixture
def directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hubao-start-") as name:
        yield Path(name)


def start(data: Path, **environment: str) -> str:
    """The one line that a failed start prints."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", "demo", "--data", str(data)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_busy_port_is_named(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        line = start(directory, HUBAO_PORT_BASE=str(port))

    assert line == f"hubao: port {port}, wanted for policy, can't be used: Address already in use"


def test_a_port_base_that_is_no_port_is_named(directory: Path) -> None:
    assert "HUBAO_PORT_BASE" in start(directory, HUBAO_PORT_BASE="many")


def test_a_data_directory_that_is_a_file_is_named(directory: Path) -> None:
    data = directory / "data"
    data.write_text("not a directory")

    assert str(data) in start(data)


def test_a_foreign_directory_in_the_place_of_the_database_is_named(directory: Path) -> None:
    (directory / "postgres").mkdir()
    (directory / "postgres" / "something").write_text("of somebody else")

    assert str(directory / "postgres") in start(directory)
    assert (directory / "postgres" / "something").exists()


def test_an_incidents_file_that_is_not_there_is_named(directory: Path) -> None:
    assert "nowhere.jsonl" in start(directory, INCIDENTS="nowhere.jsonl")


def test_a_database_that_does_not_answer_is_named(directory: Path) -> None:
    line = start(directory, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")

    assert "database" in line
