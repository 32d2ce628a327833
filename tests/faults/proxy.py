"""A TCP proxy between one service and a server, on a thread of its own, that can do what networks do.

It delays, drops, leaves connections half open, and cuts a connection after an append was sent and before its answer is
handed on: then PostgreSQL has committed, and the service does not know.
"""

import asyncio
import threading
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from deploy.local.servers import LOOPBACK, free_port

APPEND = b" FROM append("


class Proxy:
    """Forwards bytes to `target()`, which is asked for each connection: a host and a port."""

    def __init__(self, target: Callable[[], tuple[str, int]]) -> None:
        self.port = free_port()
        self.delay = 0.0
        """Seconds that each answer waits."""
        self.refusing = False
        self.lost = 0
        """How many answers of an append were swallowed."""
        self._target = target
        self._armed = False
        self._flowing = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)

    def url_of(self, url: str) -> str:
        """The same database, through this proxy."""
        parts = urlsplit(url)
        return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@{LOOPBACK}:{self.port}"))

    def start(self) -> None:
        """Begins to listen; a second time changes nothing."""
        if self._thread.is_alive():
            return
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def lose_next_append(self) -> None:
        """The answer to the next append is swallowed, and its connection cut."""
        self._armed = True

    def disarm(self) -> None:
        self._armed = False

    def cut(self) -> None:
        """Every connection is reset at once."""
        self._loop.call_soon_threadsafe(self._cut)

    def hold(self) -> None:
        """Connections stay open, and nothing passes any more."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def release(self) -> None:
        self._loop.call_soon_threadsafe(self._flowing.set)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._cut()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def _cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _listen(self) -> None:
        self._flowing.set()
        await asyncio.start_server(self._accept, LOOPBACK, self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.refusing:
                raise ConnectionRefusedError
            behind = await asyncio.open_connection(*self._target())
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, behind[1]}
        self._writers |= pair
        link = _Link((writer, behind[1]))
        try:
            await asyncio.gather(
                self._pump(reader, behind[1], link, answers=False), self._pump(behind[0], writer, link, answers=True)
            )
        finally:
            self._writers -= pair
            for one in pair:
                one.close()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, link: "_Link", *, answers: bool
    ) -> None:
        try:
            while data := await source.read(65536):
                await self._flowing.wait()
                if answers and link.doomed:
                    self.lost += 1
                    break
                if answers and self.delay:
                    await asyncio.sleep(self.delay)
                if not answers:
                    self._look(link, data)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # Either side has gone; the other one is told below.
        finally:
            for writer in link.writers:
                writer.transport.abort()

    def _look(self, link: "_Link", data: bytes) -> None:
        """An append is prepared once on its connection, which then does nothing else."""
        link.appends = link.appends or APPEND in data
        if self._armed and link.appends:
            self._armed, link.doomed = False, True


class _Link:
    """What is known of one connection."""

    def __init__(self, writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]) -> None:
        self.appends = False
        self.doomed = False
        self.writers = writers
