"""The eventsourcing library's way to our store: `PERSISTENCE_MODULE=libs.common.store.factory`.

`HUBAO_STORE_URL` is where the service's role connects; the schema must have been prepared (`migrate.prepare`).
"""

from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import TAggregateID
from eventsourcing.persistence import (
    Cipher,
    InfrastructureFactory,
    InfrastructureFactoryError,
    Mapper,
    Transcoder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from libs.common.store.mapper import NamedMapper
from libs.common.store.recorder import HubaoAggregateRecorder, HubaoProcessRecorder, Store

STORE_URL = "HUBAO_STORE_URL"


class Factory(InfrastructureFactory[HubaoProcessRecorder]):
    """Makes recorders on one shared set of connections, and mappers that store by registered names."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        url = self.env.get(STORE_URL)
        if not url:
            raise InfrastructureFactoryError(f"{STORE_URL} is not set")
        self._store = Store(url)

    def close(self) -> None:
        """Closes the connections of everything that was made here."""
        self._store.close()

    def mapper(
        self,
        transcoder: Transcoder | None = None,
        mapper_class: type[Mapper[TAggregateID]] | None = None,
    ) -> Mapper[TAggregateID]:
        """A mapper by registered names, unless a class or MAPPER_TOPIC asks for another."""
        if mapper_class is None and not self.env.get(self.MAPPER_TOPIC):
            mapper_class = NamedMapper  # type: ignore[assignment]
        return super().mapper(transcoder, mapper_class)

    def cipher(self) -> Cipher | None:
        """The library's cipher on the package `cryptography` where a key is given; its other one needs pycryptodome."""
        if self.env.get("CIPHER_KEY") and not self.env.get(self.CIPHER_TOPIC):
            return AESCipher(self.env)
        return super().cipher()

    def aggregate_recorder(self, purpose: str = "events") -> HubaoAggregateRecorder:
        """A recorder of streams. Snapshots are the engine's own business, so there is none for that purpose."""
        if purpose != "events":
            raise InfrastructureFactoryError(f"there is no recorder for {purpose}")
        return HubaoAggregateRecorder(self._store)

    def application_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self._store)

    def process_recorder(self) -> HubaoProcessRecorder:
        return HubaoProcessRecorder(self._store)

    def tracking_recorder(
        self, tracking_recorder_class: type[HubaoProcessRecorder] | None = None
    ) -> HubaoProcessRecorder:
        """A recorder of positions, of the given class or of TRACKING_RECORDER_TOPIC's."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        chosen = tracking_recorder_class or (resolve_topic(topic) if topic else HubaoProcessRecorder)
        assert issubclass(chosen, HubaoProcessRecorder)
        return chosen(self._store)
