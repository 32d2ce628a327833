"""One client process: so many calls in flight for so many seconds, every answer checked.

`python -m tests.bench.client ADDRESS METHOD IN_FLIGHT SECONDS`, the token as its input; the result is JSON. The same
program drives both sides of a comparison.
"""

import asyncio
import json
import sys
from random import randrange
from time import monotonic, perf_counter, process_time
from uuid import uuid4

import grpc
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from hubao.vendor_gateway.v1 import vendor_service_pb2 as pb
from hubao.vendor_gateway.v1 import vendor_service_pb2_grpc as pb_grpc

from libs.common.codes.uscc import compose

ECHO = "/bench.Echo/Echo"
VENDORS = 100
WARM_UP = 0.5


class Load:
    """Keeps calls in flight and keeps what they took."""

    def __init__(self, channel: grpc.aio.Channel, method: str, token: str) -> None:
        answer = pb.AccreditVendorRequest if method == ECHO else pb.AccreditVendorResponse
        self._call = channel.unary_unary(method, pb.AccreditVendorRequest.SerializeToString, answer.FromString)
        self._stub = pb_grpc.VendorServiceStub(channel)
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._is_echo = method == ECHO
        self._vendors = [str(uuid4()) for _ in range(VENDORS)]
        self._first = randrange(500_000)
        self._sent = 0
        self.latencies: list[float] = []
        self.counting = False

    async def open(self) -> None:
        """Registers the vendors that are written to; nothing happens to those that are there already."""
        if not self._is_echo:
            self._vendors = [await self._registered(number) for number in range(1, VENDORS + 1)]

    async def worker(self, until: float) -> None:
        while monotonic() < until:
            self._sent += 1
            request = accreditation(self._vendors[self._sent % VENDORS], self._first + self._sent)
            started = perf_counter()
            answer = await self._call(request, metadata=self._metadata)
            took = perf_counter() - started
            vendor = answer if self._is_echo else answer.vendor
            if (vendor.vendor_id, vendor.accreditation) != (request.vendor_id, request.accreditation):
                raise AssertionError(f"asked for {request}, and got {answer}")
            if self.counting:
                self.latencies.append(took)

    async def _registered(self, number: int) -> str:
        request = pb.RegisterVendorRequest(
            uscc=compose("310115", number), name=f"Vendor {number}", kind=pb.VENDOR_KIND_SECURITY_FIRM
        )
        return str((await self._stub.RegisterVendor(request, metadata=self._metadata)).vendor.vendor_id)


def accreditation(vendor_id: str, capacity: int) -> pb.AccreditVendorRequest:
    """A command that is never the same twice, so that each of them becomes an event."""
    return pb.AccreditVendorRequest(
        vendor_id=vendor_id,
        accreditation=pb.Accreditation(
            certificates=[pb.Certificate(code="CCRC", number="1", expires_on=Date(year=2090, month=1, day=1))],
            capabilities=[pb.Capability(service_type="monitoring", start_within_hours=24)],
            capacity=capacity,
            prices=[
                pb.Price(
                    service_type="monitoring",
                    price=Money(currency_code="CNY", units=800),
                    valid_from=Date(year=2026, month=1, day=1),
                )
            ],
        ),
        request_id=str(uuid4()),
    )


async def main(address: str, method: str, in_flight: int, seconds: float, token: str) -> dict[str, float]:
    async with grpc.aio.insecure_channel(address) as channel:
        load = Load(channel, method, token)
        await load.open()
        workers = [asyncio.create_task(load.worker(monotonic() + WARM_UP + seconds)) for _ in range(in_flight)]
        await asyncio.sleep(WARM_UP)
        load.counting, started, busy = True, monotonic(), process_time()
        await asyncio.gather(*workers)
        took, busy = monotonic() - started, process_time() - busy
    ordered = sorted(load.latencies)
    return {
        "count": len(ordered),
        "rate": len(ordered) / took,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "client_cores": busy / took,
    }


if __name__ == "__main__":
    where, what, flying, lasting = sys.argv[1:5]
    print(json.dumps(asyncio.run(main(where, what, int(flying), float(lasting), sys.stdin.read()))))
