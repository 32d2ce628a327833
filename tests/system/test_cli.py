"""`hubao` on a running stack: what an operator sees, and what she may do about it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import Result
from hubao.feed.v1.admin_service_pb2 import RepublishRequest
from hubao.feed.v1.feed_service_pb2 import Announcement
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from deploy.local.clients import SERVICES
from deploy.local.players import Players
from deploy.local.stack import Stack
from tests.policy.desk import create_product
from tests.system.scene import play, positions

Hubao = Callable[..., Result]

HEARD, NOT_HEARD = "hubao.policy.v1.PolicyBound", "hubao.policy.v1.NeverHeardOf"


@pytest.fixture
def hubao(stack: Stack) -> Hubao:
    """Runs `hubao` with the addresses and tokens of the stack."""
    stack.write_addresses()
    stack.write_tokens()

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--data", str(stack.data)])

    return run


def said(result: Result) -> Any:
    """The document of a command that was run with --json."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
async def product_id(players: Players) -> str:
    """A product that the policy service has just made, at rest everywhere."""
    created = await players.cast.underwriter(create_product(f"CLI-{uuid4().hex[:12].upper()}"), f"cli/{uuid4()}")
    await players.cluster.drain()
    return str(created.product.product_id)


@pytest.fixture
def park(stack: Stack) -> Iterator[Callable[[str, int], str]]:
    """Parks an announcement of policy in the database of claims, as its consumer would; the subject."""
    with psycopg.connect(stack.database_url, autocommit=True) as admin:

        def put(kind: str, position: int) -> str:
            subject = str(uuid4())
            announcement = Announcement(position=position, type=kind, tenant="pingan", subject=subject, data=b"\xff")
            admin.execute(
                "INSERT INTO claims.parked (upstream, position, subject, type, announcement, error, parked_at)"
                " VALUES ('policy', %s, %s, %s, %s, 'it was put there', %s)",
                (position, UUID(subject), kind, announcement.SerializeToString(), datetime.now(UTC)),
            )
            return subject

        yield put
        admin.execute("DELETE FROM claims.parked WHERE position > 9000000")


def test_the_status_shows_all_four_services_and_that_all_is_well(hubao: Hubao, product_id: str) -> None:
    document = said(hubao("status", "--json"))
    text = hubao("status")

    assert [state["service"] for state in document] == list(SERVICES)
    for state in document:
        assert state["health"] == "SERVING"
        assert state["attention"] == []
        assert state["relay"] == {"positions": 0, "seconds": 0.0}
        assert "relay" in state["leases"]
        assert {lag["positions"] for lag in state["consumers"].values()} <= {0}
    assert text.exit_code == 0
    assert all(service in text.stdout for service in SERVICES)


async def test_an_operator_reads_the_log_as_it_was_written(hubao: Hubao, product_id: str) -> None:
    events = said(hubao("events", "-s", "policy", "--stream", product_id, "--json"))
    text = hubao("events", "-s", "policy", "--stream", product_id)
    whole = said(hubao("events", "-s", "policy", "-n", "1000", "--json"))
    first, *_ = events
    behind = said(hubao("events", "-s", "policy", "--from", str(first["position"]), "-n", "1", "--json"))

    assert [event["version"] for event in events] == list(range(1, len(events) + 1))
    assert {event["stream"] for event in events} == {product_id}
    assert first["metadata"]["principal"].startswith("user:lin@")
    assert first["payload"]["name"] == create_product().name
    assert [event["position"] for event in whole] == list(range(1, len(whole) + 1))
    assert behind == [first]
    assert first["type"] in text.stdout
    assert first["payload"]["name"] in text.stdout


async def test_an_auditor_reads_only_the_events_of_her_own_insurer(stack: Stack, hubao: Hubao, product_id: str) -> None:
    (stack.data / "other").write_text(stack.issue("he@elsewhere", "elsewhere", "elsewhere", ("auditor",)))
    own = said(hubao("events", "-s", "policy", "--token", str(stack.data / "tokens" / "auditor"), "--json"))

    other = said(hubao("events", "-s", "policy", "--token", str(stack.data / "other"), "--json"))

    assert own
    assert {event["tenant"] for event in own} == {own[0]["tenant"]}
    assert other == []


def test_who_is_no_operator_is_refused_in_one_line(stack: Stack, hubao: Hubao) -> None:
    result = hubao("status", "--token", str(stack.data / "tokens" / "underwriter"))

    assert result.exit_code == 1
    assert result.stderr == (
        "hubao: policy: GetStatus: ROLE_MISSING: This method needs one of the roles operator, service.\n"
    )


def test_every_log_proves_itself_and_a_rebuilt_table_is_the_old_one(hubao: Hubao, product_id: str) -> None:
    verified = said(hubao("verify", "--json"))
    rebuilt = said(hubao("rebuild", "-s", "policy", "--json"))

    assert [answer["service"] for answer in verified] == list(SERVICES)
    assert all(answer["violations"] == [] for answer in verified)
    assert [answer["equal"] for answer in rebuilt] == [True]


async def test_what_is_published_again_is_heard_once(players: Players, hubao: Hubao) -> None:
    await play(players)
    before = await positions(players)

    result = hubao("republish", "-s", "policy", "--from", "1")
    await players.cluster.drain()
    read = [hubao("events", "-s", service, "-n", "10000") for service in SERVICES]

    assert result.exit_code == 0
    assert await positions(players) == before
    assert [one.exit_code for one in read] == [0, 0, 0, 0], read  # A year has every kind of thing to be read.
    assert "guard coverage:" in read[SERVICES.index("claims")].stdout


async def test_a_relay_is_turned_back_and_never_forward(players: Players, hubao: Hubao, product_id: str) -> None:
    before = (await players.cluster.status())["policy"].published_position

    result = hubao("republish", "-s", "policy", "--from", str(before + 1))
    await players.cast.operator(RepublishRequest(from_position=before + 1_000), at="policy")

    assert result.exit_code == 1
    assert result.stderr == (
        f"hubao: policy has published {before} announcements, and {before + 1} is not one of them\n"
    )
    assert (await players.cluster.status())["policy"].published_position == before


def test_timers_are_listed_by_the_time_at_which_they_are_due(hubao: Hubao) -> None:
    timers = said(hubao("timers", "--json"))

    for service in SERVICES:
        due = [timer["due_time"] for timer in timers if timer["service"] == service]
        assert due == sorted(due)
    assert hubao("timers").exit_code == 0


def test_a_parked_announcement_is_seen_and_given_up_with_a_reason(
    stack: Stack, hubao: Hubao, park: Callable[[str, int], str]
) -> None:
    subject = park(HEARD, 9_000_001)

    listed = said(hubao("parked", "list", "-s", "claims", "--json"))
    status = hubao("status", "-s", "claims")
    shown = hubao("parked", "show", "-s", "claims", "policy", "9000001")
    replayed = hubao("parked", "replay", "-s", "claims", "policy", subject)
    dropped = hubao("parked", "drop", "-s", "claims", "policy", "9000001", "--reason", "a trial")

    assert [(one["subject"], one["error"]) for one in listed] == [(subject, "it was put there")]
    assert status.exit_code == 1
    assert "claims has 1 parked" in status.stdout
    assert "it was put there" in shown.stdout
    assert replayed.exit_code == 1
    assert "claims still can't handle the next one of policy" in replayed.stderr
    assert dropped.exit_code == 0
    assert hubao("parked", "list", "-s", "claims").stdout == "Nothing is parked.\n"
    with psycopg.connect(stack.database_url) as admin:
        record = admin.execute("SELECT dropped_by, reason FROM claims.parked WHERE position = 9000001").fetchone()
    assert record == ("user:operator@hubao", "a trial")


def test_a_parked_announcement_that_can_be_handled_now_is_handled(
    hubao: Hubao, park: Callable[[str, int], str]
) -> None:
    subject = park(NOT_HEARD, 9_000_002)

    result = hubao("parked", "replay", "-s", "claims", "policy", subject)

    assert result.exit_code == 0
    assert result.stdout == "1 handled, 0 still parked\n"
    assert said(hubao("parked", "list", "-s", "claims", "--json")) == []


def test_what_is_not_parked_can_not_be_dropped(hubao: Hubao) -> None:
    result = hubao("parked", "drop", "-s", "claims", "policy", "9000003", "--reason", "a trial")

    assert result.exit_code == 1
    assert "NOTHING_PARKED" in result.stderr
