"""Where benchmarks run: one PostgreSQL with fsync on, a fresh database for each that asks; CPU time of processes."""

import os
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

_NUMBERS = count(1)
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Place:
    """A directory, and a server: its URL as its superuser, and its process."""

    directory: Path
    admin_url: str
    database_pid: int = 0
    _made: list[str] = field(default_factory=list)

    def database(self, template: str = "") -> str:
        """The URL of a new database, empty or a copy of another one to which nobody is connected."""
        name = f"bench_{os.getpid()}_{next(_NUMBERS)}"
        copied = f" TEMPLATE {urlsplit(template).path[1:]} STRATEGY FILE_COPY" if template else ""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}{copied}")
        self._made.append(name)
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    def clear(self) -> None:
        """Drops what was made here, so that nothing of it is in the way of whoever is next."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            for name in self._made:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            admin.execute("CHECKPOINT")
        self._made.clear()


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process and of all below it, the ended ones too; 0 if it has gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        tasks = Path(f"/proc/{pid}/task").iterdir()
        children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS + sum(map(cpu_seconds, children))
