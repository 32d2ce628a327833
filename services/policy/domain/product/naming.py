"""Names in a product: codes of one form, none of them twice."""

import re
from collections.abc import Iterable, Iterator

from libs.common.checking import all_at_once, problems
from libs.common.errors import Invalid, InvalidField

CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


@all_at_once
def unique(field: str, names: Iterable[str]) -> Iterator[Invalid]:
    """Refuses the first name that comes twice."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield InvalidField(field=f"{field}[{index}]", problem=f"{name} comes twice")
        seen.add(name)


@all_at_once
def check_codes(codes: Iterable[str], field: str, suffix: str = "") -> Iterator[Invalid]:
    listed = list(codes)
    for index, code in enumerate(listed):
        if not CODE.fullmatch(code):
            yield InvalidField(field=f"{field}[{index}]{suffix}", problem="must be a code such as BI or DATA_LOSS")
    yield from problems(unique, field, listed)
