"""What a text may be made of, wherever it comes from: a request, a file, a statement of a bank.

Letters and ideographs of all scripts, digits, punctuation, symbols and assigned emoji. Not: what can't be seen, turns
the direction of writing, has no meaning yet, or no store can keep. Nothing is changed silently, not even to a normal
form: what a caller wrote is what stands in the record.
"""

import re
import unicodedata

_SPACES = str.maketrans("", "", "\u00a0\u2002\u2003\u2009\u202f\u3000")
"""Spaces other than the plain one, which Chinese and typeset texts have: no letters to Python, but nothing bad."""
_LINES = re.compile(r"\t|\r?\n")
_LATER = re.compile("[\U0002ebf0-\U0002ee5d\U00031350-\U000323af]")
"""Ideographs of extensions I and H, some of them parts of names, which are younger than this Python's tables."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0]"  # Marks and letters without any form.
    "|(?:^|[\\s\ufe00-\ufe0f\U000e0100-\U000e01ef])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # A variant of nothing.
)


def unwanted(text: str, *, lines: bool = False) -> str:
    """What is wrong with the characters of a text, empty if nothing is; `lines` allows line feeds and tabs.

    >>> unwanted("瀚海\\u200b")
    'must not hold U+200B, a character that is not seen'
    """
    if text.isprintable():
        if text.isascii():
            return ""
        unseen = _UNSEEN.search(text)
        return _problem(unseen.group()[-1]) if unseen else ""
    rest = _LINES.sub("", text) if lines else text
    rest = _LATER.sub("", rest.translate(_SPACES))
    if rest.isprintable():
        unseen = _UNSEEN.search(text)
        return _problem(unseen.group()[-1]) if unseen else ""
    return _problem(next(character for character in rest if not character.isprintable()))


def shown(text: str, most: int | None = None) -> str:
    """A text that was refused, for an answer that names it, of `most` characters: U+FFFD for each that is unwanted.

    Refusals are told through it, so whatever they name of a file or a request is harmless on a screen and in a log.

    >>> shown("OLD-1\\0")
    'OLD-1\ufffd'
    """
    text = text[:most]
    if not unwanted(text):
        return text
    return "".join("\ufffd" if unwanted(character) else character for character in text)


def _problem(character: str) -> str:
    what = _KINDS.get(unicodedata.category(character), "a character that is not seen")
    return f"must not hold U+{ord(character):04X}, {what}"


_KINDS = {
    "Cc": "a control character",
    "Cs": "half of a surrogate pair",
    "Co": "a character of private use",
    "Cn": "a code point without a character",
    "Zs": "a space of a fixed width",
}
