"""Bytes between a socket and a Dask connection, both ways, as they come.

Messages are bytes, or maps that concern the process at the other end. From its plugin: `{"pid"}` when it has started,
`{"failed"}` when it can't, `{"leaving"}` when its machine is about to go, `{"ended"}` with how it ended, as the last.
From the service: `{"kill"}`, and `{"close"}` as the last.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from distributed.comm import Comm, CommClosedError

Message = dict[str, Any]

_PIECE_BYTES = 1 << 20
_LAST = {"close", "ended"}
_TAKE_S = 60.0
"""Time until a process that takes nothing of what it is sent is given up: stopped as it is, it can't be told to end."""


async def send(comm: Comm, message: Message | bytes) -> None:
    """Write a message; nothing if the connection is gone."""
    with contextlib.suppress(CommClosedError):
        await comm.write(message)


async def carry_out(comm: Comm, end: socket.socket, last: Callable[[], Awaitable[Message]]) -> None:
    """Carry what comes from the socket until it ends, then say the `last` message.

    The next piece is taken from the socket when the system has the one before: a slow line holds back who writes there.
    """
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, CommClosedError):
        while data := await loop.sock_recv(end, _PIECE_BYTES):
            await comm.write(data)
            await _flushed(comm)
    await send(comm, await last())


async def _flushed(comm: Comm) -> None:
    """Wait until nothing that was written is left in memory: Dask's `write` puts it there, and waits for nothing."""
    stream = getattr(comm, "stream", None)  # of TCP and of TLS
    if stream is not None and stream.writing():
        await stream.write(b"")


async def carry_in(comm: Comm, end: socket.socket, on_message: Callable[[Message], None]) -> None:
    """Carry what comes from the connection until its last message, or until it is gone, or nobody takes it."""
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    with contextlib.suppress(CommClosedError):
        while True:
            message = await comm.read()
            if isinstance(message, dict):
                on_message(message)
                if _LAST & message.keys():
                    return
            else:
                try:
                    async with asyncio.timeout(_TAKE_S):
                        await loop.sock_sendall(end, message)
                except TimeoutError:
                    return
                except OSError:
                    pass  # nobody is there any more: the other direction tells why
