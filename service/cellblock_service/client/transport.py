"""How the service is reached: its address, the token, TLS; single requests over HTTP, and WebSocket connections.

Every failure becomes ServiceUnreachable, ServiceRefused or AnswerUnreadable here, with the address in its text.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket as sockets
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
from yarl import URL

from cellblock_service.client import messages
from cellblock_service.client.errors import AnswerUnreadable, ServiceRefused, ServiceUnreachable

DEFAULT_URL = "http://127.0.0.1:8765"
PROTOCOL = "cellblock.v1"
CONNECT_S = 15.0
ANSWER_S = 60.0
HEARTBEAT_S = 20.0
"""Silence after which the other side is asked whether it is there; half as long later it isn't."""

_LARGE = 1 << 20
_ACCEPT = "application/msgpack, application/json;q=0.5"
_IS_IT_ONE = "is there a Cellblock service at this address?"


class Transport:
    """The way to one service. `url` and `token` come from CELLBLOCK_URL and CELLBLOCK_TOKEN when they are None.

    `ca_file` names a PEM file of the authorities to trust instead of the system's. Raises ValueError for an address
    that is none or a token that can't be sent, and OSError for a `ca_file` that can't be read.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, ca_file: str | os.PathLike[str] | None = None
    ) -> None:
        self.url = _address(url or os.environ.get("CELLBLOCK_URL") or DEFAULT_URL)
        self._headers = _authorization(token if token is not None else os.environ.get("CELLBLOCK_TOKEN", ""))
        self._tls = _trusting(ca_file) if ca_file is not None else True
        self._session: aiohttp.ClientSession | None = None

    async def connect(self) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket. Raises ServiceUnreachable, ServiceRefused."""
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await self._http().ws_connect(
                    self.url / "v1/session",
                    protocols=(PROTOCOL,),
                    timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
                    heartbeat=HEARTBEAT_S,
                    max_msg_size=0,
                    ssl=self._tls,
                )
        except aiohttp.WSServerHandshakeError as error:
            raise await self._refusal_of_session(error) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self.unreachable(error) from error
        _limit_silence(socket)
        return socket

    async def ask(
        self, method: str, path: str, *, body: Any = None, query: Mapping[str, str] | None = None, wait_s: float = 0.0
    ) -> dict[str, Any]:
        """Make one request; `body` goes as JSON. Give the answer, in msgpack as of `messages.read`.

        Raises ServiceUnreachable, ServiceRefused, AnswerUnreadable.
        """
        limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=ANSWER_S + wait_s)
        asked = self._http().request(
            method, self.url / path, json=body, params=query, timeout=limits, headers={"Accept": _ACCEPT}, ssl=self._tls
        )
        try:
            async with asked as response:
                content = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise self.unreachable(error) from error
        if response.status >= 400:
            raise self._refusal(response.status, content)
        if response.content_type == "application/msgpack":
            return messages.read(content)
        return self._from_json(content)

    def unreachable(self, error: BaseException) -> ServiceUnreachable:
        """Say why there is no connection, and what to do."""
        url = str(self.url)
        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            return ServiceUnreachable(url, str(error), "ca_file= names the PEM file of the authority that signed it")
        if isinstance(error, aiohttp.ClientSSLError):
            return ServiceUnreachable(url, str(error), "is it http:// there?")
        if isinstance(error, TimeoutError):
            return ServiceUnreachable(url, "no answer in time")
        if isinstance(error, aiohttp.ClientConnectorError) and error.errno:
            # What the name service says has numbers below zero, and texts of its own.
            return ServiceUnreachable(url, os.strerror(error.errno) if error.errno > 0 else str(error.strerror))
        return ServiceUnreachable(url, str(error) or type(error).__name__)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _http(self) -> aiohttp.ClientSession:
        """The HTTP client, made when it is first needed, since it belongs to the loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, ws_response_class=_Socket)
        return self._session

    async def _refusal_of_session(self, error: aiohttp.WSServerHandshakeError) -> Exception:
        """Find out why no WebSocket is given, by a plain request: aiohttp drops the body of a handshake's answer."""
        try:
            await self.ask("GET", "v1/session")
        except ServiceRefused as refused:
            if refused.status == error.status:
                return refused
        except (ServiceUnreachable, AnswerUnreadable):
            pass
        return AnswerUnreadable(f"{self.url} answered {error.status} where a session was asked for; {_IS_IT_ONE}")

    def _refusal(self, status: int, content: bytes) -> ServiceRefused:
        try:
            problem = json.loads(content)
        except ValueError:
            problem = None
        if isinstance(problem, dict) and "error_key" in problem:
            return ServiceRefused.of(problem)
        return ServiceRefused(f"http_{status}", status, f"{self.url} answered {status} without a reason; {_IS_IT_ONE}")

    def _from_json(self, content: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise AnswerUnreadable(f"{self.url} answered what can't be read; {_IS_IT_ONE}")
        return answer


class _Socket(aiohttp.ClientWebSocketResponse):
    """A WebSocket that takes no silence for an end while a message of its own is on the way out.

    The answer to a heartbeat can't come before what was sent earlier has arrived; on a slow line 80 MB take minutes.
    That a line is dead on which nothing sent arrives is told by the kernel (TCP_USER_TIMEOUT, Linux).
    """

    _sending = 0

    async def send_bytes(self, data: bytes, compress: int | None = None) -> None:
        """Send a message."""
        self._sending += 1
        try:
            await super().send_bytes(data, compress)
        finally:
            self._sending -= 1
            if len(data) > _LARGE and not self.closed:
                # The end of it, some megabytes, still waits in the kernel.
                self._reset_heartbeat()

    def _pong_not_received(self) -> None:
        if self._sending:
            self._reset_heartbeat()
        else:
            super()._pong_not_received()


def _limit_silence(socket: aiohttp.ClientWebSocketResponse) -> None:
    plain = socket.get_extra_info("socket")
    if plain is not None and hasattr(sockets, "TCP_USER_TIMEOUT"):
        milliseconds = int(1.5 * HEARTBEAT_S * 1000)
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, milliseconds)


def _address(url: str) -> URL:
    try:
        found = URL(url.rstrip("/"))
    except ValueError:
        found = URL()
    if found.scheme not in ("http", "https") or not found.host:
        raise ValueError(f"{url!r} is no http or https address; CELLBLOCK_URL or url= say where the service is")
    return found


def _authorization(token: str) -> dict[str, str]:
    if not token.isprintable() or not token.isascii():
        raise ValueError("the token holds characters that can't be sent; CELLBLOCK_TOKEN or token= give it")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _trusting(ca_file: str | os.PathLike[str]) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise type(error)(f"ca_file {os.fspath(ca_file)}: {error}") from error
