"""Valid messages, kept while a scene is played, and what stands in them: the material that mutations are made of."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from deploy.local.clients import Caller, Channels

MOST_VALUES = 200
"""How many values are kept of one field, and messages of one type."""
DEEPEST = 5


@dataclass
class Corpus:
    """Requests by the full name of their type, and the values that fields and messages had, in requests and answers."""

    requests: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    values: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    messages: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))

    def keep(self, request: Message, answer: Message) -> None:
        """Keeps what a successful call said."""
        kept = self.requests[request.DESCRIPTOR.full_name]
        if len(kept) < MOST_VALUES:
            kept.append(request.SerializeToString())
        self._keep_values(request)
        self._keep_values(answer)

    def _keep_values(self, message: Message) -> None:
        kept = self.messages[message.DESCRIPTOR.full_name]
        if len(kept) < MOST_VALUES:
            kept.append(message.SerializeToString())
        for one, value in message.ListFields():
            for each in _each(one, value):
                if isinstance(each, Message):
                    self._keep_values(each)
                elif len(self.values[one.name]) < MOST_VALUES and each not in self.values[one.name]:
                    self.values[one.name].append(each)

    @property
    def ids(self) -> list[str]:
        """Ids of everything, whatever it is: a wrong kind of id is made of these."""
        return [value for name, values in self.values.items() if name.endswith("_id") for value in values]

    def request(self, wanted: Descriptor, rng: random.Random) -> Message:
        """A valid request of this type, or one made of known values if the scene has sent none."""
        kept = self.requests.get(wanted.full_name)
        if kept and rng.random() < 0.9:
            return GetMessageClass(wanted).FromString(rng.choice(kept))
        return self.made(wanted, rng)

    def made(self, wanted: Descriptor, rng: random.Random, depth: int = 0) -> Message:
        """A message of known values: each field's from a field of its name, each message's from one of its type."""
        kept = self.messages.get(wanted.full_name)
        if kept and depth and rng.random() < 0.8:
            return GetMessageClass(wanted).FromString(rng.choice(kept))
        message = GetMessageClass(wanted)()
        for one in wanted.fields:
            if depth < DEEPEST and rng.random() < 0.7:
                self._fill(message, one, rng, depth)
        return message

    def _fill(self, message: Message, one: FieldDescriptor, rng: random.Random, depth: int) -> None:
        if one.type == FieldDescriptor.TYPE_MESSAGE:
            if is_map(one):
                return
            for made in [self.made(one.message_type, rng, depth + 1) for _ in range(rng.randint(1, 2))]:
                if one.is_repeated:
                    getattr(message, one.name).append(made)
                else:
                    getattr(message, one.name).CopyFrom(made)
            return
        known = self.values.get(one.name)
        value = rng.choice(known) if known else plain(one, rng)
        try:
            if one.is_repeated:
                getattr(message, one.name).append(value)
            else:
                setattr(message, one.name, value)
        except (TypeError, ValueError):  # The name has another type elsewhere.
            return


def _each(one: FieldDescriptor, value: Any) -> Iterator[Any]:
    if is_map(one):
        yield from value.values()
    elif one.is_repeated:
        yield from value
    else:
        yield value


def is_map(one: FieldDescriptor) -> bool:
    """Whether a repeated field is a map's."""
    return one.message_type is not None and one.message_type.GetOptions().map_entry


def plain(one: FieldDescriptor, rng: random.Random) -> Any:
    """A harmless value of a field's type."""
    if one.type == FieldDescriptor.TYPE_ENUM:
        return rng.choice(one.enum_type.values).number
    if one.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        return b"abc" if one.type == FieldDescriptor.TYPE_BYTES else rng.choice(["A-1", "10", "2026-01-01", "text"])
    return rng.choice([0, 1, 2])


class Recorder(Caller):
    """A caller whose successful calls are kept."""

    def __init__(self, channels: Channels, token: str, corpus: Corpus) -> None:
        super().__init__(channels, token)
        self._corpus = corpus

    async def __call__(self, request: Message, key: str = "", *, at: str = "") -> Any:
        answer = await super().__call__(request, key, at=at)
        self._corpus.keep(request, answer)
        return answer
