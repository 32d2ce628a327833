"""The billing service's engine in this process, on a real database; its servicers are called without the network."""

import hashlib
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from libs.common.context import Call, calling
from libs.common.grpc.convert import date_message, money_message
from libs.common.money import Money
from services.billing_subsidy.__main__ import SERVICE
from services.billing_subsidy.servicer import servicers
from services.billing_subsidy.servicer.rules import rules_message
from tests.billing_subsidy.examples import LEAD, POLICY, rules, yuan
from tests.common.engine import Engine

AUTHORITY = "shanghai-finance"
INSURERS = (LEAD, "other-insurer")


class Office(Engine):
    """One billing service. Who asks is an insurer, or AUTHORITY."""

    def __init__(self, admin_url: str) -> None:
        super().__init__(SERVICE, servicers, admin_url, datetime(2025, 12, 20, 4, tzinfo=UTC))

    def call(self, who: str, payload: bytes = b"", request_id: str = "") -> Call:
        return Call(
            tenant=who if who in INSURERS else "",
            organisation=who,
            principal=f"user:{who}",
            roles=frozenset({"authority"} if who == AUTHORITY else ()),
            request_id=request_id or str(uuid4()),
            fingerprint=hashlib.sha256(payload).digest(),
            now=self.clock.now(),
            correlation_id="c",
        )

    async def ask(self, request: Message, who: str = LEAD) -> Any:
        """Calls the method of a request as the edge would."""
        method = request.DESCRIPTOR.name.removesuffix("Request")
        servicer = next(one for one in self.servicers if method in type(one).__dict__)
        given = getattr(request, "request_id", "")
        with calling(self.call(who, method.encode() + request.SerializeToString(), given)):
            return await getattr(servicer, method)(request, None)

    async def hear(self, heard: Message, tenant: str = LEAD) -> None:
        """Reacts to another service's announcement."""
        await self.react(self.call(tenant), heard)

    async def move_to(self, day: date) -> None:
        """Moves the clock to noon in Shanghai and fires what is due."""
        self.clock.at = datetime.combine(day, time(4), tzinfo=UTC)
        await self.fire()

    async def publish(self, **changed: Any) -> str:
        """Creates and publishes a programme; its id."""
        request = programme_pb.CreateProgrammeRequest(rules=rules_message(rules(**changed)))
        programme_id: str = (await self.ask(request, AUTHORITY)).programme.programme_id
        await self.ask(programme_pb.PublishProgrammeRequest(programme_id=programme_id), AUTHORITY)
        return programme_id

    @staticmethod
    def receipt(amount: str, day: date, policy_id: UUID = POLICY, reference: str = "R1", **more: Any) -> Message:
        return account_pb.RecordReceiptRequest(
            policy_id=str(policy_id),
            reference=reference,
            amount=money_message(yuan(amount)),
            value_date=date_message(day),
            **more,
        )

    async def pay(self, amount: str, day: date, policy_id: UUID = POLICY, reference: str = "R1", **more: Any) -> Any:
        return (await self.ask(self.receipt(amount, day, policy_id, reference, **more))).account

    async def account(self, policy_id: UUID = POLICY) -> Any:
        return (await self.ask(account_pb.GetAccountRequest(policy_id=str(policy_id)))).account

    async def case(self, programme_id: str, policy_id: UUID = POLICY) -> Any:
        request = case_pb.GetSubsidyCaseRequest(policy_id=str(policy_id), programme_id=programme_id)
        return (await self.ask(request)).subsidy_case

    async def levels(self, programme_id: str, policy_id: UUID = POLICY) -> dict[str, tuple[str, str]]:
        """Granted and clawed back, by level."""
        case = await self.case(programme_id, policy_id)
        names = {programme_pb.GOVERNMENT_LEVEL_CITY: "city", programme_pb.GOVERNMENT_LEVEL_DISTRICT: "district"}
        return {names[one.level]: (shown(one.granted), shown(one.clawed_back)) for one in case.levels}

    async def trial_balance(self, **until: Any) -> dict[str, str]:
        await self.project()
        answer = await self.ask(ledger_pb.GetTrialBalanceRequest(**until))
        return {line.account.code: shown(line.balance) for line in answer.lines}

    async def control_totals(self) -> dict[str, str]:
        await self.project()
        totals = (await self.ask(ledger_pb.GetControlTotalsRequest())).totals
        return {field.name: shown(value) for field, value in totals.ListFields()}


def shown(message: Any) -> str:
    """An amount as people write it."""
    amount = Money(message.currency_code, message.units * 100 + message.nanos // 10_000_000)
    return str(amount).removesuffix(" CNY")
