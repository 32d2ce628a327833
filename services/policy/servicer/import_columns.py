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

from libs.common.errors import DomainError, InvalidField
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
        """The row, or what is wrong with its first wrong cell."""
        read = _Read(places={"": f"{row.sheet}!{row.number}"})
        problem: DomainError | None = None
        try:
            if row.excess:
                raise InvalidField(field=row.excess, problem="has no heading")
            self._fixed(read, row)
            self._families_of(read, row)
        except InvalidField as refusal:
            problem = refusal
            read.places[refusal.field] = refusal.field
            self._name(read, row)
        return Row(read.policy, problem, read.places)

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
                raise InvalidField(field=f"{row.sheet}!{row.number} ({name})", problem="is missing")
        for name, cell in cells.items():
            if name not in self._families:
                read.places[_PLACES.get(name, name)] = cell.place
        policy.policy_number = cells["policy_number"].text()
        if "row_key" in cells:
            policy.row_key = cells["row_key"].text()
        read.places.setdefault("row_key", cells["policy_number"].place)
        for name in ("uscc", "name", "industry_code", "region_code"):
            setattr(policy.insured, name, cells[name].text())
        policy.insured.size = _word(cells["size"], party_pb2.EnterpriseSize)
        policy.line = _word(cells["line"], terms_pb2.ProductLine)
        policy.product_key = cells["product_key"].text()
        for name in NEEDED_DAYS:
            getattr(policy, name).CopyFrom(date_message(cells[name].day()))
        for name in ("aggregate_limit", "vat", "stamp_duty", "annual_revenue"):
            if name in cells:
                getattr(policy, name).CopyFrom(money_message(cells[name].money()))
        if "product_version" in cells:
            policy.product_version = cells["product_version"].whole()
        if "bundled_services" in cells:
            policy.bundled_services = _yes(cells["bundled_services"])

    def _families_of(self, read: _Read, row: SheetRow) -> None:
        terms: dict[str, dict[str, Cell]] = {}
        for name, cell in row.cells.items():
            match = self._families.get(name)
            if match is None:
                continue
            if match["part"]:
                terms.setdefault(match["part"], {})[match["term"]] = cell
            else:
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


def _part(read: _Read, row: SheetRow, code: str, terms: Mapping[str, Cell]) -> None:
    for name in ("limit", "annual_premium"):
        if name not in terms:
            raise InvalidField(field=f"{row.sheet}!{row.number} ({code}.{name})", problem="is missing")
    index = len(read.policy.parts)
    part = read.policy.parts.add(code=code)
    for name, cell in terms.items():
        getattr(part, name).CopyFrom(_TERMS[name](cell))
        read.places[f"parts[{index}].{name}"] = cell.place
    read.places[f"parts[{index}].part_code"] = terms["limit"].place


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
