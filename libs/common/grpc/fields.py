"""What any field of any request may hold, whatever its proto says besides.

A walk that is prepared once for each type of message looks at every text, amount, date and instant that a client has
set, and at how many elements there are, before the rules of the protos are evaluated: those cost most, and much more
for each element that breaks one. The figures are told to clients in docs/integration.md.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hubao.common.v1 import bounds_pb2

from libs.common.dates import FIRST_DAY, FIRST_INSTANT, LAST_DAY, LAST_INSTANT
from libs.common.grpc.errors import Violation
from libs.common.money import LARGEST_AMOUNT
from libs.common.texts import unwanted

MOST_VIOLATIONS = 20
"""After so many wrong fields a walk ends: the client knows enough."""
MOST_ELEMENTS = 10_000
"""Of all repeated fields and maps of one message together: their own bounds multiply where they are nested."""
LONGEST_KEY = 40
"""Of a map's key, where a path shows it."""
NANOS_IN_A_FEN = 10_000_000
MOST_UNITS = LARGEST_AMOUNT // 100

Path = tuple[Any, ...]
"""The way to a field: (), or the way to its message and then a name, an index or a key."""
Look = Callable[[Any, Path, "Findings"], None]
"""Looks at a value that is set, at the end of a path."""

_CURRENCY = re.compile(r"[A-Z]{3}")


class _Enough(Exception):
    """There is no use in looking further."""


@dataclass(slots=True)
class Findings:
    """What is wrong with one message, and how many elements have been seen in it."""

    violations: list[Violation] = field(default_factory=list)
    elements: int = 0
    complete: bool = True
    """Whether the walk came to its end."""

    def add(self, path: Path, problem: str, rule: str) -> None:
        self.violations.append(Violation(path_text(path), problem, rule))
        if len(self.violations) >= MOST_VIOLATIONS:
            raise _Enough

    def count(self, more: int, path: Path) -> None:
        self.elements += more
        if self.elements > MOST_ELEMENTS:
            self.violations.append(
                Violation(path_text(path), f"the request has more than {MOST_ELEMENTS:,} elements", "REQUEST_ELEMENTS")
            )
            raise _Enough


def look_at(message: Message) -> Findings:
    """All that is wrong with a request, up to a handful."""
    findings = Findings()
    try:
        _of_message(message.DESCRIPTOR)(message, (), findings)
    except _Enough:
        findings.complete = False
    return findings


def path_text(path: Path) -> str:
    """`parts[2].limit.units`; `answers["mfa"]` for a map, whose key is cut and shown without what can't be seen."""
    steps: list[Any] = []
    while path:
        path, step = path
        steps.append(step)
    text = ""
    for step in reversed(steps):
        if isinstance(step, tuple):
            text += subscript(step[0])
        else:
            text += f".{step}" if text else step
    return text


def subscript(key: Any) -> str:
    """An index or a map's key, as a path shows it."""
    if not isinstance(key, str):
        return f"[{key}]"
    shown = key if len(key) <= LONGEST_KEY else key[: LONGEST_KEY - 1] + "…"
    if unwanted(shown):
        shown = shown.encode("unicode_escape").decode()
    return f'["{shown}"]'


@cache
def _of_message(descriptor: Descriptor) -> Look:
    """How to look at messages of one type."""
    own = _OWN.get(descriptor.full_name)
    if own is not None:
        return own
    texts: Callable[[Any], tuple[str, ...]] | None = None
    each_text: list[tuple[str, Look]] = []
    single: list[tuple[str, Look]] = []
    several: list[tuple[str, Look]] = []
    prepared = False

    def prepare() -> None:
        # When the first comes, and not here: a type may contain itself.
        nonlocal prepared, texts
        for field_ in descriptor.fields:
            look = _of_field(field_)
            if look is _text:
                each_text.append((field_.name, look))
            elif look is not None:
                (several if field_.is_repeated or look is _lines else single).append((field_.name, look))
        texts = _all(tuple(name for name, _ in each_text))
        prepared = True

    def look(message: Any, path: Path, findings: Findings) -> None:
        if not prepared:
            prepare()
        # All texts of a message at once: hardly ever is anything wrong with one of them.
        if texts is not None and unwanted(" ".join(texts(message))):
            for name, look_at_one in each_text:
                look_at_one(getattr(message, name), (path, name), findings)
        for name, look_at_one in single:
            if message.HasField(name):
                look_at_one(getattr(message, name), (path, name), findings)
        for name, look_at_one in several:
            value = getattr(message, name)
            if value:
                look_at_one(value, (path, name), findings)

    return look


def _all(names: tuple[str, ...]) -> Callable[[Any], tuple[str, ...]] | None:
    """Gets these fields of a message."""
    if not names:
        return None
    get: Callable[[Any], Any] = attrgetter(*names)
    return get if len(names) > 1 else lambda message: (get(message),)


def _of_field(described: FieldDescriptor) -> Look | None:
    """How to look at one field; None for what can hold nothing wrong, a number or a truth value."""
    kind = described.message_type
    if kind is not None and kind.GetOptions().map_entry:
        return _of_map(described)
    one = _of_value(described)
    if not described.is_repeated:
        return one
    apart = _rules(described).repeated.items.ignore == validate_pb2.IGNORE_ALWAYS
    return _of_list(described, None if apart else one)


def _of_value(described: FieldDescriptor) -> Look | None:
    if described.type == FieldDescriptor.TYPE_STRING:
        lines: Any = bounds_pb2.lines
        return _lines if described.GetOptions().Extensions[lines] else _text
    kind = described.message_type
    if kind is None:
        return None
    if kind.full_name == "google.type.Date":
        partial: Any = bounds_pb2.partial_date
        return _partial_date if described.GetOptions().Extensions[partial] else _whole_date
    return _of_message(kind)


def _of_list(described: FieldDescriptor, one: Look | None) -> Look:
    rules = _rules(described)
    most = rules.repeated.max_items if rules.repeated.HasField("max_items") else MOST_ELEMENTS

    def look(values: Any, path: Path, findings: Findings) -> None:
        size = len(values)
        if size > most:
            findings.elements += size
            findings.add(path, f"must contain no more than {most} items", "REPEATED_MAX_ITEMS")
            return
        findings.count(size, path)
        if one is not None:
            for index, value in enumerate(values):
                one(value, (path, (index,)), findings)

    return look


def _of_map(described: FieldDescriptor) -> Look:
    assert described.message_type is not None
    fields = described.message_type.fields_by_name
    of_key, of_value = _of_value(fields["key"]), _of_value(fields["value"])
    rules = _rules(described)
    most = rules.map.max_pairs if rules.map.HasField("max_pairs") else MOST_ELEMENTS

    def look(pairs: Any, path: Path, findings: Findings) -> None:
        size = len(pairs)
        if size > most:
            findings.elements += size
            findings.add(path, f"map must be at most {most} entries", "MAP_MAX_PAIRS")
            return
        findings.count(size, path)
        for key in pairs:
            at = (path, (key,))
            if of_key is not None:
                of_key(key, at, findings)
            if of_value is not None:
                of_value(pairs[key], at, findings)

    return look


def _rules(described: FieldDescriptor) -> Any:
    rules: Any = validate_pb2.field
    return described.GetOptions().Extensions[rules]


def _text(value: str, path: Path, findings: Findings) -> None:
    problem = unwanted(value)
    if problem:
        findings.add(path, problem, "STRING_CHARACTERS")


def _lines(value: str, path: Path, findings: Findings) -> None:
    problem = unwanted(value, lines=True)
    if problem:
        findings.add(path, problem, "STRING_CHARACTERS")


def _money(value: Any, path: Path, findings: Findings) -> None:
    units, nanos, currency = value.units, value.nanos, value.currency_code
    if not currency and not units and not nanos:
        return  # Nothing is said; whether that may be is the field's own affair.
    if not _CURRENCY.fullmatch(currency):
        findings.add((path, "currency_code"), "must be three capital letters, such as CNY", "MONEY_CURRENCY")
    elif not -MOST_UNITS <= units <= MOST_UNITS or (abs(units) == MOST_UNITS and nanos):
        findings.add((path, "units"), f"must be between -{MOST_UNITS:,} and {MOST_UNITS:,}", "MONEY_RANGE")
    elif not -999_999_999 <= nanos <= 999_999_999:
        findings.add((path, "nanos"), "must be between -999,999,999 and 999,999,999", "MONEY_NANOS")
    elif (units > 0 > nanos) or (units < 0 < nanos):
        findings.add((path, "nanos"), "must have the sign of units", "MONEY_SIGN")
    elif nanos % NANOS_IN_A_FEN:
        findings.add((path, "nanos"), "must be whole fen (a multiple of 10,000,000)", "MONEY_FEN")


def _date(value: Any, path: Path, findings: Findings, partial: bool) -> None:
    year, month, day = value.year, value.month, value.day
    if not (year or month or day):
        return  # As with an amount of which nothing is said.
    if not FIRST_DAY.year <= year <= LAST_DAY.year:
        findings.add(path, f"must be from {FIRST_DAY} to {LAST_DAY}", "DATE_RANGE")
    elif not partial and not (month and day):
        findings.add(path, "must have year, month and day", "DATE_INCOMPLETE")
    elif not 0 <= month <= 12 or (day and not (month and 1 <= day <= monthrange(year, month)[1])):
        findings.add(path, "is no date of the calendar", "DATE_INVALID")


def _whole_date(value: Any, path: Path, findings: Findings) -> None:
    _date(value, path, findings, False)


def _partial_date(value: Any, path: Path, findings: Findings) -> None:
    _date(value, path, findings, True)


def _timestamp(value: Any, path: Path, findings: Findings) -> None:
    if not FIRST_INSTANT <= value.seconds <= LAST_INSTANT or not 0 <= value.nanos <= 999_999_999:
        findings.add(path, f"must be from {FIRST_DAY} to {LAST_DAY}", "TIMESTAMP_RANGE")


_OWN: Mapping[str, Look] = {
    "google.type.Money": _money,
    "google.type.Date": _whole_date,
    "google.protobuf.Timestamp": _timestamp,
}
"""The types whose fields mean something together."""
