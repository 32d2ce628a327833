"""The servers of the local stack, on real files."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from deploy.local.servers import Nats, Postgres, ServerError


@pytest.fixture
def directory(server_directory: Path, request: pytest.FixtureRequest) -> Path:
    path: Path = server_directory / request.node.name
    path.mkdir()
    return path


def test_a_second_start_finds_the_data_of_the_first(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    with Postgres(directory / "postgres", fsync=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_database_server_killed_with_9_comes_back_on_its_port(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False) as server:
        url = server.url
        server.child.kill()

        server.start()

        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_data_are_synced_to_disk_unless_a_test_says_otherwise(directory: Path) -> None:
    with Postgres(directory / "postgres") as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_the_pid_of_a_crashed_server_may_belong_to_somebody_else_by_now(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False):
        pass
    stale = f"{os.getpid()}\n{directory}\n0\n5432\n\nlocalhost\n0 0\nready\n"
    (directory / "postgres" / "postmaster.pid").write_text(stale)

    with Postgres(directory / "postgres", fsync=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_busy_port_is_refused_in_one_line(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        for server in (Postgres(directory / "postgres", port, fsync=False), Nats(directory / "nats", port)):
            with pytest.raises(ServerError) as refusal:
                server.start()
            assert str(port) in str(refusal.value)
            assert "\n" not in str(refusal.value)


def test_a_data_directory_that_is_no_directory_is_refused_in_one_line(directory: Path) -> None:
    (directory / "data").write_text("a file")

    for server in (Postgres(directory / "data" / "postgres", fsync=False), Nats(directory / "data" / "nats")):
        with pytest.raises(ServerError) as refusal:
            server.start()
        assert "\n" not in str(refusal.value)


def test_the_servers_end_when_their_parent_is_killed_with_9(directory: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from deploy.local.servers import Nats, Postgres\n"
        f"d = Path({str(directory)!r})\n"
        "p, n = Postgres(d / 'postgres', fsync=False).start(), Nats(d / 'nats').start()\n"
        "print(p.child.pid, n.child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(children) == 2

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/stat").exists() for pid in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in children if Path(f"/proc/{pid}/stat").exists()] == []


def test_a_wiped_jetstream_starts_empty(directory: Path) -> None:
    with Nats(directory / "nats") as server:
        server.stop()
        server.wipe()
        server.start()

        assert (directory / "nats").is_dir()
