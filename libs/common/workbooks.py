"""XLSX workbooks of strangers, read as a stream: no claim that a file makes is believed before it is paid for.

A workbook is a ZIP archive of XML parts, and both may be tiny and claim to be endless: a row may be the billionth, a
cell may stand in the last column, a kilobyte may unpack to a gigabyte. So nothing is expanded here. Rows and cells come
as they are written, with their places; between two rows, and in all, only so many bytes are unpacked; shared texts lie
on disk. Limits are those of Excel where it has one. What a reader with a grid in memory makes of such files is told in
docs/adr/0023-no-caller-takes-anothers-place.md.
"""

import re
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from itertools import chain
from math import isfinite
from os import pread
from pathlib import Path
from posixpath import dirname, join, normpath
from tempfile import TemporaryFile
from typing import Any, BinaryIO, NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLPullParser
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from openpyxl.styles.numbers import builtin_format_code, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel, from_ISO8601

from libs.common.workers import Abandoned, Stop

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
LONGEST_TEXT = 32_767
"""Characters of a cell."""
MOST_STYLES = 65_536
LONGEST_FORMAT = 255
"""Characters of a number's format."""
MOST_STRINGS = 4_000_000
"""Shared texts; each costs eight bytes of memory, and itself on disk."""
LARGEST_WORKBOOK = 1 << 30
"""Bytes of all parts that are read, when they are unpacked."""
LARGEST_STRINGS = 256 << 20
LARGEST_STYLES = 8 << 20
LARGEST_LIST = 2 << 20
"""Bytes of any other part but the sheet."""
LONGEST_PIECE = 1 << 20
"""Bytes of one row, or of anything else between two of them: so much is in memory at once."""
HIGHEST_RATIO = 100
"""How many times larger a part may become when it is unpacked. Sheets of policies are 10 to 30 times as large."""
RATIO_FROM = 4 << 20
"""Bytes from which on the ratio counts."""
LARGEST_READ = 1 << 20
"""Bytes that are read from the file at once: the archive's directory is, and must not be longer."""
CHUNK = 32 << 10

_REFERENCE = re.compile(r"([A-Z]{1,3})[0-9]{1,7}")
_INDEX = re.compile(r"[0-9]{1,7}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?")
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})?T?([0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)?Z?"
    r"|PT([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\.[0-9]{1,9})?S)?"
)
_BLANKS = " \t\r\n"
"""What XML means by white space, round a value that is not a text."""
_TRUTHS = {"1": True, "true": True, "0": False, "false": False}
_DOCTYPE = b"<!DOCTYPE"
_DAMAGE = (
    *(BadZipFile, zlib.error, EOFError, OSError, RuntimeError),
    *(LookupError, ValueError, ParseError, TypeError, AttributeError, ArithmeticError, struct.error),
)
"""Whatever a workbook's parts lack or say, and however they are packed. An encrypted part is a RuntimeError, one that
is packed in an unknown way a NotImplementedError."""


class Unreadable(Exception):
    """The file, or what comes from a place of it on, can't be read."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class Filled(NamedTuple):
    """A cell that is not blank: its column from 1 on, its value, and what kind of value that is."""

    column: int
    value: Any
    kind: str


Row = tuple[int, list[Filled]]


@contextmanager
def opened(path: Path, stop: Stop) -> Iterator[tuple[str, Iterator[Row]]]:
    """The name of a workbook's first sheet, and its rows in order with their numbers; rows may be missing."""
    with path.open("rb") as file, TemporaryFile() as aside:
        with _or_unreadable("is no XLSX"):
            book = _Book(file, path.stat().st_size, stop)
            book.read_lists(aside)
        yield book.title, book.rows()


@contextmanager
def _or_unreadable(problem: str, place: Callable[[], str] = lambda: "workbook") -> Iterator[None]:
    """Whatever is damaged is one error, told with the place that it was found at."""
    try:
        yield
    except _DAMAGE as error:
        raise Unreadable(place(), f"{problem}: {type(error).__name__}") from None


class _Bounded:
    """A file of which nobody reads much at once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell
        self.seekable, self.close = file.seekable, file.close

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size if 0 <= size <= LARGEST_READ else LARGEST_READ + 1)
        if len(found) > LARGEST_READ:
            raise Unreadable("workbook", "is too large: its directory is")
        return found


class _Texts:
    """The shared texts in a file, with the places where they end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._ends = array("Q", [0])

    def add(self, text: str) -> None:
        if len(self._ends) > MOST_STRINGS:
            raise Unreadable("workbook", f"has more than {MOST_STRINGS} shared texts")
        written = text.encode("utf-8", "surrogatepass")
        self._file.write(written)
        self._ends.append(self._ends[-1] + len(written))

    def finish(self) -> None:
        self._file.flush()

    def __getitem__(self, index: int) -> str:
        start, end = self._ends[index], self._ends[index + 1]
        return pread(self._file.fileno(), end - start, start).decode("utf-8", "surrogatepass")


class _Book:
    """One workbook while it is read."""

    def __init__(self, file: BinaryIO, size: int, stop: Stop) -> None:
        self._packed = ZipFile(_Bounded(file))
        self._size = size
        self._stop = stop
        self._unpacked = 0
        self._epoch = WINDOWS_EPOCH
        self._dates: set[int] = set()
        self._spans: set[int] = set()
        """Styles of dates, and those of them that are lengths of time."""
        self._texts: _Texts
        self._sheet = ""
        self.title = ""

    def read_lists(self, aside: Any) -> None:
        """Reads all that must be known before the first row."""
        self._texts = _Texts(aside)
        book = next(iter(self._related("", "officeDocument").values()))
        sheets = self._related(book, "worksheet")
        for element in self._pieces(book, 2, LARGEST_LIST):
            name = _local(element)
            if name == "workbookPr" and element.get("date1904") in ("1", "true"):
                self._epoch = MAC_EPOCH
            if name == "sheet" and not self._sheet:
                key = next((value for at, value in element.attrib.items() if at.endswith("}id")), "")
                if key in sheets:
                    self._sheet, self.title = sheets[key], element.get("name", "")[:LONGEST_TEXT]
        if not self._sheet:
            raise Unreadable("workbook", "is no XLSX: it has no sheet")
        self._packed.getinfo(self._sheet)
        for styles in self._related(book, "styles").values():
            self._read_styles(styles)
        named = [*self._related(book, "sharedStrings").values(), *self._declared("sharedStrings+xml")]
        for strings in named[:1]:
            for element in self._pieces(strings, 1, LARGEST_STRINGS):
                if _local(element) == "si":
                    self._texts.add(_text(element).replace("x005F_", ""))
        self._texts.finish()

    def rows(self) -> Iterator[Row]:
        """The rows of the sheet that are written down."""
        before = 0
        with _or_unreadable("is damaged", lambda: f"{self.title}!{before + 1}"):
            for element in self._pieces(self._sheet, 2, LARGEST_WORKBOOK):
                if _local(element) != "row":
                    continue
                number = _whole(element.get("r"), before + 1)
                if not before < number <= MOST_ROWS:
                    problem = f"row {element.get('r', '')[:20]} comes after row {before}; there are {MOST_ROWS} at most"
                    raise Unreadable(self.title, problem)
                cells = list(self._cells(element, number))
                before = number
                yield number, cells

    def _cells(self, row: Element, number: int) -> Iterator[Filled]:
        column = 0
        for cell in row:
            if _local(cell) != "c":
                continue
            before, column = column, _column(cell.get("r"), column + 1)
            place = f"{self.title}!{cell.get('r', '')[:10] or f'row {number}'}"
            if not before < column <= MOST_COLUMNS:
                raise Unreadable(place, f"stands in no column behind those before it; there are {MOST_COLUMNS} at most")
            value, kind = self._value(cell, number)
            if isinstance(value, str):
                if len(value) > LONGEST_TEXT:
                    raise Unreadable(place, f"has more than {LONGEST_TEXT} characters")
                if not value.strip():
                    continue
            if value is not None:
                yield Filled(column, value, kind)

    def _value(self, cell: Element, number: int) -> tuple[Any, str]:
        parts = {_local(part): part for part in cell}
        if "f" in parts:
            return f"={parts['f'].text or ''}"[:LONGEST_TEXT], "formula"
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return (_text(parts["is"]), "text") if "is" in parts else (None, "blank")
        text = (parts["v"].text or "") if "v" in parts else ""
        if not text.strip():
            return None, "blank"
        match kind:
            case "n":
                return self._number(text.strip(_BLANKS), _whole(cell.get("s"), 0))
            case "s":
                return self._shared(text.strip(_BLANKS), number), "text"
            case "str":
                return text, "text"
            case "b" if text.strip(_BLANKS) in _TRUTHS:
                return _TRUTHS[text.strip(_BLANKS)], "truth"
            case "d":
                return _moment(text.strip(_BLANKS))
        return text, "error"

    def _shared(self, index: str, number: int) -> str:
        try:
            return self._texts[int(index) if _INDEX.fullmatch(index) else MOST_STRINGS + 1]
        except IndexError:
            problem = f"a cell names shared text {index[:20]}, which is not there"
            raise Unreadable(f"{self.title}!{number}", problem) from None

    def _number(self, text: str, style: int) -> tuple[Any, str]:
        """A number as it is written: what has a point or an exponent is a float, as no program means more by it."""
        if not _NUMBER.fullmatch(text):
            return text, "error"
        value = float(text) if any(sign in text for sign in ".eE") else int(text)
        if not isfinite(value):
            return text, "error"
        if style not in self._dates:
            return value, "number"
        try:
            return _of_time(from_excel(value, self._epoch, timedelta=style in self._spans))
        except (OverflowError, ValueError):
            return text, "error"

    def _read_styles(self, part: str) -> None:
        own: dict[str, str] = {}
        style = 0
        for parent, element in self._within(part, 2, LARGEST_STYLES):
            if _local(parent) == "numFmts" and len(own) < MOST_STYLES:
                own[element.get("numFmtId", "")] = element.get("formatCode", "")[:LONGEST_FORMAT]
            if _local(parent) == "cellXfs" and _local(element) == "xf":
                number = element.get("numFmtId", "0")
                form = own.get(number) or (builtin_format_code(int(number)) if _INDEX.fullmatch(number) else None)
                if is_date_format(form):
                    self._dates.add(style)
                if is_timedelta_format(form):
                    self._spans.add(style)
                style += 1
                if style > MOST_STYLES:
                    raise Unreadable("workbook", f"has more than {MOST_STYLES} styles")

    def _declared(self, kind: str) -> Iterator[str]:
        """The parts of a kind by the list of contents; some programs name them nowhere else."""
        for element in self._pieces("[Content_Types].xml", 1, LARGEST_LIST):
            if element.get("ContentType", "").endswith(kind) and _local(element) == "Override":
                yield element.get("PartName", "").lstrip("/")

    def _related(self, part: str, kind: str) -> dict[str, str]:
        """The parts that a part names as being of a kind, by the ids that it has for them."""
        directory, _, name = part.rpartition("/")
        found = {}
        listing = join(directory, "_rels", f"{name}.rels")
        for element in self._pieces(listing, 1, LARGEST_LIST):
            if element.get("Type", "").rpartition("/")[2] == kind and element.get("TargetMode") != "External":
                target = normpath(join("/", dirname(part), element.get("Target", ""))).lstrip("/")
                found[element.get("Id", "")] = target
        if kind == "officeDocument" and not found:
            raise Unreadable("workbook", "is no XLSX: it names no workbook")
        return found

    def _pieces(self, part: str, depth: int, largest: int) -> Iterator[Element]:
        return (element for _, element in self._within(part, depth, largest))

    def _within(self, part: str, depth: int, largest: int) -> Iterator[tuple[Element, Element]]:
        """The elements so deep in a part, and those above them, each with its parent; it is forgotten after that."""
        parser: Any = XMLPullParser(("start", "end"))
        above: list[Element] = []
        pending = 0
        for chunk in chain(self._chunks(part, largest), (b"",)):
            if chunk:
                parser.feed(chunk)
                pending += len(chunk)
            else:
                parser.close()
            for event, element in parser.read_events():
                if event == "start":
                    above.append(element)
                    continue
                above.pop()
                if 0 < len(above) <= depth:
                    yield above[-1], element
                    del above[-1][:]
                    pending = 0
            if pending > LONGEST_PIECE:
                raise Unreadable("workbook", f"is too large: one element of {part} has more than {LONGEST_PIECE} bytes")

    def _chunks(self, part: str, largest: int) -> Iterator[bytes]:
        """A part as it unpacks."""
        info = self._packed.getinfo(part)
        _check_kind(info)
        size, end = 0, b""
        with self._packed.open(info) as unpacking:
            while chunk := unpacking.read(CHUNK):
                if self._stop():
                    raise Abandoned
                size += len(chunk)
                self._unpacked += len(chunk)
                if size > largest or self._unpacked > LARGEST_WORKBOOK:
                    raise Unreadable("workbook", f"is too large when it is unpacked: {part} has more than {size} bytes")
                if size > RATIO_FROM and size > HIGHEST_RATIO * min(info.compress_size, self._size):
                    raise Unreadable("workbook", f"is too large when it is unpacked: {HIGHEST_RATIO} times as large")
                # Entities can multiply text, and are declared only there. Bytes of UTF-16 would hide it.
                if _DOCTYPE in end + chunk or b"\0" in chunk:
                    raise Unreadable("workbook", f"is no XLSX: {part} has a document type, or is not UTF-8")
                end = chunk[-len(_DOCTYPE) :]
                yield chunk


def _check_kind(info: ZipInfo) -> None:
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise Unreadable("workbook", f"is no XLSX: {info.filename[:100]} is compressed in another way than deflate")


def _local(element: Element) -> str:
    """The name of an element without its namespace, of which there are a strict and a usual one."""
    return element.tag.rpartition("}")[2]


def _text(element: Element) -> str:
    """The text of a string item: its own or that of its runs, without what tells how it is pronounced."""
    texts = []
    for part in element:
        name = _local(part)
        if name == "t":
            texts.append(part.text or "")
        elif name == "r":
            texts += [run.text or "" for run in part if _local(run) == "t"]
    return "".join(texts)


def _whole(text: str | None, otherwise: int) -> int:
    """A number of a row or style; one of no use if it is none, as nothing has it."""
    if text is None:
        return otherwise
    return int(text) if _INDEX.fullmatch(text) else MOST_ROWS + 1


def _column(reference: str | None, otherwise: int) -> int:
    if reference is None:
        return otherwise
    found = _REFERENCE.fullmatch(reference)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _moment(text: str) -> tuple[Any, str]:
    """A value of ISO 8601: openpyxl alone would take the digits of other scripts too, and no notice of what follows."""
    try:
        return _of_time(from_ISO8601(text)) if _MOMENT.fullmatch(text) else (text, "error")
    except ValueError:
        return text, "error"


def _of_time(value: Any) -> tuple[Any, str]:
    match value:
        case datetime() if value.time() == time():
            return value.date(), "date"
        case date() if not isinstance(value, datetime):
            return value, "date"
    return value, "time"
