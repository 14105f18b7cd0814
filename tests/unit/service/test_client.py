"""The Python client against a service with stub workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service.client import (
    AsyncClient,
    BlockFailed,
    ClientClosed,
    Output,
    ServiceRefused,
    ServiceUnreachable,
    Status,
    ValueNotPortable,
)

pytestmark = pytest.mark.asyncio
Service = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Service]]
Open = Callable[..., Awaitable[AsyncClient]]


@pytest_asyncio.fixture
async def client_of(connect: Connect) -> AsyncIterator[Open]:
    """Give a function that starts a service and returns a client of it."""
    clients = []

    async def start(**settings: Any) -> AsyncClient:
        service = await connect(**settings)
        clients.append(AsyncClient(str(service.make_url("/"))))
        return clients[-1]

    yield start
    for client in clients:
        await client.close()


async def test_values_there_and_back(client_of: Open) -> None:
    client = await client_of()
    array = np.arange(12.0).reshape(3, 4)
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert (await client.run("echo", data=array)).value.tolist() == array.tolist()
    outcome = await client.run("echo", data={"frame": frame, "big": 10**30}, name="block")
    pd.testing.assert_frame_equal(outcome.value["frame"], frame)
    assert outcome.value["big"] == 10**30
    assert (outcome.status, outcome.error, outcome.state) == ("completed", None, None)
    assert outcome.timings_ms["total"] >= 0
    assert outcome.value_or_raise() is outcome.value


async def test_none_is_data_too_and_inputs_may_be_a_tuple(client_of: Open) -> None:
    client = await client_of()
    assert (await client.run("echo", data=None)).value is None
    assert (await client.run("inputs", inputs=(1, np.float64(2)), packages=(), timeout_s=None)).value == [1, 2.0]


async def test_live_output_and_status(client_of: Open) -> None:
    client = await client_of()
    output: list[tuple[str, str]] = []
    statuses: list[str] = []
    outcome = await client.run(
        "print grüße",
        on_output=lambda stream, text: output.append((stream, text)),
        on_status=lambda status, _: statuses.append(status),
    )
    assert "".join(text for _, text in output) == outcome.stdout == "grüße"
    assert len(output) > 1
    assert statuses == ["queued", "running"]


async def test_an_execution_step_by_step(client_of: Open) -> None:
    client = await client_of()
    async with client.start("print abc", id="mine") as execution:
        events = [event async for event in execution]
        assert (await execution.result()).stdout == "abc"
        assert [event async for event in execution] == events
    assert execution.id == "mine"
    assert events[:2] == [Status("queued"), Status("running")]
    assert events[2] == Output("stdout", "a")
    assert (await client.get("mine")).stdout == "abc"


async def test_many_at_once(client_of: Open) -> None:
    client = await client_of(workers=2)
    outcomes = await asyncio.gather(*(client.run("echo", data=number) for number in range(60)))
    assert [outcome.value for outcome in outcomes] == list(range(60))


async def test_cancelling(client_of: Open) -> None:
    client = await client_of()
    async with client.start("sleep 100") as execution:
        async for event in execution:
            if event == Status("running"):
                await execution.cancel()
        outcome = await execution.result()
    assert outcome.status == execution.status == "cancelled"
    with pytest.raises(BlockFailed, match="cancelled"):
        outcome.value_or_raise()


async def test_cancelled_before_anything_is_known_of_it(client_of: Open) -> None:
    client = await client_of()
    execution = client.start("echo")
    await execution.cancel()
    async with execution:
        assert (await execution.result()).status == "cancelled"
    async with client.start("sleep 100") as execution:
        await execution.cancel()
        assert (await execution.result()).status == "cancelled"
    await client.run("echo")
    async with client.start("sleep 100", data=[0] * 5_000_000) as execution:
        await execution.cancel()
        assert (await execution.result()).status == "cancelled"


async def test_leaving_cancels(client_of: Open) -> None:
    client = await client_of()
    running = asyncio.Event()
    task = asyncio.create_task(client.run("sleep 100", id="left", on_status=lambda status, _: running.set()))
    await running.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.get("left", wait_s=10)).status == "cancelled"


async def test_what_a_callback_raises_ends_the_run(client_of: Open) -> None:
    client = await client_of()
    with pytest.raises(ZeroDivisionError):
        await client.run("sleep 100", id="x", on_status=lambda status, progress: 1 / 0)
    assert (await client.get("x", wait_s=10)).status == "cancelled"


async def test_cancelling_by_id(client_of: Open) -> None:
    client = await client_of()
    task = asyncio.create_task(client.run("sleep 100", id="other"))
    await asyncio.sleep(0.1)
    assert (await client.cancel("other")).status == "cancelled"
    assert (await task).status == "cancelled"


async def test_the_flow_is_asked(client_of: Open) -> None:
    client = await client_of()
    frame = pd.DataFrame({"level": [1.5]})
    outcome = await client.run("ask levels", flow={"levels": frame})
    pd.testing.assert_frame_equal(outcome.value, frame)
    assert (await client.run("ask nothing", flow={})).value is None
    assert "flow=" in (await client.run("ask levels")).value
    refused = await client.run("ask odd", flow={"odd": object()})
    assert "object can't travel" in refused.value


async def test_a_flow_may_be_asynchronous_and_may_fail(client_of: Open) -> None:
    class Remote:
        async def get(self, key: str) -> str:
            await asyncio.sleep(0)
            return key.upper()

        async def set(self, key: str, value: Any) -> None:
            raise OSError("read only")

        async def keys(self) -> list[str]:
            return []

    class Broken(Remote):
        async def get(self, key: str) -> str:
            raise OSError(f"no {key} today")

    client = await client_of()
    assert (await client.run("ask level", flow=Remote())).value == "LEVEL"
    assert (await client.run("ask level", flow=Broken())).value == "OSError: no level today"


async def test_what_a_block_does_with_its_node(client_of: Open) -> None:
    heard: list[Any] = []

    async def sent(value: Any) -> None:
        await asyncio.sleep(0)
        heard.append(value)

    client = await client_of()
    for code in (
        'tell send {"payload": [1]}',
        'tell warn "low"',
        'tell error ["bad", {"payload": 1}]',
        'tell status "busy"',
        'tell status {"fill": "red"}',
        "tell status null",
        "tell env SITE",
    ):
        outcome = await client.run(
            code,
            on_send=sent,
            on_log=lambda level, value, msg: heard.append((level, value, msg)),
            on_node_status=heard.append,
            node={"id": "a1", "outputCount": 1},
        )
        assert outcome.value is None, code
    logged = [("warn", "low", None), ("error", "bad", {"payload": 1})]
    assert heard == [{"payload": [1]}, *logged, {"text": "busy"}, {"fill": "red"}, None]


async def test_nobody_takes_what_a_block_does_with_its_node(client_of: Open) -> None:
    client = await client_of()
    assert "on_send=" in (await client.run("tell send 1")).value
    assert "on_log=" in (await client.run('tell log "x"')).value
    assert (await client.run('tell status "x"')).value is None
    failing = await client.run("tell send 1", on_send=lambda value: 1 // 0)
    assert failing.value.startswith("ZeroDivisionError")
    with pytest.raises(ServiceRefused, match="outputCount"):
        await client.run("echo", node={"outputs": 1})


async def test_kept_state_is_told(client_of: Open) -> None:
    client = await client_of()
    states = [(await client.run("echo", block="b", keep_state=True)).state for _ in range(2)]
    assert states == ["new", "kept"]


async def test_a_refusal(client_of: Open) -> None:
    client = await client_of()
    with pytest.raises(ServiceRefused, match="did you mean 'timeout_s'") as caught:
        await client.run("echo", timeout=1)  # type: ignore[call-arg]
    assert (caught.value.error_key, caught.value.status) == ("unknown_field", 422)
    assert caught.value.members == {"field": "timeout"}
    with pytest.raises(ServiceRefused, match="packages: expected array"):
        await client.run("echo", packages="numpy")
    with pytest.raises(ServiceRefused, match="execution_unknown"):
        await client.get("nobody")
    assert (await client.run("echo", data=1)).value == 1


async def test_what_cannot_travel_is_named_before_anything_is_sent() -> None:
    client = AsyncClient("http://127.0.0.1:1")
    with pytest.raises(ValueNotPortable, match=r"data\['a'\]\[1\]"):
        await client.run("echo", data={"a": [1, object()]})
    with pytest.raises(ValueNotPortable, match=r"inputs\[0\]"):
        await client.run("echo", inputs=[open])
    with pytest.raises(ValueError, match="id: 'a b'"):
        await client.run("echo", id="a b")


async def test_nobody_there() -> None:
    async with AsyncClient("http://127.0.0.1:1") as client:
        for attempt in (partial(client.run, "echo"), partial(client.check, "1"), partial(client.get, "x")):
            with pytest.raises(ServiceUnreachable, match=r"http://127.0.0.1:1 can't be reached.*\n.*CELLBLOCK_URL"):
                await attempt()


async def test_the_environment_says_where_and_who(client_of: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    given = await client_of(host="127.0.0.1", token="s" * 32)
    url = str(given._transport.url)
    monkeypatch.setenv("CELLBLOCK_URL", url)
    async with AsyncClient() as client:
        for attempt in (partial(client.run, "echo"), client.images):
            with pytest.raises(ServiceRefused, match="CELLBLOCK_TOKEN") as caught:
                await attempt()
            assert (caught.value.status, caught.value.error_key) == (401, "unauthorized")
    monkeypatch.setenv("CELLBLOCK_TOKEN", "s" * 32)
    async with AsyncClient() as client:
        assert (await client.run("echo", data=1)).value == 1
        assert (await client.images())["loading"] == []


@pytest.mark.parametrize("url", ["127.0.0.1:8765", "ftp://host", "http://", "http://[::1", "http://host:port"])
async def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="no http or https address"):
        AsyncClient(url)


async def test_a_token_and_a_ca_file_that_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="the token"):
        AsyncClient(token="a\nb")
    with pytest.raises(OSError, match="ca_file /nowhere"):
        AsyncClient(ca_file="/nowhere")


async def test_another_server_at_the_address(aiohttp_server: Any) -> None:
    server = await aiohttp_server(web.Application())
    async with AsyncClient(str(server.make_url("/"))) as client:
        with pytest.raises(ServiceRefused, match="is there a Cellblock service"):
            await client.run("echo")
        with pytest.raises(ServiceRefused, match="http_404"):
            await client.check("1")


async def test_closing_ends_what_is_under_way(connect: Connect) -> None:
    url = str((await connect()).make_url("/"))
    client = AsyncClient(url)
    task = asyncio.create_task(client.run("sleep 100", id="x"))
    await asyncio.sleep(0.2)
    await client.close()
    async with AsyncClient(url) as other:
        assert (await other.get("x", wait_s=10)).status == "cancelled"
    with pytest.raises(ClientClosed):
        await task
    with pytest.raises(ClientClosed):
        await client.run("echo")


async def test_one_id_twice(client_of: Open) -> None:
    client = await client_of()
    async with client.start("sleep 100", id="x") as execution:
        await anext(aiter(execution))
        with pytest.raises(ValueError, match="under way already"):
            await client.run("echo", id="x")
    assert (await client.get("x", wait_s=10)).status == "cancelled"
    async with asyncio.timeout(10):
        while "x" in client._session._executions:  # noqa: ASYNC110  (until the client has heard of the end)
            await asyncio.sleep(0.01)
    with pytest.raises(ServiceRefused, match="id_in_use"):
        await client.run("echo", id="x")


async def test_a_request_too_large_for_the_service(client_of: Open) -> None:
    client = await client_of(body_bytes=100_000)
    with pytest.raises(ServiceRefused, match="CELLBLOCK_BODY_BYTES") as caught:
        await client.run("echo", data=bytes(30_000_000))
    assert (caught.value.error_key, caught.value.status) == ("body_too_large", 413)
    assert (await client.run("echo", data=1)).value == 1
