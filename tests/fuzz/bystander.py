"""`python -m tests.fuzz.bystander FILE TOKEN SERVICE=HOST:PORT…`: another insurer at work while messages rain.

A process of its own, so that its figures are the services' and not the hostile client's. Each call is a line of FILE,
method, seconds and status, until the process is ended.
"""

import asyncio
import sys
import time
from pathlib import Path

import grpc
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.claims.v1 import claim_service_pb2 as claim_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local.clients import Channels

PAUSE = 0.1
REQUESTS = (
    policy_pb.ListPoliciesRequest(),
    claim_pb.ListClaimsRequest(),
    ledger_pb.GetTrialBalanceRequest(),
    order_pb.ListOrdersRequest(),
)


async def work(file: Path, token: str, addresses: dict[str, str]) -> None:
    """Asks one service after the other, for ever."""
    channels = Channels.to(addresses)
    with file.open("w", buffering=1) as lines:
        while True:
            for request in REQUESTS:
                method = channels.methods[request.DESCRIPTOR.full_name]
                call = channels.by_service[method.full_name.split(".")[1]].unary_unary(
                    f"/{method.containing_service.full_name}/{method.name}",
                    request_serializer=lambda message: message.SerializeToString(),
                )
                begun = time.monotonic()
                answer = call(request, metadata=[("authorization", f"Bearer {token}")], timeout=30)
                code: grpc.StatusCode = await answer.code()
                lines.write(f"{method.name} {time.monotonic() - begun:.4f} {code.name}\n")
                await asyncio.sleep(PAUSE)


if __name__ == "__main__":
    out, secret, *places = sys.argv[1:]
    asyncio.run(work(Path(out), secret, dict(place.split("=", 1) for place in places)))
