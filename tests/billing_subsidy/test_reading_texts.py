"""What people write into a payment's text: the same numbers in many forms, and what kind of money it says it is."""

import pytest

from services.billing_subsidy.domain.reference import candidates, reference_key
from services.billing_subsidy.domain.statement.kinds import Kind, kinds_of

NUMBER = "A00-0001"
TEXTS = [
    "A00-0001",
    "保费A00-0001",
    "A00-0001号保单",
    "NO.A00-0001",
    "No. A00-0001",
    "№A00-0001",
    "#A00-0001",
    "＃Ａ００－０００１",
    "【A00-0001】",
    "（A00-0001）保险费",
    "Ａ００－０００１",
    "a00–0001",
    "A00—0001，谢谢",
    "A00−0001;1月",
    "保单号：A00-0001。",
    "A00-0001-01",
    "A00\u200b-0001",
    "policy-A00-0001",
]


OTHERS = ["XA00-0001", "A00-00012", "1A00-0001", "A00-0001X", "NOA00-0001", "BA00-0001-01", "A00-000"]


@pytest.mark.parametrize("text", TEXTS)
def test_a_number_is_found_however_it_is_written(text: str) -> None:
    assert reference_key(NUMBER) in [candidate.number for candidate in candidates(text)]


@pytest.mark.parametrize("text", OTHERS)
def test_a_part_of_another_number_is_not_the_number(text: str) -> None:
    assert reference_key(NUMBER) not in [candidate.number for candidate in candidates(text)]


def test_a_number_with_letters_of_another_script_is_found_as_a_word() -> None:
    assert reference_key("沪安2026-0001") in [candidate.number for candidate in candidates("保费 沪安2026-0001")]


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("保费 A00-0001", {Kind.PREMIUM}),
        ("理赔款 O-0001", {Kind.CLAIM}),
        ("财政保费补贴", {Kind.SUBSIDY, Kind.PREMIUM}),
        ("REFUND A00-0001", {Kind.REFUND}),
        ("A00-0001", set()),
    ],
)
def test_a_text_says_what_kind_of_money_it_is(text: str, kinds: set[Kind]) -> None:
    assert kinds_of(text) == kinds
