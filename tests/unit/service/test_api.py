"""The HTTP side with stub workers: refusals as problem documents, answers in the type asked for, who may ask."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import msgpack
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service.api.keys import POOL

pytestmark = pytest.mark.asyncio
MSGPACK = {"Content-Type": "application/msgpack"}
Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]


async def problem(client: Client, **post: Any) -> dict[str, Any]:
    """Post to /v1/execute, expect a problem document, give it."""
    async with client.post("/v1/execute", **post) as response:
        assert response.content_type == "application/problem+json"
        document: dict[str, Any] = json.loads(await response.read())
        assert document["status"] == response.status >= 400
        assert document["type"] == f"urn:cellblock:error:{document['error_key']}"
        assert document["title"]
        assert document["detail"]
        return document


async def test_json_in_json_out(connect: Connect) -> None:
    client = await connect()
    async with client.post("/v1/execute", json={"code": "echo", "data": {"a": "08"}, "id": "x1"}) as response:
        assert (response.status, response.content_type) == (200, "application/json")
        answer = await response.json()
    assert (answer["id"], answer["status"], answer["result"], answer["stdout"]) == (
        "x1",
        "completed",
        {"a": "08"},
        "out\N{REPLACEMENT CHARACTER}",
    )
    assert set(answer["timings_ms"]) == {"load", "queue", "ready", "run", "total"}
    assert "error" not in answer


async def test_msgpack_in_msgpack_out_with_raw_values(connect: Connect) -> None:
    client = await connect()
    body = msgpack.packb({"code": "echo", "data": msgpack.ExtType(77, b"opaque")})
    async with client.post("/v1/execute", data=body, headers=MSGPACK) as response:
        assert (response.status, response.content_type) == (200, "application/msgpack")
        answer = msgpack.unpackb(await response.read())
    assert answer["result"] == msgpack.ExtType(77, b"opaque")
    assert len(answer["id"]) == 32


async def test_the_answer_is_in_the_accepted_type(connect: Connect) -> None:
    client = await connect()
    headers = MSGPACK | {"Accept": "application/json"}
    async with client.post(
        "/v1/execute", data=msgpack.packb({"code": "echo", "data": [1]}), headers=headers
    ) as response:
        assert (await response.json())["result"] == [1]


@pytest.mark.parametrize(
    ("post", "status", "key"),
    [
        ({"data": b"\x81\xa4code", "headers": MSGPACK}, 400, "malformed_body"),
        ({"data": msgpack.packb({"code": "x"}) + b"\0", "headers": MSGPACK}, 400, "malformed_body"),
        ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, "malformed_body"),
        ({"data": b"", "headers": MSGPACK}, 400, "malformed_body"),
        ({"json": []}, 422, "wrong_type"),
        ({"json": {"code": 5}}, 422, "wrong_type"),
        ({"json": {}}, 422, "missing_field"),
        ({"json": {"code": "x", "timeout": 5}}, 422, "unknown_field"),
        ({"json": {"code": "x", "timeout_s": 0}}, 422, "invalid_value"),
        ({"json": {"code": "x", "timeout_s": 301}}, 422, "above_maximum"),
        ({"json": {"code": "x", "memory_mb": 3000}}, 422, "above_maximum"),
        ({"json": {"code": "x", "dependencies": ["a"]}}, 422, "dependency_unavailable"),
        ({"json": {"code": "x", "dependencies": ["a"], "inputs": []}}, 422, "invalid_value"),
        ({"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
        ({"json": {"code": "x"}, "headers": {"Accept": "text/html"}}, 406, "not_acceptable"),
        ({"json": {"code": "x"}, "headers": {"Host": "rebound.example"}}, 403, "host_refused"),
        ({"json": {"code": "x"}, "headers": {"Origin": "https://page.example"}}, 403, "host_refused"),
        ({"json": {"code": "x"}, "headers": {"Origin": "null"}}, 403, "host_refused"),
    ],
)
async def test_refusals(connect: Connect, post: dict[str, Any], status: int, key: str) -> None:
    client = await connect()
    document = await problem(client, **post)
    assert (document["status"], document["error_key"]) == (status, key)
    async with client.post("/v1/execute", json={"code": "echo"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_the_limit_is_refused(connect: Connect, chunked: bool) -> None:
    client = await connect(body_bytes=2000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"\0" * 100

    document = await problem(client, data=pieces() if chunked else b"\0" * 3000, headers=MSGPACK)
    assert (document["status"], document["error_key"]) == (413, "body_too_large")


async def test_a_small_body_that_inflates_over_the_limit_is_refused(connect: Connect) -> None:
    client = await connect(body_bytes=100_000)
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    document = await problem(client, data=bomb, headers=MSGPACK | {"Content-Encoding": "gzip"})
    assert document["status"] in {400, 413}


async def test_a_body_that_never_comes_is_refused(connect: Connect) -> None:
    client = await connect(body_timeout_s=0.2)

    async def stalled() -> AsyncIterator[bytes]:
        yield b"\x81"
        await asyncio.sleep(1)

    assert (await problem(client, data=stalled(), headers=MSGPACK))["error_key"] == "body_too_slow"


async def test_large_bodies_are_taken_apart_in_a_worker(connect: Connect) -> None:
    client = await connect()
    rows = [{"station": "08188500", "value": number / 4} for number in range(20_000)]
    async with client.post("/v1/execute", json={"code": "echo", "data": rows}) as response:
        assert (await response.json())["result"] == rows
    many = list(range(3_000_000))
    body = io.BytesIO(msgpack.packb({"code": "echo", "data": many}))
    async with client.post("/v1/execute", data=body, headers=MSGPACK) as reply:
        assert msgpack.unpackb(await reply.read())["result"] == many
    wrong = {"data": ["x" * 300_000], "code": 10**30, "timeout": 1}
    assert (await problem(client, json=wrong))["error_key"] == "unknown_field"
    assert (await problem(client, data=json.dumps(wrong)[:-1], headers={"Content-Type": "application/json"}))[
        "error_key"
    ] == "malformed_body"


async def test_a_full_queue_is_429_with_retry_after(connect: Connect) -> None:
    client = await connect(queue_size=0)
    running = asyncio.create_task(client.post("/v1/execute", json={"code": "sleep 0.5"}))
    await asyncio.sleep(0.2)
    async with client.post("/v1/execute", json={"code": "echo"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")
    (await running).release()


async def test_not_ready_is_503_and_says_why(connect: Connect) -> None:
    client = await connect(image="missing")
    async with asyncio.timeout(10):
        while "no image" not in (await problem(client, json={"code": "echo"}))["detail"]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    document = await problem(client, json={"code": "echo"})
    assert (document["status"], document["error_key"]) == (503, "not_ready")
    async with client.get("/readyz") as response:
        assert (response.status, (await response.json())["reasons"]) == (503, ["no image called 'missing'"])
    async with client.get("/livez") as response:
        assert response.status == 200


async def test_ready_tells_the_image(connect: Connect) -> None:
    client = await connect()
    async with client.get("/readyz") as response:
        ready = await response.json()
    assert (response.status, ready["status"], ready["image"]) == (200, "ready", {"name": "data", "id": "0123"})


async def test_limits_reach_the_worker(connect: Connect) -> None:
    client = await connect(timeout_s=7, memory_mb=300)
    for asked, expected in (({}, [7, 300]), ({"timeout_s": 2, "memory_mb": 64}, [2, 64])):
        async with client.post("/v1/execute", json={"code": "limits", **asked}) as response:
            told = (await response.json())["result"]
            assert [told["timeout_s"], told["memory_mb"]] == expected


async def test_a_token_is_asked_of_everything_but_health(connect: Connect) -> None:
    client = await connect(host="0.0.0.0", token="s3cret")
    for header in (None, "Bearer", "Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "Bearer \xff"):
        headers = {"Authorization": header} if header else {}
        document = await problem(client, json={"code": "echo"}, headers=headers)
        assert (document["status"], document["error_key"]) == (401, "unauthorized")
    async with client.post(
        "/v1/execute", json={"code": "echo"}, headers={"Authorization": "bearer s3cret", "Host": "service:8765"}
    ) as response:
        assert response.status == 200
    async with client.get("/readyz") as response:
        assert response.status == 200
    async with client.get("/nothing") as response:
        assert response.status == 401


async def test_other_paths_and_methods_are_problems_too(connect: Connect) -> None:
    client = await connect()
    async with client.get("/nothing") as response:
        assert (response.status, (json.loads(await response.read()))["error_key"]) == (404, "not_found")
    async with client.get("/v1/execute") as response:
        assert (response.status, response.headers["Allow"]) == (405, "POST")


async def test_an_unforeseen_error_hides_its_text(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await connect()

    def broken(*_: object) -> None:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("cellblock_service.executions.executions.envelope.guest_request", broken)
    document = await problem(client, json={"code": "echo"})
    assert (document["status"], document["error_key"]) == (500, "internal_error")
    assert "hunter2" not in json.dumps(document)


async def test_a_client_that_hangs_up_ends_its_block(connect: Connect) -> None:
    client = await connect()
    pool = client.app[POOL] if client.app is not None else None
    assert pool is not None
    (worker,) = pool._alive
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await client.post("/v1/execute", json={"code": "sleep 100"})
    async with asyncio.timeout(5):
        while pool.state().busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert pool._alive == {worker}
    async with client.post("/v1/execute", json={"code": "echo"}) as response:
        assert response.status == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=", "limit=1.5", "limit=x", f"search={'x' * 101}"])
async def test_a_wrong_search_for_packages(connect: Connect, query: str) -> None:
    client = await connect()
    async with client.get(f"/v1/packages?{query}") as response:
        told = await response.json()
        assert (response.status, told["error_key"]) == (422, "invalid_value")
        assert told["field"] == query.partition("=")[0]


async def test_without_an_image_there_are_no_packages(connect: Connect) -> None:
    client = await connect()
    async with client.get("/v1/packages") as response:
        assert (response.status, (await response.json())["error_key"]) == (503, "not_ready")


async def test_images_have_an_etag(connect: Connect) -> None:
    client = await connect()
    async with client.get("/v1/images") as response:
        etag = response.headers["ETag"]
        assert (response.status, await response.json()) == (200, {"images": [], "loading": []})
    async with client.get("/v1/images", headers={"If-None-Match": etag}) as response:
        assert (response.status, await response.read()) == (304, b"")
    async with client.get("/v1/images", headers={"If-None-Match": '"another"'}) as response:
        assert response.status == 200
