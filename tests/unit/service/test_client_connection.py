"""The Python client when its connection is lost: nothing is missed, and nothing runs twice."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service.api.keys import EXECUTIONS
from cellblock_service.client import AsyncClient, ExecutionLost, Output, ServiceUnreachable, Status, transport
from cellblock_service.client import session as sessions
from cellblock_service.client.execution import Execution
from cellblock_service.executions.execution import Execution as Served
from cutting import Proxy

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]
Service = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Service]]


class Observer:
    """Notes what a service begins."""

    def __init__(self, service: Service) -> None:
        self.ids: list[str] = []
        assert service.app is not None
        service.app[EXECUTIONS].observers.append(self)

    def begun(self, execution: Served) -> None:
        self.ids.append(execution.id)

    def changed(self, execution: Served) -> None:
        pass


@pytest_asyncio.fixture
async def service(connect: Connect) -> Service:
    return await connect(drain_s=0.1)


@pytest.fixture
def begun(service: Service) -> list[str]:
    """The executions that the service began."""
    return Observer(service).ids


@pytest_asyncio.fixture
async def proxy(service: Service) -> AsyncIterator[Proxy]:
    assert service.port is not None
    async with Proxy(service.port) as proxy:
        yield proxy


@pytest_asyncio.fixture
async def client(proxy: Proxy) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(proxy.url) as client:
        yield client


async def heard(execution: Execution, wanted: Any) -> None:
    async for event in execution:
        if event == wanted:
            return
    pytest.fail(f"ended without {wanted}")


async def ended(service: Service, ident: str) -> None:
    assert service.app is not None
    await service.app[EXECUTIONS].get("local", ident).ended.wait()


async def test_cut_in_mid_run(client: AsyncClient, proxy: Proxy, begun: list[str]) -> None:
    async with client.start("sleep 0.5", data="kept") as execution:
        await heard(execution, Status("running"))
        proxy.cut()
        outcome = await execution.result()
    assert outcome.value == "kept"
    assert proxy.connections == 2
    assert begun == [execution.id]


async def test_cut_again_and_again(client: AsyncClient, proxy: Proxy, begun: list[str]) -> None:
    async with client.start("sleep 2", data="kept") as execution:
        for _ in range(5):
            await asyncio.sleep(0.2)
            proxy.cut()
        assert (await execution.result()).value == "kept"
    assert begun == [execution.id]


async def test_what_was_told_meanwhile_is_not_missed(
    client: AsyncClient, proxy: Proxy, service: Service, begun: list[str]
) -> None:
    async with client.start("print " + "abc" * 50) as execution:
        await heard(execution, Output("stdout", "a"))
        proxy.silence()
        await ended(service, execution.id)
        proxy.cut()
        outcome = await execution.result()
        text = "".join([event.text async for event in execution if isinstance(event, Output)])
    assert text == outcome.stdout == "abc" * 50
    assert begun == [execution.id]


async def test_a_request_that_did_not_arrive_is_sent_again(client: AsyncClient, proxy: Proxy, begun: list[str]) -> None:
    proxy.up_per_s = 1_000_000
    async with client.start("echo", data=bytes(8_000_000)) as execution:
        await asyncio.sleep(0.5)
        assert not begun
        proxy.up_per_s = None
        proxy.cut()
        assert len((await execution.result()).value) == 8_000_000
    assert begun == [execution.id]


async def test_a_request_that_never_arrives_is_given_up(client: AsyncClient, proxy: Proxy, begun: list[str]) -> None:
    proxy.up_per_s = 1_000_000
    task = asyncio.create_task(client.run("echo", data=bytes(8_000_000)))
    while not task.done():
        await asyncio.sleep(0.3)
        proxy.cut()
    with pytest.raises(ServiceUnreachable, match=r"3 times while a request of 80\d+ bytes.*\n.*didn't run"):
        await task
    assert not begun


async def test_silence_is_noticed(
    client: AsyncClient, proxy: Proxy, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HEARTBEAT_S", 0.3)
    async with client.start("sleep 1", data=1) as execution:
        await heard(execution, Status("running"))
        proxy.silence()
        assert (await execution.result()).value == 1
    assert proxy.connections == 2
    assert begun == [execution.id]


async def test_a_slow_line_is_not_silence(
    client: AsyncClient, proxy: Proxy, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HEARTBEAT_S", 1.0)
    proxy.up_per_s = 8_000_000
    assert len((await client.run("echo", data=bytes(30_000_000))).value) == 30_000_000
    assert proxy.connections == len(begun) == 1


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has it")
async def test_a_line_that_stops_in_the_middle_of_a_request(
    client: AsyncClient, proxy: Proxy, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "HEARTBEAT_S", 0.5)
    proxy.up_per_s = 20_000_000
    async with client.start("echo", data=bytes(60_000_000)) as execution:
        await asyncio.sleep(0.5)
        proxy.reading.clear()
        while client._session._socket is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        proxy.cut()
        proxy.reading.set()
        proxy.up_per_s = None
        assert len((await execution.result()).value) == 60_000_000
    assert begun == [execution.id]


async def test_nobody_there_any_more(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "RECONNECT_S", 0.5)
    service = await connect(session_linger_s=0.1)
    async with Proxy(service.port or 0) as proxy, AsyncClient(proxy.url) as client:
        async with client.start("sleep 100") as execution:
            await heard(execution, Status("running"))
            proxy.closed = True
            proxy.cut()
            with pytest.raises(ServiceUnreachable, match=proxy.url):
                await execution.result()
        with pytest.raises(ServiceUnreachable):
            await client.run("echo")
        proxy.closed = False
        assert (await client.run("echo", data=1)).value == 1


async def test_back_too_late(connect: Connect) -> None:
    service = await connect(session_linger_s=0.1)
    async with (
        Proxy(service.port or 0) as proxy,
        AsyncClient(proxy.url) as client,
        client.start("sleep 9") as execution,
    ):
        await heard(execution, Status("running"))
        proxy.closed = True
        proxy.cut()
        await ended(service, execution.id)
        proxy.closed = False
        assert (await execution.result()).status == "cancelled"


async def test_another_service_knows_nothing_of_it(
    client: AsyncClient, proxy: Proxy, connect: Connect, begun: list[str], tmp_path: Path
) -> None:
    """As after a restart that lost the records."""
    other = await connect(records_file=tmp_path / "other.sqlite3")
    begun_there = Observer(other).ids
    async with client.start("sleep 100") as execution:
        await heard(execution, Status("running"))
        proxy.port = other.port or 0
        proxy.cut()
        with pytest.raises(ExecutionLost, match="may or may not have run"):
            await execution.result()
    assert (begun, begun_there) == ([execution.id], [])


async def test_cancelled_while_there_is_no_connection(client: AsyncClient, proxy: Proxy) -> None:
    async with client.start("sleep 100") as execution:
        await heard(execution, Status("running"))
        proxy.closed = True
        proxy.cut()
        await execution.cancel()
        await asyncio.sleep(0.1)
        proxy.closed = False
        assert (await execution.result()).status == "cancelled"


async def test_a_call_whose_answer_was_lost_is_answered_once(client: AsyncClient, proxy: Proxy) -> None:
    asked = asyncio.Event()
    go_on = asyncio.Event()
    keys: list[str] = []

    class Slow(dict[str, Any]):
        async def get(self, key: str) -> str:  # type: ignore[override]
            keys.append(key)
            asked.set()
            await go_on.wait()
            return "here"

    async with client.start("ask level", flow=Slow()) as execution:
        await asked.wait()
        proxy.cut()
        await asyncio.sleep(0.3)
        go_on.set()
        assert (await execution.result()).value == "here"
    assert keys == ["level"]


async def test_an_idle_client_connects_again_when_it_is_needed(client: AsyncClient, proxy: Proxy) -> None:
    assert (await client.run("echo", data=1)).value == 1
    proxy.cut()
    await asyncio.sleep(0.3)
    assert proxy.connections == 1
    assert (await client.run("echo", data=2)).value == 2
    assert proxy.connections == 2
