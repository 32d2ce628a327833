"""Writes the API reference: a page for each service, one for what several of them use, one for announcements.

    python protos/reference.py docs/api

All of it is made from the bundle's descriptor set: comments, access, rules. The same protos give the same pages.
"""

import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from buf.validate import validate_pb2
from contract import OURS, Contract, Service, Told, Type
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)
from hubao.common.v1 import access_pb2, bounds_pb2
from rules import is_required, rules_of

DESCRIPTORS = Path(__file__).parents[1] / "build" / "bundle" / "hubao.binpb"
INDEX, SHARED, ANNOUNCEMENTS = "README.md", "shared.md", "announcements.md"
METHODS, TYPES = "Methods", "Types"
KINDS = {number: name.removeprefix("TYPE_").lower() for name, number in FieldDescriptorProto.Type.items()}
LINK = re.compile(r"\[([^\]]+)\]\[([\w.]+)\]")
VALUES = {
    "google.type.Money": "an amount: currency, units and nanos; whole fen",
    "google.type.Date": "a day in Asia/Shanghai",
    "google.protobuf.Timestamp": "a moment; in JSON RFC 3339, in UTC",
    "google.protobuf.Duration": "a length of time; in JSON seconds, `3.5s`",
    "google.protobuf.Any": "a message of any type, with its name",
}
"""What is not explained here, and is everybody's."""


class Reference:
    """The pages. A type stands on the page of the only service that uses it, else on a page of its own kind."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._inline = {
            of.removeprefix(".")
            for service in contract.services
            for method in service.proto.method
            for of in (method.input_type, method.output_type)
        }
        self._home = self._homes()
        self._anchors = self._all_anchors()

    def pages(self) -> dict[str, str]:
        """The text of each page by its name."""
        made = {service.page: self._service(service) for service in self._contract.services}
        made[SHARED] = self._types_page(SHARED, "Types of several services", "Used by more than one service.")
        made[ANNOUNCEMENTS] = self._types_page(
            ANNOUNCEMENTS,
            "Announcements",
            "What the services tell each other in JetStream: [integration.md](../integration.md#announcements).",
        )
        made[INDEX] = self._index()
        return {name: re.sub(r"\n{3,}", "\n\n", text).strip() + "\n" for name, text in made.items()}

    def _homes(self) -> dict[str, str]:
        users: dict[str, list[str]] = {name: [] for name in self._contract.types}
        for service in self._contract.services:
            asked = [of.removeprefix(".") for m in service.proto.method for of in (m.input_type, m.output_type)]
            for name in self._contract.used_by(asked):
                users[name].append(service.page)
        common = (name for name in users if name.startswith(f"{OURS}common."))
        homes = {name: (*pages, ANNOUNCEMENTS)[0] if len(pages) < 2 else SHARED for name, pages in users.items()}
        return homes | dict.fromkeys(common, SHARED)

    def _listed(self, page: str) -> list[Type]:
        """The types that have a section of their own on a page."""
        found = [of for name, of in self._contract.types.items() if self._home[name] == page]
        found = [of for of in found if of.name not in self._inline and not self._contract.is_map(of.name)]
        return sorted(found, key=lambda of: (of.title, of.package))

    def _all_anchors(self) -> dict[str, str]:
        """Where each method and type stands: page and anchor. A second heading of one text gets a number."""
        found: dict[str, str] = {}
        for page in {*self._home.values(), *(service.page for service in self._contract.services)}:
            counted: Counter[str] = Counter()
            headings = []
            for service in self._contract.services:
                if service.page == page:
                    headings += [(service.proto.name, service.name), (METHODS, "")]
                    headings += [(m.name, f"{service.name}.{m.name}") for m in service.proto.method]
            headings += [(TYPES, ""), *((of.title, of.name) for of in self._listed(page))]
            for heading, name in headings:
                slug = re.sub(r"[^\w-]", "", heading.lower())
                found[name] = f"{page}#{slug}" + (f"-{counted[slug]}" if counted[slug] else "")
                counted[slug] += 1
        for service in self._contract.services:  # Requests and responses stand under their method.
            for m in service.proto.method:
                for of in (m.input_type, m.output_type):
                    found[of.removeprefix(".")] = found[f"{service.name}.{m.name}"]
        return found

    def _link(self, text: str, name: str, page: str) -> str:
        target = self._anchors.get(name)
        if target is None:
            return text
        return f"[{text}]({target.removeprefix(page) if target.startswith(f'{page}#') else target})"

    def _text(self, comment: str, page: str) -> str:
        """A comment with its references made links."""
        return LINK.sub(lambda found: self._link(found[1], found[2], page), comment)

    def _cell(self, comment: str, page: str) -> str:
        """A comment in one line, for a table."""
        return _escaped(" ".join(self._text(comment, page).split()))

    def _service(self, service: Service) -> str:
        page = service.page
        lines = [f"# {service.proto.name}", "", f"`{service.name}`", "", self._text(service.comment, page), ""]
        lines += [f"## {METHODS}", "", "| method | |", "| --- | --- |"]
        for index, method in enumerate(service.proto.method):
            link = self._link(method.name, f"{service.name}.{method.name}", page)
            lines.append(f"| {link} | {self._cell(_first_sentence(service.of_methods[index]), page)} |")
        for index, method in enumerate(service.proto.method):
            lines += ["", *self._method(method, service.of_methods[index], page)]
        if self._listed(page):
            lines += ["", f"## {TYPES}", "", self._links(page)]
        for of in self._listed(page):
            lines += ["", *self._type(of, page)]
        return "\n".join(lines)

    def _links(self, page: str, package: str = "") -> str:
        found = [of for of in self._listed(page) if package in ("", of.package)]
        return " · ".join(self._link(of.title, of.name, page) for of in found)

    def _method(self, method: MethodDescriptorProto, comment: str, page: str) -> Iterator[str]:
        said = Told.of(comment)
        access = method.options.Extensions[access_pb2.access]
        roles = ", ".join(f"`{_short(access_pb2.Role.Name(role), 'ROLE_')}`" for role in access.roles)
        yield from (f"### {method.name}", "", self._text(said.of_it, page), "")
        yield f"- **Access:** {roles}; scope {_short(access_pb2.Scope.Name(access.scope), 'SCOPE_')}"
        yield f"- **Retry:** {self._cell(said.of_a_retry, page)}"
        if largest := method.options.Extensions[bounds_pb2.largest_request]:
            yield f"- **Largest request:** {largest >> 10:,} KiB"
        yield from ("", *self._fields_of("Request", method.client_streaming, method.input_type, page))
        yield from ("", *self._fields_of("Response", method.server_streaming, method.output_type, page))
        if said.of_errors or said.errors:
            yield from ("", f"**Errors** {self._cell(said.of_errors, page)}".rstrip(), "")
        if said.errors:
            yield from ("| status | reason | when |", "| --- | --- | --- |")
            yield from (_row([*error[:2], self._cell(error[2], page)]) for error in said.errors)

    def _fields_of(self, title: str, streamed: bool, type_name: str, page: str) -> Iterator[str]:
        of = self._contract.types[type_name.removeprefix(".")]
        shown = f"**{title}**{', a stream of' if streamed else ''} `{of.title}`"
        if not of.proto.field:
            yield f"{shown}, which has no fields"
            return
        yield from (shown, "", *self._table(of, page))

    def _type(self, of: Type, page: str) -> Iterator[str]:
        yield from (f"### {of.title}", "", f"`{of.name}`", "", self._text(of.comment, page), "")
        if isinstance(of.proto, DescriptorProto):
            rules = of.proto.options.Extensions[validate_pb2.message]
            yield from (f"- {rule.message or rule.expression}" for rule in rules.cel)
            yield from ("", *self._table(of, page))
            return
        yield from ("| value | number | meaning |", "| --- | --- | --- |")
        for index, value in enumerate(of.proto.value):
            yield f"| `{value.name}` | {value.number} | {self._cell(of.of_parts.get((2, index), ''), page)} |"

    def _table(self, of: Type, page: str) -> Iterator[str]:
        if not of.proto.field:
            yield "It has no fields."
            return
        rules = [self._rules(each, of.proto) for each in of.proto.field]
        columns = ["field", "type", "rules", "meaning"] if any(rules) else ["field", "type", "meaning"]
        yield from (_row(columns), _row(["---"] * len(columns)))
        for index, (each, rule) in enumerate(zip(of.proto.field, rules, strict=True)):
            said = self._cell(of.of_parts.get((2, index), ""), page)
            yield _row([f"`{each.name}`", self._kind(each, page), *([rule] if any(rules) else []), said])

    def _rules(self, each: FieldDescriptorProto, of: DescriptorProto) -> str:
        rules = [_escaped(rules_of(each, self._contract.enum))]
        if each.HasField("oneof_index") and not each.proto3_optional:
            oneof = of.oneof_decl[each.oneof_index]
            rules.append(f"{'exactly' if is_required(oneof) else 'at most'} one of `{oneof.name}`")
        return "; ".join(rule for rule in rules if rule)

    def _kind(self, each: FieldDescriptorProto, page: str) -> str:
        name = each.type_name.removeprefix(".")
        if self._contract.is_map(name):
            key, value = self._contract.types[name].proto.field
            return f"map of {self._kind(key, page)} to {self._kind(value, page)}"
        kind = self._link(name.rpartition(".")[2], name, page) if name else KINDS[each.type]
        if name and not name.startswith(OURS):
            kind = f"[{name.rpartition('.')[2]}]({INDEX}#types-of-others)"
        if each.label == FieldDescriptorProto.LABEL_REPEATED:
            return f"list of {kind}"
        return f"{kind}, optional" if each.proto3_optional else kind

    def _types_page(self, page: str, title: str, said: str) -> str:
        lines = [f"# {title}", "", said, ""]
        for package in sorted({of.package for of in self._listed(page)}):
            lines += [f"- `{package}`: {self._links(page, package)}"]
        lines += ["", f"## {TYPES}"]
        for of in self._listed(page):
            lines += ["", *self._type(of, page)]
        return "\n".join(lines)

    def _index(self) -> str:
        lines = [
            "# API reference",
            "",
            "Made from the protos by `make docs`. [integration.md](../integration.md) says how to call.",
            "",
        ]
        for package in sorted({service.package for service in self._contract.services}):
            lines += [f"## {package.removeprefix(OURS)}", ""]
            for service in self._contract.services:
                if service.package == package:
                    links = [self._link(m.name, f"{service.name}.{m.name}", INDEX) for m in service.proto.method]
                    said = self._text(_first_sentence(service.comment), INDEX)
                    lines += [f"**[{service.proto.name}]({service.page})** {said}", "", " · ".join(links), ""]
        lines += [
            "## Elsewhere",
            "",
            f"- [Types of several services]({SHARED})",
            f"- [Announcements]({ANNOUNCEMENTS})",
            "",
        ]
        lines += ["## How to read it", "", *HOW_TO_READ, "", "## Types of others", "", "| type | |", "| --- | --- |"]
        lines += [f"| `{name}` | {said} |" for name, said in VALUES.items()]
        return "\n".join(lines)


HEADING = ("Made from the protos by `make docs`. [integration.md](../integration.md) says how to call.", "")
HOW_TO_READ = (
    "- **Access** is the roles of which a token needs one, and whose data the method touches: `tenant`, the caller's",
    "  insurer; `organisation`, a vendor's or an authority's own; `shared`, what all share; `platform`, the service.",
    "- **Rules** are checked first, with [what any field may hold](../integration.md#what-a-field-may-hold);",
    "  what breaks one is `INVALID_ARGUMENT`, and `BadRequest` names each field. A field without a rule may be empty.",
    "  *or empty*: the rule holds for what is not. *optional*: not set is another thing than 0 or empty.",
    "- **Reason** is `ErrorInfo.reason` in the status details; programs branch on it. Every method may also fail as",
    "  [integration.md](../integration.md#what-can-go-wrong) says of all.",
)


def _first_sentence(comment: str) -> str:
    paragraph = " ".join(comment.partition("\n\n")[0].split())
    return re.split(r"(?<=[.:]) (?=[A-Z])", paragraph)[0]


def _short(name: str, prefix: str) -> str:
    return name.removeprefix(prefix).lower()


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return text.replace("|", r"\|")


def main(target: Path) -> None:
    """Writes all pages into a directory, in the place of those that are there."""
    pages = Reference(Contract(FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()))).pages()
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for name, text in pages.items():
        (target / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
