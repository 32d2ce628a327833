"""A stranger's first calls: by reflection, with clients that have none of our stubs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import ROOT, Stack

STRANGER = """
import json, sys
import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

address, service, method, token, body = sys.argv[1:]
channel = grpc.insecure_channel(address)
database = ProtoReflectionDescriptorDatabase(channel)
services = sorted(database.get_services())
found = DescriptorPool(database).FindServiceByName(service).FindMethodByName(method)
request = json_format.Parse(body, GetMessageClass(found.input_type)())
call = channel.unary_unary(
    f"/{service}/{method}", lambda message: message.SerializeToString(), GetMessageClass(found.output_type).FromString
)
answer = call(request, metadata=[("authorization", f"Bearer {token}")], timeout=10)
assert not any(name.startswith("hubao") for name in sys.modules), "this client must not have our stubs"
file = database.FindFileContainingSymbol(service)
assert any(location.leading_comments for location in file.source_code_info.location), "reflection tells comments"
print(json.dumps({"services": services, "answer": json_format.MessageToDict(answer)}))
"""


def ask(stack: Stack, service: str, method: str, role: str, body: str = "{}") -> dict[str, object]:
    token = (stack.write_tokens() / role).read_text()
    address = stack.addresses[service.split(".")[1]]
    done = subprocess.run(
        [sys.executable, "-c", STRANGER, address, service, method, token, body],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("hubao.policy.v1.PolicyService", "GetPremiumSummary"),
        ("hubao.vendor_gateway.v1.OrderService", "GetOrderTotals"),
        ("hubao.claims.v1.ClaimService", "GetClaimTotals"),
        ("hubao.billing_subsidy.v1.LedgerService", "GetTrialBalance"),
    ],
)
def test_a_client_without_our_stubs_finds_and_calls_each_service(stack: Stack, service: str, method: str) -> None:
    answer = ask(stack, service, method, "auditor")

    assert {service, "hubao.feed.v1.AdminService", "grpc.health.v1.Health"} <= set(answer["services"])  # type: ignore[call-overload]


def test_the_first_call_of_the_readme_works_as_it_stands_there(stack: Stack, tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    stack.write_tokens()
    stack.write_addresses()
    calls = [block for block in readme.split("```")[1::2] if "buf curl" in block]
    assert calls, "the README shows a first gRPC call"

    for call in calls:
        command = call.removeprefix("sh").removeprefix("bash").strip().replace("data/", f"{stack.data}/")
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) is not None
