"""Every field of every request has a bound, and every bound is kept.

The walk goes through the messages of all requests and whatever they contain. What only answers contain needs no
bounds.
"""

import re
from collections.abc import Iterator
from functools import cache
from re import _parser as sre  # type: ignore[attr-defined]
from typing import Any

import pytest
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from libs.common.grpc.access import LARGEST_REQUEST, largest_request
from libs.common.grpc.errors import EdgeRefusal
from libs.common.grpc.fields import MOST_ELEMENTS
from libs.common.grpc.validation import read
from tests.contracts.protos import rpcs

WATCHED = {"google.type.Money", "google.type.Date", "google.protobuf.Timestamp"}
"""What the edge looks at itself, whatever the field; see tests/common/test_fields.py."""
TEXT, BYTES = FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES
NUMBERS = {
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_FLOAT: "float",
}
LONGEST = 3 << 20
"""A pattern of RE2 without an end has a width far above this."""


@cache
def messages() -> tuple[Descriptor, ...]:
    """All messages of which requests are made."""
    found: dict[str, Descriptor] = {}
    waiting = [rpc.descriptor.input_type for rpc in rpcs()]
    while waiting:
        message = waiting.pop()
        if message.full_name in found or message.full_name in WATCHED:
            continue
        found[message.full_name] = message
        waiting.extend(field.message_type for field in message.fields if field.message_type is not None)
    return tuple(message for _, message in sorted(found.items()) if not message.GetOptions().map_entry)


def rules_of(field: FieldDescriptor) -> Any:
    option: Any = validate_pb2.field
    return field.GetOptions().Extensions[option]


def is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)


def longest_text(rules: Any) -> int | None:
    """The characters that a text may have at most, None if there is no bound."""
    text = rules.string
    if text.uuid:
        return 36
    bounds = [getattr(text, name) for name in ("max_len", "max_bytes", "len", "len_bytes") if text.HasField(name)]
    if text.HasField("const"):
        bounds.append(len(text.const))
    if getattr(text, "in"):
        bounds.append(max(map(len, getattr(text, "in"))))
    if text.HasField("pattern") and text.pattern.startswith("^") and text.pattern.endswith("$"):
        widest = sre.parse(text.pattern).getwidth()[1]
        bounds.extend([widest] if widest < LONGEST else [])
    return min(bounds, default=None)


def longest_bytes(rules: Any) -> int | None:
    bounds = [getattr(rules.bytes, name) for name in ("max_len", "len") if rules.bytes.HasField(name)]
    return min(bounds, default=None)


def largest_number(rules: Any, kind: str) -> float | None:
    of = getattr(rules, kind)
    bounds = [getattr(of, name) for name in ("lte", "lt", "const") if of.HasField(name)]
    if getattr(of, "in"):
        bounds.append(max(getattr(of, "in")))
    return min(bounds, default=None)


def bound_of(kind: int, rules: Any) -> Any:
    """What the rules allow of one value at most; True for what needs no bound, None where one is missing."""
    if kind == TEXT:
        return longest_text(rules)
    if kind == BYTES:
        return longest_bytes(rules)
    if kind in NUMBERS:
        return largest_number(rules, NUMBERS[kind])
    return True


def excess(kind: int, bound: Any) -> Any:
    """A value that is a little more than the bound allows."""
    if kind == TEXT:
        return "x" * (bound + 1)
    if kind == BYTES:
        return b"x" * (bound + 1)
    return bound + 1


def places() -> Iterator[tuple[Descriptor, FieldDescriptor, str, Any]]:
    """Every place where a request may hold more than it should: what of a field, and its bound (None if missing)."""
    for message in messages():
        for field in message.fields:
            rules = rules_of(field)
            if is_map(field):
                assert field.message_type is not None
                yield message, field, "number", rules.map.max_pairs or None
                for name in ("key", "value"):
                    kind = field.message_type.fields_by_name[name].type
                    yield message, field, name, bound_of(kind, getattr(rules.map, f"{name}s"))
            elif field.is_repeated:
                yield message, field, "number", rules.repeated.max_items or None
                yield message, field, "item", bound_of(field.type, rules.repeated.items)
            else:
                yield message, field, "value", bound_of(field.type, rules)


PLACES = list(places())


def test_there_are_fields_to_check() -> None:
    assert len(messages()) > 150
    assert len(PLACES) > 700


def test_every_field_of_every_request_has_a_bound() -> None:
    without = [f"{message.full_name}.{field.name}: its {what}" for message, field, what, bound in PLACES if not bound]

    assert without == []


def test_no_request_holds_what_nobody_can_look_into() -> None:
    opaque = [
        f"{message.full_name}.{field.name}"
        for message in messages()
        for field in message.fields
        if field.message_type is not None and field.message_type.full_name == "google.protobuf.Any"
    ]

    assert opaque == []


def test_no_text_of_a_request_has_a_pattern_that_some_engine_reads_otherwise() -> None:
    """`^` and `$` at both ends, so that the whole text is meant."""
    loose = [
        f"{message.full_name}.{field.name}"
        for message in messages()
        for field in message.fields
        for text in (rules_of(field).string, rules_of(field).repeated.items.string)
        if text.HasField("pattern") and not re.fullmatch(r"\^.*\$", text.pattern)
    ]

    assert loose == []


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.full_name.removeprefix("hubao."))
def test_every_bound_is_kept_and_named_by_its_path(message: Descriptor) -> None:
    unseen = []
    for of, field, what, bound in PLACES:
        if of is not message or bound is True or not bound:
            continue
        sent = GetMessageClass(message)()
        path = _exceed(sent, field, what, bound)
        if path not in _refused(sent):
            unseen.append(path)

    assert unseen == []


def _exceed(sent: Any, field: FieldDescriptor, what: str, bound: Any) -> str:
    """Puts more than the bound into a field, and returns the path that a refusal must name."""
    name = field.name
    if is_map(field):
        return _exceed_map(sent, field, what, bound)
    if what == "number":
        if field.message_type is not None:
            getattr(sent, name).extend([GetMessageClass(field.message_type)()] * (bound + 1))
        else:
            getattr(sent, name).extend([_plain(field.type)] * (bound + 1))
        return name
    if what == "item":
        getattr(sent, name).append(excess(field.type, bound))
        return f"{name}[0]"
    setattr(sent, name, excess(field.type, bound))
    return name


def _exceed_map(sent: Any, field: FieldDescriptor, what: str, bound: Any) -> str:
    assert field.message_type is not None
    kinds = {name: field.message_type.fields_by_name[name].type for name in ("key", "value")}
    pairs = getattr(sent, field.name)
    if what == "number":
        for number in range(bound + 1):
            key = str(number) if kinds["key"] == TEXT else number
            pairs[key] = _plain(kinds["value"])
        return field.name
    key = excess(TEXT, bound) if what == "key" else "a"
    pairs[key] = excess(kinds["value"], bound) if what == "value" else _plain(kinds["value"])
    shown = key if len(key) <= 40 else key[:39] + "…"
    return f'{field.name}["{shown}"]'


def _plain(kind: int) -> Any:
    return "a" if kind == TEXT else b"a" if kind == BYTES else 1


def _refused(sent: Any) -> set[str]:
    """The fields that are wrong with a message, as the edge finds it."""
    return {field for field, _ in _named(sent)}


def _named(sent: Any) -> set[tuple[str, str]]:
    """The same, each with its rule."""
    try:
        read(sent.SerializeToString(), type(sent).FromString, 16 << 20)
    except EdgeRefusal as refusal:
        return {(violation.field, violation.reason) for violation in refusal.violations}
    return set()


def _spoilt(field: FieldDescriptor) -> list[tuple[str, Any, str]]:
    """What is wrong in any field of its kind: what it is, how the field gets it, and the rule that names it."""
    kind = field.message_type.full_name if field.message_type is not None else ""
    if kind == "google.type.Money":
        return [
            ("currency", {"currency_code": "cny", "units": 1}, "MONEY_CURRENCY"),
            ("too much", {"currency_code": "CNY", "units": 10**13 + 1}, "MONEY_RANGE"),
            ("far too much", {"currency_code": "CNY", "units": -(2**63)}, "MONEY_RANGE"),
            ("parts of a fen", {"currency_code": "CNY", "nanos": 1}, "MONEY_FEN"),
            ("two signs", {"currency_code": "CNY", "units": 1, "nanos": -10_000_000}, "MONEY_SIGN"),
        ]
    if kind == "google.type.Date":
        days = [(1, 1, 1), (1899, 12, 31), (2200, 1, 1), (9999, 12, 31), (-5, 1, 1), (2**31 - 1, 1, 1)]
        wrong = [("far", dict(zip(("year", "month", "day"), day, strict=True)), "DATE_RANGE") for day in days]
        return [*wrong, ("no day", {"year": 2025, "month": 2, "day": 29}, "DATE_INVALID")]
    if kind == "google.protobuf.Timestamp":
        far = [-62_135_596_800, 253_402_300_799, -(2**63), 2**63 - 1]
        return [("far", {"seconds": seconds}, "TIMESTAMP_RANGE") for seconds in far]
    if field.type == TEXT:
        return [("unseen", f"a{character}b", "STRING_CHARACTERS") for character in "\0\x1b\x85\u200b\u202e\ufeff\ue000"]
    return []


@pytest.mark.parametrize("message", messages(), ids=lambda message: message.full_name.removeprefix("hubao."))
def test_no_field_takes_what_no_field_of_its_kind_may_hold(message: Descriptor) -> None:
    taken = []
    for field in message.fields:
        if is_map(field):
            continue
        for what, value, rule in _spoilt(field):
            sent = GetMessageClass(message)()
            if field.is_repeated and field.message_type is not None:
                getattr(sent, field.name).add(**value)
            elif field.is_repeated:
                getattr(sent, field.name).append(value)
            elif field.message_type is not None:
                getattr(sent, field.name).CopyFrom(GetMessageClass(field.message_type)(**value))
            else:
                setattr(sent, field.name, value)
            path = f"{field.name}[0]" if field.is_repeated else field.name
            if not any(at.startswith(path) and why == rule for at, why in _named(sent)):
                taken.append(f"{path}: {what}")

    assert taken == []


def test_a_method_that_takes_more_than_usual_says_why_it_may() -> None:
    """The largest that all bounds together allow is no figure: they multiply. These are what real use needs."""
    more = {rpc.path: largest_request(rpc.path) for rpc in rpcs() if largest_request(rpc.path) != LARGEST_REQUEST}

    assert all(LARGEST_REQUEST < size <= (2 << 20) + (64 << 10) for size in more.values())
    assert len(more) <= 16
    assert MOST_ELEMENTS <= 50_000
