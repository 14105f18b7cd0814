"""Large bodies received in place: however they arrive, and whatever the client does."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from cellblock_service.api.receiving import end_connection, receive

SIZE = 6 << 20
BODY = os.urandom(SIZE)
DIGEST = hashlib.sha256(BODY).hexdigest()
HEAD = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {SIZE}\r\n\r\n".encode()

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """A service that tells what it received, and how receiving ended."""

    def __init__(self) -> None:
        self.ended: asyncio.Queue[str] = asyncio.Queue()
        self.patience_s = 10.0
        self.answer_bytes = 0

    async def handle(self, request: web.Request) -> web.Response:
        assert request.content_length is not None
        try:
            async with asyncio.timeout(self.patience_s):
                body = await receive(request, request.content_length)
        except BaseException as error:
            self.ended.put_nowait(type(error).__name__)
            if isinstance(error, TimeoutError):
                return web.Response(status=408)
            raise
        self.ended.put_nowait("whole")
        return web.Response(text=hashlib.sha256(body).hexdigest() + "." * self.answer_bytes)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def connection(echo: Echo) -> AsyncIterator[Connection]:
    app = web.Application()
    app.router.add_post("/", echo.handle)
    app.on_response_prepare.append(end_connection)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
    yield reader, writer
    writer.close()
    await runner.cleanup()


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of the one answer, after which the connection ends."""
    async with asyncio.timeout(10):
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        return head, body


@pytest.mark.parametrize("first", [0, 1, 70_000, 300_000, SIZE - 1])
async def test_a_body_in_two_parts(connection: Connection, first: int) -> None:
    reader, writer = connection
    writer.write(HEAD + BODY[:first])
    await asyncio.sleep(0.05)
    writer.write(BODY[first:])
    head, body = await answer(reader)
    assert body.decode() == DIGEST
    assert b"Connection: close" in head


async def test_a_body_in_many_parts(connection: Connection) -> None:
    reader, writer = connection
    for piece in (HEAD[:10], HEAD[10:], *(BODY[start : start + 99_991] for start in range(0, SIZE, 99_991))):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    assert (await answer(reader))[1].decode() == DIGEST


async def test_a_body_that_has_arrived_already(connection: Connection) -> None:
    """Short ones may be there as a whole; then the connection goes on."""
    reader, writer = connection
    for _ in range(2):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Connection: close" not in head
        assert (await reader.readexactly(64)).decode() == hashlib.sha256(b"abcde").hexdigest()


async def test_what_follows_the_body_is_dropped(connection: Connection, echo: Echo) -> None:
    """A client that sends on without waiting for its answer may lose that, and nothing else happens."""
    reader, writer = connection
    writer.write(HEAD + BODY + HEAD + BODY)
    with contextlib.suppress(ConnectionResetError):
        await answer(reader)
    assert await echo.ended.get() == "whole"
    assert echo.ended.empty()


async def test_a_long_answer_to_a_slow_reader(connection: Connection, echo: Echo) -> None:
    echo.answer_bytes = 20 << 20
    reader, writer = connection
    writer.write(HEAD + BODY)
    await asyncio.sleep(0.3)
    _, body = await answer(reader)
    assert len(body) == 64 + echo.answer_bytes


@pytest.mark.parametrize("how", ["close", "abort", "eof"])
async def test_a_client_that_goes(connection: Connection, echo: Echo, how: str) -> None:
    _, writer = connection
    writer.write(HEAD + BODY[: SIZE // 2])
    await writer.drain()
    await asyncio.sleep(0.05)
    {"close": writer.close, "abort": writer.transport.abort, "eof": writer.write_eof}[how]()
    async with asyncio.timeout(10):
        assert await echo.ended.get() in ("ConnectionResetError", "CancelledError")


async def test_a_body_that_does_not_come(connection: Connection, echo: Echo) -> None:
    echo.patience_s = 0.1
    reader, writer = connection
    writer.write(HEAD + BODY[: SIZE // 2])
    head, _ = await answer(reader)
    assert b" 408 " in head
    assert await echo.ended.get() == "TimeoutError"
