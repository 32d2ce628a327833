from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.common.settings import Most, Settings, SettingsError, Tls

NEEDED = {
    "DATABASE_URL": "postgresql://hubao:secret@127.0.0.1:5432/policy",
    "NATS_URL": "nats://127.0.0.1:4222",
    "HUBAO_ANNOUNCEMENT_KEY": "/run/policy.key",
    "HUBAO_JWKS": "/run/jwks.json",
    "HUBAO_ISSUER": "https://issuer.hubao.local",
}


def test_little_is_needed_and_the_rest_has_its_defaults() -> None:
    settings = Settings.from_environment(NEEDED)

    assert settings.address == "127.0.0.1:0"
    assert (settings.audience, settings.clock, settings.log) == ("hubao", "system", "json")
    assert (settings.calls, settings.streams) == (Most(1024, 512, 256), Most(4096, 1024, 512))
    assert (settings.stream_idle_seconds, settings.drain_seconds) == (30, 10)
    assert (settings.tls, settings.token_file, settings.address_file, settings.feeds) == (None, None, None, {})
    assert (settings.announcement_jwks, settings.nats_password_file) == ({}, None)
    assert settings.otlp_endpoint == ""


def test_everything_can_be_said() -> None:
    settings = Settings.from_environment(
        {
            **NEEDED,
            "HUBAO_ADDRESS": "[::1]:5001",
            "HUBAO_AUDIENCE": "hubao-test",
            "HUBAO_TOKEN_FILE": "/run/token",
            "HUBAO_ADDRESS_FILE": "/run/address",
            "HUBAO_FEEDS": "policy=127.0.0.1:5001, claims=127.0.0.1:5003,",
            "HUBAO_CLOCK": "movable",
            "HUBAO_CLOCK_START": "2025-01-01T09:00:00+08:00",
            "HUBAO_LOG": "plain",
            "HUBAO_MAX_IN_FLIGHT": "64",
            "HUBAO_MAX_IN_FLIGHT_OF_PRINCIPAL": "8",
            "HUBAO_MAX_STREAMS_OF_ORGANISATION": "100",
            "HUBAO_STREAM_IDLE_SECONDS": "5",
            "HUBAO_DRAIN_SECONDS": "0",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4317",
        }
    )

    assert settings.feeds == {"policy": "127.0.0.1:5001", "claims": "127.0.0.1:5003"}
    assert (settings.token_file, settings.address_file) == (Path("/run/token"), Path("/run/address"))
    assert (settings.clock, settings.log, settings.calls, settings.drain_seconds) == (
        "movable",
        "plain",
        Most(64, 32, 8),
        0,
    )
    assert (settings.streams, settings.stream_idle_seconds) == (Most(4096, 100, 512), 5)
    assert settings.clock_start == datetime(2025, 1, 1, 1, tzinfo=UTC)
    assert settings.otlp_endpoint == "http://127.0.0.1:4317"


@pytest.mark.parametrize("name", list(NEEDED))
def test_what_is_needed_and_missing_is_named(name: str) -> None:
    for environ in ({key: NEEDED[key] for key in NEEDED if key != name}, {**NEEDED, name: "  "}):
        with pytest.raises(SettingsError) as error:
            Settings.from_environment(environ)

        assert str(error.value) == f"{name} is not set"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://hubao:secret@db"),
        ("NATS_URL", "http://secret@nats"),
        ("HUBAO_ADDRESS", "5001"),
        ("HUBAO_ADDRESS", "127.0.0.1:99999"),
        ("HUBAO_ADDRESS", "127.0.0.1:port"),
        ("HUBAO_FEEDS", "policy"),
        ("HUBAO_FEEDS", "policy=5001"),
        ("HUBAO_FEEDS", "=127.0.0.1:1"),
        ("HUBAO_FEEDS", "policy=a:1,policy=a:2"),
        ("HUBAO_ANNOUNCEMENT_JWKS", "policy"),
        ("HUBAO_ANNOUNCEMENT_JWKS", "policy=/nowhere/policy.jwks.json"),
        ("HUBAO_NATS_PASSWORD_FILE", "/nowhere/password"),
        ("HUBAO_CLOCK", "stopped"),
        ("HUBAO_CLOCK_START", "soon"),
        ("HUBAO_CLOCK_START", "2025-01-01T09:00:00"),
        ("HUBAO_LOG", "xml"),
        ("HUBAO_MAX_IN_FLIGHT", "0"),
        ("HUBAO_MAX_IN_FLIGHT", "many"),
        ("HUBAO_MAX_IN_FLIGHT", "٣"),
        ("HUBAO_DRAIN_SECONDS", "-1"),
        ("HUBAO_TLS_CERT", "/nowhere/cert.pem"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it_and_no_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({**NEEDED, name: value})

    assert str(error.value).startswith(name)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_certificate_and_key_belong_together(tmp_path: Path) -> None:
    files = {}
    for part in ("CERT", "KEY", "CA"):
        files[f"HUBAO_TLS_{part}"] = str(tmp_path / part)
        (tmp_path / part).touch()

    assert Settings.from_environment({**NEEDED, **files}).tls == Tls(
        tmp_path / "CERT", tmp_path / "KEY", tmp_path / "CA"
    )
    for alone in files:
        with pytest.raises(SettingsError, match="HUBAO_TLS_"):
            Settings.from_environment({**NEEDED, alone: files[alone]})


def test_settings_show_no_password() -> None:
    assert "secret" not in repr(Settings.from_environment(NEEDED))


def test_the_password_in_a_file_is_that_of_the_user_in_the_url(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    given = {**NEEDED, "HUBAO_NATS_PASSWORD_FILE": str(tmp_path / "password")}

    settings = Settings.from_environment({**given, "NATS_URL": "nats://policy@127.0.0.1:4222"})

    assert settings.nats_password_file == tmp_path / "password"
    for url in ("nats://127.0.0.1:4222", "nats://policy:secret@127.0.0.1:4222"):
        with pytest.raises(SettingsError, match="HUBAO_NATS_PASSWORD_FILE holds the password of a user"):
            Settings.from_environment({**given, "NATS_URL": url})


def test_the_keys_of_each_upstream_are_files(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.jwks.json" for name in ("policy", "claims")}
    for path in files.values():
        path.touch()
    given = ",".join(f"{name}={path}" for name, path in files.items())

    assert Settings.from_environment({**NEEDED, "HUBAO_ANNOUNCEMENT_JWKS": given}).announcement_jwks == files
