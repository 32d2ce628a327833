"""Columns of a batch as PostgreSQL's binary arrays.

The driver would find out each array's type by looking at its elements, and ask Python for each of them: on the way to
`append` that costs more than the insert itself. Here the type of every column is known beforehand.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any
from uuid import UUID

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct(">IIIII")  # dimensions, whether there are nulls, type of the elements, how many, index of the first
_LENGTH = Struct(">i")
_NULL = _LENGTH.pack(-1)
_INT = Struct(">ii")
_BIGINT = Struct(">iq")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BinaryArray(bytes):
    """An array in the binary form of PostgreSQL's protocol; what it is an array of, the statement says by a cast."""


class BinaryArrayDumper(Dumper):
    """Hands a `BinaryArray` to the driver as it is."""

    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return obj


psycopg.adapters.register_dumper(BinaryArray, BinaryArrayDumper)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _bytes(value: bytes) -> bytes:
    return _LENGTH.pack(len(value)) + value


def _uuid(value: UUID) -> bytes:
    return b"\x00\x00\x00\x10" + value.bytes


def _int(value: int) -> bytes:
    return _INT.pack(4, value)


def _bigint(value: int) -> bytes:
    return _BIGINT.pack(8, value)


def _timestamptz(value: datetime) -> bytes:
    return _BIGINT.pack(8, (value - _EPOCH) // _MICROSECOND)


_KINDS: dict[str, tuple[int, Callable[[Any], bytes]]] = {
    "text": (25, _text),
    "bytea": (17, _bytes),
    "uuid": (2950, _uuid),
    "int": (23, _int),
    "bigint": (20, _bigint),
    "timestamptz": (1184, _timestamptz),
}
"""For each type its number in PostgreSQL's catalogue, and the binary form of one element with its length."""

_EMPTY = {kind: BinaryArray(_HEADER.pack(0, 0, oid, 0, 0)[:12]) for kind, (oid, _) in _KINDS.items()}


def binary_array(kind: str, values: Sequence[Any]) -> BinaryArray:
    """The values as an array of one of `_KINDS`; None is null. psycopg.DataError if a number does not fit the type."""
    if not values:
        return _EMPTY[kind]
    oid, encode = _KINDS[kind]
    has_null = None in values
    try:
        elements = [_NULL if value is None else encode(value) for value in values] if has_null else map(encode, values)
        return BinaryArray(_HEADER.pack(1, has_null, oid, len(values), 1) + b"".join(elements))
    except struct.error as error:
        raise psycopg.DataError(f"a number does not fit {kind}: {error}") from error
