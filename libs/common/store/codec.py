"""Events to bytes and back, by registered name: readable JSON, strict on the way in, older shapes raised first."""

import re
from functools import cache
from typing import Any

import msgspec

from libs.common.errors import AmountOutOfRange
from libs.common.events import EventType, type_named, type_of

_ENCODER = msgspec.json.Encoder(decimal_format="string", order="deterministic")
_VALUES = msgspec.json.Encoder(decimal_format="string")
"""Unordered, since keys of a mapping may then be ids and numbers, too; nobody compares two snapshots."""


@cache
def _decoder(cls: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cls, strict=True)


# A quote of a text is escaped, so this is always the name of a field.
_TOO_MUCH = re.compile(rb'"minor_units":-?[0-9]{19}')


def encode(happened: object) -> tuple[str, int, bytes]:
    """The stored name, schema version and payload of an event.

    AmountOutOfRange if one of its amounts has 10^18 minor units or more: sums of a few of them, in guards and in
    others' tables, must still be numbers of 64 bits.
    """
    kind = type_of(happened)
    try:
        payload = _ENCODER.encode(happened)
    except OverflowError as error:
        raise AmountOutOfRange(event=kind.name) from error
    if _TOO_MUCH.search(payload):
        raise AmountOutOfRange(event=kind.name)
    return kind.name, kind.schema_version, payload


def knows(name: str, schema_version: int) -> bool:
    """Whether events of this name are declared here, in this version or a later one."""
    try:
        return type_named(name).schema_version >= schema_version
    except KeyError:
        return False


def decode(name: str, schema_version: int, payload: bytes) -> Any:
    """The event that was stored under this name; KeyError if nothing here declares it."""
    kind = type_named(name)
    if schema_version == kind.schema_version:
        return _decoder(kind.cls).decode(payload)
    return _raise(kind, schema_version, payload)


def _raise(kind: EventType, schema_version: int, payload: bytes) -> Any:
    fields: dict[str, Any] = msgspec.json.decode(payload)
    for version in range(schema_version, kind.schema_version):
        fields = kind.upcasters[version](fields)
    return msgspec.convert(fields, kind.cls, strict=True)


def encode_value(value: object) -> bytes:
    """An aggregate, for a snapshot."""
    return _VALUES.encode(value)


def decode_value(cls: type, payload: bytes) -> Any:
    """The value of class `cls` that `encode_value` wrote."""
    return _decoder(cls).decode(payload)
