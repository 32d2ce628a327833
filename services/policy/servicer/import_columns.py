"""The columns of a file of policies, and a row of it as the message that a stream would bring.

Fixed headings, and four families: `<PART>.limit`, `.deductible`, `.retroactive_date` and `.annual_premium` for each
part; `share.<insurer>`, a percent, of which the caller's insurer leads; `answer.<QUESTION>`; and `dependency.<kind>`,
names parted by semicolons. docs/integration.md has them for people.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

from libs.common.checking import Reading, reading
from libs.common.errors import DomainError, Invalid, InvalidField
from libs.common.grpc.convert import date_message, enum_text, money_message
from libs.common.sheet_reading import Cell, SheetRow, Unreadable
from services.policy.domain.answers import NO, YES
from services.policy.servicer.importing import Row

NEEDED = ("policy_number", "uscc", "name", "industry_code", "region_code", "size", "line", "product_key")
NEEDED_DAYS = ("inception", "expiry")
OTHERS = ("row_key", "product_version", "aggregate_limit", "vat", "stamp_duty", "annual_revenue", "bundled_services")
_FAMILY = re.compile(
    r"(?P<part>[A-Z][A-Z0-9_]{0,39})\.(?P<term>limit|deductible|retroactive_date|annual_premium)"
    r"|share\.(?P<insurer>\S{1,100})|answer\.(?P<question>[A-Z][A-Z0-9_]{0,39})"
    r"|dependency\.(?P<kind>cloud|saas|managed_service|key_software)"
)
_PLACES = {"uscc": "insured.uscc", "name": "insured.name", "size": "insured.size"} | {
    name: f"insured.{name}" for name in ("industry_code", "region_code")
}


@dataclass
class _Read:
    """A row while it is read: its message, and the place of each field of it."""

    policy: pb.ImportedPolicy = field(default_factory=pb.ImportedPolicy)
    places: dict[str, str] = field(default_factory=dict)


class Columns:
    """What the headings of one file mean."""

    def __init__(self, headings: SheetRow, tenant: str) -> None:
        self._tenant = tenant
        self._parts: dict[str, None] = {}
        self._families: dict[str, re.Match[str]] = {}
        for name, cell in headings.cells.items():
            if name in (*NEEDED, *NEEDED_DAYS, *OTHERS):
                continue
            found = _FAMILY.fullmatch(name)
            if found is None:
                raise Unreadable(cell.place, "is no column of an import")
            self._families[name] = found
            if found["part"]:
                self._parts[found["part"]] = None
        if missing := [name for name in (*NEEDED, *NEEDED_DAYS) if name not in headings.cells]:
            raise Unreadable(f"{headings.sheet}!A{headings.number}", f"these columns are missing: {', '.join(missing)}")
        if not self._parts:
            raise Unreadable(f"{headings.sheet}!A{headings.number}", "there is no column of a part, such as BI.limit")

    def row(self, row: SheetRow) -> Row:
        """The row, or what is wrong with all of its wrong cells, in the order of the columns that are known."""
        read = _Read(places={"": f"{row.sheet}!{row.number}"})
        problem: DomainError | None = None
        try:
            with reading() as cells:
                if row.excess:
                    cells.wrong.append(InvalidField(field=row.excess, problem="has no heading"))
                self._fixed(read, row, cells)
                self._families_of(read, row, cells)
        except Invalid as refusal:
            problem = refusal
            read.places |= {one.field: one.field for one in refusal.each}
            self._name(read, row)
        return Row(read.policy, problem, read.places)

    def _name(self, read: _Read, row: SheetRow) -> None:
        """The key of a row that can't be read, as far as it has one."""
        for name in ("row_key", "policy_number"):
            cell = row.cells.get(name)
            if cell is not None and cell.kind == "text":
                setattr(read.policy, name, cell.text())

    def _fixed(self, read: _Read, row: SheetRow, reads: Reading) -> None:
        policy, cells = read.policy, row.cells
        for name in (*NEEDED, *NEEDED_DAYS):
            if name not in cells:
                reads.wrong.append(InvalidField(field=f"{row.sheet}!{row.number} ({name})", problem="is missing"))
        for name, cell in cells.items():
            if name not in self._families:
                read.places[_PLACES.get(name, name)] = cell.place
                reads(_take, policy, name, cell)
        if "policy_number" in cells:
            read.places.setdefault("row_key", cells["policy_number"].place)

    def _families_of(self, read: _Read, row: SheetRow, reads: Reading) -> None:
        terms: dict[str, dict[str, Cell]] = {}
        for name, cell in row.cells.items():
            match = self._families.get(name)
            if match is None:
                continue
            if match["part"]:
                terms.setdefault(match["part"], {})[match["term"]] = cell
            else:
                reads(self._other, read, match, cell)
        for code in self._parts:
            if code in terms:
                _part(read, row, code, terms[code], reads)

    def _other(self, read: _Read, match: "re.Match[str]", cell: Cell) -> None:
        policy = read.policy
        if insurer := match["insurer"]:
            index = len(policy.shares)
            policy.shares.add(insurer_id=insurer, percent=cell.plain(), lead=insurer == self._tenant)
            read.places |= {f"shares[{index}].{name}": cell.place for name in ("percent", "insurer_id")}
            read.places.setdefault("shares", cell.place)
        elif question := match["question"]:
            index = len(policy.answers)
            policy.answers.add(question=question, text=cell.plain())
            read.places |= {f"answers[{index}].{name}": cell.place for name in ("question", "text")}
        else:
            kind = enum_text(submission_pb.DependencyKind, match["kind"])
            for name in cell.text().split(";"):
                index = len(policy.dependencies)
                policy.dependencies.add(kind=kind, name=name.strip())  # type: ignore[arg-type]
                read.places |= {f"dependencies[{index}]": cell.place, f"dependencies[{index}].name": cell.place}


_TERMS: Mapping[str, Callable[[Cell], Any]] = {
    "limit": lambda cell: money_message(cell.money()),
    "deductible": lambda cell: money_message(cell.money()),
    "annual_premium": lambda cell: money_message(cell.money()),
    "retroactive_date": lambda cell: date_message(cell.day()),
}


def _take(policy: pb.ImportedPolicy, name: str, cell: Cell) -> None:
    """A cell below one of the fixed headings."""
    match name:
        case "uscc" | "name" | "industry_code" | "region_code":
            setattr(policy.insured, name, cell.text())
        case "size":
            policy.insured.size = _word(cell, party_pb2.EnterpriseSize)
        case "line":
            policy.line = _word(cell, terms_pb2.ProductLine)
        case "inception" | "expiry":
            getattr(policy, name).CopyFrom(date_message(cell.day()))
        case "aggregate_limit" | "vat" | "stamp_duty" | "annual_revenue":
            getattr(policy, name).CopyFrom(money_message(cell.money()))
        case "product_version":
            policy.product_version = cell.whole()
        case "bundled_services":
            policy.bundled_services = _yes(cell)
        case _:
            setattr(policy, name, cell.text())


def _part(read: _Read, row: SheetRow, code: str, terms: Mapping[str, Cell], reads: Reading) -> None:
    for name in ("limit", "annual_premium"):
        if name not in terms:
            reads.wrong.append(InvalidField(field=f"{row.sheet}!{row.number} ({code}.{name})", problem="is missing"))
    index = len(read.policy.parts)
    part = read.policy.parts.add(code=code)
    for name, cell in terms.items():
        value = reads(_TERMS[name], cell)
        if value is not None:
            getattr(part, name).CopyFrom(value)
        read.places[f"parts[{index}].{name}"] = cell.place
        read.places.setdefault(f"parts[{index}].part_code", cell.place)


def _word(cell: Cell, kind: Any) -> int:
    """The value of an enum that a cell names, `small`."""
    if cell.text() not in _words(kind):
        raise InvalidField(field=cell.place, problem=f"must be one of {', '.join(_words(kind))}")
    return int(kind.Value(enum_text(kind, cell.text())))


def _words(kind: Any) -> list[str]:
    prefix = enum_text(kind, "unspecified").removesuffix("UNSPECIFIED")
    return [value.name.removeprefix(prefix).lower() for value in kind.DESCRIPTOR.values if value.number]


def _yes(cell: Cell) -> bool:
    if cell.kind == "truth":
        return bool(cell.value)
    if cell.text() not in (YES, NO):
        raise InvalidField(field=cell.place, problem=f"must be {YES} or {NO}")
    return cell.text() == YES
