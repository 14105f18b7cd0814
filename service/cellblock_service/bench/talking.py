"""The measuring client's side of a session: as little as there can be, so that what is measured is the service."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import aiohttp
import msgpack
from cellblock_sandbox.guest import values

from cellblock_service.client import messages
from cellblock_service.codec.fields import NIL
from cellblock_service.codec.wire import bin_header

_NUMBERS = count()
"""The ids of executions: one service may be measured in several sessions."""

WARM_UPS = 20
"""Calls before any that are measured."""

Message = dict[str, Any]
Call = Callable[[Any], Awaitable[Message]]
"""Has something run, and gives the message that tells of its end."""
_HEARD_LAST = frozenset({b"\xa6result", b"\xa7refused"})


@dataclass(slots=True)
class Refused(Exception):
    """An execution was refused; the problem tells why."""

    problem: dict[str, Any]


class Talk:
    """One session on one connection. Executions are told apart by their numbers."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._waiting: dict[str, asyncio.Future[Message]] = {}

    @classmethod
    @asynccontextmanager
    async def begun(cls, http: aiohttp.ClientSession, url: str) -> AsyncIterator[Talk]:
        """Connect and say hello; at the end, close."""
        socket = await http.ws_connect(f"{url}/v1/session", protocols=("cellblock.v1",), max_msg_size=0, compress=0)
        talk = cls(socket)
        await socket.send_bytes(msgpack.packb({"kind": "hello"}))
        await socket.receive_bytes()
        hearing = asyncio.create_task(talk._hear())
        try:
            yield talk
        finally:
            await socket.close()
            await hearing

    async def execute(self, request: bytes) -> Message:
        """Run a packed request; give what the service says at its end. Raises Refused."""
        ident = str(next(_NUMBERS))
        waiting = self._waiting[ident] = asyncio.get_running_loop().create_future()
        head = msgpack.packb({"kind": "execute", "id": ident})
        # The same map with one more member, so that a large request is copied once.
        await self._socket.send_bytes(b"".join([b"\x83", head[1:], b"\xa7request", bin_header(len(request)), request]))
        message: Message = await waiting
        if message["kind"] == "refused":
            raise Refused(message["problem"])
        return message

    async def _hear(self) -> None:
        async for each in self._socket:
            # The first thing in a message is its kind; statuses and output aren't even unpacked.
            if any(each.data.startswith(kind, 6) for kind in _HEARD_LAST):
                message = unpacked(each.data)
                waiting = self._waiting.pop(message["id"])
                if not waiting.done():  # nobody waits any more
                    waiting.set_result(message)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the service closed the session"))


def unpacked(data: bytes | memoryview) -> Message:
    """Read a message, and the result in it."""
    message = messages.read(data)
    return message | {"result": values.unpack(message.get("result", NIL))}


def completed(message: Message) -> Message:
    """Give a message that tells of a completed execution. AssertionError for any other."""
    assert message["status"] == "completed", message
    return message


async def timed(call: Call, request: Any) -> tuple[float, Message]:
    """Milliseconds of a call, and what it gave."""
    started = time.perf_counter()
    message = await call(request)
    return (time.perf_counter() - started) * 1000, message


async def warmed(call: Call, request: Any) -> None:
    """Call a few times, so that what happens once has happened."""
    for _ in range(WARM_UPS):
        completed(await call(request))


def packed(code: str, data: object, **more: Any) -> bytes:
    """A packed request."""
    return values.pack({"code": code, "data": data, **more})


def client() -> aiohttp.ClientSession:
    """What connections are made with, any number of them."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=120))
