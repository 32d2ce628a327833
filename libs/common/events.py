"""Events by a given name: what a domain needs to say that something happened.

`@event("policy.Bound")` makes a frozen value and enters it in the registry under the name that stands in the
database for ever. The name is not the Python path, so code can move; golden files pin it. A changed shape gets a
new schema version and an upcaster from the old one, so history is never rewritten.
"""

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType, UnionType
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
    """What the platform asks of a domain's aggregate: a stable kind, a beginning, and an evolution that can't fail.

    The annotations of `begin` and `evolve` say which events are its own; mypy holds them against the code.
    """

    KIND: ClassVar[str]

    @classmethod
    def begin(cls, event: Any, /) -> Self: ...

    def evolve(self, event: Any, /) -> Self: ...


A = TypeVar("A", bound=Aggregate)


def replay(cls: type[A], events: Iterable[object], value: A | None = None) -> A | None:
    """The value that these events lead to, from nothing or from an earlier value."""
    for happened in events:
        value = follow(cls, value, happened)
    return value


def follow(kind: type[A], value: A | None, happened: object) -> A:
    """The value after one more event; TypeError, before anything is done, if it is none of this kind's."""
    if type(happened) not in (beginnings(kind) if value is None else changes(kind)):
        raise TypeError(f"{type_of(happened).name} does not {'begin' if value is None else 'change'} a {kind.KIND}")
    return kind.begin(happened) if value is None else value.evolve(happened)


@cache
def beginnings(kind: type[Aggregate]) -> frozenset[type]:
    """The classes of the events that a stream of this kind may begin with."""
    return _taken(kind.begin)


@cache
def changes(kind: type[Aggregate]) -> frozenset[type]:
    """The classes of the events that may follow in a stream of this kind."""
    return _taken(kind.evolve)


@cache
def names_of_beginnings(kind: type[Aggregate]) -> list[str]:
    """The stored names of the events that a stream of this kind may begin with."""
    return sorted(_BY_CLASS[cls].name for cls in beginnings(kind))


def _taken(function: Callable[..., object]) -> frozenset[type]:
    (annotation,) = (of for name, of in function.__annotations__.items() if name != "return")
    return frozenset(_members(annotation))


def _members(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, UnionType) or typing.get_origin(annotation) is typing.Union:
        for part in typing.get_args(annotation):
            yield from _members(part)
    else:
        yield annotation


class Kinds:
    """The kinds of aggregates of one service. A stream is of the kind that its first event begins.

    ValueError if one event begins two kinds, or begins one and stands in the streams of another. A type that begins
    nothing may be shared by several.
    """

    def __init__(self, aggregates: Sequence[type[Aggregate]]) -> None:
        self._begun: dict[str, type[Aggregate]] = {}
        owners: dict[str, list[type[Aggregate]]] = {}
        for kind in aggregates:
            for cls in beginnings(kind) | changes(kind):
                owners.setdefault(_BY_CLASS[cls].name, []).append(kind)
            for cls in beginnings(kind):
                self._begun[_BY_CLASS[cls].name] = kind
        for name in self._begun:
            if len(owners[name]) > 1:
                raise ValueError(f"{name} begins a stream and is an event of {_listed(owners[name])}")
        self.owners: Mapping[str, Sequence[str]] = MappingProxyType(
            {name: sorted(kind.KIND for kind in kinds) for name, kinds in sorted(owners.items())}
        )
        """For each stored name of an event the kinds in whose streams it may stand."""

    def begun_by(self, name: str) -> type[Aggregate]:
        """The kind of a stream that begins with an event of this stored name; LookupError if there is none."""
        kind = self._begun.get(name)
        if kind is None:
            raise LookupError(f"{name} begins no kind of aggregate here")
        return kind


def _listed(kinds: Sequence[type[Aggregate]]) -> str:
    return " and ".join(sorted(kind.KIND for kind in kinds))
