"""A TCP proxy on loopback whose connections tests cut, silence or slow down, as networks do."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Self

PIECE = 64 * 1024


class Proxy:
    """Carries bytes between clients and `port`.

    `closed`: new connections are cut at once. `up_per_s`: how many bytes a second go towards the service.
    `reading`: cleared, nothing is taken from clients any more. `connections` counts those there have been.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._silent = 0
        self.closed = False
        self.up_per_s: float | None = None
        self.reading = asyncio.Event()
        self.reading.set()
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Abort every connection: both ends see a reset."""
        for writer in self._writers:
            writer.transport.abort()

    def silence(self) -> None:
        """Drop what arrives on the connections there are, and tell nobody."""
        self._silent = self.connections

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        self.connections += 1
        number = self.connections
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers |= {writer, back}
        await asyncio.gather(self._copy(number, reader, back, up=True), self._copy(number, there, writer))
        self._writers -= {writer, back}

    async def _copy(
        self, number: int, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool = False
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(PIECE):
                if up:
                    await self.reading.wait()
                if number <= self._silent:
                    continue
                target.write(data)
                await target.drain()
                if up and self.up_per_s:
                    await asyncio.sleep(len(data) / self.up_per_s)
        target.close()
