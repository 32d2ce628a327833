"""The policy service behind the whole edge, as its process makes it, without relay, consumers, timers and projector."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from libs.common import telemetry
from libs.common.application import Application
from libs.common.clock import SystemClock
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer, Servicer
from libs.common.projection.tables import ReadTables
from libs.common.service import Service
from libs.common.store.reading import Log
from libs.common.tokens import LocalIssuer
from services.policy.__main__ import SERVICE as POLICY
from services.policy.servicer import servicers

Offered = Callable[[Application, ReadTables], list[Servicer]]


@asynccontextmanager
async def serving(
    url: str, directory: str, service: Service = POLICY, offered: Offered = servicers
) -> AsyncIterator[int]:
    telemetry.set_up(service.name)
    application, tables = Application(service, Log(url), url), ReadTables(service, url)
    await application.open()
    await tables.open()
    issuer = LocalIssuer.create(Path(directory))
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    edge = Edge(service.name, authenticator, SystemClock().now, tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, offered(application, tables))
    yield await server.start()
    await server.drain(5.0)
    await application.close()
    await tables.close()
    telemetry.shut_down()
