"""One normal form: what people take for the same name compares equal, and comparing again changes nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import InvalidField
from libs.common.names import check_principal, key_of, number_key, principal_of, same

SAME = {
    "case": ("deng@westlake", "Deng@WestLake"),
    "a space behind": ("deng@westlake", "deng@westlake "),
    "an ideographic space before": ("deng@westlake", "\u3000deng@westlake"),
    "a no-break space within": ("deng wei", "deng\u00a0wei"),
    "a tab and a line end": ("deng wei", "deng\t\r\nwei"),
    "a zero-width space": ("deng@westlake", "deng\u200b@westlake"),
    "a zero-width joiner": ("deng@westlake", "deng@west\u200dlake"),
    "a byte order mark": ("deng@westlake", "\ufeffdeng@westlake"),
    "a soft hyphen": ("deng@westlake", "deng@west\u00adlake"),
    "a change of direction": ("deng@westlake", "deng@\u202ewestlake\u202c"),
    "a variation selector": ("deng@westlake", "deng@westlake\ufe0f"),
    "a tag": ("deng@westlake", "deng@westlake\U000e0041"),
    "a Hangul filler": ("deng@westlake", "deng\u3164@westlake"),
    "a half-width Hangul filler": ("deng@westlake", "deng\uffa0@westlake"),
    "a Braille blank": ("deng@westlake", "deng@westlake\u2800"),
    "a grapheme joiner": ("deng@westlake", "deng\u034f@westlake"),
    "a control character": ("deng@westlake", "deng\x00@west\x7flake"),
    "full width": ("A00-0001", "Ａ００－０００１"),
    "an en dash": ("A00-0001", "A00–0001"),
    "an em dash": ("A00-0001", "A00—0001"),
    "a minus": ("A00-0001", "A00−0001"),
    "a hyphen that does not break": ("A00-0001", "A00‑0001"),
    "a box line": ("A00-0001", "A00─0001"),
    "composed and decomposed": ("andré", "andre\u0301"),
    "a mark behind a joiner": ("andré", "andre\u200d\u0301"),
    "sharp s": ("strasse", "Straße"),
    "a final sigma": ("σίσυφοσ", "ΣΊΣΥΦΟΣ"),
    "a ligature": ("office", "oﬃce"),
    "Chinese brackets": ("西湖(上海)有限公司", "西湖（上海）有限公司"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME.keys())
def test_what_people_take_for_one_name_is_one(one: str, other: str) -> None:
    assert one != other
    assert same(one, other)
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("deng", "deng1"), ("A00-0001", "A000001"), ("A-1", "A--1"), ("deng wei", "dengwei"), ("腾", "藤"), ("a", "а")],
)
def test_what_differs_to_the_eye_or_in_its_script_stays_different(one: str, other: str) -> None:
    assert not same(one, other)


def test_a_number_compares_without_blanks() -> None:
    assert number_key(" a00 – 0001 ") == number_key("A00-0001") == "a00-0001"


def test_every_single_sign_has_one_form() -> None:
    """All that is assigned, one by one and between letters: folding twice changes nothing, nothing hidden is left."""
    ideographs_and_unassigned = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0x20000, 0xE0000))
    for point in sorted(set(range(0xF0000)) - set(ideographs_and_unassigned)):
        if unicodedata.category(chr(point)) in ("Cn", "Co"):
            continue
        for text in (chr(point), f"a{chr(point)}\u0301b"):
            key = key_of.__wrapped__(text)
            assert key_of.__wrapped__(key) == key, hex(point)
            assert key == key.strip(), hex(point)
            assert not {unicodedata.category(char) for char in key} & {"Cc", "Cf", "Cs"}, hex(point)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert key_of(key_of(text)) == key_of(text)
    assert number_key(number_key(text)) == number_key(text)


HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\x00\x1b\x7f\u034f\u3164\ufe0f\u2800"


@given(st.text(), st.sampled_from(HIDDEN), st.integers(0, 20))
def test_a_sign_that_shows_nothing_changes_nothing(text: str, sign: str, at: int) -> None:
    assert same(text, text[:at] + sign + text[at:])


@given(st.text(), st.sampled_from(" \t\n\u00a0\u3000\u2003"), st.sampled_from(" \t\n\u00a0\u3000\u2003"))
def test_blanks_at_the_ends_change_nothing(text: str, before: str, behind: str) -> None:
    assert same(text, before + text + behind)


@given(st.text())
def test_case_width_and_composition_change_nothing(text: str) -> None:
    for variant in (
        text.casefold(),
        *(unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")),
    ):
        assert same(text, variant)


@given(st.text("ABCxyz0123456789-", min_size=1))
def test_full_width_is_the_same_number(text: str) -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in text)

    assert number_key(wide) == number_key(text)
    assert number_key(text.lower()) == number_key(text.upper())


def test_a_subject_stands_for_one_principal() -> None:
    assert principal_of(" Deng@Westlake\u200b") == "user:deng@westlake"
    assert principal_of("user:deng") == "user:user:deng"


@pytest.mark.parametrize("subject", ["", " ", "\u200b", "\u3164\ufe0f", "\x00"])
def test_a_subject_of_nothing_that_can_be_seen_is_nobody(subject: str) -> None:
    with pytest.raises(ValueError):
        principal_of(subject)


def test_a_principal_in_its_one_form_is_taken() -> None:
    assert check_principal("principal", "user:deng@westlake") == "user:deng@westlake"
    assert check_principal("principal", "user:邓") == "user:邓"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("deng@westlake", "user:deng@westlake"),
        ("nobody-at-all", "user:nobody-at-all"),
        ("user:Deng@Westlake", "user:deng@westlake"),
        ("User:deng@westlake", "user:deng@westlake"),
        ("user: deng@westlake", "user:deng@westlake"),
        ("user:deng@westlake ", "user:deng@westlake"),
        ("user:deng\u200b@westlake", "user:deng@westlake"),
        ("user:", "user:deng@westlake"),
        ("", "user:deng@westlake"),
        ("\u200b", "user:deng@westlake"),
    ],
)
def test_any_other_form_is_refused_with_what_is_expected(written: str, expected: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        check_principal("principal", written)

    assert refusal.value.field == "principal"
    assert refusal.value.details["problem"].endswith(f": {expected}")
