"""A WebSocket that takes no silence for an end while something is on its way out.

The answer to a heartbeat can't come before what was sent earlier has arrived: 10 MB on a slow line take a minute. That
a line is dead on which nothing arrives is told by the kernel (TCP_USER_TIMEOUT, Linux).
"""

from __future__ import annotations

import asyncio
import socket
from typing import cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

HEARTBEAT_S = 20.0


class Socket(web.WebSocketResponse):
    """aiohttp's, with that patience."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter:
        """Begin, as every response does."""
        plain = request.get_extra_info("socket")
        if plain is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1.5 * HEARTBEAT_S * 1000))
        return await super().prepare(request)

    def _pong_not_received(self) -> None:
        transport = None if self._req is None else self._req.transport
        if transport is not None and cast(asyncio.WriteTransport, transport).get_write_buffer_size():
            self._reset_heartbeat()
        else:
            super()._pong_not_received()
