"""A stack whose data hold parked announcements comes up, says so, and lets the operator see and drop them."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import Result
from hubao.feed.v1.feed_service_pb2 import Announcement
from hubao.policy.v1.events_pb2 import PolicyExpired
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.local.incidents import HAND_MADE
from deploy.local.servers import Nats
from deploy.local.stack import ROOT
from libs.common.grpc.convert import date_message
from libs.common.store.migrate import prepare

SUBJECT = uuid4()
Run = subprocess.Popen[str]


@pytest.fixture
def parked(database: str) -> str:
    """A database in which claims has two announcements parked: one that it can read, and one that it can't."""
    prepare(database, "claims")
    expired = PolicyExpired(policy_id=str(SUBJECT), expired_on=date_message(date(2026, 12, 31)))
    with psycopg.connect(database, autocommit=True) as admin:
        for position, kind, data in (
            (1, "hubao.policy.v1.PolicyExpired", expired.SerializeToString()),
            (2, "hubao.policy.v1.NeverHeardOf", b"\xff"),
        ):
            announcement = Announcement(position=position, type=kind, tenant="pingan", subject=str(SUBJECT), data=data)
            admin.execute(
                "INSERT INTO claims.parked (upstream, position, subject, type, announcement, error, parked_at)"
                " VALUES ('policy', %s, %s, %s, %s, 'it was put there', %s)",
                (position, UUID(str(SUBJECT)), kind, announcement.SerializeToString(), datetime.now(UTC)),
            )
    return database


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hubao-parked-") as name:
        yield Path(name) / "data"


@pytest.fixture
def run(parked: str, nats: Nats, data: Path) -> Iterator[Run]:
    """`make run` on these data."""
    data.parent.mkdir(exist_ok=True)
    with (
        (data.parent / "output").open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "deploy.local", "run", "--data", str(data), "--enterprises", "1"],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "INCIDENTS": str(HAND_MADE), "DATABASE_URL": parked, "NATS_URL": nats.url},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running,
    ):
        yield running
        running.terminate()
        assert running.wait(60) == 0


def until(condition: Callable[[], bool], running: Run, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert running.poll() is None, "it has ended"
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.1)


def test_a_run_with_parked_announcements_stays_up_until_they_are_dropped(run: Run, data: Path) -> None:
    output = data.parent / "output"
    until(lambda: "It stays up until Ctrl-C" in output.read_text(), run)
    told = output.read_text()
    # From another machine only the address of this one service is known.
    address, token = (data / "addresses" / "claims").read_text().strip(), data / "tokens" / "operator"

    def hubao(*words: str) -> Result:
        return CliRunner().invoke(
            app,
            [*words, *("--service", "claims", "--address", f"claims={address}", "--token", str(token))],
        )

    status, shown = hubao("status"), hubao("parked", "show", "policy", "1")
    document = json.loads(hubao("parked", "show", "policy", "1", "--json").stdout)
    unknown = hubao("parked", "show", "policy", "2")
    replayed = hubao("parked", "replay", "policy", str(SUBJECT))
    dropped = [hubao("parked", "drop", "policy", place, "--reason", "a trial") for place in ("1", "2")]

    assert "claims has 2 parked; the first is hubao.policy.v1.PolicyExpired of policy at 1" in told
    assert "hubao parked list --data" in told
    assert "claims has 2 parked" in status.stdout
    assert (shown.exit_code, unknown.exit_code) == (0, 0)
    assert "policy_id" in shown.stdout
    assert document["announcement"]["expired_on"] == {"year": 2026, "month": 12, "day": 31}
    assert (document["tenant"], document["error"]) == ("pingan", "it was put there")
    assert "ff" in unknown.stdout
    assert "can't read it" in unknown.stdout
    assert replayed.stdout == "0 handled, 2 still parked\n"
    assert "claims still can't handle the next one of policy: NotYet" in replayed.stderr
    assert [one.exit_code for one in dropped] == [0, 0]
    assert hubao("parked", "list").stdout == "Nothing is parked.\n"
    assert run.poll() is None
