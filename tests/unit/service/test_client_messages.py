"""What the Python client writes and reads, byte by byte, and servers that say what no service says."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import msgpack
import numpy as np
import pytest
from aiohttp import WSMsgType, web
from cellblock_sandbox.guest import values
from cellblock_service.client import AnswerUnreadable, AsyncClient, ClientError, Figure, ServiceRefused, messages
from cellblock_service.client.outcome import read_outcome
from cellblock_service.codec import envelope, fields


def test_a_request_is_one_the_service_reads() -> None:
    array = np.arange(100_000.0)
    given = {"data": array, "inputs": (decimal.Decimal("1.0"),), "packages": ("a", "b"), "timeout_s": np.float64(2)}
    sent = msgpack.unpackb(messages.execute("x", "return 1", {**given, "block": None}))
    assert (sent["kind"], sent["id"]) == ("execute", "x")
    read = fields.check(envelope.cut(sent["request"]))
    assert (read.code, read.packages, read.limits, read.block) == ("return 1", ("a", "b"), {"timeout_s": 2.0}, None)
    np.testing.assert_array_equal(values.unpack(read.payloads["data"]), array)
    assert values.unpack(read.payloads["inputs"]) == [decimal.Decimal("1.0")]


def test_an_outcome() -> None:
    day = dt.date(2026, 1, 2)
    figure = {"mime": "image/png", "data": b"\x89PNG"}
    told = {"id": "x", "status": "completed", "figures": [figure], "state": "kept", "timings_ms": {"run": 1.5}}
    packed = b"".join(envelope.stitch(told, values.pack(day)))
    outcome = read_outcome(messages.read(packed), "out", "err")
    assert (outcome.value, outcome.figures) == (day, [Figure("image/png", b"\x89PNG")])
    assert (outcome.stdout, outcome.stderr, outcome.state, outcome.timings_ms) == ("out", "err", "kept", {"run": 1.5})


def test_a_value_that_was_not_kept() -> None:
    packed = b"".join(envelope.stitch({"id": "x", "status": "completed", "result_dropped": True}, b"\xc0"))
    outcome = read_outcome(messages.read(packed))
    assert (outcome.value, outcome.value_dropped) == (None, True)
    with pytest.raises(ClientError, match="too large for the service to keep"):
        outcome.value_or_raise()


@pytest.mark.parametrize(
    "data", [b"", b"\xc1", b"\x90", b"\x81", b"\x81\x90", b"\x81\xa6result", b"\x81\xa1a\xdd" + b"\xff" * 4]
)
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(AnswerUnreadable):
        messages.read(data)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"id": "x", "status": "error", "error": "text"},
        {"id": "x", "status": "error", "error": {"type": "E"}},
        {"id": "x", "status": "completed", "result": b"\xc1"},
        {"id": "x", "status": "completed", "figures": [1]},
        {"id": "x", "status": "completed", "timings_ms": 3},
    ],
)
def test_what_is_no_outcome(told: dict[str, Any]) -> None:
    with pytest.raises(AnswerUnreadable):
        read_outcome(told)


WELCOME = {"kind": "welcome", "session": "s", "service": "t"}


@pytest.mark.parametrize(
    "said",
    [
        [{"kind": "pong"}],
        [{"kind": "welcome"}],
        [WELCOME, {"kind": "status", "seq": 1}],
        [WELCOME, {"kind": "status", "seq": "one", "status": "running"}],
        [WELCOME, {"kind": "call", "op": "get"}],
        [WELCOME, {"kind": "result", "seq": 1}],
        [WELCOME, {"kind": "refused", "problem": None}],
        [WELCOME, b"\xc1"],
    ],
)
async def test_a_server_that_says_something_else(aiohttp_server: Any, said: list[Any]) -> None:
    """The execution ends with an error, at once."""
    async with AsyncClient(await serving(aiohttp_server, said)) as client:
        with pytest.raises(AnswerUnreadable):
            await client.run("1")


async def test_a_server_that_refuses_a_message(aiohttp_server: Any) -> None:
    problem = {"error_key": "malformed_body", "status": 400, "detail": "no"}
    async with AsyncClient(await serving(aiohttp_server, [WELCOME, {"kind": "problem", "problem": problem}])) as client:
        with pytest.raises(ServiceRefused, match="malformed_body"):
            await client.run("1")


async def serving(aiohttp_server: Any, said: list[Any]) -> str:
    """Serve sessions in which one after the other of `said` is the answer to whatever comes; give the address."""

    async def session(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in said:
            received = await socket.receive()
            assert received.type is WSMsgType.BINARY
            ident = msgpack.unpackb(received.data).get("id")
            await socket.send_bytes(message if isinstance(message, bytes) else msgpack.packb({"id": ident, **message}))
        await socket.receive()
        return socket

    app = web.Application()
    app.router.add_get("/v1/session", session)
    server = await aiohttp_server(app)
    return str(server.make_url("/"))
