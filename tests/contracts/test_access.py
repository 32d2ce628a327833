"""Walks every method × role × tenant on a real server: who is let in is exactly what the proto says."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc import StatusCode
from hubao.common.v1 import access_pb2

from libs.common.grpc.auth import Authenticator
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.tokens import LocalIssuer
from tests.contracts.protos import Rpc, modules, rpcs

ROLES = [value.number for value in access_pb2.Role.DESCRIPTOR.values if value.number]
IDENTITIES = [("org-1", "pingan"), ("org-1", ""), ("", "pingan")]
LET_IN = {StatusCode.UNIMPLEMENTED, StatusCode.INVALID_ARGUMENT}
"""The servicers here are the bare stubs: whoever gets past the edge finds nothing, or has an empty request refused."""


def stubs() -> list[Any]:
    """The servicers of all services, as they were generated."""
    found = []
    for module in modules("_pb2_grpc"):
        for name, servicer in vars(module).items():
            if name.endswith("Servicer") and isinstance(servicer, type):
                found.append((getattr(module, f"add_{name}_to_server"), servicer(), name))
    return found


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[grpc.aio.Channel, LocalIssuer]]:
    issuer = LocalIssuer.create(tmp_path)

    async def wait_for_position(position: int, seconds: float) -> bool:
        return True

    edge = Edge("all", Authenticator(str(issuer.jwks), issuer.issuer), lambda: datetime.now(UTC), wait_for_position)
    running = EdgeServer("127.0.0.1:0", edge, stubs())
    port = await running.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel, issuer
    await running.drain(0)


def allowed(rpc: Rpc, role: int, organisation: str, tenant: str) -> bool:
    """What the proto says, put as plainly as can be."""
    needs = {access_pb2.SCOPE_TENANT: bool(tenant), access_pb2.SCOPE_ORGANISATION: bool(organisation)}
    return role in rpc.access.roles and needs.get(rpc.access.scope, True)


async def code_of(channel: grpc.aio.Channel, rpc: Rpc, token: str) -> StatusCode:
    streams_in, streams_out = rpc.descriptor.client_streaming, rpc.descriptor.server_streaming
    kind = f"{'stream' if streams_in else 'unary'}_{'stream' if streams_out else 'unary'}"
    method: Any = getattr(channel, kind)(rpc.path)
    call = method([b""] if streams_in else b"", metadata=[("authorization", f"Bearer {token}")], timeout=10)
    code: StatusCode = await call.code()
    return code


async def test_who_is_let_in_is_what_the_proto_says(server: tuple[grpc.aio.Channel, LocalIssuer]) -> None:
    channel, issuer = server
    wrong = []
    for role in ROLES:
        name = access_pb2.Role.Name(role).removeprefix("ROLE_").lower()
        for organisation, tenant in IDENTITIES:
            token = issuer.token("someone", organisation, tenant, [name])
            codes = await asyncio.gather(*[code_of(channel, rpc, token) for rpc in rpcs()])
            for rpc, code in zip(rpcs(), codes, strict=True):
                expected = LET_IN if allowed(rpc, role, organisation, tenant) else {StatusCode.PERMISSION_DENIED}
                if code not in expected:
                    wrong.append((rpc.name, name, organisation, tenant, code.name))

    assert wrong == []


async def test_without_a_token_nobody_is_let_in(server: tuple[grpc.aio.Channel, LocalIssuer]) -> None:
    channel, _ = server

    codes = {rpc.name: await code_of(channel, rpc, "") for rpc in rpcs()}

    assert set(codes.values()) == {StatusCode.UNAUTHENTICATED}
