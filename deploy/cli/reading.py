"""Events as a person reads them."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from time import sleep
from typing import Any

from hubao.feed.v1 import admin_service_pb2 as pb
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.operator import Operator
from deploy.cli.output import SHANGHAI, instant, plain, shown
from libs.common.dates import PartialDate
from libs.common.money import Money

PAGE = 200
SECONDS_BETWEEN = 1.0
"""How often a log that is followed is asked for more."""


@dataclass(frozen=True)
class Choice:
    """Which events of a service's log; empty for all."""

    stream: str = ""
    type: str = ""
    principal: str = ""
    correlation_id: str = ""
    tenant: str = ""

    def request(self, **place: Any) -> pb.ReadEventsRequest:
        return pb.ReadEventsRequest(**asdict(self), **place)


def read_events(operator: Operator, service: str, choice: Choice, start: int, limit: int) -> list[pb.LoggedEvent]:
    """Up to `limit` events from a position on, in the order of the log."""
    events: list[pb.LoggedEvent] = []
    while start and len(events) < limit:
        request = choice.request(from_position=start, page_size=min(limit - len(events), PAGE))
        answer = operator.ask(service, request)
        events += answer.events
        start = answer.next_position
    return events


def read_last(operator: Operator, service: str, choice: Choice, number: int) -> tuple[list[pb.LoggedEvent], int]:
    """The newest events, in the order of the log, and the position behind which newer ones will be."""
    events: list[pb.LoggedEvent] = []
    head, before = None, 0
    while len(events) < number:
        request = choice.request(newest=True, before_position=before, page_size=min(number - len(events), PAGE))
        answer = operator.ask(service, request)
        head = answer.head_position if head is None else head
        events = [*answer.events, *events]
        before = answer.next_position
        if not before:
            break
    return events, head or 0


def follow_events(
    operator: Operator, service: str, choice: Choice, start: int, wait: Callable[[float], None] = sleep
) -> Iterator[pb.LoggedEvent]:
    """Events from a position on, and those to come, until the caller has enough."""
    while True:
        answer = operator.ask(service, choice.request(from_position=start, page_size=PAGE))
        yield from answer.events
        start = answer.next_position or max(answer.head_position + 1, start)
        if not answer.next_position:
            wait(SECONDS_BETWEEN)


def event_document(event: pb.LoggedEvent) -> dict[str, Any]:
    """An event with its payload and metadata as what they are."""
    document: dict[str, Any] = plain(event)
    document["recorded_time_shanghai"] = instant(event.recorded_time).astimezone(SHANGHAI).isoformat()
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
