"""What a service with stub workers tells of itself at `/metrics`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.asyncio
Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]

NONE_YET = ["builds", "executions_running", "images", "images_bytes", "kept_states", "queue_length", "records_behind"]
NONE_YET += ["results_bytes", "sessions"]


async def figures(client: Client) -> dict[tuple[str, ...], float]:
    """Everything exposed: name and sorted label values -> number."""
    async with client.get("/metrics") as response:
        assert response.status == 200
        families = text_string_to_metric_families(await response.text())
    return {(each.name, *sorted(each.labels.values())): each.value for family in families for each in family.samples}


async def execute(client: Client, **request: Any) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post("/v1/execute", data=json.dumps(request), headers=headers) as response:
        await response.read()


async def test_executions_and_their_phases_are_counted(connect: Connect) -> None:
    client = await connect()
    await execute(client, code="echo")
    await execute(client, code="exit 3", id="my-secret-id", block="my-secret-block")
    await execute(client, codes="misspelt")
    found = await figures(client)
    assert found["cellblock_executions_total", "", "completed"] == 1
    assert found["cellblock_executions_total", "WorkerCrashed", "error"] == 1
    for phase in ("load", "queue", "ready", "run", "total"):
        assert found["cellblock_execution_seconds_count", phase] == 2
    assert found["cellblock_worker_restarts_total", "crashed"] == 1
    assert found["cellblock_http_requests_total", "/v1/execute", "200", "POST"] == 2
    assert found["cellblock_http_requests_total", "/v1/execute", "422", "POST"] == 1
    assert not [key for key in found if "secret" in "".join(key)]


async def test_what_there_is_now_is_told(connect: Connect) -> None:
    found = await figures(await connect())
    assert found[("cellblock_workers_ready",)] == 1
    for name in NONE_YET:
        assert found[(f"cellblock_{name}",)] == 0
    assert found[("process_resident_memory_bytes",)] > 0
