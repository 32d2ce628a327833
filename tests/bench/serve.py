"""The measured process: the vendor gateway behind the whole edge and, in the same loop, an echo that does nothing.

`python -m tests.bench.serve DATABASE_URL DIRECTORY` prints the two ports, and serves until its input ends.

The gateway does not announce accreditations; here it does, so that the outbox is part of what is measured.
"""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.message import Message
from hubao.vendor_gateway.v1 import vendor_service_pb2 as pb

from libs.common import collector
from libs.common.application import Application
from libs.common.changes import Recorded
from libs.common.clock import SystemClock
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.projection.tables import ReadTables
from libs.common.store.reading import Log
from libs.common.tokens import LocalIssuer
from services.vendor_gateway.__main__ import SERVICE
from services.vendor_gateway.domain.vendor import Vendor
from services.vendor_gateway.servicer import servicers
from services.vendor_gateway.servicer.vendors import vendor_message
from tests.bench.client import ECHO


def announce(recorded: Recorded[Any]) -> Message | None:
    """What a vendor is after each of its events; the directory's own events stay private."""
    if not isinstance(recorded.value, Vendor):
        return None
    return vendor_message(recorded.stream, recorded.value, recorded.version)


async def echo_server() -> tuple[grpc.aio.Server, int]:
    """An empty handler of the same request: read, and sent back."""

    async def echo(request: pb.AccreditVendorRequest, context: Any) -> pb.AccreditVendorRequest:
        return request

    handler = grpc.unary_unary_rpc_method_handler(
        echo, pb.AccreditVendorRequest.FromString, pb.AccreditVendorRequest.SerializeToString
    )
    _, package, name = ECHO.split("/")
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(package, {name: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    return server, port


async def serve(url: str, directory: Path) -> None:
    service = replace(SERVICE, announce=announce)
    application, tables = Application(service, Log(url), url), ReadTables(service, url)
    await application.open()
    issuer = LocalIssuer.create(directory)
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    edge = Edge(service.name, authenticator, SystemClock().now, tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, servicers(application, tables))
    port = await server.start()
    echo, echo_port = await echo_server()
    collector.calm()  # As every process does: see libs/common/runtime.py.
    print(port, echo_port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.drain(5.0)
    await echo.stop(None)
    await application.close()
    await tables.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], Path(sys.argv[2])))
