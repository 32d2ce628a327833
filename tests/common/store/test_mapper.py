"""Our events in the library's hands: by registered name, through its event store and repository."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Repository
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import EventStore, JSONTranscoder, MapperDeserialisationError, StoredEvent

from libs.common.store.factory import STORE_URL, Factory
from libs.common.store.mapper import Happened, NamedMapper, name_in, project, topic_of
from tests.common.store.domain import Opened, Purse, PutIn, Renamed

MAPPER = NamedMapper(JSONTranscoder())


@pytest.fixture
def factory(store_url: str) -> Iterator[Factory]:
    made = Factory({STORE_URL: store_url})
    yield made
    made.close()


def test_an_event_is_stored_by_its_registered_name() -> None:
    stored = MAPPER.to_stored_event(Happened(uuid4(), 1, Opened(holder="An")))

    assert (stored.topic, stored.state) == ("test.Opened", b'{"holder":"An"}')


def test_a_later_schema_version_is_part_of_the_topic_and_survives_the_log(factory: Factory) -> None:
    stream = uuid4()
    store: EventStore[UUID] = factory.event_store()
    history = [Happened(stream, 1, Opened(holder="An")), Happened(stream, 2, Renamed(holder="Bo"))]

    store.put(history)

    assert list(store.get(stream)) == history
    (renamed,) = factory.process_recorder().select_notifications(None, 10, topics=["test.Renamed"])
    assert renamed.topic == "test.Renamed/2"


def test_an_older_shape_is_raised(factory: Factory) -> None:
    old = StoredEvent(originator_id=uuid4(), originator_version=2, topic="test.Renamed", state=b'{"name":"Bo"}')

    assert MAPPER.to_domain_event(old).event == Renamed(holder="Bo")


def test_a_row_can_not_name_a_python_path() -> None:
    stored = StoredEvent(originator_id=uuid4(), originator_version=1, topic="os:system", state=b"{}")

    with pytest.raises(MapperDeserialisationError):
        MAPPER.to_domain_event(stored)


def test_an_event_without_a_registered_name_is_refused() -> None:
    nameless = DomainEvent(originator_id=uuid4(), originator_version=1, timestamp=DomainEvent.create_timestamp())

    with pytest.raises(TypeError):
        MAPPER.to_stored_event(nameless)
    with pytest.raises(KeyError):
        MAPPER.to_stored_event(Happened(uuid4(), 1, "no event"))


@pytest.mark.parametrize("name", ["test.Opened", "a/b", "a/1", "a/02", "/2x", "a/"])
@pytest.mark.parametrize("version", [1, 2, 17])
def test_topics_keep_name_and_version_apart(name: str, version: int) -> None:
    assert name_in(topic_of(name, version)) == (name, version)


def test_the_librarys_repository_rebuilds_our_aggregates(factory: Factory) -> None:
    stream = uuid4()
    store: EventStore[UUID] = factory.event_store()
    purse = Purse(holder="An")
    store.put([Happened(stream, 1, Opened(holder="An"))], tenant="t1")
    store.put([Happened(stream, 2, event) for event in purse.put_in(5)], tenant="t1")

    projector: Any = project(Purse)
    rebuilt = Repository(store).get(stream, projector_func=projector)

    assert rebuilt == purse.evolve(PutIn(amount=5, found=0))
