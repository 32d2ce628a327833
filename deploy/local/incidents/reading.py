"""Reads incidents in the cut-down VERIS form, line by line, and changes nothing about them.

A damaged or truncated line is told by its number, and costs nothing before or after it.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

HAND_MADE = Path(__file__).parents[1] / "incidents.jsonl"
"""A few hand-made incidents, for whoever has no other file."""

INT32 = 2**31
MOST_DIGITS = 30


@dataclass(frozen=True)
class Incident:
    """One record, on its line of the file; dates are year, month and day as they stand there, None where they don't."""

    line: int
    id: str
    reference: str
    industry: str
    occurred: tuple[int | None, int | None, int | None]
    notified: tuple[int | None, int | None, int | None]
    discovery_unit: str
    discovery_value: Decimal | None
    amount: Decimal | None
    currency: str
    words: dict[str, tuple[str, ...]]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Damaged:
    """A line that holds no incident, and why."""

    line: int
    problem: str


class _Problem(Exception):
    """What is wrong with a line."""


def read_incidents(path: Path) -> Iterator[Incident | Damaged]:
    """Each line of a file as an incident or as damaged; empty lines are nothing. OSError if it can't be read."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                try:
                    yield _incident(number, _record(line))
                except _Problem as problem:
                    yield Damaged(number, str(problem))


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise _Problem("is not UTF-8") from None
    except (ValueError, RecursionError):
        cut = "" if line.endswith(b"\n") else ", and the file ends in it"
        raise _Problem(f"is not JSON{cut}") from None
    if not isinstance(record, dict):
        raise _Problem("is not a JSON object")
    return record


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _incident(line: int, record: dict[str, Any]) -> Incident:
    own = _text(record, "id")
    if not own:
        raise _Problem("has no id")
    impact = _part(record, "impact")
    discovery = _part(_part(record, "elapsed"), "discovery")
    names = ("actions", "actors", "assets", "attributes", "action_varieties")
    words = {name: _texts(record, name) for name in names}
    return Incident(
        line=line,
        id=own,
        reference=_text(record, "incident_id") or own,
        industry=_text(record, "industry_naics"),
        occurred=_ymd(record),
        notified=_ymd(_part(record, "notified")),
        discovery_unit=_text(discovery, "unit"),
        discovery_value=_number(discovery, "value"),
        amount=_number(impact, "overall_amount"),
        currency=_text(impact, "currency"),
        words=words,
        notes=_notes(record, words),
    )


def _notes(record: dict[str, Any], words: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the record says in codes, as a text for people; nothing that tells one copy of a record from another."""
    total = _number(record, "data_total")
    said = {
        "status": _text(record, "status"),
        "actions": ", ".join(words["actions"]),
        "varieties": ", ".join(words["action_varieties"]),
        "assets": ", ".join(words["assets"]),
        "data": ", ".join(_texts(record, "data_varieties")),
        "records": "" if total is None else f"{total:f}",
    }
    return tuple(f"{name}: {text}" for name, text in said.items() if text)


def _ymd(record: dict[str, Any]) -> tuple[int | None, int | None, int | None]:
    found: list[int | None] = []
    for name in ("year", "month", "day"):
        value = record.get(name)
        if value is not None and (type(value) is not int or not -INT32 <= value < INT32):
            raise _Problem(f"has a {name} that is no whole number")
        found.append(value)
    return found[0], found[1], found[2]


def _number(record: dict[str, Any], name: str) -> Decimal | None:
    value = record.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        raise _Problem(f"has a {name} that is no number")
    if value is not None and abs(Decimal(value).adjusted()) > MOST_DIGITS:
        raise _Problem(f"has a {name} that is out of range")
    return None if value is None else Decimal(value)


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Problem(f"has a {name} that is no text")
    return value


def _texts(record: dict[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _Problem(f"has {name} that are no list of texts")
    return tuple(value)


def _part(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _Problem(f"has a {name} that is no object")
    return value
