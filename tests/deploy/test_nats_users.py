"""NATS's users: each service does what it has to, and nothing that is another's."""

import asyncio
import importlib
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats as library
import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig, StreamConfig

from deploy.local.clients import SERVICES
from deploy.local.servers import LOOPBACK, Nats, free_port
from deploy.local.servers.nats import _nats_binary
from deploy.nats import users
from deploy.nats.users import HEARS, authorization, password_variable
from libs.common.messaging.jetstream import Bus, Hint
from libs.common.messaging.pull import Pull
from libs.common.waking import Alarm

SAMPLE = Path(users.__file__).with_name("nats.conf")


@pytest.fixture(scope="module")
def server() -> Iterator[Nats]:
    directory = Path(tempfile.mkdtemp(prefix="hubao-users-"))
    with Nats(directory / "nats", passwords=directory / "users") as running:
        yield running
    shutil.rmtree(directory, ignore_errors=True)


def bus_of(server: Nats, service: str) -> Bus:
    return Bus(server.url_of(service), service, server.password_file(service))


@asynccontextmanager
async def as_user(server: Nats, service: str, refused: list[str]) -> AsyncIterator[Client]:
    """A client with the service's password; what the server refuses is noted."""

    async def note(error: Exception) -> None:
        refused.append(str(error))

    password = server.password_file(service).read_text().strip()
    client = await library.connect(
        server.url, user=service, password=password, inbox_prefix=f"_INBOX_{service}", error_cb=note
    )
    try:
        yield client
    finally:
        await client.close()


def test_every_service_is_a_user_who_hears_those_to_whom_it_reacts() -> None:
    reactions = {name: importlib.import_module(f"services.{name}.__main__").SERVICE.reactions for name in SERVICES}

    assert {name: set(upstreams) for name, upstreams in reactions.items()} == {
        name: set(upstreams) for name, upstreams in HEARS.items()
    }


async def test_each_service_can_do_what_it_does(server: Nats, caplog: pytest.LogCaptureFixture) -> None:
    buses = {name: bus_of(server, name) for name in SERVICES}
    for name, bus in buses.items():
        jetstream = await bus.jetstream()
        await bus.ensure_stream(jetstream, name)
        await bus.ensure_stream(jetstream, name)
        await jetstream.publish(f"hubao.{name}.Something.lead", name.encode(), stream=f"HUBAO_{name.upper()}")
    for name, bus in buses.items():
        for upstream in HEARS[name]:
            alarm = Alarm()
            pull = Pull(await bus.connect(), upstream, name, alarm, 10)
            await pull.open(await bus.jetstream())
            messages = await pull.messages()
            while not messages:
                await asyncio.wait_for(alarm.wait(5), 10)
                messages = await pull.messages()
            assert [message.data for message in messages] == [upstream.encode()]
            await messages[0].ack_sync(timeout=5)
            await pull.close()
    heard: dict[str, list[Hint]] = {name: [] for name in SERVICES}
    async with buses["claims"].listening("policy", heard["claims"].append):
        await (await buses["claims"].connect()).flush()
        await buses["policy"].tell("policy", Hint(1, 2))
        async with asyncio.timeout(10):
            while not heard["claims"]:
                await asyncio.sleep(0.01)
    for bus in buses.values():
        await bus.close()

    assert [record.message for record in caplog.records if "refuses" in record.message] == []


PUBLICATIONS = [
    "hubao.policy.PolicyBound.lead",
    "hubao_pulse.policy",
    "_INBOX_policy.stolen",
    "$JS.API.STREAM.DELETE.HUBAO_POLICY",
    "$JS.API.STREAM.PURGE.HUBAO_POLICY",
    "$JS.API.STREAM.UPDATE.HUBAO_POLICY",
    "$JS.API.STREAM.CREATE.HUBAO_POLICY",
    "$JS.API.STREAM.MSG.DELETE.HUBAO_POLICY",
    "$JS.API.STREAM.MSG.GET.HUBAO_POLICY",
    "$JS.API.DIRECT.GET.HUBAO_POLICY",
    "$JS.API.STREAM.DELETE.HUBAO_CLAIMS",
    "$JS.API.STREAM.CREATE.ANOTHER",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.SNAPSHOT.HUBAO_POLICY",
    "$JS.API.CONSUMER.DURABLE.CREATE.HUBAO_POLICY.billing_subsidy",
    "$JS.API.CONSUMER.CREATE.HUBAO_POLICY",
    "$JS.API.CONSUMER.DELETE.HUBAO_POLICY.billing_subsidy",
    "$JS.API.CONSUMER.MSG.NEXT.HUBAO_POLICY.billing_subsidy",
    "$JS.ACK.HUBAO_POLICY.billing_subsidy.1.1.1.1.1",
    "$SYS.REQ.SERVER.PING",
]


@pytest.mark.parametrize("subject", PUBLICATIONS)
async def test_a_service_can_not_publish_what_is_not_its_own(server: Nats, subject: str) -> None:
    refused: list[str] = []
    async with as_user(server, "claims", refused) as client:
        await client.publish(subject, b"{}")
        await until(lambda: bool(refused))

    assert len(refused) == 1
    assert subject.lower() in refused[0].lower()
    assert "permissions violation for publish" in refused[0].lower()


@pytest.mark.parametrize(
    "subject", ["hubao.policy.>", "hubao.>", ">", "$JS.>", "$SYS.>", "_INBOX.>", "_INBOX_policy.>", "hubao_pulse.>"]
)
async def test_a_service_can_not_listen_to_what_is_not_meant_for_it(server: Nats, subject: str) -> None:
    refused: list[str] = []
    async with as_user(server, "claims", refused) as client:
        await client.subscribe(subject)
        await until(lambda: bool(refused))

    assert len(refused) == 1
    assert "permissions violation for subscription" in refused[0].lower()


async def test_a_service_hears_nobody_to_whom_it_does_not_react(server: Nats) -> None:
    assert "billing_subsidy" not in HEARS["vendor_gateway"]
    refused: list[str] = []
    async with as_user(server, "vendor_gateway", refused) as client:
        jetstream = client.jetstream(timeout=0.5)
        with pytest.raises(library.errors.TimeoutError):
            await jetstream.add_consumer("HUBAO_BILLING_SUBSIDY", ConsumerConfig(durable_name="vendor_gateway"))
        with pytest.raises(library.errors.TimeoutError):
            await jetstream.add_stream(StreamConfig(name="HUBAO_BILLING_SUBSIDY", subjects=["x"]))

    assert len(refused) == 2


@pytest.mark.parametrize("user", [{}, {"user": "policy", "password": "wrong"}, {"user": "nobody", "password": "x"}])
async def test_without_its_password_nobody_gets_in(server: Nats, user: dict[str, str]) -> None:
    with pytest.raises(library.errors.Error, match=r"(?i)authorization"):
        await library.connect(server.url, allow_reconnect=False, **user)  # type: ignore[arg-type]


async def test_a_wrong_password_is_told_and_a_new_one_in_the_file_is_used(
    server: Nats, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "password"
    path.write_text("wrong\n")
    bus = Bus(server.url_of("policy"), "policy", path)
    connecting = asyncio.create_task(bus.connect())
    await until(lambda: "NATS refuses" in caplog.text)
    assert path.read_text().strip() not in caplog.text

    shutil.copy(server.password_file("policy"), path)
    await asyncio.wait_for(connecting, 15)
    await bus.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.02)


def test_the_sample_holds_what_the_code_says() -> None:
    assert SAMPLE.read_text().endswith(authorization())


async def test_the_sample_configuration_works_as_it_stands(tmp_path: Path) -> None:
    port = free_port()
    passwords = {password_variable(service): f"{service}-password" for service in SERVICES}
    command = [_nats_binary(), "--config", SAMPLE, "--addr", LOOPBACK, "--port", str(port), "--store_dir", tmp_path]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([str(part) for part in command], env=passwords, stdout=log, stderr=log)
    try:
        bus = Bus(f"nats://policy:policy-password@{LOOPBACK}:{port}", "policy")
        async with asyncio.timeout(20):
            await bus.ensure_stream(await bus.jetstream(), "policy")
        await bus.close()
        with pytest.raises(library.errors.Error, match=r"(?i)authorization"):
            await library.connect(f"nats://{LOOPBACK}:{port}", allow_reconnect=False)
    finally:
        process.terminate()
        process.wait(10)
