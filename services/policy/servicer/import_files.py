"""A file of policies that comes in pieces: gathered on disk with its digest, then read row by row."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hubao.policy.v1 import policy_import_pb2 as pb

from libs.common.errors import FileHasNoRows, InvalidField
from libs.common.grpc.convert import enum_name
from libs.common.sheet_reading import NoRows, Unreadable, read_sheet
from libs.common.sheets import Form
from libs.common.workers import Place, Stop, Workers
from services.policy.domain.import_errors import FileUnreadable
from services.policy.servicer.import_columns import Columns
from services.policy.servicer.importing import Row

LARGEST_FILE = 256 << 20
READING = Workers("import", threads=2, places=16, share=4)
"""Files that are read at once. Of each, a row and the places of shared texts are in memory."""
ROWS = 200
"""Rows that a thread reads at a time, while those before them are on their way into the log."""


@asynccontextmanager
async def gathered(header: pb.ImportFileHeader, requests: AsyncIterator[Any]) -> AsyncIterator[Path]:
    """The whole file on disk, until it has been read."""
    with TemporaryDirectory(prefix="hubao-import-") as directory:
        path, digest, size = Path(directory) / "file", sha256(), 0
        with path.open("wb") as file:
            async for request in requests:
                if request.WhichOneof("part") != "chunk":
                    raise InvalidField(field="header", problem="comes only once")
                size += len(request.chunk)
                if size > LARGEST_FILE:
                    raise FileUnreadable(field="file", problem=f"has more than {LARGEST_FILE} bytes")
                digest.update(request.chunk)
                await asyncio.to_thread(file.write, request.chunk)  # A few milliseconds, so not among what is long.
        if header.sha256 and digest.hexdigest() != header.sha256:
            raise FileUnreadable(field="sha256", problem=f"is that of another file; this one has {digest.hexdigest()}")
        yield path


async def rows_in(header: pb.ImportFileHeader, path: Path, tenant: str, place: Place) -> AsyncIterator[Sequence[Row]]:
    """The rows of a file, some at a time; FileHasNoRows if there are none.

    FileUnreadable names the place from which on it can't be read.
    """
    form = Form(enum_name("format", pb.ImportFormat, header.format))
    rows = _rows(form, path, tenant, place.stop)
    try:
        while group := await place.run(lambda stop: list(islice(rows, ROWS))):
            yield group
    except NoRows:
        raise FileHasNoRows(field="file") from None
    except Unreadable as problem:
        raise FileUnreadable(field=problem.place, problem=problem.problem) from None


def _rows(form: Form, path: Path, tenant: str, stop: Stop) -> Iterator[Row]:
    lines = read_sheet(form, path, stop)
    columns = Columns(next(lines), tenant)
    for line in lines:
        yield columns.row(line)
