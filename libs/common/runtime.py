"""One service process: builds the engine around a service, runs its workers, and drains on SIGTERM.

from libs.common.runtime import run

sys.exit(run(SERVICE, servicers, os.environ))
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import grpc
from hubao.feed.v1.admin_service_pb2_grpc import add_AdminServiceServicer_to_server
from hubao.feed.v1.feed_service_pb2_grpc import add_FeedServiceServicer_to_server

from libs.common import collector, descriptors, logs, telemetry
from libs.common.application import Application
from libs.common.clock import Clock, MovableClock, SystemClock
from libs.common.gauges import Gauges
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.client import channel, token_file
from libs.common.grpc.edge import Edge
from libs.common.grpc.pages import SEALER
from libs.common.grpc.server import AddressUnusable, EdgeServer, Servicer
from libs.common.messaging.admin import AdminServicer
from libs.common.messaging.consumer import Consumer
from libs.common.messaging.feed import Feed, FeedServicer
from libs.common.messaging.hearing import Hearing
from libs.common.messaging.jetstream import Bus
from libs.common.messaging.parking import ParkingLot
from libs.common.messaging.relay import Relay
from libs.common.messaging.signing import Signer, Verifier
from libs.common.outages import Outage, patiently
from libs.common.projection.projector import Projector
from libs.common.projection.tables import ReadTables
from libs.common.pulse import Pulse
from libs.common.service import Service
from libs.common.settings import Settings, SettingsError
from libs.common.store.leases import Leases
from libs.common.store.reading import Log
from libs.common.store.timers import Timers
from libs.common.waking import Waker, cancelled, forever

log = logging.getLogger(__name__)

Servicers = Callable[..., list[Servicer]]
"""A service's own gRPC services, given its commands, its read tables, and channels to the services that it asks."""


def run(service: Service, servicers: Servicers, environ: Mapping[str, str]) -> int:
    """Runs a service until SIGTERM or SIGINT; the process's exit status. What is wrong from outside is one line."""
    try:
        settings = Settings.from_environment(environ)
        logs.log_to_stderr(service.name, settings.log)
        telemetry.set_up(service.name, endpoint=settings.otlp_endpoint)
        asyncio.run(Process(service, servicers, settings).run())
    except (SettingsError, AddressUnusable, Outage) as error:
        print(f"{service.name}: {error}", file=sys.stderr)
        return 2
    finally:
        telemetry.shut_down()
    return 0


class Process:
    """All the parts of one service process; the only place where they meet."""

    def __init__(self, service: Service, servicers: Servicers, settings: Settings) -> None:
        self._settings = settings
        self._service = service
        self._stopping = asyncio.Event()
        self.clock: Clock = MovableClock() if settings.clock == "movable" else SystemClock()
        self._waker = Waker()
        # Timers are woken when the clock moves or one is due, not at every write.
        self._clock_waker = Waker()
        self._log = Log(settings.database_url)
        self._application = Application(service, self._log, settings.database_url, wake=self._waker.nudge)
        self._tables = ReadTables(service, settings.database_url)
        self._projector = Projector(service, self._tables, self._waker)
        self._leases = Leases(self._log, f"{socket.gethostname()}/{os.getpid()}")
        self._bus = Bus(settings.nats_url, service.name, settings.nats_password_file)
        self._pulse = Pulse(
            service.name,
            self._log,
            self._tables,
            self.clock,
            self._bus,
            waker=self._waker,
            timers=self._clock_waker,
        )
        self._signer = Signer(service.name, settings.announcement_key)
        self._verifiers: dict[str, Verifier] = {}
        self._relay = Relay(service.name, self._log, self._bus, self._waker, self._signer)
        self._timers = Timers(self._application, service.firing, self.clock, self._log, self._clock_waker)
        self._channels: list[grpc.aio.Channel] = []
        self._hearings: dict[str, Hearing] = {}
        self._consumers: dict[str, Consumer] = {}
        self._servicers = servicers
        self._connections = descriptors.connections_within(descriptors.raise_limit(), settings.max_connections)
        self._authenticator = Authenticator(settings.jwks, settings.issuer, settings.audience)

    async def run(self) -> None:
        """Starts, serves until told to stop, drains."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stop)
        await self._authenticator.open()
        await self._application.open()
        await self._restore_clock()
        await SEALER.open(self._log)
        await patiently(self._tables.open)
        self._hear()
        self._signer.open()
        for verifier in self._verifiers.values():
            await verifier.open()
        server = self._serve()
        tasks: list[asyncio.Task[None]] = []
        try:
            self._announce_address(await server.start())
            tasks = [asyncio.create_task(forever(name, worker), name=name) for name, worker in self._workers().items()]
            collector.calm()
            epoch = (await self._log.head()).epoch
            told = {"service": self._service.name, "epoch": epoch, "connections": self._connections}
            log.info("serving", extra=told)
            await self._until_stopped()
        finally:
            await self._drain(server, tasks)

    def _workers(self) -> dict[str, Callable[[], Awaitable[None]]]:
        workers: dict[str, Callable[[], Awaitable[None]]] = {
            "pulse": self._pulse.run,
            "bus": self._bus.keep,
            "project": self._projector.run,
            "timers": self._timers.run,
            "relay": lambda: self._leases.lead("relay", self._relay.run),
        }
        if telemetry.measuring():
            workers["gauges"] = Gauges(self._application, self._tables, self._consumers, self.clock).run
        for upstream, consumer in self._consumers.items():
            workers[f"hear {upstream}"] = _leading(self._leases, f"consumer {upstream}", consumer.run)
        return workers

    def _hear(self) -> None:
        settings = self._settings
        for upstream, reactions in self._service.reactions.items():
            address = settings.feeds.get(upstream)
            if address is None or settings.token_file is None:
                raise SettingsError(f"HUBAO_FEEDS and HUBAO_TOKEN_FILE must give a way to {upstream}'s feed")
            keys = settings.announcement_jwks.get(upstream)
            if keys is None:
                raise SettingsError(f"HUBAO_ANNOUNCEMENT_JWKS must give the keys by which {upstream} is believed")
            verifier = self._verifiers[upstream] = Verifier(upstream, keys)
            link = channel(address, token_file(settings.token_file), tls=settings.tls)
            self._channels.append(link)
            hearing = Hearing(upstream, reactions, self._application, self.clock, self._log)
            self._hearings[upstream] = hearing
            self._consumers[upstream] = Consumer(
                self._service.name, hearing, Feed(upstream, link), self._bus, self._log, verifier
            )

    def _serve(self) -> EdgeServer:
        settings = self._settings
        admin = AdminServicer(
            self._log,
            self._tables,
            self._projector,
            self._consumers,
            ParkingLot(self._log, self._hearings),
            self._leases,
            self.clock,
            self._clock_waker,
            self._application.kinds.owners,
        )
        edge = Edge(
            self._service.name,
            self._authenticator,
            self.clock.now,
            self._tables.wait_for,
            calls=settings.calls,
            streams=settings.streams,
            idle_seconds=settings.stream_idle_seconds,
        )
        platform: list[Servicer] = [
            (add_FeedServiceServicer_to_server, FeedServicer(self._log), "hubao.feed.v1.FeedService"),
            (add_AdminServiceServicer_to_server, admin, "hubao.feed.v1.AdminService"),
        ]
        own = self._servicers(self._application, self._tables, **self._ways())
        return EdgeServer(
            settings.address,
            edge,
            [*own, *platform],
            tls=settings.tls,
            most_connections=self._connections,
        )

    def _ways(self) -> dict[str, grpc.aio.Channel]:
        """Channels to the services that this one asks: they answer where they serve their feeds."""
        ways: dict[str, grpc.aio.Channel] = {}
        for asked in self._service.asks:
            address = self._settings.feeds.get(asked)
            if address is None:
                raise SettingsError(f"HUBAO_FEEDS must give a way to {asked}, which is asked for its part")
            ways[asked] = channel(address, tls=self._settings.tls)
        self._channels += ways.values()
        return ways

    def _announce_address(self, port: int) -> None:
        path = self._settings.address_file
        if path is not None:
            host = self._settings.address.rpartition(":")[0]
            partial = path.with_suffix(".partial")
            partial.write_text(f"{host}:{port}\n")
            partial.rename(path)

    def stop(self) -> None:
        """Asks the process to drain and end, as SIGTERM does."""
        self._stopping.set()

    async def _until_stopped(self) -> None:
        """Waits for `stop`; raises if the committer can never append again."""
        while not self._stopping.is_set():
            if self._application.committer.failed is not None:
                raise self._application.committer.failed
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 1.0)

    async def _drain(self, server: EdgeServer, tasks: list[asyncio.Task[None]]) -> None:
        """NOT_SERVING, running calls end, workers stop, what was submitted is stored, NATS is drained."""
        log.info("draining", extra={"service": self._service.name})
        await server.drain(self._settings.drain_seconds)
        await cancelled(tasks)
        await self._application.close()
        await self._bus.close()
        await self._tables.close()
        for link in self._channels:
            await link.close()
        log.info("stopped", extra={"service": self._service.name})

    async def _restore_clock(self) -> None:
        """A movable clock goes on where it was, or begins where the settings say."""
        if not isinstance(self.clock, MovableClock):
            return
        row = await self._log.one("SELECT value FROM setting WHERE key = 'clock.offset'")
        if row is not None:
            self.clock.offset = timedelta(microseconds=int(row[0]))
        elif self._settings.clock_start is not None:
            self.clock.offset = self._settings.clock_start - datetime.now(UTC)


def _leading(leases: Leases, name: str, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def lead() -> None:
        await leases.lead(name, work)

    return lead
