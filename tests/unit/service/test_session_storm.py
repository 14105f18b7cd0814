"""Sessions that say anything at all, in any order: the service goes on, and nobody hears of another's executions."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import msgpack
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient
from blockbuster import BlockBuster
from cellblock_service.api.keys import EXECUTIONS, POOL, SETTINGS, TOKENS
from cellblock_service.trust.tokens import create
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]
Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]

EXAMPLES = int(os.environ.get("CELLBLOCK_TEST_STORMS", "60"))
PATIENCE_S = 30
MANY = 2_000_000

idents = st.sampled_from(["a", "b", "c", "d"]) | st.sampled_from(["", "a b", "x" * 129, "ü"])
small = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.binary(max_size=9)
    | st.text(max_size=9)
)
anything = st.recursive(small, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(small, inner, max_size=3))
# MARK stands for what must reach nobody else.
codes = st.sampled_from(["echo", "print MARK", "ask MARK", "sleep 0.02", "convert 0.01", "pid", "exit 3"])
requests = st.fixed_dictionaries(
    {"code": codes},
    optional={
        "data": st.just("MARK"),
        "block": st.sampled_from(["one", "two"]),
        "keep_state": st.booleans(),
        "order": st.sampled_from(["in-order", "parallel"]),
        "dependencies": st.lists(idents, max_size=2),
        "timeout_s": st.sampled_from([1, 0, -1, 1e9, float("nan"), "1"]),
        "id": idents,
        "inputs": anything,
    },
)
messages = st.one_of(
    st.builds(lambda i, r: {"kind": "execute", "id": i, "request": msgpack.packb(r)}, idents, requests),
    st.fixed_dictionaries({"kind": st.just("cancel"), "id": idents}),
    st.fixed_dictionaries({"kind": st.just("resume"), "id": idents}, optional={"after": st.integers(-9, 99) | small}),
    st.fixed_dictionaries(
        {"kind": st.just("reply"), "id": idents, "call": st.integers(0, 3) | small},
        optional={"value": st.binary(max_size=9), "error": small},
    ),
    st.fixed_dictionaries({"kind": st.just("ping"), "n": small}),
    st.dictionaries(st.sampled_from(["kind", "id", "request", "call", "after", "value"]), anything, max_size=4),
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["execute", "hello", "welcome", "result", "dance"]), "id": anything}
    ),
)
# Deep nesting; maps, lists, texts and binaries that promise 2^32 bytes; keys that are no keys.
damaged = st.binary(max_size=40) | st.sampled_from(
    [
        b"\x91" * 5000,
        b"\x81\xa1a" * 5000,
        *(bytes([head]) + b"\xff" * 4 + b"MARK" for head in (0xDF, 0xDD, 0xDB, 0xC6, 0xC9)),
        b"\x81\xcb\x7f\xf8" + bytes(6) + b"\x01",
        b"\x81\x91\x01\x02",
        b"\x82\xa4kind\xa7execute\xa7request\xc6\xff\xff\xff\xff",
        b"",
    ]
)
steps = st.tuples(
    st.integers(0, 1), messages.map(lambda message: ("said", message)) | damaged.map(lambda b: ("raw", b))
)


class Caller:
    """One client with its own token and its mark. Comes back whenever the service hangs up on it."""

    def __init__(self, client: Client, token: str, mark: str) -> None:
        self.client, self.mark = client, mark
        self.headers = {"Authorization": f"Bearer {token}"}
        self.heard: list[bytes] = []
        self.socket: aiohttp.ClientWebSocketResponse | None = None

    async def say(self, message: dict[Any, Any]) -> None:
        await self.send(msgpack.packb(message).replace(b"MARK", self.mark.encode()))

    async def send(self, data: bytes) -> None:
        socket = await self.connected()
        await socket.send_bytes(data)

    async def connected(self) -> aiohttp.ClientWebSocketResponse:
        if self.socket is None or self.socket.closed:
            self.socket = await self.client.ws_connect("/v1/session", protocols=("cellblock.v1",), headers=self.headers)
            await self.socket.send_bytes(msgpack.packb({"kind": "hello"}))
        return self.socket

    async def goes_on(self, ident: str) -> None:
        """An execution of its own still runs."""
        for _ in range(3):  # what it said before may have cost it the connection
            request = msgpack.packb({"code": "echo", "data": self.mark})
            await self.say({"kind": "execute", "id": ident, "request": request})
            if await self._result(ident) == self.mark:
                return
        raise AssertionError(self.heard)

    async def _result(self, ident: str) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            async for each in await self.connected():
                self.heard.append(each.data)
                message = msgpack.unpackb(each.data)
                if message["kind"] == "result" and message["id"] == ident:
                    return message["result"]
        return None


@pytest_asyncio.fixture
async def callers(connect: Connect, never_blocked: BlockBuster) -> AsyncIterator[list[Caller]]:
    never_blocked.deactivate()  # tokens are made and read here in the loop
    client = await connect(workers=2, block_queue_size=1000, queue_size=1000)
    found = []
    for mark in ("MZRO", "MONE"):
        token, shown = create(mark, scopes=["execute"])
        client.app[SETTINGS].token_file.change(lambda kept, token=token: [*kept, token])
        found.append(Caller(client, shown, mark))
    client.app[TOKENS].look()
    yield found
    for each in found:
        if each.socket is not None:
            await each.socket.close()


numbers = itertools.count()


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(said=st.lists(steps, max_size=25))
async def test_anything_may_be_said_and_nothing_reaches_another(
    callers: list[Caller], said: list[tuple[int, tuple[str, Any]]]
) -> None:
    for who, (kind, what) in said:
        await (callers[who].say(what) if kind == "said" else callers[who].send(what))
    for each in callers:
        await each.goes_on(f"last{next(numbers)}")
        await each.socket.close()
    for each, other in (callers, callers[::-1]):
        assert not [data for data in each.heard if other.mark.encode() in data]
        each.heard.clear()
    app = callers[0].client.app
    async with asyncio.timeout(PATIENCE_S):  # what was under way is cancelled with its session
        while app[EXECUTIONS].running or app[POOL].state().busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_ten_thousand_cancels(callers: list[Caller]) -> None:
    caller = callers[0]
    await caller.say({"kind": "execute", "id": "x", "request": msgpack.packb({"code": "sleep 100"})})
    for _ in range(5000):
        await caller.say({"kind": "cancel", "id": "x"})
        await caller.say({"kind": "cancel", "id": "nobody"})
    unknown, result = 0, 0
    async with asyncio.timeout(PATIENCE_S):
        while unknown < 5000 or not result:
            message = msgpack.unpackb(await caller.socket.receive_bytes())
            unknown += message["kind"] == "unknown"
            if message["kind"] == "result":
                assert message["status"] == "cancelled"
                result += 1
    await caller.goes_on("after")
    assert result == 1


async def test_a_client_that_never_listens_is_not_listened_to(callers: list[Caller]) -> None:
    """Its answers would pile up in the service's memory."""
    caller, patient = callers
    socket = await caller.connected()
    transport = socket._response.connection.transport
    transport.pause_reading()
    ping = msgpack.packb({"kind": "ping", "n": 1})
    sent, stuck = 0, False
    while not stuck and sent < MANY:
        sent += 1
        try:
            async with asyncio.timeout(2):
                await socket.send_bytes(ping)
        except TimeoutError:
            stuck = True
    await patient.goes_on("meanwhile")
    transport.resume_reading()
    async with asyncio.timeout(PATIENCE_S):
        while msgpack.unpackb(await socket.receive_bytes())["kind"] != "pong":
            pass
    assert stuck
