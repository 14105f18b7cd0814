"""The session with the service: one WebSocket for all executions of a client, made when it is needed.

A connection that is lost while something is under way is made again, with growing pauses. What was sent is then asked
for from the event on that was heard last; it is sent again only if the service, in the same session, knows nothing of
it. So nothing is missed, and no block runs twice. A client without executions lets a lost connection be.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Iterator
from typing import Any

import aiohttp

from cellblock_service.client import messages
from cellblock_service.client.errors import (
    AnswerUnreadable,
    ClientClosed,
    ClientError,
    ExecutionLost,
    ServiceRefused,
    ServiceUnreachable,
)
from cellblock_service.client.execution import Execution
from cellblock_service.client.outcome import FINAL
from cellblock_service.client.transport import CONNECT_S, Transport

RECONNECT_S = 60.0
"""How long a lost connection is tried to be made again."""
MOST_SENT = 3
"""How often a request is sent whose arrival each time a lost connection prevents: on that line it won't arrive."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_TOO_MANY_REQUESTS = 429


class Session:
    """Carries executions to the service and what they tell back."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._executions: dict[str, Execution] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._ident: str | None = None
        self._service: str | None = None
        self._greeted = False
        self._heard = False
        self._closed = False

    async def begin(self, execution: Execution) -> None:
        """Start an execution, now or as soon as there is a connection."""
        if self._closed:
            raise ClientClosed("the client is closed")
        if execution.ended:
            return
        if execution.id in self._executions:
            raise ValueError(f"id: an execution {execution.id!r} is under way already")
        self._executions[execution.id] = execution
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name="cellblock-session")
        if self._socket is not None:
            await self._send_execution(execution)

    async def cancel(self, execution: Execution) -> None:
        """Ask for an execution's cancellation."""
        if not execution.sent:
            execution.end_unsent()
            self._executions.pop(execution.id, None)
        else:
            await self._send(messages.message("cancel", id=execution.id))

    async def close(self) -> None:
        """End the session; the service cancels what is under way."""
        self._closed = True
        if self._socket is not None:
            await self._socket.close(code=aiohttp.WSCloseCode.OK)
        tasks = [task for task in (self._keeper, *self._tasks) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._fail_all(ClientClosed("the client was closed while this execution was under way"))

    # The connection.

    async def _keep(self) -> None:
        """Keep a connection as long as it holds or is needed."""
        clock, pauses, lost_at = asyncio.get_running_loop().time, _pauses(), None
        self._greeted = False
        try:
            while True:
                begun, self._heard = clock(), False
                error = await self._connection()
                if not self._executions:
                    return
                if lost_at is None or self._heard or clock() - begun > RECONNECT_S:
                    pauses, lost_at = _pauses(), clock()
                if not self._greeted or not _passing(error) or clock() - lost_at > RECONNECT_S:
                    self._fail_all(error)
                    return
                await asyncio.sleep(next(pauses))
        except Exception as error:
            self._fail_all(ClientError(f"the client failed: {error!r}"))
            raise
        finally:
            self._keeper = None

    async def _connection(self) -> ClientError:
        """Make a connection and serve it to its end; give the reason why it isn't there any more."""
        socket = None
        try:
            socket = await self._transport.connect()
            await self._greet(socket)
            self._socket = socket
            self._spawn(self._take_up())
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    self._hear(messages.read(message.data))
        except ClientError as error:
            return error
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            return AnswerUnreadable(f"{self._transport.url} sent a message that can't be read: {error!r}")
        finally:
            self._socket = None
            if socket is not None:
                # With any code but OK the service waits for this client to come back. aiohttp leaves the closing to the
                # one that receives, so `close` comes by here too.
                await socket.close(code=aiohttp.WSCloseCode.OK if self._closed else aiohttp.WSCloseCode.GOING_AWAY)
        if socket.close_code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            self._drop_largest()
        reason = str(socket.exception() or f"the connection was lost (code {socket.close_code})")
        return ServiceUnreachable(str(self._transport.url), reason)

    async def _greet(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Say hello and hear the welcome."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await socket.send_bytes(messages.message("hello", session=self._ident))
                message = await socket.receive()
        except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            raise self._transport.unreachable(error) from error
        if message.type is not aiohttp.WSMsgType.BINARY:
            raise ServiceUnreachable(str(self._transport.url), "it closed the connection without a welcome")
        told = messages.read(message.data)
        if told.get("kind") == "problem":
            raise ServiceRefused.of(told["problem"])
        if told.get("kind") != "welcome" or not isinstance(told.get("session"), str):
            raise AnswerUnreadable(f"{self._transport.url} answered a hello without a welcome")
        self._ident, self._service, self._greeted = told["session"], told.get("service"), True

    async def _take_up(self) -> None:
        """Send what waits, and ask for the events that were missed."""
        for execution in list(self._executions.values()):
            if not execution.sent:
                await self._send_execution(execution)
            elif not execution.ended:
                execution.resuming = True
                await self._send(messages.message("resume", id=execution.id, after=execution.seq))
                if execution.cancelling:
                    await self._send(messages.message("cancel", id=execution.id))

    async def _send_execution(self, execution: Execution) -> None:
        if execution.message is None:
            return
        if execution.sent >= MOST_SENT:
            size = len(execution.message)
            self._fail(execution, self._lost_on_the_way(size))
            return
        execution.sent += 1
        execution.sent_to = self._service
        await self._send(execution.message)

    async def _send(self, data: bytes) -> None:
        """Send a message. A connection that is lost is noticed by its reader."""
        if self._socket is not None:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self._socket.send_bytes(data)

    def _lost_on_the_way(self, size: int) -> ServiceUnreachable:
        reason = f"the connection was lost {MOST_SENT} times while a request of {size} bytes was sent"
        return ServiceUnreachable(str(self._transport.url), reason, "the block didn't run")

    def _drop_largest(self) -> None:
        """Give up the request that was too large for the service: the largest of those it didn't take."""
        waiting = [each for each in self._executions.values() if each.sent and each.message is not None]
        largest = max(waiting, key=lambda each: len(each.message or b""), default=None)
        if largest is not None and largest.message is not None:
            detail = f"the request is {len(largest.message)} bytes; that is more than the service takes"
            self._fail(largest, ServiceRefused("body_too_large", 413, f"{detail} (CELLBLOCK_BODY_BYTES there)"))

    # What is heard.

    def _hear(self, told: dict[str, Any]) -> None:
        kind = told.get("kind")
        if kind == "problem":
            raise ServiceRefused.of(told["problem"])
        execution = self._executions.get(told.get("id", ""))
        if execution is None:
            return
        if kind == "unknown":
            # Of one that isn't taken up it only says that a cancellation came too early or too late.
            if execution.resuming:
                execution.resuming = False
                self._spawn(self._look_up(execution))
        elif kind == "call":
            self._spawn(self._reply(execution, told["call"], execution.answer(told)))
        else:
            self._event(execution, told)

    def _event(self, execution: Execution, told: dict[str, Any]) -> None:
        self._heard = True
        first = execution.message is not None
        execution.hear(told)
        if execution.ended:
            self._executions.pop(execution.id, None)
        elif first and execution.cancelling:
            # The service may have heard of the cancellation before it had taken the request in, and ignored it.
            self._spawn(self._send(messages.message("cancel", id=execution.id)))

    async def _reply(self, execution: Execution, call: int, answer: asyncio.Task[dict[str, Any]]) -> None:
        await self._send(messages.message("reply", id=execution.id, call=call, **await answer))

    async def _look_up(self, execution: Execution) -> None:
        """Find in the service's records how an execution ended that isn't in its memory."""
        try:
            told = await self._transport.ask("GET", f"v1/executions/{execution.id}")
        except ServiceRefused as error:
            if error.error_key == "execution_unknown":
                await self._again_or_never(execution)
            else:
                self._fail(execution, error)
        except ClientError as error:
            self._fail(execution, error)
        else:
            if told.get("status") in FINAL:
                execution.end(told)
                self._executions.pop(execution.id, None)
            else:
                self._fail(execution, ExecutionLost(execution.id, "the service that ran it was interrupted"))

    async def _again_or_never(self, execution: Execution) -> None:
        """Send an execution again that surely never arrived: the service knows it neither now nor from its records.

        Of another service process than the one it was sent to, that isn't sure: it may have been killed.
        """
        if execution.seq or execution.sent_to != self._service:
            reason = "the connection was lost, and the service knows nothing of it any more; it may or may not have run"
            self._fail(execution, ExecutionLost(execution.id, reason))
        elif execution.cancelling:
            execution.end_unsent()
            self._executions.pop(execution.id, None)
        else:
            await self._send_execution(execution)

    def _fail(self, execution: Execution, error: ClientError) -> None:
        execution.fail(error)
        self._executions.pop(execution.id, None)

    def _fail_all(self, error: ClientError) -> None:
        for execution in list(self._executions.values()):
            self._fail(execution, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _passing(error: ClientError) -> bool:
    """Whether trying again may help."""
    if isinstance(error, ServiceRefused):
        return error.status >= 500 or error.status == _TOO_MANY_REQUESTS
    return isinstance(error, ServiceUnreachable)


def _pauses() -> Iterator[float]:
    """Seconds to wait: longer each time, and not the same for all clients of a service that was restarted."""
    pause = _FIRST_PAUSE_S
    while True:
        yield pause * random.uniform(0.5, 1.0)
        pause = min(pause * 2, _LONGEST_PAUSE_S)
