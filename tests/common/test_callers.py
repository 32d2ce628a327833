"""Who a token may be: every pair of roles, with and without a tenant and an organisation."""

from itertools import combinations, product

import pytest
from hubao.common.v1 import access_pb2

from libs.common.callers import KINDS, KNOWN, problem_of

ROLES = [name.removeprefix("ROLE_").lower() for name in access_pb2.Role.keys()[1:]]
INSURERS = {"underwriter", "chief_underwriter", "claims_handler", "claims_manager", "finance", "auditor"}


def test_every_role_belongs_to_one_kind_of_caller() -> None:
    assert sorted(role for kind in KINDS for role in kind.roles) == sorted(ROLES)
    assert sorted(ROLES) == sorted(KNOWN)


@pytest.mark.parametrize("roles", [{role} for role in ROLES] + [set(pair) for pair in combinations(ROLES, 2)], ids=str)
def test_a_token_is_one_kind_of_caller_with_what_belongs_to_it(roles: set[str]) -> None:
    for organisation, tenant in product(("", "org-1"), ("", "pingan")):
        if roles <= INSURERS:
            allowed = tenant != ""
        elif len(roles) > 1:
            allowed = False
        elif roles <= {"vendor", "authority"}:
            allowed = organisation != "" and tenant == ""
        else:
            allowed = tenant == ""

        assert (problem_of(roles, organisation, tenant) == "") is allowed, (organisation, tenant)


def test_nobody_in_particular_is_no_mistake() -> None:
    assert problem_of(set(), "org-1", "pingan") == ""


@pytest.mark.parametrize(
    "tenant", ["Pingan", "ping an", "ping\u200ban", "ping\x00an", "a.b", "*", "a>", "ｐ", "a" * 101, "ping\ud800an"]
)
def test_a_tenant_is_written_in_one_form(tenant: str) -> None:
    assert problem_of({"underwriter"}, "org-1", tenant).startswith("The tenant must be")


@pytest.mark.parametrize("organisation", ["org 1", "org\x001", "org\u200b", "o" * 101])
def test_an_organisation_is_printable(organisation: str) -> None:
    assert problem_of({"vendor"}, organisation, "").startswith("The organisation must be")
