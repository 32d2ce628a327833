"""Events by name: the registry, what is stored, and older shapes."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
import pytest

from libs.common.dates import PartialDate, Period
from libs.common.events import event, registered, type_of
from libs.common.money import Money
from libs.common.store import codec


class Colour(StrEnum):
    RED = "red"


@event("shapes.Drawn")
class Drawn:
    name: str
    on: date
    rate: Decimal
    price: Money
    term: Period
    seen: PartialDate
    ids: tuple[UUID, ...]
    colours: frozenset[Colour]
    by_part: dict[str, Money]
    note: str | None = None


def _full(fields: dict[str, Any]) -> dict[str, Any]:
    first, _, last = fields.pop("name").partition(" ")
    return fields | {"first": first, "last": last}


@event("shapes.Named", schema_version=2, upcasters={1: _full})
class Named:
    first: str
    last: str


def drawn() -> Drawn:
    return Drawn(
        name="圆",
        on=date(2026, 1, 1),
        rate=Decimal("0.0100"),
        price=Money.cny("12.34"),
        term=Period(date(2026, 1, 1), date(2027, 1, 1)),
        seen=PartialDate(2026, 2),
        ids=(UUID(int=1),),
        colours=frozenset({Colour.RED}),
        by_part={"BI": Money.cny("1")},
    )


def test_an_event_comes_back_as_it_was_stored_to_the_last_decimal() -> None:
    name, version, payload = codec.encode(drawn())

    assert (name, version) == ("shapes.Drawn", 1)
    assert codec.decode(name, version, payload) == drawn()
    assert b'"rate":"0.0100"' in payload


def test_an_older_shape_is_raised_to_the_present_one() -> None:
    assert codec.decode("shapes.Named", 1, b'{"name":"Li Lei"}') == Named(first="Li", last="Lei")


def test_every_older_version_needs_its_upcaster() -> None:
    with pytest.raises(ValueError, match="upcasters"):
        event("shapes.Bad", schema_version=3, upcasters={1: _full})


def test_a_name_belongs_to_one_class() -> None:
    with pytest.raises(ValueError, match="two events"):

        @event("shapes.Drawn")
        class Other:
            name: str


def test_a_stored_name_that_nobody_declares_is_an_error_and_not_an_import() -> None:
    with pytest.raises(KeyError):
        codec.decode("os.system", 1, b"{}")


def test_a_payload_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        codec.decode("shapes.Named", 2, b'{"first":1,"last":"Lei"}')


def test_the_registry_lists_names_with_a_prefix() -> None:
    assert set(registered("shapes.")) >= {"shapes.Drawn", "shapes.Named"}
    assert type_of(drawn()).name == "shapes.Drawn"
