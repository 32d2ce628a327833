"""The stack under fire: two replicas of each service, each service behind a proxy of its own in front of PostgreSQL."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.clients import SERVICES
from deploy.local.servers import LOOPBACK
from deploy.local.stack import Stack
from tests.faults.proxy import Proxy

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


class Cluster(Stack):
    """A stack whose parts can be hurt; `planted` names a bug that its services have."""

    def __init__(self, data: Path, *, planted: str = "") -> None:
        super().__init__(data, ENVIRONMENT, replicas=2)
        self._planted = planted
        self.proxies = {name: Proxy(self._where) for name in SERVICES}

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
        for proxy in self.proxies.values():
            proxy.stop()

    def _where(self) -> tuple[str, int]:
        return LOOPBACK, urlsplit(self.database_url).port or 5432
