"""What a WebSocket's client gets on its line: small messages together, large ones whole, the largest in fragments."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from cellblock_service.api.outgoing import Outgoing
from cellblock_service.api.websocket import Socket

pytestmark = pytest.mark.asyncio
MIB = 1 << 20
BEAT_S = 0.2
SENT: list[list[bytes]] = [
    [b"one"],
    [b"two ", b"pieces"],
    [b"x" * 70_000],
    [b"head", b"y" * (9 * MIB), b"tail"],
    [b"head", b"z" * (11 * MIB), b"tail"],
    [b"last"],
]
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
Frame = tuple[int, bytes]


@pytest.fixture
async def reader() -> AsyncIterator[asyncio.StreamReader]:
    """The line of a client to whom all that is sent."""

    async def tell(request: web.Request) -> web.WebSocketResponse:
        socket = Socket(compress=False, heartbeat=BEAT_S)
        await socket.prepare(request)
        await Outgoing(request).send(SENT)
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/", tell)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    yield reader
    writer.close()
    await runner.cleanup()


async def frame(reader: asyncio.StreamReader) -> Frame:
    """The first byte of a frame that isn't a heartbeat, and its content."""
    first, size = await reader.readexactly(2)
    if first == 0x89:
        return await frame(reader)
    if size >= 126:
        form = ">H" if size == 126 else ">Q"
        (size,) = struct.unpack(form, await reader.readexactly(struct.calcsize(form)))
    return first, await reader.readexactly(size)


async def test_each_message_is_one_frame_up_to_ten_mebibytes(reader: asyncio.StreamReader) -> None:
    async with asyncio.timeout(20):
        for pieces in SENT:
            first, content = await frame(reader)
            if sum(map(len, pieces)) < 10 * MIB:
                assert (first, content) == (0x82, b"".join(pieces))
                continue
            assert first == 0x02
            while first != 0x80:
                first, more = await frame(reader)
                assert first in (0x00, 0x80)
                assert len(more) <= MIB
                content += more
            assert content == b"".join(pieces)


async def test_a_slow_client_is_not_taken_for_a_dead_one(reader: asyncio.StreamReader) -> None:
    left = sum(len(piece) for pieces in SENT for piece in pieces)
    while left > 0:  # it answers no heartbeat, and takes many times as long as one may
        read = await reader.read(MIB // 4)
        assert read, f"the connection ended with {left} bytes to come"
        left -= len(read)
        await asyncio.sleep(BEAT_S / 10)
