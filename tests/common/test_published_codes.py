"""Unified social credit codes of real enterprises, and the same with wrong characters (python-stdnum's list)."""

import pytest

from libs.common.codes import uscc
from tests.published import rows

CODES = rows("ids/uscc.csv")


@pytest.mark.parametrize("expected", ["valid", "invalid"])
def test_every_published_code_is_judged_as_published(expected: str) -> None:
    given = [row["uscc"] for row in CODES if row["expected"] == expected]

    judged = {code: uscc.problem_of(code) for code in given}

    wrong = {code: problem for code, problem in judged.items() if bool(problem) is (expected == "valid")}
    assert wrong == {}
    assert len(given) == {"valid": 80, "invalid": 100}[expected]


def test_a_wrong_check_character_is_named_as_such() -> None:
    named = [uscc.problem_of(row["uscc"]) for row in CODES if row["error_or_note"] == "InvalidChecksum"]

    assert len(named) == 79
    assert all("check character" in problem for problem in named)


def test_the_first_seventeen_characters_give_the_published_check_character() -> None:
    valid = [row["uscc"] for row in CODES if row["expected"] == "valid"]

    assert [uscc.with_check(code[:17]) for code in valid] == valid
