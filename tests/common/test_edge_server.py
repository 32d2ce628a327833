import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.protobuf import descriptor_pool, message_factory
from grpc import StatusCode
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from libs.common.grpc.client import channel
from libs.common.grpc.server import AddressUnusable, is_loopback
from libs.common.settings import Tls
from tests.common.failing import failure
from tests.common.probe import SERVICE, Request, Response, Served, served

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


async def until(condition: Callable[[], Any]) -> None:
    """Waits for something that another task does."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def waiting_call(good: Served, name: str = "Ask") -> asyncio.Task[Any]:
    """A call that has reached its method and stays there."""

    async def run() -> Any:
        call = good.call(name, Request(name="x", behaviour="wait", items=[{"count": 1}]), timeout=20)
        if name == "Ask":
            return (await call).text
        return [answer.text async for answer in call]

    before = good.edge.in_flight
    task = asyncio.create_task(run())
    await until(lambda: good.edge.in_flight > before)
    return task


async def test_health_needs_no_token_and_tells_of_each_service(tmp_path: Path) -> None:
    async with served(tmp_path) as good, grpc.aio.insecure_channel(f"127.0.0.1:{good.port}") as plain:
        health = health_pb2_grpc.HealthStub(plain)

        for name in ("", SERVICE):
            assert (await health.Check(health_pb2.HealthCheckRequest(service=name))).status == SERVING
        failed = await failure(health.Check(health_pb2.HealthCheckRequest(service="hubao.other.v1.Other")))
        assert failed.code == StatusCode.NOT_FOUND


async def test_health_says_not_serving_while_running_calls_finish(tmp_path: Path) -> None:
    async with served(tmp_path) as good, grpc.aio.insecure_channel(f"127.0.0.1:{good.port}") as plain:
        health = health_pb2_grpc.HealthStub(plain)
        watched = health.Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        assert (await watched.read()).status == SERVING
        running = await waiting_call(good)

        draining = asyncio.create_task(good.server.drain(10))

        assert (await watched.read()).status == NOT_SERVING
        for name in ("", SERVICE):
            assert (await health.Check(health_pb2.HealthCheckRequest(service=name))).status == NOT_SERVING
        assert not draining.done()
        good.probe.release.set()
        assert await running == "x"
        assert await draining == 0


async def test_a_call_that_comes_while_draining_is_sent_elsewhere(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        running = await waiting_call(good)
        draining = asyncio.create_task(good.server.drain(10))
        await asyncio.sleep(0.05)

        failed = await failure(good.call("Ask"))

        assert (failed.code, failed.reason) == (StatusCode.UNAVAILABLE, "GOING_AWAY")
        good.probe.release.set()
        assert await running == "x"
        await draining


async def test_a_finite_stream_finishes_and_an_endless_one_is_ended_when_the_process_drains(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        finite = await waiting_call(good, "ListAll")
        endless = await waiting_call(good, "WatchNews")
        draining = asyncio.create_task(good.server.drain(10))

        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await endless
        assert ended.value.code() == StatusCode.UNAVAILABLE
        assert not draining.done()
        good.probe.release.set()
        assert await finite == ["1: 1"]
        assert await draining == 0


async def test_calls_that_do_not_finish_in_time_are_cut_off_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as good:
        running = await waiting_call(good)

        assert await good.server.drain(0.1) == 1

        with pytest.raises(grpc.aio.AioRpcError):
            await running
        assert good.probe.ended == ["cancelled"]
        assert good.edge.in_flight == 0
        assert any(record.levelno == logging.WARNING for record in caplog.records)


async def test_an_idle_server_drains_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        await good.call("Ask")

        async with asyncio.timeout(2):
            assert await good.server.drain(30) == 0


async def test_a_client_without_our_stubs_finds_and_calls_a_method_by_reflection(tmp_path: Path) -> None:
    def ask(port: int, token: str) -> tuple[Any, Any, Any]:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as plain:
            database = ProtoReflectionDescriptorDatabase(plain)
            pool: Any = descriptor_pool.DescriptorPool(database)  # type: ignore[no-untyped-call]
            method = pool.FindServiceByName(SERVICE).methods_by_name["Ask"]
            request = message_factory.GetMessageClass(method.input_type)
            response = message_factory.GetMessageClass(method.output_type)
            call = plain.unary_unary(f"/{SERVICE}/Ask", request.SerializeToString, response.FromString)
            answer: Any = call(
                request(name="by reflection"), metadata=[("authorization", f"Bearer {token}")], timeout=5
            )
            return database.get_services(), request is not Request, answer

    async with served(tmp_path) as good:
        services, of_its_own, answer = await asyncio.to_thread(ask, good.port, good.token())

        reflection = {f"grpc.reflection.{version}.ServerReflection" for version in ("v1", "v1alpha")}
        assert set(services) == {SERVICE, "grpc.health.v1.Health", *reflection}
        assert of_its_own
        assert (answer.text, answer.tenant) == ("by reflection", "pingan")


async def test_a_request_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", payload=b"0" * (4 << 20))))

        assert failed.code == StatusCode.RESOURCE_EXHAUSTED
        assert good.probe.seen == []
        assert (await good.call("Ask", Request(name="x", payload=b"0" * (3 << 20)))).text == "x"


async def test_a_busy_port_is_one_clear_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(AddressUnusable) as error:
            async with served(tmp_path, address=address):
                pass

    assert str(error.value) == f"can't listen on {address}: Address already in use"
    assert capfd.readouterr().err == ""


async def test_two_servers_do_not_share_a_port(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        with pytest.raises(AddressUnusable, match="in use"):
            async with served(tmp_path, address=f"127.0.0.1:{good.port}"):
                pass


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "10.1.2.3:0", "hubao.example:443"])
async def test_plain_text_stays_on_this_machine(tmp_path: Path, address: str) -> None:
    with pytest.raises(AddressUnusable) as error:
        async with served(tmp_path, address=address):
            pass

    assert "HUBAO_TLS_CERT" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_loopback_address_is_known_in_all_its_forms() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"))
    assert not any(is_loopback(address) for address in ("128.0.0.1:1", "[fe80::1]:1", "localhost.example:1", ":1"))


def certificates(directory: Path) -> Tls:
    """A certificate for 127.0.0.1 that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hubao test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    cert, private = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Tls(cert, private, cert)


async def ask_over(channel_: grpc.aio.Channel, token: str) -> str:
    call = channel_.unary_unary(f"/{SERVICE}/Ask", Request.SerializeToString, Response.FromString)
    answer: Any = await call(Request(name="x"), metadata=[("authorization", f"Bearer {token}")], timeout=3)
    return str(answer.text)


async def test_with_certificates_calls_are_encrypted_and_callers_show_theirs(tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    async with served(tmp_path, tls=tls) as good:
        address, token = f"127.0.0.1:{good.port}", good.token()
        async with channel(address, tls=tls, retries=False) as ours:
            assert await ask_over(ours, token) == "x"

        stranger = grpc.ssl_channel_credentials(tls.ca.read_bytes() if tls.ca else None)
        tries: list[Callable[[], grpc.aio.Channel]] = [
            lambda: grpc.aio.insecure_channel(address),
            lambda: grpc.aio.secure_channel(address, stranger),
        ]
        for connect in tries:
            async with connect() as theirs:
                asked: Awaitable[str] = ask_over(theirs, token)
                assert (await failure(asked)).code in (StatusCode.UNAVAILABLE, StatusCode.DEADLINE_EXCEEDED)


async def test_a_missing_certificate_is_one_clear_line(tmp_path: Path) -> None:
    tls = certificates(tmp_path)
    os.remove(tls.key)

    with pytest.raises(AddressUnusable, match=r"key\.pem"):
        async with served(tmp_path, tls=tls):
            pass
