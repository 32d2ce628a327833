"""What a process is told from outside, read once. `__main__` is the only one who reads the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Self, cast
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting is wrong or missing; the message is one line that names the variable (and never shows a secret)."""


MOST_CALLS = 1024
MOST_STREAMS = 4096


@dataclass(frozen=True, slots=True)
class Most:
    """How many at once."""

    in_all: int
    of_organisation: int
    of_principal: int

    @classmethod
    def shared(cls, in_all: int, of_organisation: int = 0, of_principal: int = 0) -> Self:
        """Where nothing else is said, half of all for an organisation and a quarter for a principal; at least one."""
        return cls(in_all, of_organisation or -(-in_all // 2), of_principal or -(-in_all // 4))


CALLS, STREAMS = Most.shared(MOST_CALLS), Most.shared(MOST_STREAMS, MOST_STREAMS // 4, MOST_STREAMS // 8)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM: the process's certificate and key, and who may sign the certificates of its callers, if asked."""

    cert: Path
    key: Path
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one service process."""

    database_url: str = field(repr=False)
    nats_url: str = field(repr=False)
    announcement_key: Path
    """The private key with which this service's announcements are signed."""
    jwks: str
    """A file or a URL with the public keys of the token issuer."""
    issuer: str
    announcement_jwks: Mapping[str, Path] = field(default_factory=dict)
    """The public keys of each upstream, by which its announcements are believed."""
    nats_password_file: Path | None = None
    """Holds the password of the user that the NATS URL names, if it is not in the URL."""
    audience: str = "hubao"
    address: str = "127.0.0.1:0"
    address_file: Path | None = None
    """Where the bound address is written, so that port 0 can be found."""
    token_file: Path | None = None
    """Holds the token with which this process calls others."""
    feeds: Mapping[str, str] = field(default_factory=dict)
    """The address of each upstream: of its FeedService, and of what else is asked of it."""
    clock: Literal["system", "movable"] = "system"
    clock_start: datetime | None = None
    """Where a movable clock begins that has never been set; real time if not given."""
    log: Literal["json", "plain"] = "json"
    tls: Tls | None = None
    calls: Most = CALLS
    """Calls at once."""
    streams: Most = STREAMS
    """Streams at once that clients send or that are endless."""
    stream_idle_seconds: int = 30
    max_connections: int = 4096
    drain_seconds: float = 10.0
    otlp_endpoint: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads all settings; SettingsError names the first that is wrong."""
        given = _Given(environ)
        return cls(
            database_url=given.url("DATABASE_URL", "postgresql://", "postgres://"),
            nats_url=given.url("NATS_URL", "nats://", "tls://"),
            nats_password_file=given.password_file("HUBAO_NATS_PASSWORD_FILE", "NATS_URL"),
            announcement_key=Path(given.needed("HUBAO_ANNOUNCEMENT_KEY")),
            announcement_jwks=given.files("HUBAO_ANNOUNCEMENT_JWKS"),
            jwks=given.needed("HUBAO_JWKS"),
            issuer=given.needed("HUBAO_ISSUER"),
            audience=given.text("HUBAO_AUDIENCE") or "hubao",
            address=given.address("HUBAO_ADDRESS", "127.0.0.1:0"),
            address_file=given.path("HUBAO_ADDRESS_FILE"),
            token_file=given.path("HUBAO_TOKEN_FILE"),
            feeds=given.feeds("HUBAO_FEEDS"),
            clock=cast(Literal["system", "movable"], given.choice("HUBAO_CLOCK", "system", "movable")),
            clock_start=given.instant("HUBAO_CLOCK_START"),
            log=cast(Literal["json", "plain"], given.choice("HUBAO_LOG", "json", "plain")),
            tls=given.tls(),
            calls=given.most("HUBAO_MAX_IN_FLIGHT", CALLS),
            streams=given.most("HUBAO_MAX_STREAMS", STREAMS),
            stream_idle_seconds=given.whole("HUBAO_STREAM_IDLE_SECONDS", 30, least=1, most=86_400),
            max_connections=given.whole("HUBAO_MAX_CONNECTIONS", 4096, least=1, most=1_000_000),
            drain_seconds=given.whole("HUBAO_DRAIN_SECONDS", 10, least=0, most=3600),
            otlp_endpoint=given.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
        )


class _Given:
    """Reads one variable after the other, each in its own form."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip()

    def needed(self, name: str) -> str:
        value = self.text(name)
        if not value:
            raise SettingsError(f"{name} is not set")
        return value

    def url(self, name: str, *schemes: str) -> str:
        value = self.needed(name)
        if not value.startswith(schemes):
            raise SettingsError(f"{name} must begin with {' or '.join(schemes)}")
        return value

    def choice(self, name: str, *choices: str) -> str:
        value = self.text(name) or choices[0]
        if value not in choices:
            raise SettingsError(f"{name} must be {' or '.join(choices)}, not {value!r}")
        return value

    def whole(self, name: str, default: int, *, least: int, most: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and least <= int(value) <= most):
            raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
        return int(value)

    def most(self, name: str, default: Most) -> Most:
        """Three numbers: in all, of an organisation, of a principal. The shares follow from the first if it is set."""
        in_all = self.whole(name, 0, least=1, most=1_000_000)
        base = Most.shared(in_all) if in_all else default
        return Most(
            base.in_all,
            self.whole(f"{name}_OF_ORGANISATION", base.of_organisation, least=1, most=1_000_000),
            self.whole(f"{name}_OF_PRINCIPAL", base.of_principal, least=1, most=1_000_000),
        )

    def instant(self, name: str) -> datetime | None:
        value = self.text(name)
        try:
            instant = datetime.fromisoformat(value) if value else None
        except ValueError as error:
            raise SettingsError(f"{name} must be an instant like 2026-01-01T09:00:00+08:00, not {value!r}") from error
        if instant is not None and instant.tzinfo is None:
            raise SettingsError(f"{name} needs a time zone, like 2026-01-01T09:00:00+08:00")
        return instant

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value) if value else None

    def address(self, name: str, default: str) -> str:
        value = self.text(name) or default
        _check_address(name, value)
        return value

    def feeds(self, name: str) -> dict[str, str]:
        feeds = self._by_upstream(name, "policy=127.0.0.1:5001,claims=127.0.0.1:5002")
        for address in feeds.values():
            _check_address(name, address)
        return feeds

    def files(self, name: str) -> dict[str, Path]:
        files = {upstream: Path(text) for upstream, text in self._by_upstream(name, "policy=/keys/policy.json").items()}
        for path in files.values():
            if not path.is_file():
                raise SettingsError(f"{name}: there is no file {path}")
        return files

    def password_file(self, name: str, url: str) -> Path | None:
        path = self._file(name)
        parts = urlsplit(self.text(url))
        if path is not None and (not parts.username or parts.password):
            raise SettingsError(f"{name} holds the password of a user that {url} names without one")
        return path

    def _by_upstream(self, name: str, example: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in filter(None, map(str.strip, self.text(name).split(","))):
            upstream, equals, text = part.partition("=")
            if not equals or not upstream.isidentifier():
                raise SettingsError(f"{name} must be like {example}, not {part!r}")
            if upstream in found:
                raise SettingsError(f"{name} names {upstream} twice")
            found[upstream] = text
        return found

    def tls(self) -> Tls | None:
        cert, key, ca = (self._file(f"HUBAO_TLS_{part}") for part in ("CERT", "KEY", "CA"))
        if cert is None and key is None:
            if ca is not None:
                raise SettingsError("HUBAO_TLS_CA needs HUBAO_TLS_CERT and HUBAO_TLS_KEY")
            return None
        if cert is None or key is None:
            raise SettingsError("HUBAO_TLS_CERT and HUBAO_TLS_KEY must be set together")
        return Tls(cert, key, ca)

    def _file(self, name: str) -> Path | None:
        path = self.path(name)
        if path is not None and not path.is_file():
            raise SettingsError(f"{name}: there is no file {path}")
        return path


def _check_address(name: str, address: str) -> None:
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise SettingsError(f"{name} must be host:port, not {address!r}")
