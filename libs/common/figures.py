"""Amounts, dates and whole numbers as files of people and other programs write them: one strict grammar, no guessing.

Digits are the ASCII ones. An amount has at most two decimals behind a point; its thousands are parted by commas
throughout or not at all. What could be read in two ways (`1234,56`, `1,0`) is refused, and so is what some programs
read silently: full-width and Arabic-Indic digits, `1_000`, `1e3`. A problem is told as words that follow the value.
"""

import re
from datetime import date
from decimal import Decimal

MOST_DIGITS = 13
"""Before the point: below ten trillion yuan."""
_PLAIN = re.compile(rf"([+-]?)([0-9]{{1,{MOST_DIGITS}}})(\.[0-9]{{1,2}})?")
_GROUPED = re.compile(r"([+-]?)([1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})(\.[0-9]{1,2})?")
_SEPARATED = re.compile(r"[+-]?[0-9.]*,[0-9.,]*")
_DAYS = {
    "YYYY-MM-DD": re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})"),
    "YYYYMMDD": re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
    "YYYY/MM/DD": re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})"),
}
DAY_FORMS = tuple(_DAYS)


class NotRead(ValueError):
    """A text is not what it should be; the message follows the value: "is no amount with at most two decimals"."""


def amount_of(text: str, *, grouped: bool = True) -> Decimal:
    """The amount that a text is, in whole units and hundredths; `grouped` takes thousands parted by commas too."""
    found = _PLAIN.fullmatch(text) or (_GROUPED.fullmatch(text) if grouped else None)
    if found is not None:
        sign, whole, decimals = found.groups()
        return Decimal(sign + whole.replace(",", "") + (decimals or ""))
    if grouped and _SEPARATED.fullmatch(text):
        raise NotRead("can be read in more than one way; write 1234.50 or 1,234.50")
    raise NotRead("is no amount with at most two decimals" + ("" if grouped else ", without separators"))


def day_of(text: str, form: str = "YYYY-MM-DD") -> date:
    """The date that a text is, in one of `DAY_FORMS`."""
    found = _DAYS[form].fullmatch(text)
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass  # There is no such day; told as any other text that is no date.
    raise NotRead(f"is no date in the form {form}")


def whole_of(text: str, most_digits: int = 9) -> int:
    """The whole number from 0 on that a text is."""
    if not is_digits(text) or len(text) > most_digits:
        raise NotRead(f"is no whole number of at most {most_digits} digits")
    return int(text)


def is_digits(text: str) -> bool:
    """Whether a text consists of the digits 0 to 9: `str.isdigit` also takes "²" and the digits of other scripts."""
    return text.isascii() and text.isdigit()
