"""Says in words what `buf.validate` asks of a field, for the API reference."""

from collections.abc import Callable, Iterator
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import EnumDescriptorProto, FieldDescriptorProto, OneofDescriptorProto
from google.protobuf.message import Message
from hubao.common.v1 import bounds_pb2

EnumOf = Callable[[str], EnumDescriptorProto | None]
FORMATS = {"uuid": "UUID", "email": "e-mail address", "uri": "URI", "hostname": "host name", "ip": "IP address"}
UNITS = {"string": "characters", "bytes": "bytes", "repeated": "items", "map": "entries"}


def rules_of(field: FieldDescriptorProto, enum_of: EnumOf) -> str:
    """All that is asked of a field; empty if nothing is."""
    rules = field.options.Extensions[validate_pb2.field]
    said = ["required"] if rules.required else []
    said += _of_rules(rules, enum_of(field.type_name))
    if rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE and said:
        said.append("or empty")
    if field.options.Extensions[bounds_pb2.lines]:
        said.append("line feeds and tabs too")
    if field.options.Extensions[bounds_pb2.partial_date]:
        said.append("month and day may be missing")
    return ", ".join(said)


def is_required(oneof: OneofDescriptorProto) -> bool:
    """Whether one of the fields must be set."""
    return bool(oneof.options.Extensions[validate_pb2.oneof].required)


def _of_rules(rules: Message, enum: EnumDescriptorProto | None) -> Iterator[str]:
    for of, value in rules.ListFields():
        if of.containing_oneof is not None and of.containing_oneof.name == "type":
            yield from _of_type(of.name, value, enum)
    for rule in getattr(rules, "cel", ()):
        yield rule.message or f"`{rule.expression}`"
    for expression in getattr(rules, "cel_expression", ()):
        yield f"`{expression}`"


def _of_type(kind: str, rules: Message, enum: EnumDescriptorProto | None) -> Iterator[str]:
    """The rules of one type: bounds first, then formats, then what can be said in no better way than by its name."""
    left = {field.name: value for field, value in rules.ListFields()}
    if kind in UNITS:
        names = ("min_items", "max_items") if kind == "repeated" else ("min_pairs", "max_pairs")
        names = ("min_len", "max_len") if kind in ("string", "bytes") else names
        low, high = (left.pop(name, None) for name in names)
        exact = left.pop("len", None)
        if exact is not None:
            yield f"{exact} {UNITS[kind]}"
        elif low is not None or high is not None:
            one = UNITS[kind].removesuffix("s") if (low, high) in ((1, None), (None, 1)) else UNITS[kind]
            yield f"{_between(low, high)} {one}"
    elif low_high := {"gt", "gte", "lt", "lte"} & left.keys():
        yield _ordered({name: left.pop(name) for name in low_high})
    if left.pop("unique", False):
        yield "no two alike"
    if left.pop("defined_only", False) and not left:
        yield "a known value"
    for name, value in left.items():
        yield _other(name, value, enum)


def _other(name: str, value: Any, enum: EnumDescriptorProto | None) -> str:
    match name:
        case "pattern":
            return f"`{value}`"
        case "in":
            return f"one of {_values(value, enum)}"
        case "not_in":
            return "a known value but unspecified" if enum and list(value) == [0] else f"not {_values(value, enum)}"
        case "const":
            return f"`{value}`"
        case "items" | "keys" | "values":
            return f"each {', '.join(_of_rules(value, enum))}" if name == "items" else f"{name}: {_joined(value)}"
        case _ if name in FORMATS and value is True:
            return FORMATS[name]
    return f"{name.replace('_', ' ')}: {value}"


def _joined(rules: Message) -> str:
    return ", ".join(_of_rules(rules, None))


def _values(numbers: Any, enum: EnumDescriptorProto | None) -> str:
    names = {value.number: value.name for value in enum.value} if enum else {}
    return ", ".join(f"`{names.get(number, number)}`" for number in numbers)


def _between(low: int | None, high: int | None) -> str:
    if high is None:
        return f"at least {low}"
    return f"at most {high:,}" if low is None else f"{low} to {high:,}"


def _ordered(bounds: dict[str, Any]) -> str:
    """Numbers as they are; times and durations as protobuf writes them."""
    shown = {name: f"{value:,}" if isinstance(value, int) else str(value).strip() for name, value in bounds.items()}
    if {"gte", "lte"} <= shown.keys():
        return f"{shown['gte']} to {shown['lte']}"
    words = {"gte": "at least", "gt": "more than", "lte": "at most", "lt": "less than"}
    return ", ".join(f"{words[name]} {shown[name]}" for name in words if name in shown)
