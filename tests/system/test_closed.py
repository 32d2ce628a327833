"""The local stack as another process on its machine meets it: closed, and going on from data of the version before."""

import asyncio
import stat
from pathlib import Path
from urllib.parse import urlsplit

import nats
import psycopg
import pytest

from deploy.local.clients import SERVICES
from deploy.local.players import Players
from deploy.local.servers import LOOPBACK
from deploy.local.stack import Stack
from libs.common.messaging.jetstream import Bus
from tests.deploy.test_closed import TRUSTING


def closed(path: Path) -> bool:
    """Whether only its owner may do anything with it; the group of PostgreSQL's user may pass through."""
    return stat.S_IMODE(path.stat().st_mode) & 0o067 == 0


def test_all_secrets_and_logs_of_a_stack_are_its_owners(stack: Stack) -> None:
    secret = [path for path in stack.data.rglob("*") if path.suffix in (".log", ".password", ".key", ".token", ".conf")]
    mine = [path for path in secret if "postgres" not in path.relative_to(stack.data).parts]
    assert len(mine) >= 6 + 1 + 8 + 5 + 4 + 1
    assert [path for path in mine if stat.S_IMODE(path.stat().st_mode) != 0o600] == []
    assert [path for path in (stack.data, stack.data / "logs", stack.data / "postgres") if not closed(path)] == []


def test_no_password_stands_in_a_process_list_or_in_what_a_person_is_shown(stack: Stack) -> None:
    passwords = [path.read_text().strip() for path in stack.data.rglob("*.password")]
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]

    assert len(set(passwords)) == len(passwords) == 9
    for password in passwords:
        assert not [line for line in lines if password.encode() in line]
        assert password not in str(stack.urls)


async def test_neither_the_database_nor_nats_lets_a_stranger_in(stack: Stack) -> None:
    database = urlsplit(stack.database_url)
    for user in ("postgres", "hubao_policy"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=LOOPBACK, port=database.port, user=user, dbname="postgres")
    assert stack.nats is not None
    with pytest.raises(nats.errors.Error, match="Authorization"):
        await nats.connect(stack.nats.url, allow_reconnect=False)


async def test_what_is_forged_with_the_owners_own_rights_is_counted_and_shown_and_nothing_is_booked(
    fresh_stack: Stack, fresh_players: Players
) -> None:
    """Whoever has the password of policy in NATS, but not its key."""
    stack, players = fresh_stack, fresh_players
    await players.cluster.drain()
    before = (await players.cluster.status())["billing_subsidy"]
    policy = (await players.cluster.status())["policy"]
    assert stack.nats is not None
    bus = Bus(stack.nats.url_of("policy"), "policy", stack.nats.password_file("policy"))
    jetstream = await bus.jetstream()
    await bus.ensure_stream(jetstream, "policy")
    headers = {"ce-position": str(policy.outbox_position + 1), "ce-type": "hubao.policy.v1.PolicyBound"}

    await jetstream.publish("hubao.policy.PolicyBound.lead", b"", headers=headers)

    async def rejected(service: str) -> int:
        status = (await players.cluster.status())[service]
        return next(int(one.rejected) for one in status.consumers if one.upstream == "policy")

    async with asyncio.timeout(30):
        for service in SERVICES:
            while service != "policy" and not await rejected(service):
                await asyncio.sleep(0.05)
    await players.cluster.drain()
    after = (await players.cluster.status())["billing_subsidy"]
    assert (after.position, after.parked) == (before.position, 0)
    await bus.close()


def test_a_data_directory_of_the_version_before_goes_on(fresh_stack: Stack) -> None:
    assert fresh_stack.postgres is not None
    with psycopg.connect(fresh_stack.database_url, autocommit=True) as admin:
        for role in ("postgres", *(f"hubao_{service}" for service in SERVICES)):
            admin.execute(f"ALTER ROLE {role} PASSWORD NULL")
    fresh_stack.stop()
    for path in [*fresh_stack.data.rglob("*.password"), *fresh_stack.data.glob("identity/*-announcements*")]:
        path.unlink()
    (fresh_stack.data / "postgres" / "pg_hba.conf").write_text(TRUSTING)
    fresh_stack.data.chmod(0o755)
    (fresh_stack.data / "logs" / "policy.log").chmod(0o644)

    with Stack(fresh_stack.data, {}, fsync=False) as again:
        test_all_secrets_and_logs_of_a_stack_are_its_owners(again)
        again.check()
