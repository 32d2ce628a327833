"""The whole system on one machine: PostgreSQL, NATS and the four services, each a process of its own.

A data directory holds everything that a later run finds again. `DATABASE_URL` and `NATS_URL` put servers of one's own
in the place of those that come as wheels. Nothing that dies is started again silently: deploy.local.keeping says so.
"""

import fcntl
import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.clients import SERVICES
from deploy.local.market import FIRST_VENDOR, INSURED, TENANT
from deploy.local.servers import LOOPBACK, Child, Nats, Postgres, ServerError, check_port, free_port, make_directory
from deploy.local.servers.secrets import make_private, password_in, write_secret
from libs.common.store.migrate import PrepareError, prepare
from libs.common.tokens import IssuerKeyUnusable, LocalIssuer, make_key, write_jwks

ROOT = Path(__file__).parents[2]
HEALTHY_WITHIN = 90
TOKEN_LIFE = timedelta(days=365)
CLOCK_START = "2025-11-03T00:00:00Z"
"""Where the clock of a new data directory stands: before the year that is played."""
INSURER_ROLES = ("underwriter", "chief_underwriter", "claims_handler", "claims_manager", "finance", "auditor")
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "OTEL_EXPORTER_OTLP_ENDPOINT", "SSL_CERT_FILE")


class Stack:
    """Starts everything in order, and stops it in the opposite order, also when a start fails half way."""

    def __init__(self, data: Path, environ: Mapping[str, str], *, fsync: bool = True, replicas: int = 1) -> None:
        self.data = data.resolve()
        self._environ = environ
        self._fsync = fsync
        self._lock: IO[str] | None = None
        self._ports = _ports(environ)
        self.postgres: Postgres | None = None
        self.nats: Nats | None = None
        self.services: dict[str, Child] = {}
        self.addresses = {name: f"{LOOPBACK}:{self._ports[name]}" for name in SERVICES}
        """Where each process listens; the second replica of a service is called `policy-2`."""
        more = (f"{name}-{number}" for number in range(2, replicas + 1) for name in SERVICES)
        self.addresses |= {process: f"{LOOPBACK}:{free_port()}" for process in more}

    def start(self) -> Self:
        """Returns when all four services serve. ServerError in one line otherwise, with nothing left running."""
        try:
            self._take_directory()
            self._issuer = LocalIssuer.create(self.data / "identity")
            self.database_url, self.nats_url = self._start_servers()
            service_urls = {name: self.way_to(name, self.prepared(name)) for name in SERVICES}
            self._make_announcement_keys()
            self._environments = {
                process: self._environment(process, service_urls[service_of(process)]) for process in self.addresses
            }
            for process in self.addresses:
                self.start_service(process)
            for process in self.addresses:
                self.await_health(process)
        except (PrepareError, IssuerKeyUnusable) as error:
            self.stop()
            raise ServerError(str(error)) from error
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ends the services, which finish what they have begun, then NATS, then PostgreSQL."""
        for child in self.services.values():
            child.ask_to_stop()
        for child in self.services.values():
            child.stop()
        for server in (self.nats, self.postgres):
            if server is not None:
                server.stop()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def issue(self, principal: str, organisation: str, tenant: str, roles: tuple[str, ...]) -> str:
        """A token of the local issuer."""
        return self._issuer.token(principal, organisation, tenant, roles, lifetime=TOKEN_LIFE)

    @property
    def urls(self) -> dict[str, str]:
        """Where PostgreSQL and NATS are, without passwords; those of one's own are left out."""
        found = {}
        if self.postgres is not None:
            found["PostgreSQL"] = f"postgresql://postgres@{LOOPBACK}:{self.postgres.port}/postgres"
        if self.nats is not None:
            found["NATS"] = self.nats.url
        return found

    def write_addresses(self) -> None:
        """Writes where each service listens, a file for each, so that a command can be pasted."""
        directory = make_directory(self.data / "addresses")
        for name, address in self.addresses.items():
            (directory / name).write_text(f"{address}\n")

    def write_tokens(self) -> Path:
        """Writes a token for each role into a directory that only its owner can read; the directory."""
        directory = make_private(self.data / "tokens")
        for role in INSURER_ROLES:
            write_secret(directory / role, self.issue(f"{role}@{TENANT}", TENANT, TENANT, (role,)))
        write_secret(directory / "authority", self.issue("office@finance-bureau", "finance-bureau", "", ("authority",)))
        write_secret(directory / "vendor", self.issue(f"duty@{FIRST_VENDOR}", FIRST_VENDOR, "", ("vendor",)))
        write_secret(directory / "insured", self.issue(f"risk@{INSURED}", INSURED, "", ("insured",)))
        write_secret(directory / "operator", self.issue("operator@hubao", "hubao", "", ("operator",)))
        return directory

    def command(self, service: str) -> list[str]:
        """What a process of a service runs."""
        return [sys.executable, "-m", f"services.{service}"]

    def way_to(self, service: str, database_url: str) -> str:
        """The URL by which a service's processes reach its database."""
        return database_url

    def start_service(self, name: str) -> None:
        """Starts one service's process; it may not serve yet."""
        child = self.services.setdefault(name, Child(name, self.data / "logs" / f"{name}.log"))
        child.start(self.command(service_of(name)), environment=self._environments[name], directory=ROOT)

    def await_health(self, name: str) -> None:
        """Waits until a service serves; ServerError with the end of its log if it dies or takes too long."""
        deadline = time.monotonic() + HEALTHY_WITHIN
        with grpc.insecure_channel(self.addresses[name]) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            while True:
                self._refuse_dead(name)
                try:
                    answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1)
                    if answer.status == health_pb2.HealthCheckResponse.SERVING:
                        return
                except grpc.RpcError:
                    pass  # Not there yet.
                if time.monotonic() > deadline:
                    raise ServerError(f"{name} did not become healthy:\n{self.services[name].tail()}")
                time.sleep(0.05)

    def check(self) -> None:
        """ServerError if anything that we started has died."""
        for name in self.services:
            self._refuse_dead(name)
        self.check_servers()

    def check_servers(self) -> None:
        """ServerError if PostgreSQL or NATS has died: nothing here starts them again."""
        for server in (self.postgres, self.nats):
            if server is not None and not server.child.running:
                raise ServerError(f"{server.child.name} died: {server.child.last_line}")

    def dead(self) -> list[str]:
        """The processes of services that are not running."""
        return [name for name, child in self.services.items() if not child.running]

    def _refuse_dead(self, name: str) -> None:
        child = self.services[name]
        if not child.running:
            raise ServerError(f"{name} ended with status {child.exit_status}; its log ends:\n{child.tail()}")

    def _take_directory(self) -> None:
        make_directory(self.data)
        lock = (self.data / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise ServerError(f"the data directory {self.data} is in use by another run") from error
        self._lock = lock
        # Not before it is ours: it stands open to the user as which another run's PostgreSQL works.
        make_private(self.data)
        make_private(self.data / "logs")

    def _start_servers(self) -> tuple[str, str]:
        """The URLs of the database and of NATS: given ones, or those of our own servers."""
        logs = self.data / "logs"
        database_url, nats_url = (self._environ.get(name, "") for name in ("DATABASE_URL", "NATS_URL"))
        if not database_url:
            port = self._ports.get("postgres")
            self.postgres = Postgres(self.data / "postgres", port, fsync=self._fsync, logs=logs).start()
            database_url = self.postgres.url
        if not nats_url:
            users = self.data / "nats-users"
            self.nats = Nats(self.data / "nats", self._ports.get("nats"), logs=logs, passwords=users).start()
            nats_url = self.nats.url
        return database_url, nats_url

    def _environment(self, process: str, database_url: str) -> dict[str, str]:
        name = service_of(process)
        replica = process.removeprefix(name)
        token = self.data / "identity" / f"{name}.token"
        write_secret(token, self.issue(f"service:{name}", "hubao", "", ("service",)))
        return {key: self._environ[key] for key in PASSED_ON if key in self._environ} | {
            "DATABASE_URL": database_url,
            **self._way_to_nats(name),
            "HUBAO_ANNOUNCEMENT_KEY": str(self._announcement_key(name)),
            "HUBAO_ANNOUNCEMENT_JWKS": ",".join(
                f"{other}={self._announcement_jwks(other)}" for other in SERVICES if other != name
            ),
            "HUBAO_ADDRESS": self.addresses[process],
            "HUBAO_FEEDS": ",".join(
                f"{other}={self.addresses[other + replica]}" for other in SERVICES if other != name
            ),
            "HUBAO_JWKS": str(self._issuer.jwks),
            "HUBAO_ISSUER": self._issuer.issuer,
            "HUBAO_TOKEN_FILE": str(token),
            "HUBAO_CLOCK": "movable",
            "HUBAO_CLOCK_START": CLOCK_START,
            "HUBAO_LOG": "plain",
        }

    def _way_to_nats(self, service: str) -> dict[str, str]:
        """By which a service's processes are let in: as users of our own server, or by the URL that was given."""
        if self.nats is None:
            return {"NATS_URL": self.nats_url}
        return {
            "NATS_URL": self.nats.url_of(service),
            "HUBAO_NATS_PASSWORD_FILE": str(self.nats.password_file(service)),
        }

    def prepared(self, service: str) -> str:
        """The URL by which a service connects; on our own server its role has a random password."""
        if self.postgres is None:
            return prepare(self.database_url, service)
        secrets = make_private(self.data / "postgres-roles")
        return prepare(self.database_url, service, password=password_in(secrets / f"{service}.password"))

    def _make_announcement_keys(self) -> None:
        for service in SERVICES:
            write_jwks(self._announcement_jwks(service), make_key(self._announcement_key(service)))

    def _announcement_key(self, service: str) -> Path:
        return self.data / "identity" / f"{service}-announcements.key"

    def _announcement_jwks(self, service: str) -> Path:
        return self.data / "identity" / f"{service}-announcements.jwks.json"


def service_of(process: str) -> str:
    """The service that a process is a replica of."""
    return process.partition("-")[0]


def _ports(environ: Mapping[str, str]) -> dict[str, int]:
    """The services' ports, and those of the servers if HUBAO_PORT_BASE fixes them all."""
    base = environ.get("HUBAO_PORT_BASE", "")
    if not base:
        return {name: free_port() for name in SERVICES}
    if not (base.isascii() and base.isdigit() and 1024 <= int(base) <= 65530):
        raise ServerError(f"HUBAO_PORT_BASE must be a port from 1024 to 65530, not {base!r}")
    ports = {name: int(base) + number for number, name in enumerate((*SERVICES, "postgres", "nats"))}
    for name in SERVICES:
        check_port(ports[name], name)
    return ports
