"""One trace from a request through the log, JetStream and another service's reaction; and a drain on SIGTERM."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as admin_pb
from hubao.feed.v1 import admin_service_pb2_grpc as admin_grpc
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import product_service_pb2_grpc as product_grpc
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import submission_service_pb2_grpc as submission_grpc
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.servers import free_port
from libs.common import telemetry
from libs.common.grpc.client import channel
from libs.common.runtime import Process
from libs.common.service import Service
from libs.common.settings import Settings
from libs.common.store.migrate import prepare
from libs.common.tokens import LocalIssuer, make_key, write_jwks
from services.policy.__main__ import SERVICE as POLICY
from services.policy.servicer import servicers as policy_servicers
from services.vendor_gateway.__main__ import SERVICE as VENDOR_GATEWAY
from services.vendor_gateway.servicer import servicers as vendor_servicers
from tests.policy import examples as an
from tests.policy.desk import create_product, create_submission


class Pair:
    """The policy service and the vendor gateway, in this process, on real servers."""

    def __init__(self, database: str, nats_url: str, directory: Path) -> None:
        self.issuer = LocalIssuer.create(directory / "identity")
        self.database = database
        self._directory = directory
        self.ports = {name: free_port() for name in ("policy", "vendor_gateway", "claims", "billing_subsidy")}
        token = directory / "token"
        token.write_text(self.issuer.token("pair", "hubao", "", ["service"]))
        feeds = ",".join(f"{name}=127.0.0.1:{port}" for name, port in self.ports.items())
        self._environment = {
            "NATS_URL": nats_url,
            "HUBAO_ANNOUNCEMENT_JWKS": ",".join(f"{name}={self._keys(name)[1]}" for name in self.ports),
            "HUBAO_JWKS": str(self.issuer.jwks),
            "HUBAO_ISSUER": self.issuer.issuer,
            "HUBAO_TOKEN_FILE": str(token),
            "HUBAO_FEEDS": feeds,
            "HUBAO_CLOCK": "movable",
            "HUBAO_CLOCK_START": "2025-12-20T10:00:00+08:00",
        }
        self.policy = Process(POLICY, policy_servicers, self._settings(POLICY))
        self.gateway = Process(VENDOR_GATEWAY, vendor_servicers, self._settings(VENDOR_GATEWAY))

    def _settings(self, service: Service) -> Settings:
        own = {
            "DATABASE_URL": prepare(self.database, service.name),
            "HUBAO_ADDRESS": f"127.0.0.1:{self.ports[service.name]}",
            "HUBAO_ANNOUNCEMENT_KEY": str(self._keys(service.name)[0]),
        }
        return Settings.from_environment(self._environment | own)

    def _keys(self, name: str) -> tuple[Path, Path]:
        """With which a service signs what it announces, and by which others believe it."""
        key, jwks = self._directory / f"{name}.key", self._directory / f"{name}.jwks.json"
        write_jwks(jwks, make_key(key))
        return key, jwks

    def token(self, who: str, *roles: str, tenant: str = an.TENANT) -> str:
        return self.issuer.token(who, tenant or "hubao", tenant, roles)


@asynccontextmanager
async def running(pair: Pair) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(process.run()) for process in (pair.policy, pair.gateway)]
    try:
        async with asyncio.timeout(30):
            for service in ("policy", "vendor_gateway"):
                async with grpc.aio.insecure_channel(f"127.0.0.1:{pair.ports[service]}") as link:
                    await link.channel_ready()
        yield
    finally:
        pair.policy.stop()
        pair.gateway.stop()
        await asyncio.gather(*tasks)


@pytest.fixture
async def pair(database: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Pair]:
    made = Pair(database, nats_url, tmp_path)
    async with running(made):
        yield made


async def test_one_trace_goes_from_the_request_to_another_services_reaction(pair: Pair) -> None:
    exporter = InMemorySpanExporter()
    telemetry.set_up("test", span_exporter=exporter)
    link = channel(f"127.0.0.1:{pair.ports['policy']}", lambda: pair.token("wang", "underwriter"))
    products, submissions = product_grpc.ProductServiceStub(link), submission_grpc.SubmissionServiceStub(link)
    product_id = (await products.CreateProduct(create_product())).product.product_id
    await products.PublishProduct(product_pb.PublishProductRequest(product_id=product_id))
    submission = (await submissions.CreateSubmission(create_submission(product_id))).submission

    async with asyncio.timeout(20):
        with telemetry.span("broker"):
            trace_id = telemetry.current_trace_id()
            await submissions.RequestAssessment(
                submission_pb.RequestAssessmentRequest(submission_id=submission.submission_id)
            )
        while not (reactions := [span for span in of_trace(exporter, trace_id) if span.name.startswith("react ")]):
            await asyncio.sleep(0.05)
    await link.close()

    assert "react SubmissionAssessmentRequested" in {span.name for span in reactions}
    assert any(span.name.endswith("/RequestAssessment") for span in of_trace(exporter, trace_id))
    for service in ("policy", "vendor_gateway"):
        assert trace_id in stored_traces(pair.database, service)


async def test_a_clock_that_one_service_was_told_is_kept_over_a_restart(
    database: str, nats: object, tmp_path: Path
) -> None:
    pair = Pair(database, nats.url, tmp_path)  # type: ignore[attr-defined]
    told = Timestamp(seconds=1_780_000_000)
    async with (
        running(pair),
        channel(f"127.0.0.1:{pair.ports['policy']}", lambda: pair.token("op", "operator", tenant="")) as link,
    ):
        await admin_grpc.AdminServiceStub(link).SetClock(admin_pb.SetClockRequest(now=told))

    again = Pair(database, nats.url, tmp_path)  # type: ignore[attr-defined]
    async with (
        running(again),
        channel(f"127.0.0.1:{again.ports['policy']}", lambda: again.token("op", "operator", tenant="")) as link,
    ):
        status = await admin_grpc.AdminServiceStub(link).GetStatus(admin_pb.GetStatusRequest())
        verified = await admin_grpc.AdminServiceStub(link).VerifyLog(admin_pb.VerifyLogRequest())

    assert told.seconds <= status.now.seconds < told.seconds + 60
    assert status.log == "policy"
    assert list(verified.violations) == []


def of_trace(exporter: InMemorySpanExporter, trace_id: str) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if f"{span.context.trace_id:032x}" == trace_id]


def stored_traces(database: str, service: str) -> set[str]:
    """The trace ids in the metadata of a service's events."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(f"SELECT metadata FROM {service}.event").fetchall()
    return {json.loads(row[0])["traceparent"].split("-")[1] for row in rows}
