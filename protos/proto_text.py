"""Prints a file's descriptor as the text of a .proto file.

For files that reach us as descriptors only. It knows what such files have and refuses the rest (KeyError, ValueError):
groups, imports that are passed on, extensions inside of messages. Comments are not in a descriptor and not printed.
"""

from collections.abc import Iterable, Iterator

from google.protobuf import descriptor_pool, text_format
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.message_factory import GetMessageClass, GetMessageClassesForFiles

INDENT = "  "
LAST_FIELD = 536_870_911
"""The highest number that a field may have."""
LAST_VALUE = 2_147_483_647
"""The highest number of an enum's value."""
FIXED = ("fixed32", "fixed64", "sfixed32", "sfixed64")
VARIABLE = ("int32", "int64", "uint32", "uint64", "sint32", "sint64")
SCALARS = {
    getattr(FieldDescriptorProto, f"TYPE_{name.upper()}"): name
    for name in ("double", "float", *VARIABLE, *FIXED, "bool", "string", "bytes")
}
NAMED = (FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM)


def print_file(name: str, files: Iterable[FileDescriptorProto], heading: str) -> str:
    """The text of the file of that name, under a heading; `files` has it and all that it imports."""
    return _Printer(name, list(files)).text(heading)


class _Printer:
    def __init__(self, name: str, files: list[FileDescriptorProto]) -> None:
        pool = descriptor_pool.DescriptorPool()
        for file in files:
            pool.Add(file)
        GetMessageClassesForFiles([file.name for file in files], pool)  # Else options would be unknown fields.
        self._pool = pool
        (self._file,) = (file for file in files if file.name == name)
        if self._file.public_dependency or self._file.service:
            raise ValueError(f"{name}: public imports and services are not printed")
        self._proto2 = self._file.syntax != "proto3"

    def text(self, heading: str) -> str:
        file = self._file
        lines = [*(f"// {line}".rstrip() for line in heading.splitlines()), ""]
        lines += [f'syntax = "{file.syntax or "proto2"}";', "", f"package {file.package};", ""]
        lines += [*(f'import "{name}";' for name in file.dependency), ""]
        lines += [f"option {option};" for option in self._options("FileOptions", file.options)]
        for extension in file.extension:
            lines += ["", f"extend {extension.extendee} {{", f"{INDENT}{self._field(extension)}", "}"]
        for message in file.message_type:
            lines += ["", *self._message(message)]
        for enum in file.enum_type:
            lines += ["", *self._enum(enum)]
        return "\n".join(lines) + "\n"

    def _message(self, message: DescriptorProto) -> Iterator[str]:
        if message.extension:
            raise ValueError(f"{message.name}: extensions inside of messages are not printed")
        yield f"message {message.name} {{"
        yield from (f"{INDENT}option {option};" for option in self._options("MessageOptions", message.options))
        for enum in message.enum_type:
            yield from _indented(self._enum(enum))
        for nested in message.nested_type:
            if not nested.options.map_entry:
                yield from _indented(self._message(nested))
        yield from self._fields(message)
        for extensions in message.extension_range:
            yield f"{INDENT}extensions {_range(extensions.start, extensions.end - 1, LAST_FIELD)};"
        ranges = [_range(reserved.start, reserved.end - 1, LAST_FIELD) for reserved in message.reserved_range]
        yield from _reserved(ranges, message.reserved_name)
        yield "}"

    def _fields(self, message: DescriptorProto) -> Iterator[str]:
        """The fields in their order, each `oneof` where its first field stands."""
        maps = {entry.name: entry for entry in message.nested_type if entry.options.map_entry}
        printed: set[int] = set()
        for field in message.field:
            if not field.HasField("oneof_index") or field.proto3_optional:
                yield f"{INDENT}{self._field(field, maps)}"
            elif field.oneof_index not in printed:
                printed.add(field.oneof_index)
                oneof = message.oneof_decl[field.oneof_index]
                yield f"{INDENT}oneof {oneof.name} {{"
                options = self._options("OneofOptions", oneof.options)
                yield from (f"{INDENT * 2}option {option};" for option in options)
                of = [other for other in message.field if other.oneof_index == field.oneof_index]
                members = [other for other in of if other.HasField("oneof_index")]
                yield from (f"{INDENT * 2}{self._field(member)}" for member in members)
                yield f"{INDENT}}}"

    def _field(self, field: FieldDescriptorProto, maps: dict[str, DescriptorProto] | None = None) -> str:
        label, kind = self._label(field), _type(field)
        entry = (maps or {}).get(field.type_name.rpartition(".")[2])
        if entry is not None:
            key, value = entry.field
            label, kind = "", f"map<{_type(key)}, {_type(value)}>"
        if field.HasField("default_value"):
            raise ValueError(f"{field.name}: defaults are not printed")
        options = self._options("FieldOptions", field.options)
        shown = f" [{', '.join(options)}]" if options else ""
        return f"{label}{kind} {field.name} = {field.number}{shown};"

    def _label(self, field: FieldDescriptorProto) -> str:
        if field.label == FieldDescriptorProto.LABEL_REPEATED:
            return "repeated "
        if field.label == FieldDescriptorProto.LABEL_REQUIRED:
            return "required "
        explicit = field.proto3_optional or (self._proto2 and not field.HasField("oneof_index"))
        return "optional " if explicit else ""

    def _enum(self, enum: EnumDescriptorProto) -> Iterator[str]:
        yield f"enum {enum.name} {{"
        yield from (f"{INDENT}option {option};" for option in self._options("EnumOptions", enum.options))
        for value in enum.value:
            options = self._options("EnumValueOptions", value.options)
            shown = f" [{', '.join(options)}]" if options else ""
            yield f"{INDENT}{value.name} = {value.number}{shown};"
        ranges = [_range(reserved.start, reserved.end, LAST_VALUE) for reserved in enum.reserved_range]
        yield from _reserved(ranges, enum.reserved_name)
        yield "}"

    def _options(self, kind: str, options: object) -> list[str]:
        """Each option that is set, `name = value`; those that are extensions by their names in parentheses."""
        descriptor = self._pool.FindMessageTypeByName(f"google.protobuf.{kind}")
        known = GetMessageClass(descriptor).FromString(options.SerializeToString())  # type: ignore[attr-defined]
        found = []
        for field, value in known.ListFields():
            name = f"({field.full_name})" if field.is_extension else field.name
            if field.message_type is not None:
                shown = f"{{{text_format.MessageToString(value, as_one_line=True, as_utf8=True)}}}"
            else:
                shown = text_format.MessageToString(type(known)(**{field.name: value}), as_one_line=True)
                shown = shown.partition(": ")[2]
            found.append(f"{name} = {shown}")
        return found


def _type(field: FieldDescriptorProto) -> str:
    return field.type_name if field.type in NAMED else SCALARS[field.type]


def _range(first: int, last: int, highest: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last == highest else last}"


def _reserved(ranges: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    yield from (f"{INDENT}reserved {each};" for each in ranges)
    yield from (f'{INDENT}reserved "{name}";' for name in names)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"{INDENT}{line}" for line in lines)
