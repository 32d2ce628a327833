"""Our events for the eventsourcing library: stored by their registered names, never by Python paths.

The library's own mapper writes the path of a class, and imports whatever a row names. This one knows the registered
events and nothing else. A `Happened` is an event with its place in its stream, which is how the library hands events
around; an aggregate is rebuilt from them by `project`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from libs.common.events import A, replay
from libs.common.store import codec


@dataclass(frozen=True, slots=True)
class Happened:
    """A registered event at its place in a stream, as the library's protocol for domain events wants it."""

    originator_id: UUID
    originator_version: int
    event: object


def topic_of(name: str, schema_version: int) -> str:
    """The library's one word for a stored name and a schema version: `policy.Bound`, and later `policy.Bound/2`."""
    return name if schema_version == 1 else f"{name}/{schema_version}"


def name_in(topic: str) -> tuple[str, int]:
    """The stored name and the schema version that a topic stands for."""
    name, slash, number = topic.rpartition("/")
    if slash and number.isascii() and number.isdigit() and number[0] != "0" and number != "1":
        return name, int(number)
    return topic, 1


def project(kind: type[A]) -> Callable[[A | None, Iterable[DomainEventProtocol[UUID]]], A | None]:
    """The projector function that a library `Repository` takes for aggregates of `kind`."""

    def projected(value: A | None, events: Iterable[DomainEventProtocol[UUID]]) -> A | None:
        return replay(kind, (happened.event for happened in events if isinstance(happened, Happened)), value)

    return projected


class NamedMapper(Mapper[UUID]):
    """Turns `Happened` into stored events and back through `codec`, compressed and encrypted if so configured."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The stored form; TypeError for anything but a `Happened`, KeyError for an event that nobody registered."""
        if not isinstance(domain_event, Happened):
            raise TypeError(f"{type(domain_event).__name__} is not an event with a registered name")
        name, schema_version, state = codec.encode(domain_event.event)
        if self.compressor:
            state = self.compressor.compress(state)
        if self.cipher:
            state = self.cipher.encrypt(state)
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=topic_of(name, schema_version),
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Happened:
        """The event; MapperDeserialisationError if its name is not registered here, or its bytes can't be read."""
        try:
            state = stored_event.state
            if self.cipher:
                state = self.cipher.decrypt(state)
            if self.compressor:
                state = self.compressor.decompress(state)
            event = codec.decode(*name_in(stored_event.topic), state)
        except Exception as error:
            place = f"{stored_event.originator_id}/{stored_event.originator_version}"
            raise MapperDeserialisationError(f"{stored_event.topic} at {place} can't be read: {error}") from error
        return Happened(UUID(str(stored_event.originator_id)), stored_event.originator_version, event)
