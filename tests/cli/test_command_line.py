"""The command line before it reaches a service: what it needs, and how it says so."""

import json
import subprocess
import sys
from pathlib import Path

import jwt
import pytest
from click.testing import Result
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.local.servers import free_port
from libs.common.tokens import LocalIssuer

COMMANDS = [
    ("status",),
    ("events",),
    ("timers",),
    ("verify",),
    ("rebuild",),
    ("republish",),
    ("import",),
    ("token", "issue"),
    ("parked", "list"),
    ("parked", "show"),
    ("parked", "replay"),
    ("parked", "drop"),
]


def hubao(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory as the local stack writes it, of services that do not run."""
    for place in ("addresses", "tokens"):
        (tmp_path / place).mkdir()
    for service in ("policy", "claims"):
        (tmp_path / "addresses" / service).write_text(f"127.0.0.1:{free_port()}\n")
    (tmp_path / "tokens" / "operator").write_text("a token\n")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_tells_what_it_does(command: tuple[str, ...]) -> None:
    result = hubao(*command, "--help")

    assert result.exit_code == 0
    assert "--json" in result.output
    assert "--data" in result.output


def test_the_launcher_runs_from_any_directory_whatever_lies_there(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "__init__.py").write_text("raise SystemExit('another deploy')")
    launcher = Path(sys.executable).with_name("hubao")

    done = subprocess.run([launcher, "status"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 2
    assert done.stderr.startswith("hubao: there are no addresses in data/addresses")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["status", "--data", "/nowhere"], "there are no addresses in /nowhere/addresses"),
        (["status", "-s", "polcy"], "there is no service polcy; there are policy,"),
        (["status", "-a", "policy"], "--address must be like policy=127.0.0.1:5001, not 'policy'"),
        (["status", "-a", "127.0.0.1:1"], "--address must be like"),
        (["status", "-a", "policy=127.0.0.1:1", "-s", "claims"], "where claims listens is not known"),
        (["status", "-a", "policy=127.0.0.1:1", "--token", "/nowhere/token"], "the token /nowhere/token can't be read"),
        (["status", "-a", "policy=127.0.0.1:1", "--cert", "cert.pem"], "--cert and --key need --ca"),
        (["status", "-a", "policy=127.0.0.1:1", "--ca", "/nowhere/ca.pem"], "/nowhere/ca.pem can't be read"),
        (["token", "issue", "me", "--role", "operator", "--data", "/nowhere"], "there is no issuer in /nowhere"),
        (["token", "issue", "me", "--role", "king"], "there is no role king; there are auditor,"),
    ],
)
def test_what_is_missing_in_a_command_line_is_one_line_and_status_2(words: list[str], line: str) -> None:
    result = hubao(*words)

    assert result.exit_code == 2
    assert result.stderr.startswith(f"hubao: {line}")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("file", "services", "line"),
    [
        ("book.txt", "policy", "hubao: book.txt must be a file of the kind .csv or .xlsx"),
        ("no.csv", "policy", "hubao: no.csv can't be read: No such file or directory"),
        ("book.csv", "claims", "hubao: where policy listens is not known"),
    ],
)
def test_an_import_needs_a_file_and_the_policy_service(file: str, services: str, line: str, data: Path) -> None:
    token = str(data / "tokens" / "operator")

    result = hubao("import", file, "--name", "b", "--source", "s", "-a", f"{services}=127.0.0.1:1", "--token", token)

    assert result.exit_code == 2
    assert result.stderr.startswith(line)


@pytest.mark.parametrize("command", [["events"], ["republish", "--from", "1"], ["parked", "show", "policy", "1"]])
def test_a_command_on_one_service_asks_which_one(command: list[str], data: Path) -> None:
    result = hubao(*command, "--data", str(data))

    assert result.exit_code == 2
    assert result.stderr == "hubao: say with --service which one is meant: policy, claims\n"


def test_a_republication_without_its_first_position_is_refused(data: Path) -> None:
    result = hubao("republish", "--service", "policy", "--data", str(data))

    assert result.exit_code == 2
    assert "--from" in result.stderr


def test_a_service_that_does_not_answer_is_one_line_and_status_1(data: Path) -> None:
    address = (data / "addresses" / "policy").read_text().strip()

    result = hubao("verify", "--service", "policy", "--data", str(data))

    assert result.exit_code == 1
    assert result.stderr == f"hubao: policy at {address} does not answer: UNAVAILABLE\n"


def test_the_status_shows_services_that_do_not_answer_and_fails(data: Path) -> None:
    text, document = hubao("status", "--data", str(data)), hubao("status", "--json", "--data", str(data))

    assert text.exit_code == document.exit_code == 1
    assert text.stdout.count("no answer") == 2
    told = json.loads(document.stdout)
    assert [state["service"] for state in told] == ["policy", "claims"]
    assert all("does not answer" in state["attention"][0] for state in told)
    assert text.stderr == "hubao: something needs a person\n"


def test_a_token_is_of_the_stacks_own_issuer(tmp_path: Path) -> None:
    issuer = LocalIssuer.create(tmp_path / "identity")

    result = hubao(
        *("token", "issue", "li", "--role", "finance", "--organisation", "pingan", "--tenant", "pingan"),
        *("--hours", "2", "--data", str(tmp_path)),
    )

    claims = jwt.decode(result.stdout.strip(), issuer.key.public_key(), ["EdDSA"], audience="hubao")
    assert result.exit_code == 0
    assert (claims["sub"], claims["org"], claims["tenant"], claims["roles"]) == ("li", "pingan", "pingan", ["finance"])
    assert claims["exp"] - claims["iat"] == 7200


def test_no_issuer_is_made_by_asking_for_a_token(tmp_path: Path) -> None:
    hubao("token", "issue", "me", "--role", "operator", "--data", str(tmp_path))

    assert list(tmp_path.iterdir()) == []
