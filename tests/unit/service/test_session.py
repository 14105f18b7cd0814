"""Sessions with stub workers: many executions on one connection, and what becomes of them when it is lost."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, cast

import msgpack
import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient
from blockbuster import BlockBuster
from cellblock_service.api.keys import EXECUTIONS, POOL, SESSIONS, SETTINGS, TOKENS
from cellblock_service.executions.execution import Event, Execution
from cellblock_service.executions.session import Session
from cellblock_service.trust.tokens import create

pytestmark = pytest.mark.asyncio
Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]
Message = dict[str, Any]


class Talk:
    """One connection: what is said and heard."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[Message] = []

    @classmethod
    async def begin(cls, client: Client, session: str | None = None) -> Talk:
        talk = cls(await client.ws_connect("/v1/session", protocols=("cellblock.v1",), max_msg_size=0))
        await talk.say(kind="hello", session=session)
        return talk

    async def say(self, **message: Any) -> None:
        await self.socket.send_bytes(msgpack.packb(message))

    async def execute(self, ident: str, code: str, **more: Any) -> None:
        await self.say(kind="execute", id=ident, request=msgpack.packb({"code": code, **more}))

    async def next(self, kind: str = "", ident: str = "") -> Message:
        """Hear until a message of this kind, about this execution."""
        async with asyncio.timeout(20):
            while True:
                data = await self.socket.receive_bytes()
                message: Message = msgpack.unpackb(data)
                self.heard.append(message)
                if kind in ("", message["kind"]) and ident in ("", message.get("id")):
                    return message

    def about(self, ident: str) -> list[Message]:
        return [message for message in self.heard if message.get("id") == ident]


async def test_one_execution(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    welcome = await talk.next("welcome")
    assert welcome["version"] == version("cellblock")
    assert welcome["limits"]["timeout_s"] == 30
    assert not welcome["resumed"]
    await talk.execute("x", "print grüße", data=[1])
    result = await talk.next("result")
    told = talk.about("x")
    assert [message["seq"] for message in told] == list(range(1, len(told) + 1))
    assert [message.get("status") for message in told if message["kind"] == "status"] == ["queued", "running"]
    assert "".join(message["text"] for message in told if message["kind"] == "stdout") == "grüße"
    assert (result["status"], result["result"]) == ("completed", [1])


async def test_many_executions_at_once(connect: Connect) -> None:
    talk = await Talk.begin(await connect(workers=2))
    for number in range(50):
        await talk.execute(f"e{number}", "echo", data=number)
    results = {}
    while len(results) < 50:
        message = await talk.next("result")
        results[message["id"]] = message["result"]
    assert results == {f"e{number}": number for number in range(50)}


async def test_a_refusal_names_its_execution_and_the_next_one_runs(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    await talk.execute("a", "echo", timeout=1)
    assert (await talk.next("refused"))["problem"]["error_key"] == "unknown_field"
    await talk.say(kind="execute", id="b", request=b"\xc1")
    assert (await talk.next("refused"))["id"] == "b"
    await talk.say(kind="execute", id="b c", request=b"")
    assert (await talk.next("problem"))["problem"]["error_key"] == "invalid_value"
    await talk.say(kind="dance")
    assert "dance" in (await talk.next("problem"))["problem"]["detail"]
    await talk.say(kind="cancel", id="nobody")
    assert (await talk.next("unknown"))["id"] == "nobody"
    await talk.say(kind="ping", n=7)
    assert (await talk.next("pong"))["n"] == 7
    await talk.execute("d", "echo", data=1)
    assert (await talk.next("result"))["result"] == 1


async def test_cancelling(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    await talk.execute("x", "sleep 100")
    while (await talk.next("status", "x"))["status"] != "running":
        pass
    await talk.say(kind="cancel", id="x")
    assert (await talk.next("result"))["status"] == "cancelled"


async def test_the_flow_answers_its_block(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    for number, reply in enumerate(({"value": msgpack.packb(42)}, {"error": "no such store"})):
        await talk.execute(f"x{number}", "ask level")
        call = await talk.next("call")
        assert (call["op"], call["scope"], call["key"]) == ("get", "flow", "level")
        await talk.say(kind="reply", id=f"x{number}", call=call["call"], **reply)
        assert (await talk.next("result"))["result"] == (42, "no such store")[number]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ('tell send {"payload": 1}', {"op": "send", "key": None, "value": msgpack.packb({"payload": 1})}),
        ('tell error ["x", null]', {"op": "error", "key": None, "value": b"\x92\xa1x\xc0"}),
        ("tell status null", {"op": "status", "key": None, "value": b"\xc0"}),
        ("tell env SITE", {"op": "env", "key": "SITE"}),
    ],
)
async def test_a_block_speaks_for_its_node(connect: Connect, code: str, told: dict[str, Any]) -> None:
    talk = await Talk.begin(await connect())
    await talk.execute("x", code, node={"id": "a1", "name": "n", "path": "f/a1", "outputCount": 0})
    call = await talk.next("call")
    assert call == {"kind": "call", "id": "x", "call": 1, "scope": "node", "store": None, **told}
    await talk.say(kind="reply", id="x", call=call["call"], value=b"\xc0")
    assert (await talk.next("result"))["result"] is None


async def test_a_large_request_does_not_hold_up_a_reply(connect: Connect) -> None:
    """The one worker waits for the reply while the large request waits for the worker."""
    talk = await Talk.begin(await connect())
    await talk.execute("x", "ask level")
    call = await talk.next("call")
    await talk.execute("large", "echo", data=[0] * 5_000_000)
    await talk.execute("small", "echo", data=0)
    await talk.say(kind="reply", id="x", call=call["call"], value=msgpack.packb(1))
    assert (await talk.next("result"))["id"] == "x"
    assert [(await talk.next("result"))["id"] for _ in range(2)] == ["large", "small"]


async def test_a_lost_connection_loses_nothing_and_runs_nothing_twice(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    session = (await talk.next("welcome"))["session"]
    await talk.execute("x", "print abc", data=1)
    await talk.execute("y", "sleep 0.5", data=2)
    seen = (await talk.next("stdout", "x"))["seq"]
    talk.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    again = await Talk.begin(client, session)
    assert (await again.next("welcome"))["resumed"]
    await again.say(kind="resume", id="x", after=seen)
    await again.execute("y", "sleep 0.5", data=2)
    assert (await again.next("result", "y"))["result"] == 2
    told = again.about("x")
    assert [message["seq"] for message in told] == list(range(seen + 1, seen + 1 + len(told)))
    assert told[-1]["result"] == 1
    assert [message["kind"] for message in again.about("y")].count("result") == 1


async def test_a_call_that_was_lost_is_made_again(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    session = (await talk.next("welcome"))["session"]
    await talk.execute("x", "ask level")
    await talk.next("call")
    talk.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    again = await Talk.begin(client, session)
    await again.say(kind="resume", id="x", after=0)
    call = await again.next("call")
    await again.say(kind="reply", id="x", call=call["call"], value=msgpack.packb("here"))
    assert (await again.next("result"))["result"] == "here"


async def test_nobody_comes_back(connect: Connect) -> None:
    client = await connect(session_linger_s=0.2)
    talk = await Talk.begin(client)
    await talk.execute("x", "sleep 100")
    while (await talk.next("status"))["status"] != "running":
        pass
    talk.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    assert client.app is not None
    async with asyncio.timeout(10):
        await client.app[EXECUTIONS].get("local", "x").ended.wait()
        while client.app[POOL].state().busy or len(client.app[SESSIONS]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert client.app[EXECUTIONS].get("local", "x").status == "cancelled"


async def test_leaving_in_order_cancels_at_once(connect: Connect) -> None:
    client = await connect(session_linger_s=1000)
    talk = await Talk.begin(client)
    await talk.execute("x", "sleep 100")
    while (await talk.next("status"))["status"] != "running":
        pass
    await talk.socket.close()
    assert client.app is not None
    async with asyncio.timeout(10):
        while client.app[POOL].state().busy:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_is_no_message_ends_the_connection(connect: Connect) -> None:
    client = await connect()
    for data in (b"\xc1", b"\x93\x01", b"\xdd\xff\xff\xff\xff", msgpack.packb({"kind": 5})):
        talk = await Talk.begin(client)
        await talk.next("welcome")
        await talk.socket.send_bytes(data)
        message = await talk.socket.receive(timeout=10)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1003)
    talk = await Talk.begin(client)
    assert (await talk.next("welcome"))["kind"] == "welcome"


async def test_sessions_are_few(connect: Connect) -> None:
    client = await connect(sessions=1)
    first = await Talk.begin(client)
    await first.next("welcome")
    second = await Talk.begin(client)
    assert (await second.next("problem"))["problem"]["error_key"] == "too_many_sessions"
    assert (await second.socket.receive(timeout=10)).type is WSMsgType.CLOSE


async def test_only_an_end_is_in_a_hurry() -> None:
    """What else is told waits a moment for more, so that less has to be written."""
    session, execution = Session("me", connected=True), cast("Execution", SimpleNamespace(id="x", outcome=None))
    seen = [session.ends]
    for seq, kind in enumerate(("status", "refused", "status", "result"), 1):
        session.event(execution, Event(seq, kind, {}))
        seen.append(session.ends)
    session.say("pong")
    assert [*seen, session.ends] == [False, False, True, False, True, False]


async def test_stopping_lets_what_runs_end_and_keeps_nobody_waiting(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    listening = await client.get("/v1/events")
    await talk.execute("x", "sleep 0.5", data=1)
    while (await talk.next("status"))["status"] != "running":
        pass
    async with asyncio.timeout(10):
        closing = asyncio.create_task(client.server.close())
        assert (await talk.next("result"))["result"] == 1
        assert (await talk.socket.receive()).type in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING)
        await listening.content.read()
        await closing


async def test_large_and_small_messages_arrive_whole_and_in_order(connect: Connect) -> None:
    talk = await Talk.begin(await connect(workers=2, body_bytes=64 << 20))
    sizes = [0, 1, 125, 126, 65_000, 65_535, 65_536, 66_000, 1 << 20, (1 << 20) + 1, 5_000_000, 20_000_000, 3]
    for number, size in enumerate(sizes):
        await talk.execute(f"x{number}", "echo", data=bytes([number]) * size, block="one")
    for number, size in enumerate(sizes):
        result = await talk.next("result")
        assert (result["id"], result["result"] == bytes([number]) * size) == (f"x{number}", True)
    assert [message["kind"] for message in talk.about("x5")] == ["status", "status", "result"]


async def test_a_connection_takes_over_from_one_that_is_not_known_to_be_dead(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    session = (await talk.next("welcome"))["session"]
    await talk.execute("x", "sleep 0.3", data=1)
    while (await talk.next("status"))["status"] != "running":
        pass
    again = await Talk.begin(client, session)
    assert (await again.next("welcome"))["resumed"]
    await again.say(kind="resume", id="x", after=0)
    assert (await again.next("result"))["result"] == 1


async def test_nothing_is_told_of_an_execution_before_what_was_missed(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    session = (await talk.next("welcome"))["session"]
    await talk.execute("x", "sleep 0.3", data=1)
    while (await talk.next("status"))["status"] != "running":
        pass
    talk.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    again = await Talk.begin(client, session)
    await again.next("welcome")
    assert client.app is not None
    await client.app[EXECUTIONS].get("local", "x").ended.wait()
    await again.say(kind="resume", id="x", after=1)
    await again.next("result")
    await again.say(kind="ping", n=1)
    await again.next("pong")
    assert [message["seq"] for message in again.about("x")] == [2, 3]


async def test_large_and_small_requests_keep_their_order_while_a_large_one_is_read(connect: Connect) -> None:
    client = await connect(workers=2)
    talk = await Talk.begin(client)
    await talk.execute("large", "echo", block="b", data=[0] * 5_000_000)
    await asyncio.sleep(0.05)
    await talk.execute("small", "echo", block="b", data=0)
    assert [(await talk.next("result"))["id"] for _ in range(2)] == ["large", "small"]


async def test_cancelling_what_waits_to_be_read(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    await talk.execute("first", "sleep 0.3")
    while (await talk.next("status"))["status"] != "running":
        pass
    await talk.execute("x", "sleep 100", data=[0] * 5_000_000)
    await talk.say(kind="cancel", id="x")
    assert (await talk.next("result", "x"))["status"] == "cancelled"
    assert not [message for message in talk.about("x") if message["kind"] == "unknown"]


async def test_an_execution_without_a_request_is_refused_by_its_id(connect: Connect) -> None:
    talk = await Talk.begin(await connect())
    await talk.say(kind="execute", id="x")
    assert (await talk.next("refused"))["problem"]["error_key"] == "missing_field"


async def test_an_execution_that_two_follow_outlives_one_of_them(connect: Connect) -> None:
    client = await connect()
    one, other = await Talk.begin(client), await Talk.begin(client)
    for talk in (one, other):
        await talk.execute("x", "sleep 0.5", data=1)
        await talk.next("status", "x")
    await one.socket.close()
    assert (await other.next("result"))["status"] == "completed"


async def test_a_session_without_a_connection_holds_nothing_that_has_ended(connect: Connect) -> None:
    client = await connect()
    talk = await Talk.begin(client)
    session = (await talk.next("welcome"))["session"]
    await talk.execute("x", "sleep 0.2", data=1)
    while (await talk.next("status"))["status"] != "running":
        pass
    talk.socket._response.connection.transport.abort()  # type: ignore[union-attr]
    assert client.app is not None
    await client.app[EXECUTIONS].get("local", "x").ended.wait()
    assert not client.app[SESSIONS]._sessions[session].executions
    again = await Talk.begin(client, session)
    assert (await again.next("welcome"))["resumed"]
    await again.say(kind="resume", id="x", after=0)
    assert (await again.next("result"))["result"] == 1


async def test_an_idle_connection_holds_no_request_and_no_result_for_long(connect: Connect) -> None:
    client = await connect(results_bytes=0, record_result_bytes=0)
    talk = await Talk.begin(client)
    await talk.next("welcome")
    tracemalloc.start()
    try:
        for number, data in enumerate((bytes(30_000_000), [0] * 5_000_000)):
            await talk.execute(f"x{number}", "echo", data=data)
            await talk.next("result")
            talk.heard.clear()
            del data
        async with asyncio.timeout(10):
            while tracemalloc.get_traced_memory()[0] > 5_000_000:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        tracemalloc.stop()


async def test_what_still_runs_when_the_service_stops_is_told_how_it_ended(connect: Connect) -> None:
    client = await connect(drain_s=0.2, workers=2)
    talk = await Talk.begin(client)
    await talk.execute("x", "sleep 100", data=1)
    while (await talk.next("status"))["status"] != "running":
        pass
    asking = asyncio.create_task(client.post("/v1/execute", json={"code": "sleep 100"}))
    async with asyncio.timeout(20):
        while client.app[POOL].state().busy < 2:  # type: ignore[index]  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        closing = asyncio.create_task(client.server.close())
        assert (await talk.next("result"))["status"] == "cancelled"
        assert (await (await asking).json())["status"] == "cancelled"
        await closing


async def test_a_client_that_never_answers_is_let_go(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellblock_service.api.session.HEARTBEAT_S", 0.2)
    client = await connect()
    assert client.app is not None
    async with client.ws_connect("/v1/session", protocols=("cellblock.v1",), autoping=False) as deaf:
        await deaf.send_bytes(msgpack.packb({"kind": "hello"}))
        async with asyncio.timeout(20):
            heard = [message.type async for message in deaf]
        assert heard == [WSMsgType.BINARY, WSMsgType.PING]


async def test_a_revoked_token_ends_what_is_open(connect: Connect, never_blocked: BlockBuster) -> None:
    never_blocked.deactivate()  # tokens are made and read here in the loop
    client = await connect()
    assert client.app is not None
    file, tokens = client.app[SETTINGS].token_file, client.app[TOKENS]
    token, shown = create("flow", scopes=["execute"])
    file.change(lambda kept: [*kept, token])
    tokens.look()
    client.session.headers["Authorization"] = f"Bearer {shown}"
    talk = await Talk.begin(client)
    await talk.execute("x", "sleep 0.3")
    while (await talk.next("status"))["status"] != "running":
        pass
    one = "/v1/executions/x/events"
    async with client.get("/v1/events") as listening, client.get(one) as following:
        file.change(lambda kept: [each for each in kept if each.id != token.id])
        tokens.look()
        await talk.say(kind="resume", id="x", after=0)
        message = await talk.socket.receive(timeout=10)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1008)
        async with asyncio.timeout(10):
            assert await listening.content.read() == b""
            assert b"event: result" not in await following.content.read()
