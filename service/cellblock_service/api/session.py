"""`GET /v1/session`: a WebSocket on which a client runs any number of blocks at once (docs/protocol.md).

One task reads, one writes. The reader never waits for a worker, since a running block may be waiting for a reply that
comes through it: large requests are taken apart aside, and those behind them keep their order.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import msgpack
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from cellblock_service.api.answers import members
from cellblock_service.api.bodies import take_apart, take_apart_here
from cellblock_service.api.keys import ADMISSION, EXECUTIONS, POOL, PRINCIPAL, SESSIONS, SETTINGS
from cellblock_service.api.outgoing import Outgoing
from cellblock_service.api.problems import document
from cellblock_service.api.websocket import HEARTBEAT_S, Socket
from cellblock_service.codec import envelope, fields, wire
from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.errors import ExecutionUnknown, MalformedBody, MissingField, QueueFull, ServiceError
from cellblock_service.executions.execution import Execution
from cellblock_service.executions.executions import Ask
from cellblock_service.executions.session import Call, Item, Message, is_end
from cellblock_service.trust.tokens import Principal
from cellblock_service.workers.frames import Buffer

PROTOCOL = "cellblock.v1"
VERSION: Final = version("cellblock")
HELLO_S = 10.0
# Requests waiting to be taken apart in a worker: more than that from one client are refused.
MOST_ASIDE = 64
# Messages that are written together.
BATCH = 64
# Turns of the loop that what is to be written waits for more, unless it is an end, which somebody waits for. An
# execution is queued, handed to a worker and running within three: with one system call for what they tell there are as
# many fewer wake-ups, of the client too.
_TURNS = 2
# Bytes of messages of which a copy costs less than to go through them without.
_SMALL = 4096

log = structlog.get_logger(__name__)
routes = web.RouteTableDef()


@routes.get("/v1/session")
async def session(request: web.Request) -> web.StreamResponse:
    """Serve one connection."""
    settings = request.app[SETTINGS]
    socket = Socket(protocols=(PROTOCOL,), heartbeat=HEARTBEAT_S, max_msg_size=settings.body_bytes, compress=False)
    await socket.prepare(request)
    connection = _Connection(request, socket, request[PRINCIPAL])
    try:
        await connection.serve()
    except ServiceError as error:
        await socket.send_bytes(msgpack.packb({"kind": "problem", "problem": document(error)}))
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=error.error_key.encode())
    return socket


@dataclass(slots=True)
class _Unread:
    """A large request that waits to be taken apart."""

    ident: str
    body: memoryview
    cancelled: bool = False


class _Connection:
    """One connection of a session."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, principal: Principal) -> None:
        app = request.app
        self._settings, self._pool, self._admission = app[SETTINGS], app[POOL], app[ADMISSION]
        self._executions, self._sessions = app[EXECUTIONS], app[SESSIONS]
        self._remote = request.remote or ""
        self._request, self._socket = request, socket
        self._principal = principal
        self._caught_up = asyncio.Event()
        self._aside: deque[_Unread] = deque()
        self._more_aside = asyncio.Event()
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "execute": self._execute,
            "cancel": self._cancel,
            "resume": self._resume,
            "reply": self._reply,
            "ping": self._ping,
        }

    async def serve(self) -> None:
        """Greet, then carry messages both ways until the connection ends."""
        hello = await self._hello()
        if hello is None:
            return
        self._session, resumed = self._sessions.attach(self._principal.id, hello.get("session"), self._hang_up)
        limits = self._admission.limits(self._principal, {})
        who = {"session": self._session.id, "service": self._sessions.service, "version": VERSION}
        self._session.say("welcome", **who, resumed=resumed, limits=limits)
        works = self._read(), self._take_apart_aside(), self._write()
        reading, aside, _ = self._tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait((reading, aside), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hang_up()
            self._sessions.detach(self._session, self._hang_up, for_good=self._socket.close_code == WSCloseCode.OK)
            for error in await asyncio.gather(*self._tasks, return_exceptions=True):
                if isinstance(error, Exception):
                    log.error("session_crashed", exc_info=error)

    def _hang_up(self) -> None:
        """End this connection: its client has made a new one, or the service stops.

        Its writer ends at once, lest it take out of the outbox what is meant for the new one.
        """
        for task in self._tasks:
            task.cancel()

    async def _hello(self) -> dict[str, Any] | None:
        try:
            message = await self._socket.receive(timeout=HELLO_S)
        except TimeoutError:
            message = None
        content = _content(message.data) if message is not None and message.type is WSMsgType.BINARY else None
        if content is None or content["kind"] != "hello":
            await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"the first message has to be a hello")
            return None
        ident = content.get("session")
        return {"session": ident if isinstance(ident, str) else None}

    async def _read(self) -> None:
        async for message in self._socket:
            if self._session.behind:
                self._caught_up.clear()
                await self._caught_up.wait()
            if not self._admission.still_lets_in(self._principal):
                await self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"the token isn't valid any more")
                return
            if message.type is not WSMsgType.BINARY or not self._hear(message.data):
                await self._socket.close(
                    code=WSCloseCode.UNSUPPORTED_DATA, message=b"expected msgpack maps with a kind"
                )
                return
            del message  # it may be large, and long ago when the next one comes

    def _hear(self, data: bytes) -> bool:
        """Do what a message says; False if it is none."""
        content = _content(data)
        if content is None:
            return False
        handler = self._handlers.get(content["kind"])
        try:
            if handler is None:
                raise MalformedBody(f"{content['kind'][:64]!r} is no kind of message")
            handler(content)
        except ServiceError as error:
            self._session.say("problem", problem=document(error))
        return True

    # What the client says.

    def _execute(self, content: dict[str, Any]) -> None:
        ident, body = fields.identifier("id", content.get("id")), content.get("request")
        with self._refusing(ident):
            if not isinstance(body, memoryview):
                raise MissingField("request: a bin with the packed request is needed", field="request")
            work = None if self._aside else take_apart_here(body, "msgpack")
            if work is not None:
                self._begin(ident, work)
            elif len(self._aside) >= MOST_ASIDE:
                raise QueueFull(f"{MOST_ASIDE} large requests are waiting to be read")
            else:
                self._aside.append(_Unread(ident, body))
                self._more_aside.set()

    async def _take_apart_aside(self) -> None:
        """Have workers take apart large requests, one after the other. Each stays first in line until it has begun."""
        while True:
            while self._aside:
                await self._take_apart(self._aside[0])
                self._aside.popleft()
            self._more_aside.clear()
            await self._more_aside.wait()

    async def _take_apart(self, unread: _Unread) -> None:
        with self._refusing(unread.ident):
            execution = self._begin(unread.ident, await take_apart(unread.body, "msgpack", self._pool))
            if unread.cancelled:
                self._executions.cancel(execution)

    @contextlib.contextmanager
    def _refusing(self, ident: str) -> Iterator[None]:
        """Tell a refusal to the client that named its execution `ident`."""
        try:
            yield
        except ServiceError as error:
            self._session.say("refused", id=ident, problem=document(error))

    def _begin(self, ident: str, work: ExecuteRequest) -> Execution:
        """Begin an execution. Raises what it is refused with."""
        self._admission.require_room(self._principal, ident)
        if not self._executions.knows(self._principal.id, ident):
            self._admission.admit(self._principal)
        limits = self._admission.limits(self._principal, work.limits)
        ask = Ask(work, self._principal, limits, id=ident, live=True, remote=self._remote, flow=self._session)
        execution = self._executions.start(ask)
        self._session.executions[ident] = execution
        return execution

    def _cancel(self, content: dict[str, Any]) -> None:
        unread = [each for each in self._aside if each.ident == content.get("id")]
        for each in unread:
            each.cancelled = True
        execution = None if unread else self._find(content)
        if execution is not None:
            self._executions.cancel(execution)

    def _resume(self, content: dict[str, Any]) -> None:
        execution = self._find(content)
        if execution is not None:
            after = content.get("after", 0)
            execution.join(self._session)
            self._session.replay(execution, after if isinstance(after, int) else 0)

    def _reply(self, content: dict[str, Any]) -> None:
        execution, call, value, error = (content.get(name) for name in ("id", "call", "value", "error"))
        found = self._session.executions.get(execution) if isinstance(execution, str) else None
        if found is None or not isinstance(call, int):
            return
        if isinstance(value, memoryview):
            found.reply(call, value)
        else:
            found.reply(call, error=str(error)[:10_000])

    def _ping(self, content: dict[str, Any]) -> None:
        number = content.get("n")
        self._session.say("pong", n=number if isinstance(number, int | float) else None)

    def _find(self, content: dict[str, Any]) -> Execution | None:
        ident = content.get("id")
        try:
            return self._executions.get(self._principal.id, ident if isinstance(ident, str) else "")
        except ExecutionUnknown:
            self._session.say("unknown", id=ident if isinstance(ident, str) else None)
            return None

    # What the service says.

    async def _write(self) -> None:
        """Send what waits in the outbox, in its order; an execution whose end has been sent is let go."""
        outgoing = Outgoing(self._request)
        with contextlib.suppress(ConnectionError):
            while True:
                while items := self._session.take(BATCH):
                    await outgoing.send(map(_encoded, items))
                    for item in items:
                        if is_end(item):
                            self._session.forget(item[0])
                self._caught_up.set()
                self._session.wakeup.clear()
                await self._session.wakeup.wait()
                for _ in range(0 if self._session.ends else _TURNS):
                    await asyncio.sleep(0)
        self._caught_up.set()  # the reader learns of the end by itself


def _content(data: bytes) -> dict[str, Any] | None:
    """Read a message; None if it isn't a map with a kind. Binaries are views of it: they may be large."""
    try:
        content = _read_small(data) if len(data) <= _SMALL else _read_large(data)
    except (ValueError, msgpack.UnpackException, RecursionError):
        return None
    return content if isinstance(content.get("kind"), str) else None


def _read_small(data: bytes) -> dict[str, Any]:
    """Read a message by unpacking it, which copies it: 2 us, where going through it takes 13."""
    content = msgpack.unpackb(data)
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise ValueError("not a map with text keys")
    return {name: memoryview(value) if isinstance(value, bytes) else value for name, value in content.items()}


def _read_large(data: bytes) -> dict[str, Any]:
    return {
        name: msgpack.unpackb(value) if (held := wire.binary(value)) is None else held
        for name, value in wire.members(data).items()
    }


def _encoded(item: Item) -> Sequence[Buffer]:
    """Give the pieces of one message."""
    if isinstance(item, Message):
        return _packed(item.kind, item.content)
    execution, what = item
    if isinstance(what, Call):
        names = ("call", "op", "scope", "store", "key")
        content = {name: what.meta.get(name) for name in names} | {"id": execution.id}
        return _packed("call", content | ({"value": bytes(what.value)} if what.value else {}))
    head = {"id": execution.id, "seq": what.seq}
    if what.kind == "refused":
        assert execution.refusal is not None
        return _packed("refused", head | {"problem": document(execution.refusal)})
    if what.kind != "result":
        return _packed(what.kind, head | dict(what.members))
    assert execution.outcome is not None
    told = {name: value for name, value in members(execution).items() if name not in ("stdout", "stderr")}
    return envelope.stitch({"kind": "result"} | head | told, execution.outcome.result or fields.NIL)


def _packed(kind: str, content: Mapping[str, Any]) -> Sequence[Buffer]:
    return [msgpack.packb({"kind": kind, **content})]
