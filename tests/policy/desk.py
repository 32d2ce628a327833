"""The policy service on a real database, behind a real gRPC server, in the test's own process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.type import money_pb2
from grpc_status import rpc_status
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import draft_service_pb2_grpc as draft_grpc
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import policy_service_pb2_grpc as policy_grpc
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import product_service_pb2_grpc as product_grpc
from hubao.policy.v1 import quantification_service_pb2_grpc as quantification_grpc
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import submission_service_pb2_grpc as submission_grpc
from hubao.policy.v1 import terms_pb2
from hubao.policy.v1 import treaty_service_pb2 as treaty_pb
from hubao.policy.v1 import treaty_service_pb2_grpc as treaty_grpc

from libs.common.application import Application
from libs.common.clock import MovableClock
from libs.common.context import Call
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.convert import date_message, money_message
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.money import Money
from libs.common.projection.projector import Projector
from libs.common.projection.tables import ReadTables
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from libs.common.store.timers import Timers
from libs.common.tokens import LocalIssuer
from libs.common.unit import Unit
from libs.common.waking import Waker
from services.policy.__main__ import SERVICE
from services.policy.servicer import servicers
from services.policy.servicer.product_messages import terms_message
from tests.policy import examples as an

STUBS = (
    product_grpc.ProductServiceStub,
    submission_grpc.SubmissionServiceStub,
    policy_grpc.PolicyServiceStub,
    treaty_grpc.TreatyServiceStub,
    quantification_grpc.QuantificationServiceStub,
    draft_grpc.DraftServiceStub,
)


@dataclass
class Desk:
    """Sends requests as somebody, moves the clock, lets timers fire and lists catch up."""

    application: Application
    tables: ReadTables
    projector: Projector
    timers: Timers
    clock: MovableClock
    channel: grpc.aio.Channel
    issuer: LocalIssuer
    port: int = 0
    _methods: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stub in STUBS:
            for name, method in vars(stub(self.channel)).items():
                self._methods[f"{name}Request"] = method

    async def ask(
        self,
        request: Message,
        *,
        tenant: str = an.TENANT,
        who: str = "wang",
        roles: tuple[str, ...] = ("underwriter",),
        seconds: float | None = None,
    ) -> Any:
        token = self.issuer.token(who, tenant or "elsewhere", tenant, roles)
        method = self._methods[request.DESCRIPTOR.name]
        return await method(request, metadata=[("authorization", f"Bearer {token}")], timeout=seconds)

    async def chief(self, request: Message) -> Any:
        return await self.ask(request, who="zhou", roles=("chief_underwriter",))

    async def exported(
        self, request: Message, *, tenant: str = an.TENANT, roles: tuple[str, ...] = ("finance",), position: int = 0
    ) -> tuple[treaty_pb.ExportedFile, bytes]:
        """A file that comes as a stream: what it says of itself, and its bytes."""
        token = self.issuer.token("li", tenant or "elsewhere", tenant, roles)
        metadata = [("authorization", f"Bearer {token}"), ("hubao-min-position", str(position))]
        answers = self._methods[request.DESCRIPTOR.name](request, metadata=metadata)
        first, *others = [answer async for answer in answers]
        return first.file, b"".join(answer.chunk for answer in others)

    async def refused(self, request: Message, **more: Any) -> tuple[str, str]:
        """The status and the reason of a refusal, or the field for a wrong request."""
        try:
            if request.DESCRIPTOR.name.startswith("Export"):
                await self.exported(request, **more)
            else:
                await self.ask(request, **more)
        except grpc.aio.AioRpcError as error:
            status = rpc_status.from_call(error)  # type: ignore[arg-type]
            wrong, info = BadRequest(), ErrorInfo()
            if any(detail.Unpack(wrong) for detail in status.details):
                return error.code().name, wrong.field_violations[0].field
            if any(detail.Unpack(info) for detail in status.details):
                return error.code().name, info.reason
            return error.code().name, ""
        raise AssertionError("it was not refused")

    async def hear(self, reaction: Any, heard: Message, tenant: str = an.TENANT) -> None:
        """Lets the service react to an announcement."""
        now = self.clock.now()
        call = Call(tenant, "", "reaction", frozenset(), str(uuid4()), b"heard", now, "c", heard_at=now)

        async def plan(unit: Unit) -> None:
            await reaction(unit, heard)

        await self.application.react(call, plan)

    async def catch_up(self) -> None:
        while await self.projector.advance(self.tables.schema):
            pass

    async def move_to(self, instant: datetime) -> None:
        self.clock.offset = instant - datetime.now(UTC)
        while await self.timers.fire_due():
            pass


@asynccontextmanager
async def open_desk(database: str, directory: Path, billing: grpc.aio.Channel | None = None) -> AsyncIterator[Desk]:
    url = prepare(database, SERVICE.name)
    log, clock, waker = Log(url), MovableClock(), Waker()
    application, tables = Application(SERVICE, log, url), ReadTables(SERVICE, url)
    await application.open()
    await tables.open()
    issuer = LocalIssuer.create(directory)
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    await authenticator.open()
    edge = Edge(SERVICE.name, authenticator, clock.now, tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, servicers(application, tables, billing))
    port = await server.start()
    timers = Timers(application, SERVICE.firing, clock, log, waker)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        desk = Desk(application, tables, Projector(SERVICE, tables, waker), timers, clock, channel, issuer, port)
        await desk.move_to(datetime(2025, 12, 20, 2, tzinfo=UTC))
        try:
            yield desk
        finally:
            await server.drain(0.0)
            await application.close()
            await tables.close()


def yuan(amount: str | int) -> money_pb2.Money:
    return money_message(Money.cny(amount))


def create_product(key: str = "CYBER") -> product_pb.CreateProductRequest:
    return product_pb.CreateProductRequest(
        request_id=str(uuid4()), product_key=key, name="网络安全综合险", terms=terms_message(an.product_terms())
    )


async def product(desk: Desk) -> str:
    """A published product; its id."""
    product_id: str = (await desk.ask(create_product())).product.product_id
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    return product_id


async def treaty(desk: Desk) -> str:
    request = treaty_pb.CreateTreatyRequest(
        treaty_key="QS-2026",
        reinsurer_id="reinsurer-r",
        percent="30",
        commission_percent="25",
        starts_on=date_message(an.INCEPTION),
        ends_on=date_message(an.EXPIRY),
    )
    return str((await desk.ask(request)).treaty.treaty_id)


def surplus_treaty(key: str = "SP-2026", **changes: Any) -> treaty_pb.CreateTreatyRequest:
    """One line of 5 million, shared by two reinsurers."""
    fields: dict[str, Any] = {
        "request_id": str(uuid4()),
        "treaty_key": key,
        "kind": terms_pb2.CESSION_KIND_SURPLUS,
        "reinsurers": [
            terms_pb2.CessionReinsurer(reinsurer_id="reinsurer-s", percent="60"),
            terms_pb2.CessionReinsurer(reinsurer_id="reinsurer-t", percent="40"),
        ],
        "retention": yuan(5_000_000),
        "line_count": 1,
        "commission_percent": "25",
        "starts_on": date_message(an.INCEPTION),
        "ends_on": date_message(an.EXPIRY),
    }
    return treaty_pb.CreateTreatyRequest(**{**fields, **changes})


def place(submission_id: str, key: str = "FAC-1", **changes: Any) -> treaty_pb.PlaceFacultativeRequest:
    fields: dict[str, Any] = {
        "request_id": str(uuid4()),
        "facultative_key": key,
        "submission_id": submission_id,
        "reinsurer_id": "reinsurer-f",
        "percent": "20",
        "commission_percent": "20",
        "valid_until": date_message(date(2025, 12, 31)),
    }
    return treaty_pb.PlaceFacultativeRequest(**{**fields, **changes})


def wanted(code: str, limit: Money) -> submission_pb.WantedPart:
    return submission_pb.WantedPart(part_code=code, limit=money_message(limit))


def create_submission(product_id: str, key: str = "S-1", **changes: Any) -> submission_pb.CreateSubmissionRequest:
    enterprise = an.enterprise()
    request = submission_pb.CreateSubmissionRequest(
        request_id=str(uuid4()),
        submission_key=key,
        product_id=product_id,
        insured=party_pb2.Enterprise(
            uscc=enterprise.uscc,
            name=enterprise.name,
            industry_code=enterprise.industry_code,
            region_code=enterprise.region_code,
            size=party_pb2.ENTERPRISE_SIZE_SMALL,
        ),
        inception=date_message(an.INCEPTION),
        expiry=date_message(an.EXPIRY),
        parts=[wanted(an.DATA, an.DATA_LIMIT), wanted(an.EXTORTION, an.EXTORTION_LIMIT)],
        annual_revenue=yuan(80_000_000),
        answers=[submission_pb.Answer(question="MFA", yes=True)],
        systems=[submission_pb.DeclaredSystem(name="ERP", mlps_level=2, mlps_filing_number="31011500001-26001")],
        dependencies=[submission_pb.DeclaredDependency(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="aliyun")],
    )
    for name, value in changes.items():
        getattr(request, name).CopyFrom(value)
    return request


async def quoted(desk: Desk, key: str = "S-1", **more: Any) -> str:
    """A submission with one quote; its id."""
    product_id = str((await desk.ask(create_product(f"P-{key}"))).product.product_id)
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    submission_id = str((await desk.ask(create_submission(product_id, key))).submission.submission_id)
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id, **more))
    return submission_id


def bind(submission_id: str, treaty_id: str = "", **more: Any) -> policy_pb.BindPolicyRequest:
    return policy_pb.BindPolicyRequest(
        request_id=str(uuid4()),
        submission_id=submission_id,
        quote_number=1,
        shares=[
            terms_pb2.CoInsurerShare(insurer_id=an.TENANT, percent="60", lead=True),
            terms_pb2.CoInsurerShare(insurer_id=an.FOLLOWER, percent="40"),
        ],
        treaty_id=treaty_id,
        **more,
    )


async def bound(desk: Desk) -> policy_pb.Policy:
    submission_id = await quoted(desk)
    return (await desk.ask(bind(submission_id, await treaty(desk)))).policy  # type: ignore[no-any-return]


async def bound_again(desk: Desk) -> policy_pb.Policy:
    """Another policy, of the same insured; nothing of it is ceded."""
    return (await desk.ask(bind(await quoted(desk, "S-2")))).policy  # type: ignore[no-any-return]


def endorse(
    policy_id: str, effective: date, *changes: policy_pb.PolicyChange, **more: Any
) -> policy_pb.EndorsePolicyRequest:
    return policy_pb.EndorsePolicyRequest(
        request_id=str(uuid4()),
        policy_id=policy_id,
        effective_date=date_message(effective),
        changes=changes,
        **more,
    )


def set_data(limit: Money) -> policy_pb.PolicyChange:
    return policy_pb.PolicyChange(kind=policy_pb.CHANGE_KIND_SET_PART, part_code=an.DATA, limit=money_message(limit))


def remove(code: str) -> policy_pb.PolicyChange:
    return policy_pb.PolicyChange(kind=policy_pb.CHANGE_KIND_REMOVE_PART, part_code=code)


def cancel(policy_id: str, effective: date, **more: Any) -> policy_pb.CancelPolicyRequest:
    return policy_pb.CancelPolicyRequest(
        policy_id=policy_id,
        effective_date=date_message(effective),
        method=product_pb.CANCELLATION_METHOD_SHORT_RATE,
        reason="INSURED_REQUEST",
        **more,
    )
