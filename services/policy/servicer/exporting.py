"""Files as streams: written to a temporary directory with their checks, then sent in pieces."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from google.protobuf.message import Message
from hubao.policy.v1 import treaty_service_pb2 as pb

from libs.common.grpc.convert import money_message
from libs.common.money import CNY, Money
from libs.common.sheets import TOTAL, Column, Form, Value, open_sheet
from libs.common.workers import Place, Workers
from services.policy.projections.exports import Booked, Rows

CHUNK = 256 * 1024
EXPORTING = Workers("export", threads=2, places=8, share=2)
"""Files that are written at once; each has a connection to the read tables meanwhile."""

Answer = TypeVar("Answer", bound=Message)


@dataclass(frozen=True)
class Ask:
    """What is asked of every export."""

    booked: Booked
    format: str

    def file_name(self, what: str) -> str:
        return f"{what}-{self.booked.first:%Y%m%d}-{self.booked.end:%Y%m%d}.{self.format}"


@dataclass(frozen=True)
class Written:
    """A file that is complete."""

    path: Path
    name: str
    rows: int
    totals: dict[str, Money]


class Table:
    """A file with columns, rows of which each is checked, and a last row with the sums of its amounts."""

    def __init__(self, place: Place, path: Path, form: str, columns: Sequence[Column]) -> None:
        self._place = place
        self._columns = columns
        self.path = path
        self._sheet = open_sheet(Form(form), path, columns)
        self.rows = 0
        self.totals = {column.name: Money(CNY, 0) for column in columns if column.total}

    async def add(self, rows: Rows, cells: Callable[[Any], Sequence[Value]]) -> None:
        await self._place.run(lambda stop: self._add(rows, cells))

    async def finish(self, expected: dict[str, Money]) -> None:
        """Writes the sums. They must be those that the database has reckoned from all that belongs to the file."""
        if wrong := {name: amount for name, amount in expected.items() if self.totals[name] != amount}:
            raise RuntimeError(f"the rows do not sum to what the tables hold: {wrong} and {self.totals}")
        others = self._columns[1:]
        last = [TOTAL, *(self.totals.get(column.name) for column in others)]
        await self._place.run(lambda stop: self._sheet.write(last))
        await self._place.run(lambda stop: self._sheet.close())

    def _add(self, rows: Rows, cells: Callable[[Any], Sequence[Value]]) -> None:
        for row in rows:
            values = cells(row)
            for column, value in zip(self._columns, values, strict=True):
                if column.total and isinstance(value, Money):
                    self.totals[column.name] += value
            self._sheet.write(values)
            self.rows += 1


@asynccontextmanager
async def table_of(ask: Ask, columns: Sequence[Column]) -> AsyncIterator[Table]:
    """A file that is there until it has been sent, in one of the places for exports."""
    async with EXPORTING.place(ask.booked.tenant) as place:
        with TemporaryDirectory() as directory:
            yield Table(place, Path(directory) / "file", ask.format, columns)


async def answers(kind: Callable[..., Answer], written: AbstractAsyncContextManager[Written]) -> AsyncIterator[Answer]:
    """What the file is, then its bytes."""
    async with written as done:
        with done.path.open("rb") as file:
            digest = (await asyncio.to_thread(file_digest, file, "sha256")).hexdigest()
            totals = [pb.ColumnTotal(column=name, amount=money_message(amount)) for name, amount in done.totals.items()]
            size = done.path.stat().st_size
            yield kind(
                file=pb.ExportedFile(file_name=done.name, sha256=digest, size=size, rows=done.rows, totals=totals)
            )
            file.seek(0)
            while chunk := await asyncio.to_thread(file.read, CHUNK):
                yield kind(chunk=chunk)
