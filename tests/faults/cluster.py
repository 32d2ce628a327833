"""The stack under fire: two replicas of each service, each service behind proxies of its own to PostgreSQL and NATS."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.clients import SERVICES
from deploy.local.servers import LOOPBACK
from deploy.local.stack import Stack, service_of
from tests.faults.proxy import Proxy

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class Cluster(Stack):
    """A stack whose parts can be hurt; `planted` names a bug that its services have."""

    def __init__(self, data: Path, *, planted: str = "") -> None:
        super().__init__(data, ENVIRONMENT, replicas=2)
        self._planted = planted
        self.proxies = {name: Proxy(self._postgres_at) for name in SERVICES}
        self.nats_proxies = {name: Proxy(self._nats_at) for name in SERVICES}

    def command(self, service: str) -> list[str]:
        if not self._planted:
            return super().command(service)
        return [sys.executable, "-m", "tests.faults.planted", service, self._planted]

    def way_to(self, service: str, database_url: str) -> str:
        proxy = self.proxies[service]
        proxy.start()
        return proxy.url_of(database_url)

    def stop(self) -> None:
        super().stop()
        for proxy in (*self.proxies.values(), *self.nats_proxies.values()):
            proxy.stop()

    def _environment(self, process: str, database_url: str) -> dict[str, str]:
        proxy = self.nats_proxies[service_of(process)]
        proxy.start()
        environment = super()._environment(process, database_url)
        return environment | {"NATS_URL": proxy.url_of(environment["NATS_URL"])}

    def _postgres_at(self) -> tuple[str, int]:
        return LOOPBACK, urlsplit(self.database_url).port or 5432

    def _nats_at(self) -> tuple[str, int]:
        return LOOPBACK, urlsplit(self.nats_url).port or 4222
