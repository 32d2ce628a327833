"""What a command says: a text for people, or one JSON document for programs."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Output:
    """Standard output in one of two forms."""

    as_json: bool

    def say(self, document: Any, *texts: RenderableType) -> None:
        """The document if JSON was asked for, else the texts, one below the other."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2))
            return
        console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 160)
        for text in texts:
            console.print(Text(text) if isinstance(text, str) else text, soft_wrap=isinstance(text, str | Text))

    def say_more(self, document: Any, text: RenderableType) -> None:
        """One of many things that are said as they come; a document is a line of its own."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False), flush=True)
        else:
            self.say(document, text)
            sys.stdout.flush()


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = (), narrow: bool = False
) -> Table:
    """A plain table; the columns in `right` are numbers. Cells are data, so nothing in them is markup.

    `narrow` leaves one blank between columns.
    """
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0) if narrow else (0, 1))
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    return made


def plain(value: Any) -> Any:
    """A message as JSON has it: fields under their own names, numbers as numbers, instants as ISO texts."""
    if isinstance(value, Timestamp):
        return instant(value).isoformat()
    if isinstance(value, Message):
        return {field.name: plain(getattr(value, field.name)) for field in value.DESCRIPTOR.fields}
    if isinstance(value, str | int):
        return value
    return [plain(one) for one in value]


def instant(stamp: Timestamp) -> datetime:
    """A timestamp as an instant in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def shown(stamp: Timestamp) -> str:
    """An instant as a person reads it: by the time of Shanghai, and it says so."""
    return f"{instant(stamp).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} Shanghai"
