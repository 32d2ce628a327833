"""The columns of a file of policies, and a row of it as the message that a stream would bring.

Fixed headings, and four families: `<PART>.limit`, `.deductible`, `.retroactive_date` and `.annual_premium` for each
part; `share.<insurer>`, a percent, of which the caller's insurer leads; `answer.<QUESTION>`; and `dependency.<kind>`,
names parted by semicolons. docs/integration.md has them for people, and the Chinese headings that mean the same.

All wrong cells of a row are told at once, in the order in which they are read.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

from libs.common.errors import InvalidField
from libs.common.grpc.convert import date_message, enum_text, money_message
from libs.common.sheet_reading import Cell, SheetRow, Unreadable
from services.policy.domain.answers import NO, YES
from services.policy.servicer.import_headings import heading_of, word_of
from services.policy.servicer.importing import Row

NEEDED = ("policy_number", "uscc", "name", "industry_code", "region_code", "size", "line", "product_key")
NEEDED_DAYS = ("inception", "expiry")
OTHERS = (
    "row_key",
    "product_version",
    "aggregate_limit",
    "vat",
    "stamp_duty",
    "annual_revenue",
    "bundled_services",
    "critical_infrastructure",
    "protecting_department",
)
_FAMILY = re.compile(
    r"(?P<part>[A-Z][A-Z0-9_]{0,39})\.(?P<term>limit|deductible|retroactive_date|annual_premium)"
    r"|share\.(?P<insurer>\S{1,100})|answer\.(?P<question>[A-Z][A-Z0-9_]{0,39})"
    r"|dependency\.(?P<kind>cloud|saas|managed_service|key_software)"
)
_PLACES = {"uscc": "insured.uscc", "name": "insured.name", "size": "insured.size"} | {
    name: f"insured.{name}"
    for name in ("industry_code", "region_code", "critical_infrastructure", "protecting_department")
}


@dataclass
class _Read:
    """A row while it is read: its message, and the place of each field of it."""

    policy: pb.ImportedPolicy = field(default_factory=pb.ImportedPolicy)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[InvalidField] = field(default_factory=list)

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Reads on when a cell is wrong; what is wrong with it is kept."""
        try:
            yield
        except InvalidField as problem:
            self.problems.append(problem)


class Columns:
    """What the headings of one file mean."""

    def __init__(self, headings: SheetRow, tenant: str) -> None:
        self._tenant = tenant
        self._parts: dict[str, None] = {}
        self._families: dict[str, re.Match[str]] = {}
        self._meant = {written: heading_of(written) for written in headings.cells}
        cells = {self._meant[written]: cell for written, cell in headings.cells.items()}
        for written, cell in headings.cells.items():
            if cells[self._meant[written]] is not cell:
                raise Unreadable(cell.place, "means what another heading does")
        for name, cell in cells.items():
            if name in (*NEEDED, *NEEDED_DAYS, *OTHERS):
                continue
            found = _FAMILY.fullmatch(name)
            if found is None:
                raise Unreadable(cell.place, "is no column of an import")
            self._families[name] = found
            if found["part"]:
                self._parts[found["part"]] = None
        if missing := [name for name in (*NEEDED, *NEEDED_DAYS) if name not in cells]:
            raise Unreadable(f"{headings.sheet}!A{headings.number}", f"these columns are missing: {', '.join(missing)}")
        if not self._parts:
            raise Unreadable(f"{headings.sheet}!A{headings.number}", "there is no column of a part, such as BI.limit")

    def row(self, row: SheetRow) -> Row:
        """The row, or what is wrong with its cells."""
        row = replace(row, cells={self._meant[written]: cell for written, cell in row.cells.items()})
        read = _Read(places={"": f"{row.sheet}!{row.number}"})
        if row.excess:
            read.problems.append(InvalidField(field=row.excess, problem="has no heading"))
        self._fixed(read, row)
        self._families_of(read, row)
        if not read.problems:
            return Row(read.policy, None, read.places)
        read.places |= {problem.field: problem.field for problem in read.problems}
        self._name(read, row)
        return Row(read.policy, read.problems[0], read.places, tuple(read.problems))

    def _name(self, read: _Read, row: SheetRow) -> None:
        """The key of a row that can't be read, as far as it has one."""
        for name in ("row_key", "policy_number"):
            cell = row.cells.get(name)
            if cell is not None and cell.kind == "text":
                setattr(read.policy, name, cell.text())

    def _fixed(self, read: _Read, row: SheetRow) -> None:
        policy, cells = read.policy, row.cells
        for name in (*NEEDED, *NEEDED_DAYS):
            if name not in cells:
                missing = f"{row.sheet}!{row.number} ({name})"
                read.problems.append(InvalidField(field=missing, problem="is missing"))
        for name, cell in cells.items():
            if name not in self._families:
                read.places[_PLACES.get(name, name)] = cell.place
        for name, reading in _FIXED.items():
            if name in cells:
                with read.trying():
                    reading(policy, name, cells[name])
        if "policy_number" in cells:
            read.places.setdefault("row_key", cells["policy_number"].place)

    def _families_of(self, read: _Read, row: SheetRow) -> None:
        terms: dict[str, dict[str, Cell]] = {}
        for name, cell in row.cells.items():
            match = self._families.get(name)
            if match is None:
                continue
            if match["part"]:
                terms.setdefault(match["part"], {})[match["term"]] = cell
            else:
                with read.trying():
                    self._other(read, match, cell)
        for code in self._parts:
            if code in terms:
                _part(read, row, code, terms[code])

    def _other(self, read: _Read, match: "re.Match[str]", cell: Cell) -> None:
        policy = read.policy
        if insurer := match["insurer"]:
            index = len(policy.shares)
            policy.shares.add(insurer_id=insurer, percent=cell.plain(), lead=insurer == self._tenant)
            read.places |= {f"shares[{index}].{name}": cell.place for name in ("percent", "insurer_id")}
            read.places.setdefault("shares", cell.place)
        elif question := match["question"]:
            index = len(policy.answers)
            policy.answers.add(question=question, text=_answer(cell))
            read.places |= {f"answers[{index}].{name}": cell.place for name in ("question", "text")}
        else:
            kind = enum_text(submission_pb.DependencyKind, match["kind"])
            for name in cell.text().split(";"):
                index = len(policy.dependencies)
                policy.dependencies.add(kind=kind, name=name.strip())
                read.places |= {f"dependencies[{index}]": cell.place, f"dependencies[{index}].name": cell.place}


_TERMS: Mapping[str, Callable[[Cell], Any]] = {
    "limit": lambda cell: money_message(cell.money()),
    "deductible": lambda cell: money_message(cell.money()),
    "annual_premium": lambda cell: money_message(cell.money()),
    "retroactive_date": lambda cell: date_message(cell.day()),
}


def _text(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    setattr(policy, name, cell.text())


def _of_insured(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    setattr(policy.insured, name, cell.text())


def _money(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    getattr(policy, name).CopyFrom(money_message(cell.money()))


def _day(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    getattr(policy, name).CopyFrom(date_message(cell.day()))


def _size(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    policy.insured.size = _word(cell, party_pb2.EnterpriseSize)  # type: ignore[assignment]


def _line(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    policy.line = _word(cell, terms_pb2.ProductLine)  # type: ignore[assignment]


def _version(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    policy.product_version = cell.whole()


def _bundled(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    policy.bundled_services = _yes(cell)


def _critical(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    policy.insured.critical_infrastructure = _yes(cell)


_FIXED: Mapping[str, Callable[[pb.ImportedPolicy, str, Cell], None]] = {
    "policy_number": _text,
    "row_key": _text,
    **dict.fromkeys(("uscc", "name", "industry_code", "region_code", "protecting_department"), _of_insured),
    "size": _size,
    "line": _line,
    "product_key": _text,
    **dict.fromkeys(NEEDED_DAYS, _day),
    **dict.fromkeys(("aggregate_limit", "vat", "stamp_duty", "annual_revenue"), _money),
    "product_version": _version,
    "bundled_services": _bundled,
    "critical_infrastructure": _critical,
}
"""How the cell of each fixed column is read, in this order."""


def _part(read: _Read, row: SheetRow, code: str, terms: Mapping[str, Cell]) -> None:
    for name in ("limit", "annual_premium"):
        if name not in terms:
            missing = f"{row.sheet}!{row.number} ({code}.{name})"
            read.problems.append(InvalidField(field=missing, problem="is missing"))
    index = len(read.policy.parts)
    part = read.policy.parts.add(code=code)
    for name, cell in terms.items():
        with read.trying():
            getattr(part, name).CopyFrom(_TERMS[name](cell))
        read.places[f"parts[{index}].{name}"] = cell.place
    read.places[f"parts[{index}].part_code"] = terms.get("limit", next(iter(terms.values()))).place


def _word(cell: Cell, kind: Any) -> int:
    """The value of an enum that a cell names, `small`."""
    word = word_of(cell.text())
    if word not in _words(kind):
        raise InvalidField(field=cell.place, problem=f"must be one of {', '.join(_words(kind))}")
    return int(kind.Value(enum_text(kind, word)))


def _words(kind: Any) -> list[str]:
    prefix = enum_text(kind, "unspecified").removesuffix("UNSPECIFIED")
    return [value.name.removeprefix(prefix).lower() for value in kind.DESCRIPTOR.values if value.number]


def _answer(cell: Cell) -> str:
    """是 and 否 are yes and no; an option stands as it is written."""
    text = cell.plain()
    return word_of(text) if word_of(text) in (YES, NO) else text


def _yes(cell: Cell) -> bool:
    if cell.kind == "truth":
        return bool(cell.value)
    word = word_of(cell.text())
    if word not in (YES, NO):
        raise InvalidField(field=cell.place, problem=f"must be {YES} or {NO}")
    return word == YES
