"""What another process on this machine can't do: get into the database, or read what is the stack's own."""

import stat
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from deploy.local.servers import LOOPBACK, Nats, Postgres, ServerError
from deploy.local.servers.secrets import make_private, password_in
from libs.common.store.migrate import prepare

TRUSTING = """\
local   all             all                                     trust
host    all             all             127.0.0.1/32            trust
host    all             all             ::1/128                 trust
"""
"""What initdb wrote for the version before."""


@pytest.fixture
def directory(server_directory: Path, request: pytest.FixtureRequest) -> Path:
    return make_private(server_directory / request.node.name)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{LOOPBACK}:{parts.port}"))


def lets_in(url: str) -> bool:
    try:
        with psycopg.connect(url):
            return True
    except psycopg.OperationalError as error:
        if "password" in str(error):
            return False
        raise


def test_nobody_gets_into_the_database_without_a_password(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False) as server:
        urls = [server.url, *(prepare(server.url, service) for service in ("policy", "claims"))]
        passwords = [urlsplit(url).password for url in urls]

        assert len(set(passwords)) == 3
        for url in urls:
            assert lets_in(url)
            assert not lets_in(with_password(url, ""))
            assert not lets_in(with_password(url, "wrong"))
        assert not lets_in(with_password(urls[1], str(passwords[2])))


def test_a_role_has_the_password_that_is_given_and_the_server_keeps_only_its_hash(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False) as server:
        url = prepare(server.url, "policy", password="a-password-of-its-own")

        assert urlsplit(url).password == "a-password-of-its-own"
        assert lets_in(url)
        with psycopg.connect(server.url) as admin:
            rows = admin.execute("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin ORDER BY 1").fetchall()
        assert [name for name, _ in rows] == ["hubao_policy", "postgres"]
        assert all(str(secret).startswith("SCRAM-SHA-256$") for _, secret in rows)


def test_a_data_directory_of_the_version_before_is_closed_when_it_is_started(directory: Path) -> None:
    make_older(directory)

    with Postgres(directory / "postgres", fsync=False) as server:
        assert "trust" not in (directory / "postgres" / "pg_hba.conf").read_text()
        role = prepare(server.url, "policy")
        for url in (server.url, role):
            assert lets_in(url)
            assert not lets_in(with_password(url, ""))
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        url = server.url
    assert mode(directory / "postgres.log") == 0o600

    with Postgres(directory / "postgres", fsync=False) as server:  # And at the next start nothing changes.
        assert urlsplit(server.url).password == urlsplit(url).password
        assert lets_in(server.url)


def make_older(directory: Path) -> None:
    """A data directory as the version before has left it: everybody is trusted, nobody has a password."""
    with Postgres(directory / "postgres", fsync=False) as server:
        prepare(server.url, "policy")
        with psycopg.connect(server.url, autocommit=True) as admin:
            admin.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            admin.execute("ALTER ROLE hubao_policy PASSWORD NULL")
            admin.execute("ALTER ROLE postgres PASSWORD NULL")
    server.password_file.unlink()
    (directory / "postgres" / "pg_hba.conf").write_text(TRUSTING)
    (directory / "postgres.log").chmod(0o644)


@pytest.mark.parametrize("done", ["the password is made", "the password is set"])
def test_closing_that_was_interrupted_is_done_at_the_next_start(directory: Path, done: str) -> None:
    make_older(directory)
    password = password_in(directory / "postgres.password")
    if done == "the password is set":
        server = Postgres(directory / "postgres", fsync=False)
        server.start()
        server.stop()
        (directory / "postgres" / "pg_hba.conf").write_text(TRUSTING)

    with Postgres(directory / "postgres", fsync=False) as server:
        assert urlsplit(server.url).password == password
        assert lets_in(server.url)
        assert not lets_in(with_password(server.url, ""))


def test_a_password_that_was_lost_is_replaced(directory: Path) -> None:
    with Postgres(directory / "postgres", fsync=False) as server:
        before = server.url
    server.password_file.unlink()

    with Postgres(directory / "postgres", fsync=False) as server:
        assert urlsplit(server.url).password != urlsplit(before).password
        assert lets_in(server.url)


def test_what_the_servers_write_is_readable_by_their_owner_only(directory: Path) -> None:
    for log in ("postgres.log", "nats.log"):
        (directory / log).touch(0o644)
    with (
        Postgres(directory / "postgres", fsync=False) as postgres,
        Nats(directory / "nats", passwords=directory / "users") as nats,
    ):
        files = [directory / "postgres.log", directory / "nats.log", directory / "nats.conf", postgres.password_file]
        files += [nats.password_file(service) for service in ("policy", "claims")]
        assert {path.name: mode(path) for path in files} == {path.name: 0o600 for path in files}
        assert mode(directory / "users") == 0o700
        assert mode(directory) & 0o007 == 0  # The user that PostgreSQL runs as may pass through, by its group.
        assert not list(directory.glob("*.secret"))


def test_a_directory_that_is_not_ours_is_named(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    with pytest.raises(ServerError) as refusal:
        make_private(directory)

    assert str(directory) in str(refusal.value)
