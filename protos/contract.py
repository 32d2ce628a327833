"""What the descriptor set declares of ours, with what its comments say, for the API reference."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorSet,
    ServiceDescriptorProto,
)
from google.rpc.code_pb2 import Code

OURS = "hubao."
MESSAGE, ENUM, SERVICE = 4, 5, 6
"""The numbers by which comments name what they belong to: fields of FileDescriptorProto."""
STATUSES = frozenset(Code.keys())
ERROR = re.compile(r"^((?:`[A-Z_0-9]+`|,|reasons?|or|and|\s)+)(?:[:.;]\s*)(.*)$", re.DOTALL)
"""`STATUS`, reason `REASON`: when. Of both there may be several."""

At = tuple[int, ...]
"""Where a comment stands, as source info counts."""
Said = dict[At, str]


@dataclass(frozen=True)
class Type:
    """A message or an enum of ours, with what is said of it and of its parts."""

    name: str
    proto: DescriptorProto | EnumDescriptorProto
    comment: str
    of_parts: Said = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The name without its package: `Loss`, `Loss.Part`."""
        return re.sub(r"^(?:[a-z_0-9]+\.)+", "", self.name)

    @property
    def package(self) -> str:
        return self.name.removesuffix(f".{self.title}")


@dataclass(frozen=True)
class Service:
    """A service, with what is said of it and of its methods."""

    package: str
    proto: ServiceDescriptorProto
    comment: str
    of_methods: dict[int, str]

    @property
    def name(self) -> str:
        return f"{self.package}.{self.proto.name}"

    @property
    def page(self) -> str:
        return f"{self.name.removeprefix(OURS)}.md"


class Contract:
    """All that the descriptor set declares of ours."""

    def __init__(self, found: FileDescriptorSet) -> None:
        self.types: dict[str, Type] = {}
        self.services: list[Service] = []
        for file in found.file:
            if not file.package.startswith(OURS):
                continue
            said = {tuple(at.path): _unindented(at.leading_comments) for at in file.source_code_info.location}
            for index, message in enumerate(file.message_type):
                self._add_message(f"{file.package}.{message.name}", message, (MESSAGE, index), said)
            for index, enum in enumerate(file.enum_type):
                self._add(f"{file.package}.{enum.name}", enum, (ENUM, index), said)
            for index, service in enumerate(file.service):
                at = (SERVICE, index)
                methods = {number: said.get((*at, 2, number), "") for number in range(len(service.method))}
                self.services.append(Service(file.package, service, said.get(at, ""), methods))
        self.services.sort(key=lambda service: service.name)

    def _add_message(self, name: str, proto: DescriptorProto, at: At, said: Said) -> None:
        self._add(name, proto, at, said)
        for index, nested in enumerate(proto.nested_type):
            self._add_message(f"{name}.{nested.name}", nested, (*at, 3, index), said)
        for index, enum in enumerate(proto.enum_type):
            self._add(f"{name}.{enum.name}", enum, (*at, 4, index), said)

    def _add(
        self,
        name: str,
        proto: DescriptorProto | EnumDescriptorProto,
        at: At,
        said: Said,
    ) -> None:
        parts = {
            path[len(at) :]: text for path, text in said.items() if path[: len(at)] == at and len(path) == len(at) + 2
        }
        self.types[name] = Type(name, proto, said.get(at, ""), parts)

    def enum(self, type_name: str) -> EnumDescriptorProto | None:
        """The enum that a field's type names; None if it names none of ours."""
        known = self.types.get(type_name.removeprefix("."))
        return known.proto if known and isinstance(known.proto, EnumDescriptorProto) else None

    def is_map(self, name: str) -> bool:
        known = self.types.get(name)
        return known is not None and isinstance(known.proto, DescriptorProto) and known.proto.options.map_entry

    def used_by(self, names: Iterable[str]) -> set[str]:
        """These types, and all types of ours that they use."""
        seen: set[str] = set()
        waiting = [name for name in names if name in self.types]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                fields = getattr(self.types[name].proto, "field", ())
                waiting += [used for of in fields if (used := of.type_name.removeprefix(".")) in self.types]
        return seen


@dataclass(frozen=True)
class Told:
    """What a method's comment says."""

    of_it: str
    of_a_retry: str
    of_errors: str
    errors: list[tuple[str, str, str]]
    """Status, reasons and when."""

    @classmethod
    def of(cls, comment: str) -> "Told":
        """What is said of a retry ends with its paragraph, or where the next sentence begins a line of its own."""
        told, _, of_errors = comment.partition("Errors:")
        told, _, rest = told.partition("Safe to retry")
        retry, *more = re.split(r"(?<=\.)\n(?=[A-Z\n])", rest.rstrip(), maxsplit=1)
        of_errors, *items = re.split(r"(?:^|\n) *- ", of_errors)
        rows = [_errors(" ".join(item.split())) for item in items]
        sentences = [item for item, row in zip(items, rows, strict=True) if not row]
        errors = [each for row in rows for each in row]
        it = "\n\n".join(part.strip() for part in (told, *more) if part.strip())
        return cls(it, f"safe{retry}", " ".join((of_errors, *sentences)).strip(), errors)


def _errors(item: str) -> list[tuple[str, str, str]]:
    """The rows of one item of the list; none if it is a sentence like any other."""
    found = ERROR.match(item)
    if found is None:
        status, _, rest = item.partition(", ")
        return [(status, "", rest)] if status.strip("`") in STATUSES else []
    groups: list[tuple[list[str], list[str]]] = []
    for name in re.findall(r"`(\w+)`", found[1]):
        if name not in STATUSES:
            groups[-1][1].append(f"`{name}`")
        elif groups and not groups[-1][1]:
            groups[-1][0].append(f"`{name}`")
        else:
            groups.append(([f"`{name}`"], []))
    return [(", ".join(statuses), ", ".join(reasons), found[2]) for statuses, reasons in groups]


def _unindented(comment: str) -> str:
    return re.sub(r"(?m)^ ", "", comment).strip()
