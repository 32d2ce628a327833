"""What every guard limits is said in words, and its amounts in their unit."""

from uuid import UUID

import pytest

from libs.common.changes import GuardWords
from services.billing_subsidy.domain import guards as billing_subsidy
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.events import Purse
from services.claims.domain import guards as claims
from services.policy.domain import guards as policy
from services.policy.domain.accumulation.accumulation import Dependency
from services.policy.domain.submission.values import DependencyKind
from services.vendor_gateway.domain import guards as vendor_gateway
from tests.billing_subsidy.examples import yuan

ONE = UUID(int=1)
PURSE = Purse(ONE, "91310115MA1K4ABCDE", 2026, (LevelAmount(Level.CITY, yuan("1")),))
CAP = PURSE.cap_key(Level.CITY) or ""


@pytest.mark.parametrize(
    ("words", "limit", "amount"),
    [
        (
            policy.guard_words(policy.accumulation_key("lead", Dependency(DependencyKind.CLOUD, "aliyun: 华东 1"))),
            "The capacity for cloud aliyun: 华东 1",
            "5,000,001.00 CNY",
        ),
        (
            claims.guard_words(claims.limit_key(ONE, "BI")),
            f"The limit of part BI of policy or certificate {ONE}",
            "5,000,001.00 CNY",
        ),
        (
            claims.guard_words(claims.limit_key(ONE, "")),
            f"The aggregate limit of policy or certificate {ONE}",
            "5,000,001.00 CNY",
        ),
        (
            billing_subsidy.guard_words(billing_subsidy.budget_key(ONE, Level.CITY)),
            f"The city budget of programme {ONE}",
            "5,000,001.00 CNY",
        ),
        (
            billing_subsidy.guard_words(CAP),
            f"The city cap of programme {ONE} for enterprise 91310115MA1K4ABCDE in 2026",
            "5,000,001.00 CNY",
        ),
        (
            vendor_gateway.guard_words(vendor_gateway.capacity_guard(ONE)),
            f"The capacity of vendor {ONE}",
            "500000100",
        ),
    ],
)
def test_a_guards_key_has_words_and_a_unit(words: GuardWords, limit: str, amount: str) -> None:
    assert (words.limit, words.amount(500_000_100)) == (limit, amount)


def test_a_refusal_says_what_is_left_and_never_less_than_nothing() -> None:
    words = GuardWords("The capacity for cloud aliyun", "CNY")

    refused = words.exceeded("accumulation:lead:cloud:aliyun", 500_000_100, -100)

    assert str(refused) == (
        "The capacity for cloud aliyun allows 0.00 CNY more, not 5,000,001.00 CNY"
        " (guard accumulation:lead:cloud:aliyun)."
    )
    assert words.exceeded("g", 1, None).details["left"] == "0.00 CNY"
