"""Events by a given name: what a domain needs to say that something happened.

`@event("policy.Bound")` makes a frozen value and enters it in the registry under the name that stands in the
database for ever. The name is not the Python path, so code can move; golden files pin it. A changed shape gets a
new schema version and an upcaster from the old one, so history is never rewritten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeVar, dataclass_transform

T = TypeVar("T")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class EventType:
    """What the registry knows of one event class: its stored name and schema version, and how older shapes rise."""

    name: str
    schema_version: int
    cls: type
    upcasters: Mapping[int, Upcaster]


_BY_NAME: dict[str, EventType] = {}
_BY_CLASS: dict[type, EventType] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(
    name: str, *, schema_version: int = 1, upcasters: Mapping[int, Upcaster] | None = None
) -> Callable[[type[T]], type[T]]:
    """Declares an event under the name `<service>.<PastTense>`.

    `upcasters[n]` turns the decoded payload of schema version n into that of n + 1; every version below
    `schema_version` needs one.
    """
    rising = dict(upcasters or {})
    if sorted(rising) != list(range(1, schema_version)):
        raise ValueError(f"{name}: upcasters are needed for exactly the versions below {schema_version}")

    def declare(cls: type[T]) -> type[T]:
        value = dataclass(frozen=True, kw_only=True)(cls)
        if name in _BY_NAME and _BY_NAME[name].cls.__qualname__ != cls.__qualname__:
            raise ValueError(f"two events are named {name}")
        kind = EventType(name, schema_version, value, rising)
        _BY_NAME[name] = kind
        _BY_CLASS[value] = kind
        return value

    return declare


def type_of(happened: object) -> EventType:
    """The registry's entry for an event value; KeyError if its class was never declared."""
    return _BY_CLASS[type(happened)]


def type_named(name: str) -> EventType:
    """The registry's entry for a stored name; KeyError if nothing in this process declares it."""
    return _BY_NAME[name]


def registered(prefix: str = "") -> dict[str, EventType]:
    """All declared events whose name starts with `prefix`, for golden files and catalogues."""
    return {name: kind for name, kind in sorted(_BY_NAME.items()) if name.startswith(prefix)}


class Aggregate(Protocol):
    """What the platform asks of a domain's aggregate: a stable kind, a beginning, and an evolution that can't fail."""

    KIND: ClassVar[str]

    @classmethod
    def begin(cls, event: Any, /) -> Self: ...

    def evolve(self, event: Any, /) -> Self: ...


A = TypeVar("A", bound=Aggregate)


def replay(cls: type[A], events: Iterable[object], value: A | None = None) -> A | None:
    """The value that these events lead to, from nothing or from an earlier value."""
    for happened in events:
        value = cls.begin(happened) if value is None else value.evolve(happened)
    return value
