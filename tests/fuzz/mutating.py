"""What a hostile hand does to a valid message: one small thing at a time, drawn from a seeded generator."""

import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.fuzz.corpus import Corpus, is_map

TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\x7f\x1b[31m",
    "\u200b",
    "\u202egnp.exe",
    "\ufeff",
    "\U000e0001",
    "\ue000",
    "１２３",
    "²",
    "٠١٢",
    "é",
    "ﷺ" * 50,
    "'; DROP TABLE event; --",
    "%s%n%(x)s",
    "{0} {field} {",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "a" * 300,
    "保" * 5_000,
    "x" * 70_000,
    "NaN",
    "-0",
    "1e400",
    "0.1234567890123456789012345678901234567890",
    "-" + "9" * 40,
    "1,0",
    ",1,,0,",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "00000000-0000-0000-0000-000000000000",
    "not-a-uuid",
    "user:li@westlake",
)
NUMBERS = (0, 1, -1, 7, 100, 255, 2**31 - 1, -(2**31), 2**53 + 1, 10**13, 2**62, 2**63 - 1, -(2**63))
CURRENCIES = ("", "CNY", "cny", "USD", "XXX", "人民币")
DATES = (
    (0, 0, 0),
    (1, 1, 1),
    (1899, 12, 31),
    (1900, 1, 1),
    (2026, 2, 30),
    (2199, 12, 31),
    (2200, 1, 1),
    (9999, 12, 31),
)
MANY = (2, 17, 1_500)
LARGEST = 3 << 20

Mutation = Callable[[Message, random.Random, Corpus], None]


def mutated(message: Message, rng: random.Random, corpus: Corpus) -> bytes:
    """The bytes of a message after one to three mutations; now and then the bytes themselves are damaged."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _mutate(message, rng, corpus)
    if "request_id" in message.DESCRIPTOR.fields_by_name and rng.random() < 0.9:
        message.request_id = str(UUID(int=rng.getrandbits(128), version=4))  # type: ignore[attr-defined]
    sent = message.SerializeToString()
    if rng.random() < 0.06:
        sent = _damaged(sent, rng)
    return sent[:LARGEST]


def _mutate(message: Message, rng: random.Random, corpus: Corpus) -> None:
    target = _descended(message, rng)
    fields = [one for one, _ in target.ListFields()] or list(target.DESCRIPTOR.fields)
    if not fields:
        return
    one = rng.choice(fields if rng.random() < 0.8 else list(target.DESCRIPTOR.fields))
    if rng.random() < 0.08:
        target.ClearField(one.name)
    elif is_map(one):
        _mutate_map(target, one, rng)
    elif one.is_repeated:
        _mutate_list(target, one, rng, corpus)
    elif one.type == FieldDescriptor.TYPE_MESSAGE:
        _mutate_message(getattr(target, one.name), one, rng, corpus)
    else:
        _set(target, one, _hostile(one, rng, corpus))


def _descended(message: Message, rng: random.Random) -> Message:
    """The message itself, or one that it holds, at any depth."""
    while rng.random() < 0.75:
        inner = [
            each
            for one, value in message.ListFields()
            if one.type == FieldDescriptor.TYPE_MESSAGE and not is_map(one)
            for each in (value if one.is_repeated else (value,))
        ]
        if not inner:
            break
        message = rng.choice(inner)
    return message


def _mutate_map(target: Message, one: FieldDescriptor, rng: random.Random) -> None:
    found = getattr(target, one.name)
    key_type = one.message_type.fields_by_name["key"]
    for number in range(rng.choice(MANY)):
        key: Any = f"{rng.choice(TEXTS)[:200]}{number}" if key_type.type == FieldDescriptor.TYPE_STRING else number
        value_type = one.message_type.fields_by_name["value"]
        if value_type.type == FieldDescriptor.TYPE_MESSAGE:
            found[key].SetInParent()
        elif value_type.type == FieldDescriptor.TYPE_STRING:
            found[key] = rng.choice(TEXTS)
        else:
            found[key] = 1


def _mutate_list(target: Message, one: FieldDescriptor, rng: random.Random, corpus: Corpus) -> None:
    found = getattr(target, one.name)
    if one.type == FieldDescriptor.TYPE_MESSAGE:
        if found and rng.random() < 0.5:
            _mutate_message(rng.choice(found), one, rng, corpus)
            return
        template = found[0] if found else corpus.made(one.message_type, rng, 1)
        for _ in range(rng.choice(MANY)):
            found.add().CopyFrom(template)
        return
    for _ in range(rng.choice(MANY)):
        value = found[0] if found and rng.random() < 0.5 else _hostile(one, rng, corpus)
        _append(found, value)


def _mutate_message(message: Message, one: FieldDescriptor, rng: random.Random, corpus: Corpus) -> None:
    name = one.message_type.full_name
    if name == "google.type.Money" and rng.random() < 0.8:
        message.currency_code = rng.choice(CURRENCIES) if rng.random() < 0.4 else "CNY"  # type: ignore[attr-defined]
        message.units = rng.choice(NUMBERS)  # type: ignore[attr-defined]
        message.nanos = rng.choice((0, 10_000_000, 1, -1, -10_000_000, 999_999_999, 2**31 - 1))  # type: ignore[attr-defined]
    elif name == "google.type.Date" and rng.random() < 0.8:
        message.year, message.month, message.day = rng.choice(DATES)  # type: ignore[attr-defined]
    elif name == "google.protobuf.Timestamp":
        message.seconds = rng.choice((*NUMBERS, -62_135_596_801, 253_402_300_800))  # type: ignore[attr-defined]
    elif rng.random() < 0.5:
        message.CopyFrom(corpus.made(one.message_type, rng, 1))
    else:
        message.Clear()
        message.SetInParent()


def _hostile(one: FieldDescriptor, rng: random.Random, corpus: Corpus) -> Any:
    if one.type == FieldDescriptor.TYPE_ENUM:
        return rng.choice((*(value.number for value in one.enum_type.values), 99, -1, 2**31 - 1))
    if one.type == FieldDescriptor.TYPE_BYTES:
        return rng.choice(
            (b"", b"\0", b"\xff\xfe", rng.randbytes(40), b"PK\x03\x04" + rng.randbytes(200), b"a" * 70_000)
        )
    if one.type == FieldDescriptor.TYPE_STRING:
        known = corpus.values.get(one.name)
        if one.name.endswith("_id") and rng.random() < 0.6 and corpus.ids:
            return rng.choice(corpus.ids)
        if known and rng.random() < 0.2:
            text = str(rng.choice(known))
            return rng.choice((text.upper(), text.lower(), f" {text}", f"{text}\u200b", text[:-1], f"{text}{text}"))
        return rng.choice(TEXTS)
    if one.type == FieldDescriptor.TYPE_BOOL:
        return rng.random() < 0.5
    if one.cpp_type in (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT):
        return rng.choice((0.0, -1.0, float("nan"), float("inf"), 1e308, 5e-324))
    return rng.choice(NUMBERS)


def _set(target: Message, one: FieldDescriptor, value: Any) -> None:
    try:
        setattr(target, one.name, value)
    except ValueError:  # Out of the field's range: the largest that it takes, then.
        setattr(target, one.name, 2**31 - 1)


def _append(found: Any, value: Any) -> None:
    try:
        found.append(value)
    except ValueError:
        found.append(2**31 - 1)


def _damaged(sent: bytes, rng: random.Random) -> bytes:
    match rng.randrange(6):
        case 0:
            return sent[: rng.randrange(len(sent) + 1)]
        case 1:
            return sent + sent
        case 2:
            return sent + rng.randbytes(rng.randint(1, 50))
        case 3:
            return b"\x0b" * rng.choice((10, 10_000))  # Groups that open and never close.
        case 4:
            return sent.replace(b"-", b"\xed\xa0\x80", 1)  # A lone surrogate.
    place = rng.randrange(len(sent)) if sent else 0
    return sent[:place] + bytes([rng.randrange(256)]) + sent[place + 1 :]
