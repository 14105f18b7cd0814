"""A pool of worker processes: a bounded queue in front, one task per worker that takes jobs from it.

Each of the N slots is a task that starts a worker, lets it do one job after the other and replaces it when it
crashed, overran a deadline, was abandoned by its client or has done its share. A job ends in exactly one way: with
an answer, with a synthesized "timeout" or "WorkerCrashed" answer, with a refusal, or cancelled by its client.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import structlog

from cellblock_service.errors import NotReady, QueueFull
from cellblock_service.workers.frames import Frame, failed
from cellblock_service.workers.worker import Install, Worker, WorkerLost, WorkerOptions

START_S = 60.0
MAX_BACKOFF_S = 10.0

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work on its way: the frame for a worker, the time it may take and who waits for the answer."""

    frame: Frame
    within_s: float
    done: asyncio.Future[Frame]
    queued_at: float
    started_at: float = 0.0
    worker: Worker | None = None


@dataclass(slots=True)
class PoolState:
    """What the health check and the request checks want to know."""

    ready: int = 0
    workers: int = 0
    waiting: int = 0
    image: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


class Pool:
    """N workers and the queue in front of them. `start()` it, `submit()` frames, `close()` it."""

    def __init__(self, options: WorkerOptions, *, workers: int, queue_size: int, recycle_after: int) -> None:
        self._options = options
        self._size = workers
        self._queue_size = queue_size
        self._recycle_after = recycle_after
        self._waiting: deque[Job] = deque()
        self._idle: deque[asyncio.Future[Job]] = deque()
        self._slots: list[asyncio.Task[None]] = []
        self._alive: set[Worker] = set()
        self._image: dict[str, Any] = {}
        self._problem = "the workers are starting"
        self._open = False
        self._stopping = False

    def start(self, install: Install) -> None:
        """Start the workers; returns at once, `state()` tells how far they are. `install` serves blocks' requests."""
        self._install = install
        self._slots = [asyncio.create_task(self._keep(), name=f"slot-{number}") for number in range(self._size)]

    def stop_admission(self) -> None:
        """Refuse new work; what was accepted goes on."""
        self._stopping = True

    async def close(self) -> None:
        """End all workers at once, running blocks too; jobs still here end as refused."""
        self.stop_admission()
        for slot in self._slots:
            slot.cancel()
        await asyncio.gather(*self._slots, return_exceptions=True)
        self._refuse_waiting("the service is stopping")

    def state(self) -> PoolState:
        """Tell how many workers can work and, when none can, why."""
        reasons = ["the service is stopping"] if self._stopping else []
        if not self._alive:
            reasons.append(self._problem)
        return PoolState(
            ready=0 if self._stopping else len(self._alive),
            workers=self._size,
            waiting=len(self._waiting),
            image=self._image,
            reasons=reasons,
        )

    async def submit(self, frame: Frame, *, within_s: float) -> tuple[Frame, Job]:
        """Have a worker do `frame`, which takes at most `within_s`; give its answer and the job with its times.

        Raises QueueFull, and NotReady when no worker can run. Cancelling the caller kills the worker that is at it.
        """
        if self._stopping or not self._open:
            raise NotReady("the service is stopping" if self._stopping else self._problem, headers={"Retry-After": "1"})
        loop = asyncio.get_running_loop()
        job = Job(frame, within_s, loop.create_future(), loop.time())
        self._enqueue(job)
        try:
            return await job.done, job
        except asyncio.CancelledError:
            self._abandon(job)
            raise

    def _enqueue(self, job: Job) -> None:
        if self._hand_over(job):
            return
        if len(self._waiting) >= self._queue_size:
            seconds = max(1, math.ceil(len(self._waiting) / max(1, self._size)))
            raise QueueFull(
                f"{len(self._waiting)} executions are waiting for {self._size} workers; try again later",
                headers={"Retry-After": str(min(seconds, 30))},
            )
        self._waiting.append(job)

    def _hand_over(self, job: Job) -> bool:
        """Give `job` to a worker that waits for one; False if none does."""
        while self._idle:
            taker = self._idle.popleft()
            if not taker.done():
                taker.set_result(job)
                return True
        return False

    def _abandon(self, job: Job) -> None:
        job.done.cancel()
        if job in self._waiting:
            self._waiting.remove(job)
        if job.worker is not None:
            job.worker.kill()

    async def _keep(self) -> None:
        """Keep one slot filled with a working worker, with growing pauses while starting fails."""
        failures = 0
        while True:
            try:
                await self._employ()
                failures = 0
            except Exception as error:  # not only WorkerLost: a slot that ends would never come back
                failures += 1
                self._report(error)
                await asyncio.sleep(min(0.1 * 2**failures, MAX_BACKOFF_S))

    def _report(self, error: Exception) -> None:
        """Note why starting failed; when nothing can run any more, say so to everyone who waits."""
        log.warning("worker_start_failed", reason=str(error), exc_info=not isinstance(error, WorkerLost))
        if not self._alive:
            self._problem = str(error)
            self._open = False
            self._refuse_waiting(self._problem)

    def _refuse_waiting(self, reason: str) -> None:
        while self._waiting:
            job = self._waiting.popleft()
            if not job.done.done():
                job.done.set_exception(NotReady(reason))

    async def _employ(self) -> None:
        """Start a worker and give it jobs until it is lost or has done its share.

        Raises WorkerLost only when it never became ready.
        """
        worker = await Worker.start(self._options)
        try:
            self._welcome(worker, await _ready(worker))
            while worker.executions < self._recycle_after:
                job = await self._next_job(worker)
                if job is None:
                    break
                await self._carry_out(worker, job)
                await _ready(worker)
            else:
                log.info("worker_recycled", pid=worker.pid, executions=worker.executions)
        except WorkerLost as error:
            if worker not in self._alive:
                raise
            log.warning("worker_lost", pid=worker.pid, reason=str(error))
        finally:
            self._alive.discard(worker)
            worker.kill()
            await worker.end()

    def _welcome(self, worker: Worker, ready: Frame) -> None:
        self._image = ready.meta["image"]
        self._alive.add(worker)
        self._open = True
        log.info("worker_ready", pid=worker.pid, image=self._image["name"], image_id=self._image["id"])

    async def _next_job(self, worker: Worker) -> Job | None:
        """Take the next job, waiting for one; None when the worker ends meanwhile."""
        while True:
            while self._waiting:
                job = self._waiting.popleft()
                if not job.done.done():
                    return job
            taker: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
            self._idle.append(taker)
            try:
                waited: set[asyncio.Future[Any]] = {taker, worker.exited}
                await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            except asyncio.CancelledError:
                self._give_back(taker)
                raise
            if worker.exited.done():
                self._give_back(taker)
                log.warning("worker_lost", pid=worker.pid, reason="it ended while idle")
                return None
            # Its client may have gone between the handing over and now.
            if not taker.result().done.done():
                return taker.result()

    def _give_back(self, taker: asyncio.Future[Job]) -> None:
        """Pass on a job that was handed over a moment too late: to another idle worker, or to the queue's head."""
        if taker.done() and not self._hand_over(taker.result()):
            self._waiting.appendleft(taker.result())
        taker.cancel()

    async def _carry_out(self, worker: Worker, job: Job) -> None:
        """Do one job. Whatever happens, the job is ended; raises WorkerLost when the worker can't go on."""
        job.worker = worker
        job.started_at = asyncio.get_running_loop().time()
        try:
            self._settle(job, await worker.ask(job.frame, within_s=job.within_s, install=self._install))
        except TimeoutError:
            self._settle(job, _overrun(job))
            raise WorkerLost(f"killed: a job overran its {job.within_s:g} s") from None
        except WorkerLost as error:
            self._settle(job, Frame(failed("WorkerCrashed", str(error))))
            raise
        except asyncio.CancelledError:
            if not job.done.done():
                job.done.set_exception(NotReady("the service is stopping"))
            raise
        finally:
            job.worker = None

    @staticmethod
    def _settle(job: Job, answer: Frame) -> None:
        if not job.done.done():
            job.done.set_result(answer)


async def _ready(worker: Worker) -> Frame:
    try:
        async with asyncio.timeout(START_S):
            return await worker.ready()
    except TimeoutError:
        raise WorkerLost(f"the worker process wasn't ready within {START_S:g} s") from None


def _overrun(job: Job) -> Frame:
    limit_s = job.frame.meta.get("limits", {}).get("timeout_s", job.within_s)
    return Frame(failed("TimeoutError", f"it didn't end within {limit_s:g} s; its worker was stopped", "timeout"))
