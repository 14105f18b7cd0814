"""Messages on their way to the client of a WebSocket: small ones together, the largest in fragments.

aiohttp writes each message at once and by itself. Here messages that wait together go out with one system call (an
execution has three or four, and of what the service did for a short one, a fifth was writing them), and a large result
isn't copied to become one piece: of 80 MB, three copies are saved. Pings and the closing handshake, which aiohttp
sends by itself, may come between fragments. Source: RFC 6455, sections 5.2 and 5.4.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from aiohttp import web

from cellblock_service.workers.frames import Buffer, chunks

_TOGETHER = 64 * 1024
_AT_ONCE = 10 << 20
"""Bytes of a message that is still one frame. A client copies fragments once more, to put them together."""
_BINARY, _CONTINUATION, _FINAL = 0x02, 0x00, 0x80


class Outgoing:
    """The writing end of one connection; for one task at a time."""

    def __init__(self, request: web.Request) -> None:
        assert request.transport is not None
        self._protocol, self._transport = request.protocol, request.transport

    async def send(self, messages: Iterable[Sequence[Buffer]]) -> None:
        """Write messages, each given in pieces. Raises ConnectionError when the connection is gone."""
        waiting = bytearray()
        for pieces in messages:
            size = sum(len(piece) for piece in pieces)
            if size <= _TOGETHER:
                waiting += b"".join([_header(_BINARY | _FINAL, size), *pieces])
                if len(waiting) <= _TOGETHER:
                    continue
            await self._write(waiting)
            waiting = bytearray()
            if size > _AT_ONCE:
                await self._in_fragments(pieces)
            elif size > _TOGETHER:
                await self._write(*chunks([_header(_BINARY | _FINAL, size), *pieces]))
        await self._write(waiting)

    async def _in_fragments(self, pieces: Sequence[Buffer]) -> None:
        kind = _BINARY
        for chunk in chunks(pieces):
            await self._write(_header(kind, len(chunk)), chunk)
            kind = _CONTINUATION
        await self._write(_header(_CONTINUATION | _FINAL, 0))

    async def _write(self, *data: Buffer | bytearray) -> None:
        if self._transport.is_closing():
            raise ConnectionResetError("the client is gone")
        for each in data:
            if each:
                self._transport.write(each)
        if self._protocol.writing_paused:
            await self._protocol._drain_helper()  # aiohttp offers it only with a message of its own


def _header(first: int, size: int) -> bytes:
    if size < 126:
        return struct.pack(">BB", first, size)
    if size < 1 << 16:
        return struct.pack(">BBH", first, 126, size)
    return struct.pack(">BBQ", first, 127, size)
