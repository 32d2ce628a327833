"""docs/integration.md tells a new insurer or vendor what its token must say: what the services check."""

import re
from pathlib import Path

import pytest

from libs.common.callers import KINDS, KNOWN, Kind, problem_of
from libs.common.grpc.auth import NEEDED_CLAIMS
from libs.common.grpc.keys import ALGORITHMS
from libs.common.tokens import AUDIENCE

PAGE = (Path(__file__).parents[2] / "docs" / "integration.md").read_text("utf-8")
GETTING = PAGE.partition("## Getting a token")[2].partition("\n## ")[0]


def row_of(first: str) -> list[str]:
    (row,) = (line for line in GETTING.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_every_claim_that_is_needed_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in GETTING.splitlines() if "|" in line)))

    assert named >= {*NEEDED_CLAIMS, "org", "tenant", "roles"}
    assert AUDIENCE in GETTING
    assert all(algorithm in GETTING for algorithm in ALGORITHMS.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name != "service"], ids=lambda kind: kind.name)
def test_what_the_page_says_of_a_kind_of_caller_is_a_token_that_counts(kind: Kind) -> None:
    _, roles, tenant, organisation = row_of(kind.name)
    named = set(re.findall(r"`(\w+)`", roles)) & KNOWN

    assert named == kind.roles
    says_tenant, says_organisation = tenant != "none", organisation not in ("any", "none")
    assert says_tenant == kind.has_tenant
    assert says_organisation or not kind.needs_organisation
    assert problem_of(named, "some" if says_organisation else "", "some" if says_tenant else "") == ""
