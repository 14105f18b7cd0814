"""A pool of stub workers, the jobs for them, and who hears of these."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgpack
from cellblock_service.codec.envelope import guest_request
from cellblock_service.workers.frames import Frame
from cellblock_service.workers.job import Job
from cellblock_service.workers.launching import WorkerOptions
from cellblock_service.workers.pool import Pool, PoolOptions
from cellblock_service.workers.worker import Worker

STUB = str(Path(__file__).with_name("stub_worker.py"))


async def nothing_to_install(*_: object) -> list[dict[str, str]]:
    return []


@asynccontextmanager
async def pool_of(
    workers: int = 1,
    *,
    queue_size: int = 8,
    recycle_after: int = 1000,
    image: str = "data",
    wait: bool = True,
    lost: list[str] | None = None,
    elsewhere: bool = False,
    **more: Any,
) -> AsyncIterator[Pool]:
    limits = {"timeout_s": 30, "memory_mb": 64}
    worker = WorkerOptions(image=image, home=None, limits=limits, program=(STUB,), elsewhere=elsewhere)
    options = PoolOptions(workers, queue_size, recycle_after=recycle_after, **more)
    pool = Pool(worker, options, on_lost=lost.append if lost is not None else lambda _: None)
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


def job_for(code: str, *, within_s: float = 20, data: Any = None, **more: Any) -> Job:
    """A job of the stub worker; `more` as in Job."""
    request = guest_request(code, "block", within_s, {"data": msgpack.packb(data)})
    meta = {"kind": "run", "limits": {"timeout_s": within_s}, "as_json": False, "reset": False}
    return Job(Frame(meta | {"state": more.get("state")}, request), within_s, execution="it", **more)


async def run(pool: Pool, code: str, **options: Any) -> dict[str, Any]:
    job = job_for(code, **options)
    pool.require_room(pool.state().waiting + pool.state().busy)
    pool.submit(job)
    try:
        answer = await job.done
    except asyncio.CancelledError:
        pool.cancel(job)
        raise
    return answer.meta | {"result": answer.blob}


class Heard:
    """A listener that keeps what it hears, and replies with what it was asked for."""

    def __init__(self) -> None:
        self.printed = b""
        self.begun = 0

    def started(self) -> None:
        self.begun += 1

    def output(self, stream: str, chunk: Any) -> None:
        assert stream == "stdout"
        self.printed += chunk

    def call(self, worker: Worker, meta: dict[str, Any], value: Any) -> None:
        worker.reply(meta["call"], msgpack.packb([meta["op"], meta["key"]]))


def kept(lane: str, code: str = "pid") -> dict[str, Any]:
    return {"code": code, "lane": lane, "at_once": 1, "state": lane}
