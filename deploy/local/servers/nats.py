"""NATS JetStream from its wheel, on a free loopback port."""

import os
import shutil
import sysconfig
import time
from pathlib import Path
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
from deploy.local.servers.secrets import make_private, password_in, write_secret
from deploy.nats.users import HEARS, authorization, password_variable


class Nats:
    """One NATS server with JetStream on `directory`, which fsyncs every message before it acknowledges.

    With `passwords`, a directory, each service is a user of its own, with its password in a file there; without,
    everybody may do everything, which is for tests of something else.
    """

    def __init__(
        self, directory: Path, port: int | None = None, *, logs: Path | None = None, passwords: Path | None = None
    ) -> None:
        self._passwords = passwords
        self._directory = directory.resolve()
        self._fixed = port is not None
        self.port = port or free_port()
        self.child = Child("NATS", (logs or self._directory.parent) / f"{self._directory.name}.log")

    @property
    def url(self) -> str:
        return f"nats://{LOOPBACK}:{self.port}"

    def url_of(self, service: str) -> str:
        """Where a service connects; its password is in `password_file`."""
        return f"nats://{service}@{LOOPBACK}:{self.port}"

    def password_file(self, service: str) -> Path:
        if self._passwords is None:
            raise ServerError("this NATS server has no users")
        return self._passwords / f"{service}.password"

    def start(self) -> Self:
        """Starts the server and waits until it is ready for connections."""
        make_directory(self._directory)
        if self._fixed:
            check_port(self.port, "NATS")
        deadline = time.monotonic() + START_WITHIN
        while not self._started(deadline):
            if self._fixed or "address already in use" not in self.child.tail() or time.monotonic() > deadline:
                raise ServerError(f"NATS did not start on {self._directory}: {self.child.last_line}")
            self.port = free_port()
        self._fixed = True
        return self

    def stop(self) -> None:
        self.child.stop()

    def wipe(self) -> None:
        """Deletes all that JetStream keeps. The server must be stopped."""
        if self.child.running:
            raise ServerError("NATS runs; stop it before its store is wiped")
        shutil.rmtree(self._directory)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _started(self, deadline: float) -> bool:
        config = self._directory.with_name(f"{self._directory.name}.conf")
        write_secret(
            config,
            f'host: "{LOOPBACK}"\nport: {self.port}\nserver_name: "hubao-local"\n'
            f'jetstream {{\n  store_dir: "{self._directory}"\n  sync_interval: always\n  max_file_store: 16GB\n}}\n'
            f"{authorization() if self._passwords else ''}",
        )
        self.child.clear_log()
        self.child.start([_nats_binary(), "--config", config], environment=os.environ | self._secrets())
        while self.child.running and time.monotonic() < deadline:
            if "Server is ready" in self.child.tail(lines=20):
                return True
            time.sleep(0.02)
        self.child.stop()
        return False

    def _secrets(self) -> dict[str, str]:
        """The passwords, by the variables in which the configuration looks for them."""
        if self._passwords is None:
            return {}
        make_private(self._passwords)
        return {password_variable(service): password_in(self.password_file(service)) for service in HEARS}


def _nats_binary() -> Path:
    found = shutil.which("nats-server", path=f"{sysconfig.get_path('scripts')}:{os.environ.get('PATH', '')}")
    if found is None:
        raise ServerError("there is no nats-server; `make setup` installs it")
    return Path(found)
