"""A TCP proxy in front of PostgreSQL that can lose an answer, or the connection, at the worst moment."""

import asyncio
from typing import Self, TypeAlias
from urllib.parse import urlsplit, urlunsplit

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter


class Proxy:
    """Forwards bytes; after `lose_answer` the next answer is swallowed and its connection cut."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[Writer] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._armed = False
        self._asked = False
        self.lost = 0
        self.silent = False
        """Whether the connection of the next answer is to stay open and to say nothing any more."""

    @property
    def url(self) -> str:
        """The same database, through this proxy."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        user, at, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}{at}127.0.0.1:{port}"))

    def lose_answer(self) -> None:
        """The answer to the next request is lost: the server has done the work, and the client never hears of it."""
        self._armed, self._asked = True, False

    def cut(self) -> None:
        """Cuts every connection at once."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: Reader, writer: Writer) -> None:
        assert self._target.hostname is not None
        try:
            upstream = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, upstream[1]}
        for source, sink, answers in ((reader, upstream[1], False), (upstream[0], writer, True)):
            task = asyncio.create_task(self._pump(source, sink, answers))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: Reader, sink: Writer, answers: bool) -> None:
        try:
            while data := await source.read(65536):
                if self._armed and answers and self._asked:
                    self._armed = False
                    self.lost += 1
                    self.cut()
                    return
                self._asked = self._asked or not answers
                if answers and self.silent:
                    self.silent = False
                    self.lost += 1
                    await asyncio.sleep(3600)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(sink)
            sink.close()
