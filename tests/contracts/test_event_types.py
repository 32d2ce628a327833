"""Stored events are read for ever: their names, versions and fields are pinned, down to the values inside them."""

import dataclasses
import enum
import types
import typing
from typing import Any

from libs.common.events import EventType, registered
from tests.contracts.errors import home_of, import_domains
from tests.contracts.golden import assert_pinned


def our_events() -> list[EventType]:
    """The events of all services; not those that tests declare."""
    import_domains()
    return [kind for kind in registered().values() if kind.cls.__module__.startswith("services.")]


class Shapes:
    """Describes types, and collects the values inside them that need a description of their own."""

    def __init__(self) -> None:
        self.inside: dict[str, type] = {}

    def lines(self, cls: type) -> list[str]:
        if issubclass(cls, enum.Enum):
            return [f"  = {member.value}" for member in sorted(cls, key=lambda member: str(member.value))]
        hints = typing.get_type_hints(cls)
        fields = sorted(dataclasses.fields(cls), key=lambda field: field.name)
        return [f"  {field.name}: {self.name(hints[field.name])}{_default(field)}" for field in fields]

    def name(self, of: Any) -> str:
        arguments = typing.get_args(of)
        origin = typing.get_origin(of)
        if origin in (types.UnionType, typing.Union):
            return " | ".join(sorted(self.name(argument) for argument in arguments))
        if arguments:
            inner = ", ".join("..." if argument is ... else self.name(argument) for argument in arguments)
            return f"{origin.__name__}[{inner}]" if isinstance(origin, type) else f"{origin}[{inner}]"
        if of is type(None):
            return "None"
        if isinstance(of, type) and (dataclasses.is_dataclass(of) or issubclass(of, enum.Enum)):
            return self._own(of)
        return str(getattr(of, "__name__", of))

    def _own(self, cls: type) -> str:
        name = f"{home_of(cls)}.{cls.__qualname__}"
        if self.inside.setdefault(name, cls) is not cls:
            raise AssertionError(f"two stored values are named {name}")
        return name


def _default(field: "dataclasses.Field[Any]") -> str:
    optional = field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
    return " (may be absent)" if optional else ""


def described() -> list[str]:
    shapes = Shapes()
    lines: list[str] = []
    for kind in our_events():
        lines += [f"{kind.name} {kind.schema_version}", *shapes.lines(kind.cls)]
    done: set[str] = set()
    while open_ := sorted(set(shapes.inside) - done):
        for name in open_:
            shapes.lines(shapes.inside[name])
            done.add(name)
    for name in sorted(done):
        lines += [f"value {name}", *shapes.lines(shapes.inside[name])]
    return lines


def test_the_stored_events_and_their_shapes_are_pinned() -> None:
    assert_pinned("event_types.txt", described())


def test_an_event_is_named_for_its_service() -> None:
    wrong = [kind.name for kind in our_events() if kind.name.partition(".")[0] != home_of(kind.cls)]

    assert wrong == []


def test_a_stored_field_is_exact() -> None:
    """No float, no list: money and rates are exact, and values are frozen."""
    wrong = [line for line in described() if any(word in line for word in (": float", ": list", "[float", "[list"))]

    assert wrong == []
