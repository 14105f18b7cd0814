"""The pool, with stub workers: every job ends in exactly one way, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest
from cellblock_service.codec.envelope import guest_request
from cellblock_service.errors import NotReady, QueueFull
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.pool import Job, Pool
from cellblock_service.workers.worker import Worker, WorkerOptions

pytestmark = pytest.mark.asyncio
STUB = str(Path(__file__).with_name("stub_worker.py"))


async def nothing_to_install(*_: object) -> list[dict[str, str]]:
    return []


@asynccontextmanager
async def pool_of(
    workers: int = 1, *, queue_size: int = 8, recycle_after: int = 1000, image: str = "data", wait: bool = True
) -> AsyncIterator[Pool]:
    options = WorkerOptions(image=image, home=None, timeout_s=30, memory_mb=64, program=(STUB,))
    pool = Pool(options, workers=workers, queue_size=queue_size, recycle_after=recycle_after)
    pool.start(nothing_to_install)
    try:
        if wait:
            await until(lambda: pool.state().ready == workers)
        yield pool
    finally:
        await pool.close()


async def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def run(pool: Pool, code: str, *, within_s: float = 20, data: Any = None) -> dict[str, Any]:
    request = guest_request(code, "block", within_s, {"data": msgpack.packb(data)})
    frame = Frame({"kind": "run", "timeout_s": within_s, "memory_mb": 64, "as_json": False}, request)
    answer, _ = await pool.submit(frame, within_s=within_s)
    return answer.meta | {"result": answer.blob}


async def test_jobs_are_answered() -> None:
    async with pool_of(2) as pool:
        answers = await asyncio.gather(*(run(pool, "echo", data=number) for number in range(10)))
        assert [msgpack.unpackb(answer["result"]) for answer in answers] == list(range(10))


async def test_a_large_payload_crosses() -> None:
    async with pool_of() as pool:
        block = os.urandom(20_000_000)
        assert msgpack.unpackb((await run(pool, "echo", data=block))["result"]) == block


async def test_workers_work_at_the_same_time() -> None:
    async with pool_of(2) as pool:
        slow = asyncio.create_task(run(pool, "sleep 2"))
        await asyncio.sleep(0)
        assert (await run(pool, "echo"))["status"] == "completed"
        assert not slow.done(), "the quick one didn't wait for the slow one"
        assert (await slow)["status"] == "completed"


async def test_a_full_queue_refuses_with_a_time_to_come_back() -> None:
    async with pool_of(queue_size=1) as pool:
        first = asyncio.create_task(run(pool, "sleep 0.3"))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(run(pool, "echo"))
        await asyncio.sleep(0)
        with pytest.raises(QueueFull) as caught:
            await run(pool, "echo")
        assert int(caught.value.headers["Retry-After"]) >= 1
        assert [(await task)["status"] for task in (first, second)] == ["completed", "completed"]


async def test_no_queue_still_uses_idle_workers() -> None:
    async with pool_of(queue_size=0) as pool:
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_an_overrun_ends_as_timeout_and_the_worker_is_replaced() -> None:
    async with pool_of() as pool:
        answer = await run(pool, "hang", within_s=0.3)
        assert (answer["status"], answer["error"]["type"]) == ("timeout", "TimeoutError")
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_conversion_has_its_own_time() -> None:
    async with pool_of() as pool:
        assert (await run(pool, "convert 0.5", within_s=0.3))["status"] == "completed"


async def test_a_crash_ends_as_an_error_with_its_reason_and_the_next_job_runs() -> None:
    async with pool_of() as pool:
        answer = await run(pool, "exit 7")
        assert (answer["status"], answer["error"]["type"]) == ("error", "WorkerCrashed")
        assert "exit code 7" in answer["error"]["message"]
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_waiting_jobs_survive_a_crash() -> None:
    async with pool_of() as pool:
        answers = await asyncio.gather(*(run(pool, code) for code in ("exit 1", "echo", "exit 2", "echo")))
        assert [answer["status"] for answer in answers] == ["error", "completed", "error", "completed"]


async def test_an_idle_worker_that_dies_is_replaced() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        worker.kill()
        await until(lambda: pool._alive != {worker} and pool.state().ready == 1)
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_client_that_goes_away_ends_its_block() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        task = asyncio.create_task(run(pool, "hang"))
        await asyncio.sleep(0.1)
        task.cancel()
        async with asyncio.timeout(2):
            await worker.exited
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_client_that_goes_away_while_waiting_costs_nothing() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        running = asyncio.create_task(run(pool, "sleep 0.3"))
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(run(pool, "exit 1"))
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await running)["status"] == "completed"
        assert (await run(pool, "echo"))["status"] == "completed"
        assert pool._alive == {worker}


async def test_a_worker_is_replaced_after_its_share() -> None:
    async with pool_of(recycle_after=2) as pool:
        (first,) = pool._alive
        for _ in range(3):
            assert (await run(pool, "echo"))["status"] == "completed"
        assert pool._alive.isdisjoint({first})
        assert first.exited.done()


async def test_without_an_image_there_is_a_reason_and_no_execution() -> None:
    async with pool_of(image="missing", wait=False) as pool:
        with pytest.raises(NotReady, match="starting"):
            await run(pool, "echo")
        await until(lambda: pool.state().reasons == ["no image called 'missing'"])
        with pytest.raises(NotReady, match="no image called 'missing'"):
            await run(pool, "echo")


async def test_workers_that_die_at_once_are_retried_with_pauses() -> None:
    async with pool_of(image="dying", wait=False) as pool:
        await until(lambda: "exit code 9" in pool.state().reasons[0])


async def test_workers_inherit_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELLBLOCK_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with pool_of() as pool:
        names = msgpack.unpackb((await run(pool, "env"))["result"])
        assert "PATH" in names
        assert not {"CELLBLOCK_TOKEN", "AWS_SECRET_ACCESS_KEY"} & set(names)


async def test_closing_ends_workers_and_jobs() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        tasks = [asyncio.create_task(run(pool, "hang")) for _ in range(3)]
        await asyncio.sleep(0.1)
        await pool.close()
        assert worker.exited.done()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(result) for result in results] == [NotReady] * 3
        with pytest.raises(NotReady, match="stopping"):
            await run(pool, "echo")


async def test_a_job_handed_to_a_dead_worker_goes_to_another_that_is_idle() -> None:
    async with pool_of(0) as pool:
        handed, idle = (asyncio.get_running_loop().create_future() for _ in range(2))
        job = Job(Frame({"kind": "run"}), 1, asyncio.get_running_loop().create_future(), 0)
        handed.set_result(job)
        pool._idle.append(idle)
        pool._give_back(handed)
        assert idle.result() is job
        pool._give_back(handed)
        assert list(pool._waiting) == [job]
        job.done.cancel()


async def test_a_slot_survives_what_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    start, attempts = Worker.start, []

    async def start_late(options: WorkerOptions) -> Worker:
        attempts.append(options)
        if len(attempts) == 1:
            raise OSError(24, "Too many open files")
        return await start(options)

    monkeypatch.setattr(Worker, "start", start_late)
    async with pool_of() as pool:
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_worker_that_sends_no_frame_is_replaced() -> None:
    async with pool_of() as pool:
        answer = await run(pool, "babble")
        assert (answer["status"], answer["error"]["type"]) == ("error", "WorkerCrashed")
        assert (await run(pool, "echo"))["status"] == "completed"
