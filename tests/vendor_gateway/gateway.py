"""The gateway's whole engine in this process, on a real database; its servicers are called without the network."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money as MoneyMessage
from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb

from libs.common.codes.uscc import compose
from libs.common.context import Call, calling
from services.vendor_gateway.__main__ import SERVICE
from services.vendor_gateway.servicer import servicers
from tests.common.engine import Engine
from tests.vendor_gateway.examples import NOON

INSURER, OPERATOR = "lead", "operator"


class Gateway(Engine):
    """One vendor gateway. Who asks is an insurer's name, OPERATOR, or a vendor's id."""

    def __init__(self, admin_url: str) -> None:
        super().__init__(SERVICE, servicers, admin_url, NOON)

    def call(self, who: str, payload: bytes = b"", request_id: str = "") -> Call:
        is_insurer = who in (INSURER, "follower")
        return Call(
            tenant=who if is_insurer else "",
            organisation=who,
            principal=f"user:{who}",
            roles=frozenset() if is_insurer or who == OPERATOR else frozenset({"vendor"}),
            request_id=request_id or str(uuid4()),
            fingerprint=hashlib.sha256(payload).digest(),
            now=self.clock.now(),
            correlation_id="c",
        )

    async def ask(self, who: str, method: str, request: Any) -> Any:
        """Calls a method as the edge would."""
        servicer = next(one for one in self.servicers if method in type(one).__dict__ or hasattr(one, method))
        given = getattr(request, "request_id", "")
        with calling(self.call(who, method.encode() + request.SerializeToString(), given)):
            return await getattr(servicer, method)(request, None)

    async def order(self, who: str, method: str, order_id: str, **fields: Any) -> Any:
        """Calls a method of OrderService about one order."""
        request = getattr(order_pb, f"{method}Request")(order_id=order_id, **fields)
        answer = await self.ask(who, method, request)
        return getattr(answer, "order", answer)

    async def watch(self, who: str, cursor: str, items: int) -> list[Any]:
        """The next items of a watch."""
        found: list[Any] = []
        with calling(self.call(who)):
            async with asyncio.timeout(10):
                stream = self.servicers[1].WatchOrders(order_pb.WatchOrdersRequest(cursor=cursor), None)
                async for item in stream:
                    found.append(item)
                    if len(found) == items:
                        break
                await stream.aclose()
        return found

    async def hear(self, heard: Message, tenant: str = INSURER) -> None:
        """Reacts to another service's announcement."""
        await self.react(self.call(tenant), heard)

    async def pass_time(self, **spent: float) -> None:
        """Moves the clock and fires what is due."""
        self.clock.at += timedelta(**spent)
        await self.fire()

    async def orders(self, who: str = INSURER, **fields: Any) -> list[Any]:
        """The orders that a list shows now, the newest first."""
        await self.project()
        answer = await self.ask(who, "ListOrders", order_pb.ListOrdersRequest(**fields))
        return list(answer.orders)

    async def free(self, vendor_id: str) -> int | None:
        return await self.log.available(f"vendor-capacity:{vendor_id}")

    async def vendor(self, number: int, service_types: tuple[str, ...] = ("monitoring",), **terms: Any) -> str:
        """Registers and accredits a vendor; its id."""
        register = vendor_pb.RegisterVendorRequest(
            uscc=compose("310115", number), name=f"Vendor {number}", kind="VENDOR_KIND_SECURITY_FIRM"
        )
        vendor_id: str = (await self.ask(OPERATOR, "RegisterVendor", register)).vendor.vendor_id
        await self.ask(
            OPERATOR,
            "AccreditVendor",
            vendor_pb.AccreditVendorRequest(vendor_id=vendor_id, accreditation=accreditation(service_types, **terms)),
        )
        return vendor_id


def accreditation(
    service_types: tuple[str, ...] = ("monitoring",),
    *,
    capacity: int = 3,
    yuan: int = 800,
    regions: tuple[str, ...] = (),
    signing_key: bytes = b"",
) -> vendor_pb.Accreditation:
    return vendor_pb.Accreditation(
        certificates=[vendor_pb.Certificate(code="CCRC", number="1", expires_on=Date(year=2030, month=1, day=1))],
        capabilities=[
            vendor_pb.Capability(service_type=one, regions=regions, start_within_hours=24) for one in service_types
        ],
        capacity=capacity,
        prices=[
            vendor_pb.Price(service_type=one, price=money(yuan), valid_from=Date(year=2026, month=1, day=1))
            for one in service_types
        ],
        signing_key=signing_key,
    )


def money(yuan: int) -> MoneyMessage:
    return MoneyMessage(currency_code="CNY", units=yuan)


INSURED = Enterprise(
    uscc=compose("310115", 4711), name="Orchid", industry_code="I65", region_code="310115", size="ENTERPRISE_SIZE_SMALL"
)


def service(code: str = "MONITORING", phase: str = "IN_FORCE", **fields: Any) -> terms_pb.ServiceEntitlement:
    return terms_pb.ServiceEntitlement(
        **{
            "code": code,
            "service_type": code.lower(),
            "phase": f"SERVICE_PHASE_{phase}",
            "quantity": 1,
            "mandatory": True,
            "fee": money(1000),
            "respond_within_hours": 24,
            "start_within_hours": 48,
            "deliver_within_hours": 240,
            **fields,
        }
    )


def timeline(policy_id: UUID, *services: terms_pb.ServiceEntitlement) -> terms_pb.PolicyTimeline:
    return terms_pb.PolicyTimeline(
        policy_id=str(policy_id),
        policy_number="P-1",
        insured=INSURED,
        inception=Date(year=2026, month=1, day=1),
        expiry=Date(year=2027, month=1, day=1),
        entitlements=services or (service(),),
    )


def bound(policy_id: UUID, *services: terms_pb.ServiceEntitlement, submission_id: str = "") -> policy_pb.PolicyBound:
    return policy_pb.PolicyBound(timeline=timeline(policy_id, *services), submission_id=submission_id)


def claim_opened(policy_id: UUID, claim_id: UUID, **fields: Any) -> claims_pb.ClaimOpened:
    return claims_pb.ClaimOpened(
        **{
            "policy_id": str(policy_id),
            "claim_id": str(claim_id),
            "response_requested": True,
            "occurred_on": Date(year=2026, month=3),
            **fields,
        }
    )
