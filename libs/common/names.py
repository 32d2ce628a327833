"""When two names are the same: the one form of principals, and the key by which other names and numbers compare.

A text is written in many ways that people take for one: in other case, full width, with a dash of another length, with
a space behind it, with a sign that nobody sees. Whoever asks whether two names, numbers or persons are the same
compares keys, never what was written. The key is the Unicode form NFKC, case folded, without control characters and
signs that show nothing, every dash as `-`, and a space for every run of blanks, none at the ends.

Letters of different scripts that look alike (Latin a, Cyrillic a) stay different: telling those apart needs a policy of
scripts, which is the token issuer's. A key is for comparing and for making ids; what is shown is what was written, save
for principals, which have one written form.
"""

import re
import unicodedata
from functools import lru_cache

from libs.common.errors import InvalidField

PERSON = "user:"
"""Begins every principal that a token speaks for; timers and announcements have prefixes of their own."""
LONGEST_PRINCIPAL = 200
"""Characters."""

_MORE_DASHES = "\u02d7\u2043\u2212\u2500\u2501\u2796"
"""Signs that are written for a dash and that Unicode does not class as one: minus, hyphen bullet, box lines."""
_MORE_BLANKS = "\u2800\u3164\uffa0\u115f\u1160"
"""Letters and signs that show nothing: the Braille blank, the Hangul fillers."""
_DROPPED_CLASSES = {"Cc", "Cf", "Cs"}
_DROPPED = re.compile(
    "[\u034f\u17b4\u17b5\u180b-\u180f\u2065\ufe00-\ufe0f\ufff0-\ufff8\U000e0000-\U000e0fff" + _MORE_BLANKS + "]"
)
"""What Unicode lets be ignored beside the classes above: joiners, variation selectors, tags."""


@lru_cache(maxsize=4096)
def key_of(text: str) -> str:
    """What a name compares by. Equal keys: the same name. Empty: nothing that can be seen was written."""
    found = text
    while True:
        # Folding may make room for more: a letter that is dropped brings together what composes. It ends after two
        # or three rounds, since each only shortens or keeps what the one before left.
        folded = _once(found)
        if folded == found:
            return found
        found = folded


def number_key(text: str) -> str:
    """What a number or code compares by, such as a policy number: its key without any blank."""
    key = key_of(text)
    while " " in key:
        key = key_of(key.replace(" ", ""))  # Again, for what composes without the blank between.
    return key


def same(one: str, other: str) -> bool:
    """Whether two names are one: the same person, payer, party."""
    return key_of(one) == key_of(other)


def principal_of(subject: str) -> str:
    """The principal that a token's `sub` stands for, in its one written form: `user:deng@westlake`; ValueError if
    nothing is left of the subject."""
    key = key_of(subject)
    if not key:
        raise ValueError("a subject of signs that can't be seen is nobody")
    return PERSON + key


def check_principal(field: str, written: str) -> str:
    """A principal that somebody wrote, as it stands in the audit trail; InvalidField that says what is expected."""
    subject = written.removeprefix(PERSON)
    key = key_of(subject)
    if written == PERSON + key and key and len(written) <= LONGEST_PRINCIPAL:
        return written
    # The subject may have been written with a prefix in other case: `User:Deng@Westlake`.
    key = key_of(written).removeprefix(PERSON).strip()
    expected = (PERSON + (key or "deng@westlake"))[:LONGEST_PRINCIPAL]
    raise InvalidField(
        field=field, problem=f"must be a principal as the audit trail shows it, in its one written form: {expected}"
    )


def _once(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    folded = unicodedata.normalize("NFKC", composed.casefold())
    shown = "".join(_sign(char) for char in _DROPPED.sub("", folded))
    return " ".join(unicodedata.normalize("NFKC", shown).split())


def _sign(char: str) -> str:
    if char.isascii() and char.isprintable():
        return char
    if char.isspace():
        return " "  # Also line ends and tabs, which are control characters.
    kind = unicodedata.category(char)
    if kind == "Pd" or char in _MORE_DASHES:
        return "-"
    return "" if kind in _DROPPED_CLASSES else char
