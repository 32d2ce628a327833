"""docs/security.md says who may call what; it is what stands beside the methods."""

import os
from collections import defaultdict
from pathlib import Path

from hubao.common.v1 import access_pb2

from libs.common.callers import KINDS
from tests.contracts.protos import rpcs

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- access: begin -->", "<!-- access: end -->"


def table() -> list[str]:
    """A row for each service's methods of one scope and the same roles."""
    groups: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for rpc in rpcs():
        service = rpc.descriptor.containing_service
        roles = ", ".join(access_pb2.Role.Name(role).removeprefix("ROLE_").lower() for role in sorted(rpc.access.roles))
        scope = access_pb2.Scope.Name(rpc.access.scope).removeprefix("SCOPE_").lower()
        groups[service.full_name.removeprefix("hubao."), scope, roles].append(rpc.descriptor.name)
    lines = ["| service | methods | roles, one of them | scope |", "| --- | --- | --- | --- |"]
    for (service, scope, roles), methods in sorted(groups.items()):
        lines.append(f"| `{service}` | {' '.join(f'`{name}`' for name in methods)} | {roles} | {scope} |")
    return lines


def test_the_page_says_who_may_call_what() -> None:
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(f"{BEGIN}\n")
    shown, _, after = rest.partition(END)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(table()) + f"\n{END}{after}", "utf-8")
        return

    assert shown.splitlines() == table(), "run with UPDATE_GOLDEN=1"


def test_the_page_says_who_a_caller_may_be() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    for kind in KINDS:
        (row,) = (line for line in rows if line.startswith(f"| {kind.name} | `"))
        _, _, roles, tenant, organisation, *_ = row.split("|")

        assert {word for word in roles.split("`") if word.isidentifier()} == kind.roles
        assert tenant.strip() == ("must be there" if kind.has_tenant else "none")
        assert (organisation.strip() == "must be there") == kind.needs_organisation


def test_the_page_has_its_sections() -> None:
    headings = [line[3:] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("## ")]

    assert {"Limits", "Announcements", "What is not covered", "What is known and accepted"} <= set(headings)
