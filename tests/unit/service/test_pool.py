"""The pool, with stub workers: every job ends in exactly one way, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import weakref
from collections import Counter
from typing import Any

import msgpack
import pytest
from cellblock_service.errors import NotReady, QueueFull
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.launching import Ahead, Launch, WorkerOptions
from cellblock_service.workers.pool import Pool, PoolOptions
from cellblock_service.workers.worker import Worker

from tests.unit.service.stub_pool import STUB, Heard, job_for, kept, nothing_to_install, pool_of, run, until

pytestmark = pytest.mark.asyncio


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


async def test_the_worker_that_was_at_work_last_gets_the_next_job() -> None:
    async with pool_of(2) as pool:
        await until(lambda: len(pool._idle) == 2)
        rested = next(reversed(pool._idle))
        for _ in range(5):
            await run(pool, "echo")
            await until(lambda: len(pool._idle) == 2)
        assert {worker: worker.executions for worker in pool._idle}[rested] == 5


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


async def test_a_worker_that_ends_when_a_run_has_had_its_time_ends_it_as_timeout() -> None:
    async with pool_of() as pool:
        for slept, timeout_s, status in (("0.4", 0.3, "timeout"), ("0", 20, "error")):
            job = job_for(f"sleep-and-exit {slept}")
            job.frame.meta["limits"]["timeout_s"] = timeout_s
            pool.submit(job)
            assert (await job.done).meta["status"] == status


async def test_conversion_has_its_own_time() -> None:
    async with pool_of() as pool:
        assert (await run(pool, "convert 0.5", within_s=0.3))["status"] == "completed"


async def test_conversion_has_its_time_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellblock_service.workers.worker.CONVERSION_S", 0.3)
    async with pool_of() as pool, asyncio.timeout(10):
        assert (await run(pool, "convert-forever"))["status"] == "timeout"


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


async def test_a_cancelled_block_ends_and_its_worker_goes_on() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        job = job_for("sleep 100")
        pool.submit(job)
        await until(lambda: job.worker is not None)
        pool.cancel(job)
        pool.cancel(job)
        assert (await job.done).meta["status"] == "cancelled"
        assert (await run(pool, "echo"))["status"] == "completed"
        assert pool._alive == {worker}


async def test_a_block_that_ignores_being_cancelled_costs_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellblock_service.workers.pool.CANCEL_S", 0.2)
    async with pool_of() as pool:
        (worker,) = pool._alive
        job = job_for("hang")
        pool.submit(job)
        await until(lambda: job.worker is not None)
        pool.cancel(job)
        assert (await job.done).meta["status"] == "cancelled"
        async with asyncio.timeout(5):
            await worker.exited
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_cancelling_what_waits_ends_it_at_once() -> None:
    async with pool_of() as pool:
        running, waiting = job_for("sleep 0.3"), job_for("exit 1")
        pool.submit(running)
        pool.submit(waiting)
        pool.cancel(waiting)
        assert (await waiting.done).meta["status"] == "cancelled"
        assert (await running.done).meta["status"] == "completed"


async def test_what_a_block_prints_and_asks_is_heard_while_it_runs() -> None:
    async with pool_of() as pool:
        heard = Heard()
        await run(pool, "print grüße", listener=heard)
        assert (heard.printed, heard.begun) == ("grüße".encode(), 1)
        answer = await run(pool, "ask level", listener=heard)
        assert msgpack.unpackb(answer["result"]) == ["get", "level"]
        answer = await run(pool, "ask level")
        assert msgpack.unpackb(answer["result"]) == "no flow stands behind this run"


async def test_one_block_in_order_while_others_run() -> None:
    async with pool_of(2) as pool:
        ended = []
        names = [("a", "sleep 0.2"), ("a", "echo"), ("b", "echo")]
        jobs = [job_for(code, lane=lane, at_once=1) for lane, code in names]
        for number, job in enumerate(jobs):
            job.done.add_done_callback(lambda _, number=number: ended.append(number))
            pool.submit(job)
        await asyncio.gather(*(job.done for job in jobs))
        assert ended == [2, 0, 1]


async def test_a_busy_block_does_not_starve_the_rest() -> None:
    async with pool_of(queue_size=100) as pool:
        ended = []
        lanes = ["busy"] * 20 + ["rare"]
        jobs = [job_for("echo", lane=lane) for lane in lanes]
        for job in jobs:
            job.done.add_done_callback(lambda _, lane=job.lane: ended.append(lane))
            pool.submit(job)
        await asyncio.gather(*(job.done for job in jobs))
        assert ended.index("rare") <= 2


async def test_one_block_can_not_fill_the_queue() -> None:
    async with pool_of(queue_size=100, lane_size=3) as pool:
        jobs = [job_for("sleep 0.1", lane="busy", at_once=1, block="busy") for _ in range(4)]
        for job in jobs:
            pool.submit(job)
            await until(lambda: jobs[0].worker is not None)
        with pytest.raises(QueueFull, match="of this block"):
            pool.require_room(4, 4, at_once=1)
        other = job_for("echo", lane="other")
        pool.submit(other)
        await asyncio.gather(other.done, *(job.done for job in jobs))


async def test_kept_state_stays_with_its_worker() -> None:
    async with pool_of(2) as pool:
        first = await run(pool, **kept("a"))
        others = await asyncio.gather(*(run(pool, "pid") for _ in range(4)))
        again = [await run(pool, **kept("a")) for _ in range(4)]
        assert len({answer["result"] for answer in others}) == 2
        assert {answer["result"] for answer in again} == {first["result"]}
        assert (first["state"], {answer["state"] for answer in again}) == ("new", {"kept"})


async def test_kept_states_are_shared_out_evenly() -> None:
    async with pool_of(2) as pool:
        where = [(await run(pool, **kept(lane)))["result"] for lane in "abcdefgh"]
        assert sorted(Counter(where).values()) == [4, 4]


async def test_kept_states_are_few_and_expire() -> None:
    async with pool_of(kept_states=2, kept_idle_s=100) as pool:
        for lane in ("a", "b", "c"):
            assert (await run(pool, **kept(lane)))["state"] == "new"
        assert pool.state().states == 2
        assert [(await run(pool, **kept(lane)))["state"] for lane in ("b", "c", "a")] == ["kept", "kept", "new"]
        pool._states.expire(asyncio.get_running_loop().time() + 1000)
        assert (await run(pool, **kept("c")))["state"] == "new"


async def test_state_that_is_lost_with_its_worker_begins_anew() -> None:
    async with pool_of(2) as pool:
        await run(pool, **kept("a"))
        assert (await run(pool, **kept("a", "exit 3")))["error"]["type"] == "WorkerCrashed"
        assert (await run(pool, **kept("a")))["state"] == "new"


async def test_a_worker_that_takes_too_much_memory_is_replaced() -> None:
    lost: list[str] = []
    async with pool_of(recycle_bytes=1, lost=lost) as pool:
        await run(pool, "echo")
        await until(lambda: lost == ["memory"] and pool.state().ready == 1)


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


async def test_a_slot_survives_what_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    start, attempts = Worker.start, []

    async def start_late(*told: Any) -> Worker:
        attempts.append(told)
        if len(attempts) == 1:
            raise OSError(24, "Too many open files")
        return await start(*told)

    monkeypatch.setattr(Worker, "start", start_late)
    async with pool_of() as pool:
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_the_first_worker_checks_the_image_and_the_others_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    start, ready, log = Worker.start, Worker.ready, []

    async def noted_start(launching: Launch, options: WorkerOptions, *more: Any) -> Worker:
        log.append(options.verify)
        return await start(launching, options, *more)

    async def noted_ready(self: Worker, within_s: float) -> Frame:
        frame = await ready(self, within_s)
        log.append("ready")
        return frame

    monkeypatch.setattr(Worker, "start", noted_start)
    monkeypatch.setattr(Worker, "ready", noted_ready)
    async with pool_of(3) as pool:
        assert log == [True, "ready", False, False, "ready", "ready"]
        await run(pool, "exit 1")
        await until(lambda: pool.state().ready == 3)
        assert log[6:] == [False, "ready"]


async def test_a_worker_may_be_started_before_the_pool() -> None:
    pool = Pool(options := WorkerOptions(image="data", home=None, program=(STUB,)), PoolOptions(2))
    ahead = Ahead(options)
    process, _ = await asyncio.shield(ahead._first)  # type: ignore[arg-type]
    pool.start(nothing_to_install, launching=ahead)
    try:
        await until(lambda: pool.state().ready == 2)
        assert process.pid in pool.pids()
        assert len(set(pool.pids())) == 2
    finally:
        await pool.close()


async def test_what_a_worker_fetches_is_not_the_jobs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool_of() as pool:
        assert (await run(pool, "fetch 8", within_s=0.5))["status"] == "completed"
        monkeypatch.setattr("cellblock_service.workers.worker.FETCHING_S", 0.2)
        assert (await run(pool, "fetch 20", within_s=0.5))["status"] == "timeout"
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_worker_that_sends_no_frame_is_replaced() -> None:
    async with pool_of() as pool:
        answer = await run(pool, "babble")
        assert (answer["status"], answer["error"]["type"]) == ("error", "WorkerCrashed")
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_job_that_can_not_be_sent_ends_too() -> None:
    async with pool_of() as pool:
        job = job_for("echo")
        job.frame.meta["limits"] = {"timeout_s": 1 << 70}  # no frame can say that
        pool.submit(job)
        async with asyncio.timeout(10):
            assert (await job.done).meta["error"]["type"] == "WorkerFailed"
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_a_worker_that_reads_nothing_overruns_too() -> None:
    async with pool_of() as pool:
        os.kill(pool.pids()[0], signal.SIGSTOP)
        async with asyncio.timeout(10):
            answer = await run(pool, "echo", data=bytes(5_000_000), within_s=0.3)
        assert answer["status"] == "timeout"
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_closing_while_an_idle_worker_ends() -> None:
    async with pool_of() as pool:
        (worker,) = pool._alive
        await asyncio.sleep(0.1)
        # Just when the slot is told that its worker has gone, the pool is closed.
        worker.exited.add_done_callback(lambda _: [task.cancel() for task in pool._tasks])
        worker.kill()
        _, running = await asyncio.wait(pool._tasks, timeout=5)
        assert not running


async def test_an_idle_worker_holds_nothing_of_its_last_job() -> None:
    async with pool_of() as pool:
        job = job_for("echo", data=bytes(1_000_000))
        ended = weakref.ref(job.done)
        pool.submit(job)
        await job.done
        del job
        await until(lambda: pool.state().busy == 0)
        await until(lambda: gc.collect() >= 0 and ended() is None)


async def test_runs_that_keep_nothing_lose_no_state_of_their_block() -> None:
    async with pool_of(2) as pool:
        assert (await run(pool, "echo", lane="b", state="b", at_once=1))["state"] == "new"
        for _ in range(6):
            others = [job_for("sleep 0.05", lane="b") for _ in range(2)]
            for job in others:
                pool.submit(job)
            answer = await run(pool, "echo", lane="b", state="b", at_once=1)
            assert answer["state"] == "kept"
            await asyncio.gather(*(job.done for job in others))
