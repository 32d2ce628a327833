"""What every method of the public contract has."""

import re
from pathlib import Path

import protovalidate
import pytest
from google.protobuf.message_factory import GetMessageClass
from hubao.common.v1 import access_pb2

from tests.contracts.errors import reasons
from tests.contracts.protos import ON_THE_PROCESS, comments, rpcs


def test_there_are_methods_to_check() -> None:
    assert len(rpcs()) >= 9
    assert {rpc.name for rpc in rpcs()} == set(comments())


def test_every_method_says_who_may_call_it() -> None:
    silent = [
        rpc.name
        for rpc in rpcs()
        if not rpc.access.roles
        or access_pb2.ROLE_UNSPECIFIED in rpc.access.roles
        or rpc.access.scope == access_pb2.SCOPE_UNSPECIFIED
    ]

    assert silent == []


def test_every_method_has_a_comment_that_says_whether_a_retry_is_safe() -> None:
    silent = [rpc.name for rpc in rpcs() if not re.search(r"(?i)\b(retry|repeat|resum)", comments()[rpc.name])]

    assert silent == []


def test_every_command_can_be_repeated_by_its_request_id() -> None:
    commands = [rpc for rpc in rpcs() if not rpc.reads and not rpc.name.startswith(ON_THE_PROCESS)]
    without = [
        rpc.name
        for rpc in commands
        if not rpc.descriptor.client_streaming and "request_id" not in rpc.descriptor.input_type.fields_by_name
    ]

    assert without == []


def test_no_read_asks_for_a_request_id() -> None:
    with_one = [rpc.name for rpc in rpcs() if rpc.reads and "request_id" in rpc.descriptor.input_type.fields_by_name]

    assert with_one == []


def test_every_list_has_pages() -> None:
    """But for one that takes nothing at all: it is fixed, and short."""
    without = []
    for rpc in rpcs():
        asked, told = rpc.descriptor.input_type.fields_by_name, rpc.descriptor.output_type.fields_by_name
        paged = {"page_size", "page_token"} <= set(asked) and "next_page_token" in told
        if rpc.descriptor.name.startswith("List") and asked and not paged:
            without.append(rpc.name)

    assert without == []


def test_an_auditor_reads_and_changes_nothing() -> None:
    changing = [rpc.name for rpc in rpcs() if not rpc.reads and access_pb2.ROLE_AUDITOR in rpc.access.roles]

    assert changing == []


def test_an_auditor_reads_everything_of_its_tenant() -> None:
    hidden = [
        rpc.name
        for rpc in rpcs()
        if rpc.reads and rpc.access.scope == access_pb2.SCOPE_TENANT and access_pb2.ROLE_AUDITOR not in rpc.access.roles
    ]

    assert hidden == []


def test_the_rules_of_every_request_can_be_applied() -> None:
    for rpc in rpcs():
        protovalidate.collect_violations(GetMessageClass(rpc.descriptor.input_type)())


def test_every_reason_that_a_comment_promises_exists() -> None:
    unknown = []
    for rpc in rpcs():
        service = rpc.name.split(".")[1]
        known = {reason for home, reason in reasons() if home in (service, "common", "feed")}
        promised = re.findall(r"reason `([A-Z][A-Z0-9_]*)`", comments()[rpc.name])
        unknown.extend(f"{rpc.name}: {reason}" for reason in promised if reason not in known)

    assert unknown == []


def test_the_contract_is_the_one_that_the_protos_have_now() -> None:
    """Stubs that are older than a proto would make every check above look at the past."""
    root = Path(__file__).parents[2]
    newest = max(path.stat().st_mtime for path in (root / "protos").rglob("*.proto"))
    if (root / "build" / "image.binpb").stat().st_mtime < newest:
        pytest.fail("the stubs are older than the protos: run `make protos`")
