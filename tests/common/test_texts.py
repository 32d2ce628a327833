"""Which characters a text may hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as some

from libs.common.texts import shown, unwanted

GOOD = [
    "",
    "Orchid Ltd.",
    "瀚海科技（上海）有限公司",
    "“引号”、《书名》——破折号…",
    "全角　空格",
    "Société Générale, Müller & Söhne",
    "e\u0301",  # Not in normal form, and left as it is.
    "😀 ❤\ufe0f ☎",
    "葛\U000e0101城",
    "𠮷野家 \U00031350 \U0002ebf0",
    "١٢٣",
]
BAD = {
    "a\0": "U+0000",
    "a\x1bb": "U+001B",
    "a\x7f": "U+007F",
    "a\x85b": "U+0085",
    "a\u00adb": "U+00AD",
    "a\u200bb": "U+200B",
    "a\u200db": "U+200D",
    "a\u200e": "U+200E",
    "\u202eb": "U+202E",
    "a\u2028b": "U+2028",
    "a\u2060b": "U+2060",
    "a\u2066b": "U+2066",
    "\ufeffa": "U+FEFF",
    "a\ue000": "U+E000",
    "a\U00100000": "U+100000",
    "a\ufdd0": "U+FDD0",
    "a\uffff": "U+FFFF",
    "a\U000e0041": "U+E0041",
    "a\u0378": "U+0378",
    "\ud800": "U+D800",
    "\u3164": "U+3164",
    "a\u115f": "U+115F",
    "\ufe0fa": "U+FE0F",
    "a\ufe0f\ufe0f": "U+FE0F",
    "\u2800": "U+2800",
    "a\u034fb": "U+034F",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_people_write_is_taken(text: str) -> None:
    assert unwanted(text) == unwanted(text, lines=True) == ""


@pytest.mark.parametrize("text", BAD)
def test_what_nobody_sees_is_refused_and_named(text: str) -> None:
    for lines in (False, True):
        assert unwanted(text, lines=lines).startswith(f"must not hold {BAD[text]}, ")


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a\r\nb"])
def test_lines_are_for_texts_of_several_lines(text: str) -> None:
    assert unwanted(text, lines=True) == ""
    assert "a control character" in unwanted(text)


def test_a_carriage_return_alone_ends_no_line() -> None:
    assert unwanted("a\rb", lines=True)


@given(some.text(some.characters(), max_size=40))
def test_no_text_that_is_taken_holds_a_control_a_surrogate_or_a_turn(text: str) -> None:
    if not unwanted(text):
        assert {unicodedata.category(one) for one in text}.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
        assert text.encode().decode() == text


@given(some.text())
def test_what_was_refused_is_shown_without_what_is_not_seen(text: str) -> None:
    assert not unwanted(shown(text))
    assert len(shown(text, 3)) == min(len(text), 3)


def test_a_text_without_anything_unwanted_is_shown_as_it_is() -> None:
    assert shown("护保-1 é") == "护保-1 é"
    assert shown("OLD\0-1\u200b") == "OLD\ufffd-1\ufffd"
