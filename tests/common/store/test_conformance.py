"""The eventsourcing library's own cases against our recorder: what its users rely on holds on our log.

Every case runs whole, with two exceptions, both named where they stand: the mapper's case about wrong keys uses an
event that our mapper refuses on purpose, and the subscription is an optional case, which is switched on.
"""

import sys
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing import cryptography
from eventsourcing.cryptography import AESCipher
from eventsourcing.persistence import IntegrityError, Mapper, StoredEvent, Tracking
from eventsourcing.utils import Environment, get_topic

from libs.common.store.factory import STORE_URL, Factory
from libs.common.store.mapper import Happened
from libs.common.store.recorder import HubaoAggregateRecorder, HubaoProcessRecorder, Store
from tests.common.store.domain import Opened

# The cases import the cipher that needs pycryptodome; this is its twin of the same name and form in the library.
sys.modules.setdefault("eventsourcing.cipher", cryptography)

from eventsourcing.tests import persistence as cases  # noqa: E402


class OnOurStore:
    """Gives each case a log of its own."""

    url: str
    store: Store

    @pytest.fixture(autouse=True)
    def _with_store(self, store_url: str) -> Any:
        self.url = store_url
        self.store = Store(store_url)
        yield
        self.store.close()


class TestAggregateRecorder(OnOurStore, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> HubaoAggregateRecorder:
        return HubaoAggregateRecorder(self.store)


class TestApplicationRecorder(OnOurStore, cases.ApplicationRecorderTestCase[HubaoProcessRecorder]):
    def create_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self.store)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(OnOurStore, cases.TrackingRecorderTestCase):
    def create_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self.store)


class TestProcessRecorder(OnOurStore, cases.ProcessRecorderTestCase):
    def create_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self.store)


class TestNonInterleaving(OnOurStore, cases.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self.store)


class SpecialRecorder(HubaoProcessRecorder):
    """What a user of the library may put in our recorder's place."""


class TestFactory(OnOurStore, cases.InfrastructureFactoryTestCase[Factory]):
    def setUp(self) -> None:
        self.env = Environment("TestCase", {"PERSISTENCE_MODULE": "libs.common.store.factory", STORE_URL: self.url})
        super().setUp()

    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[HubaoAggregateRecorder]:
        return HubaoAggregateRecorder

    def expected_application_recorder_class(self) -> type[HubaoProcessRecorder]:
        return HubaoProcessRecorder

    def expected_tracking_recorder_class(self) -> type[HubaoProcessRecorder]:
        return HubaoProcessRecorder

    def tracking_recorder_subclass(self) -> type[HubaoProcessRecorder]:
        return SpecialRecorder

    def expected_process_recorder_class(self) -> type[HubaoProcessRecorder]:
        return HubaoProcessRecorder

    def test_mapper_with_wrong_cipher_key(self) -> None:
        """The library's case uses its own `DomainEvent`, which has no registered name: here it is one of ours."""
        self.env.name = "App1"
        self.env[self.factory.CIPHER_TOPIC] = get_topic(AESCipher)
        self.env["APP1_CIPHER_KEY"] = AESCipher.create_key(16)
        self.env["APP2_CIPHER_KEY"] = AESCipher.create_key(16)
        happened = Happened(uuid4(), 1, Opened(holder="An"))
        mapper1: Mapper[UUID] = self.factory.mapper(transcoder=self.transcoder)
        stored = mapper1.to_stored_event(happened)
        self.assertEqual(mapper1.to_domain_event(stored), happened)

        self.env.name = "App2"
        mapper2: Mapper[UUID] = self.factory.mapper(transcoder=self.transcoder)
        with self.assertRaises(ValueError):
            mapper2.to_domain_event(stored)


@pytest.fixture
def recorder(store_url: str) -> Any:
    store = Store(store_url)
    yield HubaoProcessRecorder(store)
    store.close()


def stored(version: int, stream: UUID | None = None) -> StoredEvent:
    return StoredEvent(
        originator_id=stream or uuid4(), originator_version=version, topic="test.Opened", state=b'{"holder":"An"}'
    )


def test_a_request_id_makes_an_insert_repeatable(recorder: HubaoProcessRecorder) -> None:
    events = [stored(1), stored(1)]
    recorder.insert_events([stored(1)])

    first = recorder.insert_events(events, request_id="r", fingerprint=b"f", tenant="t1", metadata={"by": "a\x1fb"})
    second = recorder.insert_events(events, request_id="r", fingerprint=b"f", tenant="t1")

    assert first == second == [2, 3]
    assert recorder.max_notification_id() == 3


def test_a_request_id_with_another_fingerprint_is_an_integrity_error(recorder: HubaoProcessRecorder) -> None:
    recorder.insert_events([stored(1)], request_id="r", fingerprint=b"f")

    with pytest.raises(IntegrityError, match="reused"):
        recorder.insert_events([stored(1)], request_id="r", fingerprint=b"g")


def test_a_gap_in_versions_is_an_integrity_error(recorder: HubaoProcessRecorder) -> None:
    stream = uuid4()
    recorder.insert_events([stored(1, stream)])

    with pytest.raises(IntegrityError, match="conflict"):
        recorder.insert_events([stored(3, stream)])


def test_refused_events_do_not_move_tracking(recorder: HubaoProcessRecorder) -> None:
    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(7)], tracking=Tracking("upstream", 1))

    assert recorder.max_tracking_id("upstream") is None
