import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.codes import industry, region, uscc


def test_a_real_credit_code_is_valid() -> None:
    assert uscc.problem_of("91110000600037341L") == ""


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("9111000060003734", "must have 18 characters"),
        ("91110000600037341I", "has a character that GB 32100-2015 does not know"),
        ("91110000600037341l", "has a character that GB 32100-2015 does not know"),
        ("911100006000373411", "has the check character 1, which does not fit the others"),
        ("", "must have 18 characters"),
    ],
)
def test_a_wrong_credit_code_is_told_what_is_wrong(code: str, problem: str) -> None:
    assert uscc.problem_of(code) == problem


@given(st.integers(0, 10**8 - 1), st.sampled_from(sorted(region.PROVINCES)))
def test_every_composed_credit_code_is_valid(organisation: int, province: str) -> None:
    assert uscc.is_valid(uscc.compose(f"{province}0100", organisation))


@given(st.integers(0, 10**8 - 1), st.integers(8, 16), st.sampled_from(uscc.ALPHABET))
def test_one_wrong_character_is_always_found(organisation: int, place: int, character: str) -> None:
    code = uscc.compose("310115", organisation)
    wrong = code[:place] + character + code[place + 1 :]

    assert uscc.is_valid(wrong) == (wrong == code)


def test_a_code_for_no_region_is_not_composed() -> None:
    with pytest.raises(ValueError, match="no such region"):
        uscc.compose("990000", 1)


def test_the_table_has_all_twenty_sections_and_ninety_seven_divisions_in_order() -> None:
    assert [code[1:] for code in industry.DIVISIONS] == [f"{number:02d}" for number in range(1, 98)]
    assert "".join(industry.SECTIONS) == "ABCDEFGHIJKLMNOPQRST"
    assert {code[0] for code in industry.DIVISIONS} == set(industry.SECTIONS)
    assert list(industry.DIVISIONS) == sorted(industry.DIVISIONS)


def test_a_division_belongs_to_its_section_only() -> None:
    assert industry.is_division("I65")
    assert not industry.is_division("C65")
    assert not industry.is_division("I")
    assert industry.is_division_or_section("I")


def test_a_region_needs_six_digits_and_a_province() -> None:
    assert region.is_region("310115")
    assert region.province_of("310115") == "上海市"
    assert not region.is_region("990101")
    assert not region.is_region("31011")
    assert not region.is_region("３１０１１５")
    assert len(region.PROVINCES) == 34
