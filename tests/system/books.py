"""Policy and billing in the test's process, each on its own log behind its own gRPC server, with one clock.

Announcements are carried by hand, so a test says when billing has heard of what.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.context import Call
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.client import channel
from libs.common.grpc.convert import date_message
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.messaging.jetstream import message_class
from libs.common.tokens import LocalIssuer
from services.billing_subsidy.servicer import servicers
from tests.billing_subsidy.office import AUTHORITY, Office
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk, open_desk


class Bureau(Office):
    """Billing, for the insurer of policy's examples."""

    def call(self, who: str, payload: bytes = b"", request_id: str = "") -> Call:
        call = super().call(who, payload, request_id)
        return Call(**{**{name: getattr(call, name) for name in Call.__slots__}, "tenant": _tenant(who)})

    async def ask(self, request: Message, who: str = an.TENANT) -> Any:
        return await super().ask(request, who)


def _tenant(who: str) -> str:
    return "" if who == AUTHORITY else who


@dataclass
class Books:
    """Both services, and what the year does to them."""

    desk: Desk
    office: Bureau
    server: EdgeServer
    address: str
    programme_id: str = ""
    policy_id: str = ""
    _heard: int = field(default=0)

    async def carry(self) -> None:
        """Billing hears all that policy has announced."""
        for row in await self.desk.application.log.outbox(self._heard, 1000):
            heard = message_class(row.type).FromString(row.data)
            if type(heard) in self.office.service.reactions["policy"]:
                await self.office.hear(heard, row.tenant)
            self._heard = row.position

    async def move_to(self, day: date) -> None:
        await self.desk.move_to(datetime.combine(day, time(2), tzinfo=UTC))
        await self.office.move_to(day)
        await self.carry()

    async def sell(self) -> str:
        """The policy of the year, paid on 15 January and subsidised; its id."""
        self.programme_id = await self.office.publish()
        self.policy_id = (await a.bound(self.desk)).policy_id
        await self.move_to(date(2026, 1, 15))
        await self.pay("106000.00", date(2026, 1, 15))
        return self.policy_id

    async def pay(self, amount: str, day: date, reference: str = "R1") -> None:
        await self.office.pay(amount, day, policy_id=UUID(self.policy_id), reference=reference)

    async def preview(self, change: pb.ProposedChange, **more: Any) -> Any:
        request = pb.PreviewChangeRequest(policy_id=self.policy_id, change=change, **more)
        return (await self.desk.ask(request)).preview

    async def commit(self, change: pb.ProposedChange, preview: Any, **more: Any) -> Any:
        request = pb.CommitChangeRequest(policy_id=self.policy_id, change=change, preview_hash=preview.hash, **more)
        return await self.desk.ask(request)

    async def refused(self, request: Message, **more: Any) -> tuple[str, str, Mapping[str, str]]:
        """Status, reason and details of a refusal."""
        try:
            await self.desk.ask(request, **more)
        except grpc.aio.AioRpcError as error:
            return refusal_of(error)
        raise AssertionError("it was not refused")


@asynccontextmanager
async def open_books(database: str, directory: Path) -> AsyncIterator[Books]:
    issuer = LocalIssuer.create(directory)
    async with Bureau(database) as office:
        authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
        edge = Edge("billing_subsidy", authenticator, office.clock.now, office.tables.wait_for)
        server = EdgeServer("127.0.0.1:0", edge, servicers(office.application, office.tables))
        port = await server.start()
        try:
            async with (
                channel(f"127.0.0.1:{port}") as way,
                open_desk(database, directory, way) as desk,
            ):
                yield Books(desk, office, server, f"127.0.0.1:{port}")
        finally:
            await server.drain(0.0)


def endorsing(effective: date, *changes: pb.PolicyChange, reason: str = "") -> pb.ProposedChange:
    return pb.ProposedChange(
        endorsement=pb.ProposedEndorsement(effective_date=date_message(effective), changes=changes, reason=reason)
    )


def cancelling(effective: date) -> pb.ProposedChange:
    request = a.cancel("", effective)
    return pb.ProposedChange(
        cancellation=pb.ProposedCancellation(
            effective_date=request.effective_date, method=request.method, reason=request.reason
        )
    )


def refusal_of(error: grpc.aio.AioRpcError) -> tuple[str, str, Mapping[str, str]]:
    """Status, reason and details; RetryInfo is told as the detail "retry"."""
    info, retry = ErrorInfo(), RetryInfo()
    details = rpc_status.from_call(error).details  # type: ignore[arg-type]
    assert any(detail.Unpack(info) for detail in details)
    told = {"retry": "yes"} if any(detail.Unpack(retry) for detail in details) else {}
    return error.code().name, info.reason, {**info.metadata, **told}
