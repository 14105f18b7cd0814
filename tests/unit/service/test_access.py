"""Each request has an id, is counted by its route, and leaves one line without what may be secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cellblock_service.api import access, metrics
from cellblock_service.api.keys import METRICS
from cellblock_service.api.problems import translate
from cellblock_service.errors import QueueFull
from cellblock_service.observe.metrics import Metrics

pytestmark = pytest.mark.asyncio
Client = TestClient[web.Request, web.Application]


async def bound(_request: web.Request) -> web.Response:
    return web.json_response(structlog.contextvars.get_contextvars())


async def refuse(_request: web.Request) -> web.Response:
    raise QueueFull("full")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"x")
    return response


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application(middlewares=[access.observe, translate])
    app[METRICS] = Metrics()
    app.on_response_prepare.append(access.name_answer)
    app.router.add_get("/bound", bound)
    app.router.add_get("/stream", stream)
    app.router.add_get("/items/{id}", refuse)
    app.add_routes(metrics.routes)
    async with TestClient(TestServer(app)) as connected:
        yield connected


async def test_a_clients_id_is_taken_and_comes_back(client: Client) -> None:
    async with client.get("/bound", headers={"X-Request-Id": "abc-1.2:3"}) as response:
        assert response.headers["X-Request-Id"] == "abc-1.2:3"
        assert await response.json() == {"request": "abc-1.2:3"}


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "<script>"])
async def test_an_id_that_isnt_plain_is_replaced(client: Client, given: str) -> None:
    async with client.get("/stream", headers={"X-Request-Id": given}) as response:
        assert len(response.headers["X-Request-Id"]) == 32
        assert response.headers["X-Request-Id"].isalnum()


async def test_a_refusal_has_an_id_too(client: Client) -> None:
    for path, status in (("/items/7", 429), ("/nowhere", 404)):
        async with client.get(path, headers={"X-Request-Id": "r"}) as response:
            assert (response.status, response.headers["X-Request-Id"]) == (status, "r")


async def test_the_line_holds_no_query_and_no_header(client: Client, captured_logs: list[Any]) -> None:
    async with client.get("/items/7?token=secret", headers={"Authorization": "Bearer secret"}):
        pass
    (line,) = (line for line in captured_logs if line["event"] == "request")
    assert {name: line[name] for name in ("method", "path", "status", "log_level")} == {
        "method": "GET",
        "path": "/items/7",
        "status": 429,
        "log_level": "debug",
    }
    assert "secret" not in repr(captured_logs)


async def test_requests_are_counted_by_route(client: Client) -> None:
    for path in ("/items/7", "/items/8", "/nowhere/1", "/nowhere/2"):
        async with client.get(path):
            pass
    async with client.get("/metrics") as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        text = await response.text()
    assert 'cellblock_http_requests_total{method="GET",route="/items/{id}",status="429"} 2.0' in text
    assert 'cellblock_http_requests_total{method="GET",route="none",status="404"} 2.0' in text
    assert "/nowhere" not in text
