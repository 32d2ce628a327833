"""The book of another system: rows of an import, and what becomes of them through the real service."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from google.protobuf.message import Message
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

from libs.common.codes import uscc
from libs.common.grpc.convert import date_message
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

DATA_PREMIUM, EXTORTION_PREMIUM = "90000.01", "7999.99"  # Of 98,000.00: VAT 5,880.00, stamp duty 98.00.


def row(number: int = 1, **changes: Any) -> pb.ImportedPolicy:
    """A policy that the old system sold for a little less than the tariff says."""
    fields: dict[str, Any] = {
        "policy_number": f"OLD-{number:06d}",
        "insured": insured(number),
        "line": terms_pb2.PRODUCT_LINE_COMPREHENSIVE,
        "product_key": "CYBER",
        "product_version": 1,
        "inception": date_message(an.INCEPTION),
        "expiry": date_message(an.EXPIRY),
        "parts": [
            part(an.DATA, 23_000_000, DATA_PREMIUM, deductible=a.yuan(20_000)),
            part(an.EXTORTION, 2_000_000, EXTORTION_PREMIUM, retroactive_date=date_message(date(2020, 1, 1))),
        ],
        "annual_revenue": a.yuan(80_000_000),
        "answers": [pb.ImportedAnswer(question="MFA", text="yes")],
        "dependencies": [pb.ImportedDependency(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="aliyun")],
    }
    return pb.ImportedPolicy(**{**fields, **changes})


def insured(number: int = 1, **changes: Any) -> pb.ImportedInsured:
    fields: dict[str, Any] = {
        "uscc": uscc.compose("310115", number),
        "name": f"上海第{number}软件有限公司",
        "industry_code": "I65",
        "region_code": "310115",
        "size": party_pb2.ENTERPRISE_SIZE_SMALL,
    }
    return pb.ImportedInsured(**{**fields, **changes})


def part(code: str, limit: int, premium: str, **more: Any) -> pb.ImportedPart:
    return pb.ImportedPart(code=code, limit=a.yuan(limit), annual_premium=a.yuan(premium), **more)


def header(key: str = "BOOK-2025", source: str = "core system of 2009") -> pb.ImportPoliciesRequest:
    return pb.ImportPoliciesRequest(header=pb.ImportHeader(import_key=key, source=source))


def rows(*policies: pb.ImportedPolicy) -> pb.ImportPoliciesRequest:
    return pb.ImportPoliciesRequest(rows=pb.ImportRows(policies=policies))


@dataclass(frozen=True)
class Answered:
    """What an import answered. `summary` is None if it was cut."""

    results: list[pb.ImportResult]
    summary: pb.ImportSummary | None

    @property
    def outcomes(self) -> list[str]:
        return [pb.ImportOutcome.Name(each.outcome).removeprefix("IMPORT_OUTCOME_").lower() for each in self.results]

    @property
    def refusals(self) -> list[tuple[str, str]]:
        return [(each.reason, each.field) for each in self.results if each.reason]


def stream(desk: Desk, method: str, requests: Iterable[Message], **who: Any) -> Any:
    """Opens a stream of an import."""
    tenant = who.get("tenant", an.TENANT)
    token = desk.issuer.token("wang", tenant, tenant, who.get("roles", ("underwriter",)))
    call = desk._methods[f"{method}Request"]
    return call(iter(list(requests)), metadata=[("authorization", f"Bearer {token}")])


async def imported(desk: Desk, requests: Sequence[Message], method: str = "ImportPolicies", **who: Any) -> Answered:
    """A whole import."""
    results: list[pb.ImportResult] = []
    summary = None
    async for answer in stream(desk, method, requests, **who):
        if answer.HasField("summary"):
            summary = answer.summary
        results.extend(answer.results.results)
    return Answered(results, summary)
