"""Names in a product: codes of one form, none of them twice."""

import re
from collections.abc import Iterable

from libs.common.errors import InvalidField

CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


def unique(field: str, names: Iterable[str]) -> None:
    """Refuses the first name that comes twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            raise InvalidField(field=f"{field}[{index}]", problem=f"{name} comes twice")
        seen.add(name)


def check_codes(codes: Iterable[str], field: str, suffix: str = "") -> None:
    listed = list(codes)
    for index, code in enumerate(listed):
        if not CODE.fullmatch(code):
            raise InvalidField(field=f"{field}[{index}]{suffix}", problem="must be a code such as BI or DATA_LOSS")
    unique(field, listed)
