"""Executions over HTTP, with stub workers: waiting, coming back later, cancelling, following, depending on others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgpack
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from cellblock_service.api.keys import CATALOGUE, EXECUTIONS, POOL, RECORDS
from cellblock_service.errors import ExecutionUnknown, NotReady
from cellblock_service.workers.job import Job

pytestmark = pytest.mark.asyncio
Client = TestClient[web.Request, web.Application]
Connect = Callable[..., Awaitable[Client]]
ASYNC = {"Prefer": "respond-async"}


async def begin(client: Client, code: str, **more: Any) -> dict[str, Any]:
    """Start an execution and don't wait for it."""
    async with client.post("/v1/execute", json={"code": code, **more}, headers=ASYNC) as response:
        assert response.status == 202, await response.text()
        told: dict[str, Any] = await response.json()
        assert response.headers["Location"] == f"/v1/executions/{told['id']}"
        return told


async def until_busy(client: Client) -> None:
    assert client.app is not None
    async with asyncio.timeout(20):
        while not client.app[POOL].state().busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def show(client: Client, ident: str, **query: str) -> dict[str, Any]:
    async with client.get(f"/v1/executions/{ident}", params=query) as response:
        told: dict[str, Any] = await response.json()
        assert response.status == 200, told
        return told


async def test_coming_back_later(connect: Connect) -> None:
    client = await connect()
    told = await begin(client, "sleep 0.2", data=[1, 2], id="later")
    assert (told["id"], told["status"]) == ("later", "queued")
    assert (await show(client, "later"))["status"] in ("queued", "running")
    ended = await show(client, "later", wait="20")
    assert (ended["status"], ended["result"]) == ("completed", [1, 2])
    assert ended["timings_ms"].keys() >= {"load", "queue", "ready", "run", "total"}
    async with client.get("/v1/executions/later", headers={"Accept": "application/msgpack"}) as response:
        assert msgpack.unpackb(await response.read())["result"] == [1, 2]


async def test_waiting_a_while_then_coming_back(connect: Connect) -> None:
    client = await connect()
    for code, status in (("echo", 200), ("sleep 5", 202)):
        prefer = {"Prefer": "respond-async, wait=1"}
        async with client.post("/v1/execute", json={"code": code}, headers=prefer) as response:
            assert response.status == status


async def test_cancelling(connect: Connect) -> None:
    client = await connect()
    running, waiting = await begin(client, "sleep 100"), await begin(client, "echo")
    async with client.delete(f"/v1/executions/{waiting['id']}") as response:
        assert (await response.json())["status"] == "cancelled"
    async with client.delete(f"/v1/executions/{running['id']}") as response:
        assert (await response.json())["status"] == "cancelled"
    ended = await begin(client, "echo", data=1)
    await show(client, ended["id"], wait="20")
    async with client.delete(f"/v1/executions/{ended['id']}") as response:
        assert (await response.json())["status"] == "completed", "what has ended stays as it is"


async def test_ten_thousand_cancels_do_no_harm(connect: Connect) -> None:
    client = await connect()
    told = await begin(client, "sleep 100")
    assert client.app is not None
    executions = client.app[EXECUTIONS]
    for _ in range(10_000):
        executions.cancel(executions.get("local", told["id"]))
    assert (await show(client, told["id"], wait="20"))["status"] == "cancelled"
    async with client.post("/v1/execute", json={"code": "echo"}) as response:
        assert (await response.json())["status"] == "completed"


async def test_what_is_not_there_is_named(connect: Connect) -> None:
    client = await connect()
    for method in (client.get, client.delete):
        async with method("/v1/executions/nobody") as response:
            assert (response.status, (await response.json(content_type=None))["error_key"]) == (
                404,
                "execution_unknown",
            )
    async with client.get("/v1/executions/nobody", params={"wait": "soon"}) as response:
        assert (response.status, (await response.json(content_type=None))["field"]) == (422, "wait")


async def test_the_same_request_runs_once(connect: Connect) -> None:
    client = await connect(workers=2)
    request = {"code": "sleep 0.2", "id": "once", "data": 5}
    answers = await asyncio.gather(*(client.post("/v1/execute", json=request) for _ in range(5)))
    told = [await answer.json() for answer in answers]
    assert {answer["result"] for answer in told} == {5}
    assert len({json.dumps(answer["timings_ms"]) for answer in told}) == 1, "one run, told five times"
    async with client.post("/v1/execute", json=request | {"data": 6}) as response:
        assert (response.status, (await response.json(content_type=None))["error_key"]) == (409, "id_in_use")


async def test_results_of_others_in_their_order(connect: Connect) -> None:
    client = await connect()
    await begin(client, "sleep 0.2", data="slow", id="a")
    await begin(client, "echo", data={"x": 2**60}, id="b")
    async with client.post("/v1/execute", json={"code": "inputs", "dependencies": ["b", "a", "b"]}) as response:
        assert (await response.json())["result"] == [{"x": 2**60}, "slow", {"x": 2**60}]


async def test_a_result_that_is_not_there_is_told_before_anything_runs(connect: Connect) -> None:
    client = await connect()
    await begin(client, "exit 1", id="broken")
    async with client.post("/v1/execute", json={"code": "inputs", "dependencies": ["broken"]}) as response:
        document = await response.json(content_type=None)
        assert (response.status, document["error_key"]) == (422, "dependency_unavailable")
        assert "ended as error" in document["detail"]


async def test_a_late_refusal_of_what_nobody_waits_for_is_its_outcome(connect: Connect) -> None:
    client = await connect()
    told = await begin(client, "echo", dependencies=["nobody"])
    ended = await show(client, told["id"], wait="20")
    assert (ended["status"], ended["error"]["type"]) == ("error", "DependencyUnavailable")


async def test_what_waits_for_others_has_its_place_in_the_queue(connect: Connect) -> None:
    client = await connect(queue_size=2)
    await begin(client, "sleep 2", id="first")
    await until_busy(client)
    waiting = [await begin(client, "inputs", dependencies=["first"]) for _ in range(2)]
    body = {"code": "inputs", "dependencies": ["first"]}
    async with client.post("/v1/execute", json=body, headers=ASYNC) as response:
        document = await response.json(content_type=None)
        assert (response.status, document["error_key"]) == (429, "queue_full")
        assert int(response.headers["Retry-After"]) >= 1
    ended = [await show(client, each["id"], wait="20") for each in waiting]
    assert [each["status"] for each in ended] == ["completed"] * 2, "what was accepted is carried out"


async def test_waiting_values_are_bounded_by_their_bytes(connect: Connect) -> None:
    client = await connect(queue_bytes=1000)
    large = "x" * 100_000
    await begin(client, "sleep 100", id="first", data=large)  # alone, it may have as much as it likes
    for more in ({"data": large}, {"env": {"A": large}}, {"block": "b", "keep_state": True, "also": [large]}):
        async with client.post("/v1/execute", json={"code": "echo", **more}) as response:
            document = await response.json(content_type=None)
            assert (response.status, document["error_key"]) == (429, "queue_full")
            assert "at most 1000" in document["detail"]
    small = asyncio.create_task(client.post("/v1/execute", json={"code": "echo", "data": "y"}))
    await client.delete("/v1/executions/first")
    assert (await (await small).json())["result"] == "y", "small ones are bounded by their number"
    async with client.post("/v1/execute", json={"code": "echo", "data": large}) as response:
        assert (await response.json())["result"] == large, "the first has ended and holds nothing any more"


@pytest.mark.parametrize(("given", "asked"), [({}, {"concurrent": 1}), ({"concurrent_per_block": 1}, {})])
async def test_a_parallel_block_leaves_workers_to_others(
    connect: Connect, given: dict[str, int], asked: dict[str, int]
) -> None:
    client = await connect(workers=2, **given)
    for _ in range(3):
        await begin(client, "sleep 100", block="busy", order="parallel", **asked)
    async with asyncio.timeout(20), client.post("/v1/execute", json={"code": "echo", "data": 1}) as response:
        assert (await response.json())["result"] == 1
    assert client.app is not None
    assert client.app[POOL].state().busy == 1


@pytest.mark.parametrize("given", [{"data": 5}, {"concurrent": 1}, {"also": ["x"]}, {"code": "inputs"}])
async def test_another_request_is_refused_its_id(connect: Connect, given: dict[str, Any]) -> None:
    client = await connect()
    request = {"code": "echo", "id": "once", "block": "b"}
    async with client.post("/v1/execute", json=request) as response:
        assert response.status == 200
    async with client.post("/v1/execute", json=request | given) as response:
        assert (response.status, (await response.json(content_type=None))["error_key"]) == (409, "id_in_use")


async def test_the_same_request_runs_once_though_only_the_records_know_it(connect: Connect) -> None:
    client = await connect(results_bytes=0)
    request = {"code": "echo", "id": "once", "data": [1, 2]}
    dependent = {"code": "inputs", "id": "dependent", "dependencies": ["once"]}
    for _ in range(2):
        async with client.post("/v1/execute", json=request) as response:
            told = await response.json()
            assert (told["result"], told["status"]) == ([1, 2], "completed")
    assert client.app is not None
    listed = await client.app[RECORDS].recent("local")
    assert [each.id for each in listed] == ["once"]
    for _ in range(2):
        async with client.post("/v1/execute", json=dependent) as response:
            assert (await response.json())["result"] == [[1, 2]]
    for other in ({"data": [1, 2, 3]}, {"code": "inputs"}):
        async with client.post("/v1/execute", json=request | other) as response:
            assert (response.status, (await response.json(content_type=None))["error_key"]) == (409, "id_in_use")


async def test_what_was_refused_may_come_again(connect: Connect) -> None:
    client = await connect(results_bytes=0)
    request = {"code": "inputs", "id": "again", "dependencies": ["nobody"]}
    for _ in range(2):
        async with client.post("/v1/execute", json=request) as response:
            document = await response.json(content_type=None)
            assert (response.status, document["error_key"]) == (422, "dependency_unavailable")


async def test_the_events_of_what_only_the_records_know_are_its_end(connect: Connect) -> None:
    client = await connect(results_bytes=0)
    async with client.post("/v1/execute", json={"code": "echo", "id": "gone", "data": 1}) as response:
        assert response.status == 200
    async with asyncio.timeout(20), client.get("/v1/executions/gone/events") as response:
        heard = await events(response, 99)
    assert [(name, told["status"]) for name, told in heard] == [("result", "completed")]


async def events(response: Any, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Read server-sent events."""
    found: list[tuple[str, dict[str, Any]]] = []
    name = ""
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            found.append((name, json.loads(text.removeprefix("data: "))))
            if len(found) == count:
                break
    return found


async def test_events_of_all(connect: Connect) -> None:
    client = await connect()
    async with asyncio.timeout(20), client.get("/v1/events") as response:
        assert response.content_type == "text/event-stream"
        await begin(client, "echo", id="good")
        heard = await events(response, 4)
        await begin(client, "exit 1", id="bad")
        heard += await events(response, 4)
    assert [(name, data["itemId"], data.get("status")) for name, data in heard] == [
        ("itemStatus", "good", "queued"),
        ("itemStatus", "good", "running"),
        ("itemStatus", "good", "completed"),
        ("itemComplete", "good", None),
        ("itemStatus", "bad", "queued"),
        ("itemStatus", "bad", "running"),
        ("itemStatus", "bad", "error"),
        ("itemComplete", "bad", None),
    ]
    assert heard[6][1]["error"]["type"] == "WorkerCrashed"


async def test_events_of_one_from_any_place(connect: Connect) -> None:
    client = await connect()
    await begin(client, "print ab", id="one")
    expected = ["status", "status", "stdout", "stdout", "result"]
    for last in range(5):
        headers = {"Last-Event-ID": str(last)}
        async with asyncio.timeout(20), client.get("/v1/executions/one/events", headers=headers) as response:
            heard = await events(response, 99)
        assert [name for name, _ in heard] == expected[last:]
    assert heard[-1][1]["status"] == "completed"


async def test_what_is_over_is_told_from_the_records(connect: Connect) -> None:
    client = await connect(results_bytes=0, record_result_bytes=300)
    for name, size in (("small", 100), ("large", 500)):
        await begin(client, "echo", id=name, data="x" * size)
        await show(client, name, wait="20")
    assert client.app is not None
    with pytest.raises(ExecutionUnknown):
        client.app[EXECUTIONS].get("local", "small")
    assert (await show(client, "small"))["result"] == "x" * 100
    large = await show(client, "large")
    assert (large["status"], large["result"], large["result_dropped"]) == ("completed", None, True)
    async with client.post("/v1/execute", json={"code": "inputs", "dependencies": ["small"]}) as response:
        assert (await response.json())["result"] == ["x" * 100]
    async with client.post("/v1/execute", json={"code": "inputs", "dependencies": ["large"]}) as response:
        assert "too large" in (await response.json(content_type=None))["detail"]


async def test_the_same_id_with_another_reset_is_another_request(connect: Connect) -> None:
    client = await connect()
    request = {"code": "echo", "id": "x", "block": "b", "keep_state": True}
    for more, status in (({}, 200), ({}, 200), ({"reset_state": True}, 409)):
        async with client.post("/v1/execute", json=request | more) as response:
            assert response.status == status


async def test_what_waits_for_itself_is_refused(connect: Connect) -> None:
    client = await connect()
    await begin(client, "sleep 0.2", id="slow")
    first = asyncio.create_task(begin(client, "inputs", id="a", dependencies=["slow", "b"]))
    await begin(client, "inputs", id="b", dependencies=["slow", "a"])
    await first
    await begin(client, "inputs", id="c", dependencies=["c"])
    for ident in ("a", "b", "c"):
        ended = await show(client, ident, wait="20")
        assert (ended["status"], ended["error"]["type"]) == ("error", "DependencyUnavailable")


async def test_results_of_others_are_bounded_together(connect: Connect) -> None:
    client = await connect(body_bytes=10_000)
    await begin(client, "echo", id="x", data="x" * 900)
    for times, status in ((10, 200), (12, 422)):
        async with client.post("/v1/execute", json={"code": "inputs", "dependencies": ["x"] * times}) as response:
            assert response.status == status
            told = await response.json(content_type=None)
    assert "at most 10000" in told["detail"]


@pytest.mark.parametrize("ended", ["none", "0 cancelled", "1 cancelled", "0 refused", "1 refused"])
async def test_a_block_runs_in_order_whichever_image_is_there_first(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    """Also if one ends before it is given to the pool; those behind it wait on for those before it."""
    number, _, how = ended.partition(" ")
    client = await connect(workers=2)
    assert client.app is not None
    pool, catalogue, executions = client.app[POOL], client.app[CATALOGUE], client.app[EXECUTIONS]
    submitted, provision, found = list[str](), catalogue.provision, asyncio.Event()

    async def provide(texts: Sequence[str], *more: Any, **options: Any) -> Any:
        if how == "refused" and f"echo {number}" in texts:
            await asyncio.sleep(0.1)
            raise NotReady("no image")
        if "echo 0" in texts:
            await found.wait()
        return await provision(texts, *more, **options)

    monkeypatch.setattr(catalogue, "provision", provide)
    submit = pool.submit

    def note(job: Job) -> None:
        submitted.append(job.execution)
        submit(job)

    monkeypatch.setattr(pool, "submit", note)
    for each in "0123":
        await begin(client, f"echo {each}", id=each, block="b")
    for each, more in (("another", {"block": "another"}), ("parallel", {"block": "b", "order": "parallel"})):
        await begin(client, "echo", id=each, **more)
        await show(client, each, wait="20")
    if how == "cancelled":
        await client.delete(f"/v1/executions/{number}")
    await begin(client, "echo 4", id="4", block="b")
    await asyncio.sleep(0.3)
    rest = [each for each in "01234" if each != number]
    assert submitted == ["another", "parallel", *(rest if number == "0" else [])]
    found.set()
    await show(client, "4", wait="20")
    assert submitted == ["another", "parallel", *rest]
    assert not executions._lines


async def test_patience_holds_for_the_images_of_earlier_ones_too(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await connect()
    assert client.app is not None
    catalogue = client.app[CATALOGUE]
    provision = catalogue.provision

    async def provide(texts: Sequence[str], *more: Any, **options: Any) -> Any:
        if "echo 0" in texts:
            await asyncio.Event().wait()
        return await provision(texts, *more, **options)

    monkeypatch.setattr(catalogue, "provision", provide)
    await begin(client, "echo 0", id="0", block="b")
    request, headers = {"code": "echo 1", "block": "b"}, {"Prefer": "wait=0.2"}
    async with asyncio.timeout(20), client.post("/v1/execute", json=request, headers=headers) as response:
        told = await response.json(content_type=None)
    assert (response.status, told["error_key"]) == (503, "image_loading")


async def test_cancelling_while_an_image_that_went_away_is_built_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await connect()
    assert client.app is not None
    catalogue, again = client.app[CATALOGUE], asyncio.Event()

    async def building(*_: Any, **__: Any) -> Any:
        again.set()
        await asyncio.Event().wait()

    def forget(*_: Any) -> None:
        monkeypatch.setattr(catalogue, "provision", building)

    monkeypatch.setattr(catalogue, "forget", forget)
    told = await begin(client, "gone")
    async with asyncio.timeout(20):
        await again.wait()
        async with client.delete(f"/v1/executions/{told['id']}") as response:
            assert (await response.json())["status"] == "cancelled"


async def test_a_refusal_is_told_to_those_who_follow(connect: Connect) -> None:
    client = await connect()
    await begin(client, "sleep 100", id="first")
    asking = asyncio.create_task(
        client.post("/v1/execute", json={"code": "inputs", "id": "x", "dependencies": ["first"]})
    )
    await asyncio.sleep(0.1)
    async with asyncio.timeout(20), client.get("/v1/executions/x/events") as response:
        await client.delete("/v1/executions/first")
        heard = await events(response, 99)
    assert (heard[-1][0], heard[-1][1]["problem"]["error_key"]) == ("refused", "dependency_unavailable")
    assert (await asking).status == 422


async def test_results_are_forgotten_though_nothing_else_happens(connect: Connect) -> None:
    client = await connect(results_keep_s=0.2)
    await begin(client, "echo", id="x", data=1)
    assert client.app is not None
    async with asyncio.timeout(20):
        while client.app[EXECUTIONS].knows("local", "x"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_json_made_later_is_not_kept(connect: Connect) -> None:
    client = await connect()
    body = msgpack.packb({"code": "echo", "id": "x", "data": list(range(1000))})
    headers = {"Content-Type": "application/msgpack"}
    async with client.post("/v1/execute", data=body, headers=headers) as response:
        assert response.status == 200
    assert (await show(client, "x"))["result"] == list(range(1000))
    assert client.app is not None
    outcome = client.app[EXECUTIONS].get("local", "x").outcome
    assert outcome is not None
    assert not outcome.json


@pytest.mark.parametrize("what", ["status", "error"])
async def test_an_answer_that_is_none_is_an_error(connect: Connect, what: str) -> None:
    client = await connect()
    async with client.post("/v1/execute", json={"code": f"forge {what}"}) as response:
        told = await response.json(content_type=None)
    assert (told["status"], told["error"]["type"]) == ("error", "ServiceError")
    async with client.get("/metrics") as response:
        assert "forged" not in await response.text()


async def test_no_more_at_a_time_than_a_token_may(connect: Connect) -> None:
    client = await connect(workers=2, concurrent_per_token=2)
    request = {"code": "sleep 0.5", "data": 1}
    # Large enough to be read aside: all of them are taken in before the first begins.
    large = {**request, "data": "x" * 300_000}
    answers = await asyncio.gather(*(client.post("/v1/execute", json=large) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 200, 429, 429]
    again = await asyncio.gather(*(client.post("/v1/execute", json={**request, "id": "x"}) for _ in range(4)))
    assert [answer.status for answer in again] == [200] * 4, "one execution, asked for four times"
