"""The Python client for programs without an event loop: used from other threads, as such programs do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service.client import BlockFailed, Client, ClientClosed, Output, ServiceRefused, ServiceUnreachable

pytestmark = pytest.mark.slow

Connect = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]
WithClient = Callable[[Callable[[Client], Any]], Awaitable[Any]]


@pytest.fixture
def with_client(connect: Connect) -> WithClient:
    """Give a function that starts a service and calls another, in a thread, with a client of it."""

    async def call(work: Callable[[Client], Any]) -> Any:
        service = await connect()
        url = str(service.make_url("/"))

        def inside() -> Any:
            with Client(url) as client:
                return work(client)

        return await asyncio.to_thread(inside)

    return call


async def test_running(with_client: WithClient) -> None:
    def work(client: Client) -> None:
        threads = set()
        outcome = client.run("print abc", on_output=lambda *_: threads.add(threading.current_thread()))
        assert outcome.stdout == "abc"
        assert threads == {threading.current_thread()}
        assert client.run("echo", data=np.arange(3)).value_or_raise().tolist() == [0, 1, 2]
        assert client.run("ask level", flow={"level": 7}).value == 7
        with pytest.raises(ServiceRefused, match="timeout_s"):
            client.run("echo", timeout=1)  # type: ignore[call-arg]

    await with_client(work)


async def test_step_by_step(with_client: WithClient) -> None:
    def work(client: Client) -> None:
        with client.start("sleep 100", id="x") as execution:
            for _ in execution:
                execution.cancel()
            outcome = execution.result()
        assert (execution.id, execution.status, outcome.status) == ("x", "cancelled", "cancelled")
        with pytest.raises(BlockFailed):
            outcome.value_or_raise()
        assert client.get("x").status == client.cancel("x").status == "cancelled"
        with client.start("print abc") as execution:
            assert "".join(event.text for event in execution if isinstance(event, Output)) == "abc"

    await with_client(work)


async def test_leaving_cancels(with_client: WithClient) -> None:
    def work(client: Client) -> None:
        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            client.run("sleep 100", id="x", on_status=interrupt)
        assert client.get("x", wait_s=10).status == "cancelled"

    await with_client(work)


async def test_several_threads(with_client: WithClient) -> None:
    def work(client: Client) -> None:
        with ThreadPoolExecutor(8) as threads:
            found = threads.map(lambda number: client.run("echo", data=number).value, range(40))
            assert list(found) == list(range(40))

    await with_client(work)


async def test_a_context_cannot_wait_for_its_own_client(with_client: WithClient) -> None:
    def work(client: Client) -> None:
        class Nested(dict[str, Any]):
            def get(self, key: str) -> Any:  # type: ignore[override]
                return client.run("echo", data=key).value

        assert "give it one of its own" in client.run("ask level", flow=Nested()).value

    await with_client(work)


def test_nobody_there() -> None:
    with Client("http://127.0.0.1:1") as client, pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1:1"):
        client.run("echo")


def test_closed() -> None:
    client = Client("http://127.0.0.1:1")
    client.close()
    client.close()
    with pytest.raises(ClientClosed):
        client.run("echo")
    with pytest.raises(ClientClosed):
        client.images()
