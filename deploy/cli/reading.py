"""Events as a person reads them."""

import json
from typing import Any

from hubao.feed.v1 import admin_service_pb2 as pb
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.operator import Operator
from deploy.cli.output import plain, shown
from libs.common.dates import PartialDate
from libs.common.money import Money

PAGE = 200


def read_events(operator: Operator, service: str, start: int, limit: int, stream: str) -> list[pb.LoggedEvent]:
    """Up to `limit` events from a position on, in the order of the log."""
    events: list[pb.LoggedEvent] = []
    while len(events) < limit:
        wanted = min(limit - len(events), PAGE)
        request = pb.ReadEventsRequest(from_position=start, page_size=wanted, stream=stream)
        page = operator.ask(service, request).events
        events += page
        if len(page) < wanted:
            break
        start = page[-1].position + 1
    return events


def event_document(event: pb.LoggedEvent) -> dict[str, Any]:
    """An event with its payload and metadata as what they are."""
    document: dict[str, Any] = plain(event)
    return document | {"payload": json.loads(event.payload), "metadata": json.loads(event.metadata)}


def event_text(event: pb.LoggedEvent) -> RenderableType:
    """A line that says what happened when, to what and by whom, and the payload under it, a field a line."""
    metadata = json.loads(event.metadata)
    shape = f"/{event.schema_version}" if event.schema_version > 1 else ""
    text = Text()
    text.append(f"{event.position}  ", style="bold")
    text.append(f"{event.type}{shape}", style="bold green")
    text.append(f"  {shown(event.recorded_time)}\n")
    text.append(
        f"    {event.tenant} · {event.stream} · version {event.version} · by {metadata.get('principal', '?')}\n"
    )
    payload = json.loads(event.payload)
    for name, value in payload.items():
        text.append(f"    {name}: {in_words(value)}\n")
    for key, amount, *limit in metadata.get("guards", ()):
        text.append(f"    guard {key}: {f'limit {limit[0]:,}' if limit else f'{amount:+,}'}\n", style="yellow")
    return text


def in_words(value: Any) -> str:
    """A part of a payload in one line: sums and dates as people write them, everything else with its names."""
    match value:
        case {"currency": str(currency), "minor_units": int(minor_units)} if len(value) == 2:
            return str(Money(currency, minor_units))
        case {"year": int(year), "month": month, "day": day} if len(value) == 3:
            return str(PartialDate(year, month, day))
        case dict():
            return "{" + ", ".join(f"{name}: {in_words(part)}" for name, part in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(in_words, value)) + "]"
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)
