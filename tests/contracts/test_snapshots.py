"""Every aggregate can be stored as a snapshot and read back, whatever is in its fields."""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.common.store import codec
from tests.contracts.errors import import_domains

EXAMPLES: dict[type[msgspec.inspect.Type], object] = {
    msgspec.inspect.StrType: "a",
    msgspec.inspect.IntType: 7,
    msgspec.inspect.UUIDType: UUID(int=7),
    msgspec.inspect.DateType: date(2026, 3, 1),
    msgspec.inspect.DateTimeType: datetime(2026, 3, 1, tzinfo=UTC),
}


def aggregates() -> list[type[Any]]:
    """The aggregates of all services."""
    import_domains()
    found = {
        cls
        for name, module in tuple(sys.modules.items())
        if name.startswith("services.")
        for cls in vars(module).values()
        if isinstance(cls, type) and "KIND" in vars(cls)
    }
    return sorted(found, key=lambda cls: cls.KIND)


def parts(of: msgspec.inspect.Type, seen: set[type]) -> Iterator[msgspec.inspect.Type]:
    """A type and all that may be inside it."""
    yield of
    if isinstance(of, msgspec.inspect.DataclassType):
        if of.cls in seen:
            return
        seen.add(of.cls)
        inside = [field.type for field in of.fields]
    else:
        found = (getattr(of, name, ()) for name in ("key_type", "value_type", "item_type", "item_types", "types"))
        inside = [one for some in found for one in (some if isinstance(some, tuple) else (some,))]
    for one in inside:
        yield from parts(one, seen)


def example(of: msgspec.inspect.Type) -> object:
    return next(iter(of.cls)) if isinstance(of, msgspec.inspect.EnumType) else EXAMPLES[type(of)]


@pytest.mark.parametrize("cls", aggregates(), ids=lambda cls: cls.KIND)
def test_whatever_an_aggregate_holds_can_be_stored_and_read_back(cls: type[Any]) -> None:
    for part in parts(msgspec.inspect.type_info(cls), set()):
        assert not isinstance(part, msgspec.inspect.CustomType | msgspec.inspect.AnyType), part
        if isinstance(part, msgspec.inspect.DictType):
            one = {example(part.key_type): 1}
            key = type(example(part.key_type))
            assert codec.decode_value(dict[key, int], codec.encode_value(one)) == one  # type: ignore[valid-type]
