"""Walks every method × role × tenant on a real server, and pairs of roles: who is let in is what the protos say, and
what a token may be."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations, product
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
IDENTITIES = [("org-1", "pingan"), ("org-1", ""), ("", "pingan"), ("", "")]
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


INSURERS = {
    access_pb2.ROLE_UNDERWRITER,
    access_pb2.ROLE_CHIEF_UNDERWRITER,
    access_pb2.ROLE_CLAIMS_HANDLER,
    access_pb2.ROLE_CLAIMS_MANAGER,
    access_pb2.ROLE_FINANCE,
    access_pb2.ROLE_AUDITOR,
}
OF_AN_ORGANISATION = {access_pb2.ROLE_VENDOR, access_pb2.ROLE_AUTHORITY}
REFUSED, CLOSED = {StatusCode.UNAUTHENTICATED}, {StatusCode.PERMISSION_DENIED}
WIDENING = [
    "AdminService.ReadEvents",
    "AdminService.VerifyLog",
    "FeedService.Read",
    "OrderService.GetOrder",
    "OrderService.ListOrders",
    "OrderService.WatchOrders",
    "OrderService.AcceptOrder",
    "OrderService.VerifyOrder",
    "VendorService.GetVendor",
    "ProgrammeService.GetProgramme",
    "ProgrammeService.ListProgrammes",
    "QuantificationService.SelfCheck",
    "PolicyService.WatchPolicies",
]
"""The methods whose answer depends on what else a caller is: open to several kinds of callers, or to all insurers."""


def name_of(role: int) -> str:
    return access_pb2.Role.Name(role).removeprefix("ROLE_").lower()


def may_be(roles: set[int], organisation: str, tenant: str) -> bool:
    """What a token may be, put as plainly as can be."""
    if roles <= INSURERS:
        return bool(tenant)
    return len(roles) == 1 and not tenant and (bool(organisation) or not roles & OF_AN_ORGANISATION)


def expected(rpc: Rpc, roles: set[int], organisation: str, tenant: str) -> set[StatusCode]:
    """What the proto says, put as plainly as can be."""
    if not may_be(roles, organisation, tenant):
        return REFUSED
    needs = {access_pb2.SCOPE_TENANT: bool(tenant), access_pb2.SCOPE_ORGANISATION: bool(organisation)}
    return LET_IN if roles & set(rpc.access.roles) and needs.get(rpc.access.scope, True) else CLOSED


async def code_of(channel: grpc.aio.Channel, rpc: Rpc, token: str) -> StatusCode:
    streams_in, streams_out = rpc.descriptor.client_streaming, rpc.descriptor.server_streaming
    kind = f"{'stream' if streams_in else 'unary'}_{'stream' if streams_out else 'unary'}"
    method: Any = getattr(channel, kind)(rpc.path)
    call = method([b""] if streams_in else b"", metadata=[("authorization", f"Bearer {token}")], timeout=10)
    code: StatusCode = await call.code()
    return code


async def wrongly_answered(
    server: tuple[grpc.aio.Channel, LocalIssuer], methods: Sequence[Rpc], sets: Iterable[set[int]]
) -> list[Any]:
    channel, issuer = server
    wrong = []
    for roles, (organisation, tenant) in product(sets, IDENTITIES):
        names = sorted(map(name_of, roles))
        token = issuer.token("someone", organisation, tenant, names)
        codes = await asyncio.gather(*[code_of(channel, rpc, token) for rpc in methods])
        for rpc, code in zip(methods, codes, strict=True):
            if code not in expected(rpc, roles, organisation, tenant):
                wrong.append((rpc.name, names, organisation, tenant, code.name))
    return wrong


async def test_who_is_let_in_is_what_the_proto_says(server: tuple[grpc.aio.Channel, LocalIssuer]) -> None:
    assert await wrongly_answered(server, rpcs(), [{role} for role in ROLES]) == []


async def test_two_roles_open_what_each_opens_or_nothing(server: tuple[grpc.aio.Channel, LocalIssuer]) -> None:
    methods = [rpc for rpc in rpcs() if rpc.name.split(".v1.")[-1] in WIDENING]

    assert len(methods) == len(WIDENING)
    assert await wrongly_answered(server, methods, [set(pair) for pair in combinations(ROLES, 2)]) == []


async def test_without_a_token_nobody_is_let_in(server: tuple[grpc.aio.Channel, LocalIssuer]) -> None:
    channel, _ = server

    codes = {rpc.name: await code_of(channel, rpc, "") for rpc in rpcs()}

    assert set(codes.values()) == {StatusCode.UNAUTHENTICATED}
