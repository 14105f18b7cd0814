"""Every test here fails when service code blocks the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from blockbuster import BlockBuster, blockbuster_ctx
from cellblock_service.api.keys import POOL
from cellblock_service.application import create_app
from cellblock_service.settings import Settings
from cellblock_service.workers.launching import WorkerOptions

STUB = str(Path(__file__).with_name("stub_worker.py"))


@pytest.fixture(autouse=True)
def never_blocked() -> Iterator[BlockBuster]:
    """Raise BlockingError from any blocking call that service code makes inside a running event loop."""
    with blockbuster_ctx("cellblock_service") as guard:
        # Settings are read before there is a loop; only tests make them inside one.
        guard.functions["os.stat"].can_block_in("cellblock_service/configuration.py", "find")
        yield guard


@pytest.fixture(autouse=True)
def captured_logs() -> Iterator[list[Any]]:
    """Keep log lines as data; rendering them isn't what is tested."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the CELLBLOCK_* variables of whoever runs the tests out of them, and what lies in their home."""
    for name in list(os.environ):
        if name.startswith("CELLBLOCK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CELLBLOCK_HOME", str(tmp_path))


@pytest_asyncio.fixture
async def connect(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[TestClient[web.Request, web.Application]]]]:
    """Give a function that starts a service with stub workers and returns a client of it."""
    clients = []

    async def start(image: str = "data", **given: Any) -> TestClient[web.Request, web.Application]:
        settings = Settings(**{"image": image, "workers": 1, "full_bundle": "on-demand", "home": tmp_path, **given})
        app = create_app(settings, WorkerOptions(image, None, {"timeout_s": 30}, program=(STUB,)))
        client = TestClient(TestServer(app, handler_cancellation=True))
        clients.append(client)
        await client.start_server()
        if image == "data":
            async with asyncio.timeout(20):
                while app[POOL].state().ready < settings.workers:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        return client

    yield start
    for client in clients:
        await client.close()
