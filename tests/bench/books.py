"""A book of policies for benchmarks: the service with a product, and rows of an import."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import grpc
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import product_service_pb2_grpc as product_grpc

from libs.common.dates import date_in_shanghai
from libs.common.grpc.convert import date_message
from libs.common.store.migrate import prepare
from libs.common.tokens import LocalIssuer
from services.policy.__main__ import SERVICE
from services.policy.servicer.product_messages import terms_message
from tests.bench.place import Place
from tests.bench.targets import Server, server
from tests.policy import book
from tests.policy import examples as an

TENANT, ROLES = "insurer", ("underwriter",)
ROWS_A_MESSAGE = 100
IMPORT = "/hubao.policy.v1.PolicyService/ImportPolicies"


@dataclass(frozen=True)
class Office:
    """A running service with a product of the name CYBER, and a way to it."""

    url: str
    running: Server
    channel: grpc.aio.Channel
    token: str

    @property
    def metadata(self) -> list[tuple[str, str]]:
        return [("authorization", f"Bearer {self.token}")]


@asynccontextmanager
async def office(place: Place) -> AsyncIterator[Office]:
    url = prepare(place.database(), SERVICE.name)
    directory = place.directory / "identity"
    token = LocalIssuer.create(directory).token("an", "org", TENANT, ROLES)
    async with (
        server("policy", url, str(directory)) as running,
        grpc.aio.insecure_channel(f"127.0.0.1:{running.port}") as channel,
    ):
        opened = Office(url, running, channel, token)
        await _sell(opened)
        yield opened


async def _sell(opened: Office) -> None:
    products: Any = product_grpc.ProductServiceStub(opened.channel)
    create = product_pb.CreateProductRequest(
        request_id=str(uuid4()), product_key="CYBER", name="网络安全综合险", terms=terms_message(an.product_terms())
    )
    made = await products.CreateProduct(create, metadata=opened.metadata)
    publish = product_pb.PublishProductRequest(product_id=made.product.product_id)
    await products.PublishProduct(publish, metadata=opened.metadata)


def policies(first: int, count: int) -> list[pb.ImportedPolicy]:
    """Rows with two parts, an answer and a dependency each, of the year that runs now."""
    inception = date_in_shanghai(datetime.now(UTC)).replace(day=1)
    term = {"inception": date_message(inception), "expiry": date_message(inception.replace(year=inception.year + 1))}
    return [book.row(number, **term) for number in range(first, first + count)]


def messages(rows: Sequence[pb.ImportedPolicy]) -> list[bytes]:
    """The bytes of a stream that imports these rows."""
    parts = [rows[index : index + ROWS_A_MESSAGE] for index in range(0, len(rows), ROWS_A_MESSAGE)]
    requests = [book.header(key=f"book-{uuid4()}"), *(book.rows(*part) for part in parts)]
    return [request.SerializeToString() for request in requests]
