"""Billing behind the real edge: tokens, roles, field rules, statuses, over a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.type.money_pb2 import Money as MoneyMessage
from grpc import StatusCode
from grpc_status import rpc_status
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.billing_subsidy.v1.account_service_pb2_grpc import AccountServiceStub
from hubao.billing_subsidy.v1.programme_service_pb2_grpc import ProgrammeServiceStub
from hubao.billing_subsidy.v1.subsidy_case_service_pb2_grpc import SubsidyCaseServiceStub

from libs.common.grpc.auth import Authenticator
from libs.common.grpc.client import channel
from libs.common.grpc.convert import date_message, money_message
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.tokens import LocalIssuer
from services.billing_subsidy.servicer import servicers
from services.billing_subsidy.servicer.rules import rules_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import LEAD, POLICY, rules, yuan
from tests.billing_subsidy.office import AUTHORITY, Office, shown

JANUARY = date(2026, 1, 15)


class Counter:
    """Clients of a served office, each with a token of its own."""

    def __init__(self, port: int, issuer: LocalIssuer) -> None:
        self._port = port
        self._issuer = issuer
        self._channels: list[grpc.aio.Channel] = []

    def link(self, organisation: str, role: str, tenant: str = "") -> grpc.aio.Channel:
        token = self._issuer.token(f"{organisation}-desk", organisation, tenant, [role])
        link = channel(f"127.0.0.1:{self._port}", lambda: token)
        self._channels.append(link)
        return link

    async def close(self) -> None:
        for link in self._channels:
            await link.close()


@asynccontextmanager
async def served(office: Office, directory: Path) -> AsyncIterator[Counter]:
    issuer = LocalIssuer.create(directory / "issuer")
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    await authenticator.open()
    edge = Edge("billing_subsidy", authenticator, office.clock.now, office.tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, servicers(office.application, office.tables))
    counter = Counter(await server.start(), issuer)
    try:
        yield counter
    finally:
        await counter.close()
        await server.drain(1)


async def refusal(call: Any) -> tuple[StatusCode, str]:
    """Status, and the reason or the first wrong field of a refused call."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    answer = ""
    for detail in rpc_status.from_call(failed.value).details:
        bad, info = BadRequest(), ErrorInfo()
        if detail.Unpack(bad):
            return failed.value.code(), bad.field_violations[0].field
        if detail.Unpack(info):
            answer = info.reason
    return failed.value.code(), answer


def receipt(amount: MoneyMessage | None = None, **changed: Any) -> account_pb.RecordReceiptRequest:
    fields: dict[str, Any] = {
        "policy_id": str(POLICY),
        "reference": "R1",
        "amount": amount or money_message(yuan("106000.00")),
        "value_date": date_message(JANUARY),
    }
    return account_pb.RecordReceiptRequest(**{**fields, **changed})


async def test_a_programme_a_premium_and_its_subsidy_over_the_network(office: Office, tmp_path: Path) -> None:
    async with served(office, tmp_path) as counter:
        authority = ProgrammeServiceStub(counter.link(AUTHORITY, "authority"))
        create = programme_pb.CreateProgrammeRequest(rules=rules_message(rules()), request_id=str(uuid4()))
        programme = (await authority.CreateProgramme(create)).programme
        await authority.PublishProgramme(programme_pb.PublishProgrammeRequest(programme_id=programme.programme_id))
        await office.hear(heard.bound())
        await office.move_to(JANUARY)
        finance = counter.link(LEAD, "finance", LEAD)

        account = (await AccountServiceStub(finance).RecordReceipt(receipt())).account

        assert shown(account.receivable) == "0.00"
        get = case_pb.GetSubsidyCaseRequest(policy_id=str(POLICY), programme_id=programme.programme_id)
        case = (await SubsidyCaseServiceStub(finance).GetSubsidyCase(get)).subsidy_case
        assert [shown(level.granted) for level in case.levels] == ["50,000.00", "20,000.00"]


async def test_only_whom_it_concerns_may_call(office: Office, tmp_path: Path) -> None:
    async with served(office, tmp_path) as counter:
        await office.hear(heard.bound())
        await office.move_to(JANUARY)
        auditor = AccountServiceStub(counter.link(LEAD, "auditor", LEAD))
        finance = ProgrammeServiceStub(counter.link(LEAD, "finance", LEAD))

        await auditor.GetAccount(account_pb.GetAccountRequest(policy_id=str(POLICY)))
        assert await refusal(auditor.RecordReceipt(receipt())) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")
        create = programme_pb.CreateProgrammeRequest(rules=rules_message(rules()))
        assert await refusal(finance.CreateProgramme(create)) == (StatusCode.PERMISSION_DENIED, "ROLE_MISSING")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (receipt(policy_id="P-1"), "policy_id"),
        (receipt(reference=""), "reference"),
        (receipt(MoneyMessage(currency_code="CNY", units=1, nanos=5)), "amount.nanos"),
        (receipt(MoneyMessage(units=1)), "amount.currency_code"),
        (receipt(MoneyMessage(currency_code="USD", units=1)), "amount.currency_code"),
        (receipt(MoneyMessage(currency_code="CNY", units=-1)), "amount"),
        (receipt(value_date=date_message(date(2026, 1, 16))), "value_date"),
        (receipt(request_id="1"), "request_id"),
    ],
)
async def test_a_wrong_field_is_named(
    office: Office, tmp_path: Path, wrong: account_pb.RecordReceiptRequest, field: str
) -> None:
    async with served(office, tmp_path) as counter:
        await office.hear(heard.bound())
        await office.move_to(JANUARY)
        finance = AccountServiceStub(counter.link(LEAD, "finance", LEAD))

        assert await refusal(finance.RecordReceipt(wrong)) == (StatusCode.INVALID_ARGUMENT, field)


async def test_refusals_have_their_reasons(office: Office, tmp_path: Path) -> None:
    async with served(office, tmp_path) as counter:
        await office.hear(heard.bound())
        await office.move_to(JANUARY)
        finance = AccountServiceStub(counter.link(LEAD, "finance", LEAD))
        stranger = AccountServiceStub(counter.link("other-insurer", "finance", "other-insurer"))
        refund = account_pb.RecordRefundPaidRequest(
            policy_id=str(POLICY), reference="F1", amount=money_message(yuan("1")), paid_on=date_message(JANUARY)
        )

        assert await refusal(finance.RecordRefundPaid(refund)) == (StatusCode.FAILED_PRECONDITION, "REFUND_TOO_HIGH")
        assert await refusal(stranger.RecordReceipt(receipt())) == (StatusCode.NOT_FOUND, "ACCOUNT_NOT_FOUND")
        assert await refusal(finance.RecordReceipt(receipt(etag="1"))) == (StatusCode.ABORTED, "STALE")


async def test_what_is_used_of_a_budget_concerns_its_authority_and_the_insurers(office: Office, tmp_path: Path) -> None:
    async with served(office, tmp_path) as counter:
        authority = ProgrammeServiceStub(counter.link(AUTHORITY, "authority"))
        create = programme_pb.CreateProgrammeRequest(rules=rules_message(rules()), request_id=str(uuid4()))
        programme_id = (await authority.CreateProgramme(create)).programme.programme_id
        get = programme_pb.GetProgrammeRequest(programme_id=programme_id)
        namesake = ProgrammeServiceStub(counter.link(AUTHORITY, "finance", LEAD))
        hidden = await refusal(namesake.GetProgramme(get))
        await authority.PublishProgramme(programme_pb.PublishProgrammeRequest(programme_id=programme_id))
        revised = rules_message(rules())
        revised.name = "revised"
        await authority.ReviseProgramme(programme_pb.ReviseProgrammeRequest(programme_id=programme_id, rules=revised))
        others = [ProgrammeServiceStub(counter.link("another", "authority")), namesake]

        own = (await authority.GetProgramme(get)).programme
        foreign, insurer = [(await one.GetProgramme(get)).programme for one in others]

    assert hidden == (StatusCode.NOT_FOUND, "PROGRAMME_NOT_FOUND")
    assert list(insurer.usage) == list(own.usage) != []
    assert list(foreign.usage) == []
    assert [one.HasField("draft") for one in (own, foreign, insurer)] == [True, False, False]
