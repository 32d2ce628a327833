"""A server that does nothing: the request is read and sent back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from hubao.policy.v1 import treaty_service_pb2 as pb

METHOD = "/bench.Echo/Echo"


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    async def echo(request: pb.CreateTreatyRequest, context: Any) -> pb.CreateTreatyRequest:
        return request

    handler = grpc.unary_unary_rpc_method_handler(
        echo, pb.CreateTreatyRequest.FromString, pb.CreateTreatyRequest.SerializeToString
    )
    _, package, name = METHOD.split("/")
    server = grpc.aio.server()
    # Both, as generated code does it.
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(package, {name: handler}),))
    server.add_registered_method_handlers(package, {name: handler})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield port
    await server.stop(None)
