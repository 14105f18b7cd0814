"""The pool with workers elsewhere: what is lost before it begins is another's, afterwards nobody's."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
from cellblock_service.errors import NotReady
from cellblock_service.workers.frames import Frame, Link
from cellblock_service.workers.launching import WorkerOptions
from cellblock_service.workers.pool import MOST_TRIES, Pool
from cellblock_service.workers.worker import NotBegun, Worker

from tests.unit.service.stub_pool import Heard, job_for, kept, nothing_to_install, pool_of, run, until

pytestmark = pytest.mark.asyncio


def elsewhere(workers: int = 2, **more: Any) -> Any:
    return pool_of(workers, elsewhere=True, **more)


def short(monkeypatch: pytest.MonkeyPatch, **times: float) -> None:
    for name, seconds in times.items():
        monkeypatch.setattr(f"cellblock_service.workers.worker.{name}", seconds)


def lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def counted(tmp_path: Path) -> Path:
    """Where each run of a block is counted."""
    return tmp_path / "counted"


async def test_a_job_begins_once() -> None:
    async with elsewhere() as pool:
        heard = Heard()
        answer = await run(pool, "print hello", listener=heard)
        assert (answer["status"], heard.printed, heard.begun) == ("completed", b"hello", 1)


async def test_a_large_request_is_there_before_it_begins() -> None:
    async with elsewhere() as pool:
        heard, block = Heard(), os.urandom(20_000_000)
        assert msgpack.unpackb((await run(pool, "echo", data=block, listener=heard))["result"]) == block
        assert heard.begun == 1


async def test_a_job_runs_elsewhere_when_its_worker_dies_before_it_begins(counted: Path) -> None:
    lost: list[str] = []
    async with elsewhere(lost=lost) as pool:
        heard = Heard()
        answer = await run(pool, f"early 2 {counted} exit 1", listener=heard)
        assert (answer["status"], heard.begun, lines(counted)) == ("completed", 1, 1)
        assert lost == ["crashed", "crashed"]
        await until(lambda: pool.state().ready == 2)
        assert (pool.state().busy, pool.state().waiting) == (0, 0)


async def test_a_job_never_runs_elsewhere_once_it_has_begun(counted: Path) -> None:
    async with elsewhere() as pool:
        heard = Heard()
        answer = await run(pool, f"count-and-exit {counted}", listener=heard)
        assert (answer["status"], answer["error"]["type"], heard.begun) == ("error", "WorkerCrashed", 1)
        await until(lambda: pool.state().ready == 2)
        assert lines(counted) == 1


async def test_a_job_that_ends_each_worker_before_it_begins_is_given_up(counted: Path) -> None:
    async with elsewhere() as pool:
        heard = Heard()
        answer = await run(pool, f"early 100 {counted} exit 3", listener=heard)
        assert (answer["error"]["type"], heard.begun, lines(counted)) == ("WorkerCrashed", 0, 0)
        assert f"{MOST_TRIES} workers were lost before it began: the worker process ended" in answer["error"]["message"]
        assert lines(Path(f"{counted}.early")) == MOST_TRIES
        assert (await run(pool, "echo"))["status"] == "completed"


async def test_workers_that_are_lost_together_are_one_try(counted: Path) -> None:
    async with elsewhere(8) as pool:
        job = job_for(f"early 1 {counted} hang")
        pool.submit(job)
        await until(lambda: lines(Path(f"{counted}.early")) == 1)
        for pid in pool.pids():
            os.kill(pid, signal.SIGKILL)
        assert (await job.done).meta["status"] == "completed"
        assert (job.tries, lines(counted)) == (1, 1)


@pytest.mark.parametrize("first", [0, 1])
async def test_a_job_is_refused_when_the_pool_closes_before_it_is_another_workers(counted: Path, first: int) -> None:
    """Whichever of its slots hears of the end first."""

    class InOrder(set[Any]):
        def __iter__(self) -> Any:
            return iter(sorted(set(super().__iter__()), key=lambda task: task.get_name() != f"slot-{first}"))

    async with elsewhere() as pool:
        job = job_for(f"early 1 {counted} exit 1")
        pool.submit(job)
        await until(lambda: job.tries == 1)
        pool._tasks = InOrder(pool._tasks)
        await pool.close()
        with pytest.raises(NotReady):
            async with asyncio.timeout(5):
                await job.done


async def test_a_worker_that_does_not_begin_is_given_up(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, BEGIN_S=0.3)
    async with elsewhere() as pool:
        assert (await run(pool, f"early 1 {counted} hang"))["status"] == "completed"
        assert lines(counted) == 1


async def test_time_before_it_begins_is_not_the_jobs(counted: Path) -> None:
    async with elsewhere(1) as pool:
        assert (await run(pool, f"early 1 {counted} sleep 0.6", within_s=0.3))["status"] == "completed"
        assert (await run(pool, "hang", within_s=0.3))["status"] == "timeout"


@pytest.mark.parametrize("life", ["fetch", "wait"])
async def test_a_worker_that_fetches_has_longer(life: str, counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, BEGIN_S=0.5, PIECE_S=0.5)
    async with elsewhere() as pool:
        job = job_for(f"early 1 {counted} {life} 10", within_s=0.5)
        pool.submit(job)
        assert (await job.done).meta["status"] == "completed"
        assert job.tries == 0
        short(monkeypatch, FETCHING_S=0.2)
        job = job_for(f"early 1 {counted}2 {life} 20", within_s=0.5)
        pool.submit(job)
        assert (await job.done).meta["status"] == "completed"
        assert job.tries == 1


async def test_a_job_that_is_cancelled_before_it_begins_never_does(counted: Path) -> None:
    async with elsewhere(1) as pool:
        (worker,) = pool._alive
        job = job_for(f"early 1 {counted} sleep 0.5", listener=(heard := Heard()))
        pool.submit(job)
        await until(lambda: job.worker is not None)
        pool.cancel(job)
        assert (await job.done).meta["status"] == "cancelled"
        assert (await run(pool, "echo"))["status"] == "completed"
        assert (pool._alive, heard.begun, lines(counted)) == ({worker}, 0, 0)


async def test_a_cancelled_job_is_not_put_back(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cellblock_service.workers.pool.CANCEL_S", 0.2)
    async with elsewhere() as pool:
        job = job_for(f"early 1 {counted} hang")
        pool.submit(job)
        await until(lambda: lines(Path(f"{counted}.early")) == 1)
        pool.cancel(job)
        assert (await job.done).meta["status"] == "cancelled"
        await until(lambda: pool.state().ready == 2)
        assert (lines(Path(f"{counted}.early")), lines(counted)) == (1, 0)
        assert (pool.state().busy, pool.state().waiting) == (0, 0)


async def test_a_state_is_anothers_when_its_run_is(counted: Path) -> None:
    async with elsewhere() as pool:
        assert (await run(pool, **kept("a")))["state"] == "new"
        moved = await run(pool, **kept("a", f"early 1 {counted} exit 1"))
        assert (moved["status"], moved["state"], lines(counted)) == ("completed", "new", 1)
        assert pool.state().states == 1
        assert [(await run(pool, **kept("a")))["state"] for _ in range(3)] == ["kept"] * 3


async def test_a_job_keeps_its_place_in_its_lane(counted: Path) -> None:
    async with elsewhere() as pool:
        ended = []
        jobs = [job_for(code, lane="a", at_once=1) for code in (f"early 1 {counted} exit 1", "echo", "echo")]
        for number, job in enumerate(jobs):
            job.done.add_done_callback(lambda _, number=number: ended.append(number))
            pool.submit(job)
        assert [(await job.done).meta["status"] for job in jobs] == ["completed"] * 3
        assert ended == [0, 1, 2]


def packed(pool: Pool) -> Any:
    return run(pool, "echo", data=bytes(5_000_000))


def small(pool: Pool) -> Any:
    return run(pool, "echo")


def convert(pool: Pool) -> Any:
    return pool.ask(Frame({"kind": "convert", "json": True}, [b'{"code": "x"}']), within_s=20)


@pytest.mark.parametrize("work", [small, packed, convert])
async def test_a_frozen_worker_is_given_up(work: Callable[[Pool], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, BEGIN_S=0.3, PIECE_S=0.3)
    async with elsewhere(1) as pool:
        os.kill(frozen := pool.pids()[0], signal.SIGSTOP)
        async with asyncio.timeout(20):
            await work(pool)
        assert pool.pids() != [frozen]


class Frozen:
    """A process that neither says anything nor goes."""

    pid = 0

    def kill(self) -> None:
        pass

    async def wait(self) -> str:
        await asyncio.Event().wait()
        return ""


async def test_a_worker_that_asks_too_late_begins_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    short(monkeypatch, BEGIN_S=0.1)
    ours, theirs = socket.socketpair()
    options = WorkerOptions(image="data", home=None, elsewhere=True)
    worker, heard = Worker(Frozen(), ours, options, nothing_to_install, None), Heard()
    with pytest.raises(NotBegun):
        await worker.ask(Frame({"kind": "run"}), within_s=20, listener=heard)
    link = Link(theirs)
    await asyncio.to_thread(link.send, {"kind": "begin", "call": 3})
    run, reply = [await asyncio.to_thread(link.receive) for _ in range(2)]
    assert run
    assert reply
    assert (run.kind, reply.kind, reply.meta["call"], heard.begun) == ("run", "reply", 3, 0)
    assert reply.meta["error"]
    worker._channel.close()
    worker.exited.cancel()


async def test_what_has_not_begun_when_the_pool_closes_is_refused(counted: Path) -> None:
    async with elsewhere(1) as pool:
        heard = Heard()
        job = job_for(f"early 1 {counted} hang", listener=heard)
        pool.submit(job)
        await until(lambda: lines(Path(f"{counted}.early")) == 1)
        await pool.close()
        with pytest.raises(NotReady):
            await job.done
        assert heard.begun == 0
