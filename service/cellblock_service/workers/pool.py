"""A pool of worker processes: lanes of jobs in front, one task per worker that takes jobs from them.

Each of the N slots is a task that starts a worker, lets it do one job after the other and replaces it when it
crashed, overran a deadline, takes too much memory or has done its share. A job ends in exactly one way: with an answer
(a synthesized one for a run that overran, crashed its worker or was cancelled), or with a refusal.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from cellblock_service.errors import NotReady, QueueFull
from cellblock_service.workers.frames import Frame, failed
from cellblock_service.workers.job import Job, cancelled, overrun
from cellblock_service.workers.lanes import Lanes
from cellblock_service.workers.launching import Launch, WorkerLost, WorkerOptions, launch
from cellblock_service.workers.states import States
from cellblock_service.workers.worker import Fetch, Install, NotBegun, Worker

READY_S = 60.0
"""Time a worker has to make itself ready after a job."""
MAX_BACKOFF_S = 10.0
CANCEL_S = 3.0
"""Time a worker has to end a run that is cancelled; its sandbox stops the block within half a second or little more."""
MOST_TRIES = 5
"""Workers that may be lost with a job before it begins: then it may be the job that ends them.

A machine that is cut off from the network takes fewer along: Dask notices it after half a minute, and until then each
of its workers costs BEGIN_S.
"""
_APART_S = 0.5
"""Time until such a job goes to another worker: the others of a machine that is gone are gone then."""
_EXPIRE_EVERY_S = 5.0
_MOST_TOLD = 10
_STOPPING = "the service is stopping"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How many of everything. `lane_size` bounds what waits in one lane, `queue_size` what waits altogether."""

    workers: int
    queue_size: int = 256
    lane_size: int = 64
    recycle_after: int = 1000
    recycle_bytes: int = 1 << 30
    kept_states: int = 32
    kept_idle_s: float = 600.0


@dataclass(slots=True)
class PoolState:
    """What the health check, the metrics and the request checks want to know."""

    ready: int = 0
    workers: int = 0
    busy: int = 0
    waiting: int = 0
    states: int = 0
    rss_bytes: int = 0
    image: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


@dataclass(eq=False)
class _Slot:
    """A place for a worker: how one is started there, after another one or not, and the one that is there now."""

    launching: Launch
    waits: bool
    worker: Worker | None = None
    retiring: bool = False
    task: asyncio.Task[None] = field(init=False)


Staff = Callable[["Pool"], Coroutine[Any, Any, None]]
"""Adds slots to a pool and retires them, as long as it runs."""


class Pool:
    """N workers and the lanes in front of them. `start()` it, `submit()` jobs, `close()` it.

    `on_lost(reason)` is told of each worker that is replaced or given up: "crashed", "overran", "recycled", "memory",
    "retired".
    """

    def __init__(
        self, options: WorkerOptions, pool: PoolOptions, *, on_lost: Callable[[str], None] = lambda _: None
    ) -> None:
        self._options = options
        self._pool = pool
        self._on_lost = on_lost
        self._lanes: Lanes[Job] = Lanes()
        self._states = States(pool.kept_states, pool.kept_idle_s)
        self._idle: OrderedDict[Worker, asyncio.Future[Job | None]] = OrderedDict()
        self._slots: dict[str, _Slot] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._alive: set[Worker] = set()
        self._image: dict[str, Any] = {}
        self._problem = "the workers are starting"
        self._open = False
        self._stopping = False
        self._checked = asyncio.Event()

    def start(
        self, install: Install, *, launching: Launch = launch, fetch: Fetch | None = None, staff: Staff | None = None
    ) -> None:
        """Start the workers; returns at once, `state()` tells how far they are. `install` serves blocks' requests.

        With `staff`, it is for that to add slots, and `fetch` serves workers elsewhere.
        """
        self._install, self._fetch = install, fetch
        if staff is None:
            for number in range(self._pool.workers):
                self.add_slot(str(number), launching, waits=number > 0)
        else:
            self._problem = "no worker has joined yet"
            self._run(staff(self), "staff")
        self._run(self._expire(), "kept-states")

    def add_slot(self, name: str, launching: Launch, *, waits: bool = False) -> None:
        """Keep one more worker, started with `launching`, until `retire`.

        One that `waits` starts once another one is ready, and doesn't check the image again: with the full bundle that
        is half a gigabyte, hashed on all cores.
        """
        slot = self._slots[name] = _Slot(launching, waits)
        slot.task = self._run(self._keep(slot), f"slot-{name}")
        slot.task.add_done_callback(lambda _: self._slots.pop(name, None))

    def retire(self, name: str) -> None:
        """Give a slot up as soon as the job in it has ended; nothing if there is no such slot."""
        slot = self._slots.get(name)
        if slot is not None:
            slot.retiring = True
            if slot.worker is not None:
                self._exited(slot.worker)
            else:
                slot.task.cancel()

    def explain(self, problem: str) -> None:
        """Note why there are no workers, for as long as there are none."""
        self._problem = problem

    def slots(self) -> list[str]:
        """The slots that there are."""
        return list(self._slots)

    def _run(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop_admission(self) -> None:
        """Refuse new work; what was accepted goes on."""
        self._stopping = True

    async def close(self) -> None:
        """End all workers at once, running blocks too; jobs still here end as refused."""
        self.stop_admission()
        self._open, self._problem = False, _STOPPING
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._refuse_waiting(_STOPPING)

    def state(self) -> PoolState:
        """Tell how many workers can work and, when none can, why."""
        reasons = [_STOPPING] if self._stopping else []
        if not self._alive:
            reasons.append(self._problem)
        return PoolState(
            ready=0 if self._stopping else len(self._alive),
            workers=len(self._slots),
            busy=self._lanes.running,
            waiting=self._lanes.waiting,
            states=len(self._states),
            rss_bytes=sum(worker.rss_bytes for worker in self._alive),
            image=self._image,
            reasons=reasons,
        )

    def pids(self) -> list[int]:
        """The workers' processes."""
        return [worker.pid for worker in self._alive]

    async def ask(self, frame: Frame, *, within_s: float) -> Frame:
        """Have a worker do a small job of the service's own, while it stops too. Raises QueueFull, NotReady."""
        job = Job(frame, within_s)
        free = max(0, len(self._alive) - self._lanes.running)
        if self._lanes.waiting >= self._pool.queue_size + free:
            raise self._full(self._lanes.waiting, "executions")
        self.submit(job)
        try:
            return await job.done
        except asyncio.CancelledError:
            self.cancel(job)
            raise

    def submit(self, job: Job) -> None:
        """Queue a job that there is room for; `job.done` gives its answer, or NotReady when no worker can run any more.

        Raises NotReady when none can run now.
        """
        if not self._open:
            raise NotReady(self._problem)
        self._lanes.push(job, pinned=self._place(job))
        self._hand_out()

    def require_room(self, ahead: int, ahead_in_lane: int = 0, *, at_once: int = 0) -> None:
        """Raise QueueFull if one more execution would be too many.

        `ahead` have been accepted and not ended, whatever they wait for; `ahead_in_lane` of its lane, of which only
        `at_once` may run, 0 for any number. Raises NotReady when the service stops.
        """
        if self._stopping:
            raise NotReady(_STOPPING)
        workers = len(self._alive)
        waiting, in_lane = ahead - workers, ahead_in_lane - min(workers, at_once or workers)
        if in_lane >= self._pool.lane_size:
            raise self._full(in_lane, "executions of this block")
        if waiting >= self._pool.queue_size:
            raise self._full(waiting, "executions")

    def cancel(self, job: Job) -> None:
        """End a job: one that waits at once, one that runs as soon as its block has been stopped."""
        if job.done.done() or job.cancelled:
            return
        job.cancelled = True
        if self._lanes.remove(job):
            job.settle(cancelled())
        elif job.worker is not None and job.execution:
            job.worker.cancel(job.execution, within_s=CANCEL_S)

    def _place(self, job: Job) -> Worker | None:
        """The worker that has to do a job: the one that keeps its state or, for a new state, one that keeps few.

        States stay where they are: eight busy blocks of which six meet on one of two workers run at two thirds the
        rate.
        """
        if job.state is None:
            return None
        free = self._idle or self._alive
        return self._states.worker(job.state) or min(free, key=self._states.kept_by, default=None)

    def _full(self, waiting: int, what: str) -> QueueFull:
        seconds = max(1, math.ceil(waiting / max(1, len(self._slots))))
        detail = f"{waiting} {what} are waiting for {len(self._slots)} workers; try again later"
        return QueueFull(detail, headers={"Retry-After": str(min(seconds, 30))})

    def _hand_out(self) -> None:
        """Give jobs to workers that wait for one, first to the one that was at work last.

        What it needs is still in the processor's caches: message after message takes a tenth less through Node-RED than
        with two workers in turns, and a fifth less as long as there were few.
        """
        for worker, taker in reversed(list(self._idle.items())):
            if not self._lanes.waiting:
                return
            if taker.done():
                continue  # its slot is being closed
            job = self._lanes.take(worker)
            if job is not None:
                self._idle.pop(worker).set_result(job)

    async def _keep(self, slot: _Slot) -> None:
        """Keep one slot filled with a working worker, with growing pauses while starting fails."""
        failures = 0
        while not slot.retiring:
            try:
                await self._employ(slot)
                failures = 0
            except Exception as error:  # not only WorkerLost: a slot that ends would never come back
                failures += 1
                self._report(error, failures)
                await asyncio.sleep(min(0.1 * 2**failures, MAX_BACKOFF_S))

    def _report(self, error: Exception, failures: int) -> None:
        """Note why starting failed; when nothing can run any more, say so to everyone who waits.

        Workers that did start before are given a second try meanwhile: they may have been killed by chance.
        """
        log.warning("worker_start_failed", reason=str(error), exc_info=not isinstance(error, WorkerLost))
        if not self._alive and (failures > 1 or not self._open):
            self._problem = str(error)
            self._open = False
            self._refuse_waiting(self._problem)

    def _refuse_waiting(self, reason: str) -> None:
        for job in self._lanes.clear():
            if not job.done.done():
                job.done.set_exception(NotReady(reason))

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(_EXPIRE_EVERY_S)
            self._states.expire(asyncio.get_running_loop().time())

    async def _employ(self, slot: _Slot) -> None:
        """Start a worker and give it jobs until it is lost or has done its share.

        Raises WorkerLost only when it never became ready.
        """
        if slot.waits:
            await self._checked.wait()
        options = replace(self._options, verify=self._options.elsewhere or not self._checked.is_set())
        worker = await Worker.start(slot.launching, options, self._install, self._fetch)
        slot.worker = worker
        worker.exited.add_done_callback(lambda _: self._exited(worker))
        reason = "crashed"
        try:
            self._welcome(worker, await worker.ready(self._options.start_s))
            while not (reason := "retired" if slot.retiring else self._worn(worker)):
                reason = "crashed"
                if not await self._work(worker):
                    reason = "retired" if slot.retiring else reason
                    break
        except WorkerLost as error:
            if worker not in self._alive:
                raise
            reason = "overran" if isinstance(error.__cause__, TimeoutError) else "crashed"
            log.warning("worker_lost", pid=worker.pid, reason=str(error))
        finally:
            slot.worker = None
            await self._dismiss(worker, reason)
            structlog.contextvars.unbind_contextvars("execution", "block")

    async def _work(self, worker: Worker) -> bool:
        """Do the next job; False when the worker ends before there is one. Nothing is held of a job that has ended."""
        job = await self._next_job(worker)
        if job is None:
            return False
        # Stays bound when the worker is lost: what is logged then tells what it was doing.
        doing = structlog.contextvars.bind_contextvars(execution=job.execution, block=job.block)
        carried_out = await self._carry_out(worker, job)
        structlog.contextvars.reset_contextvars(**doing)
        del job  # with its request and its result, while the worker makes itself ready
        if carried_out:
            self._settle_states(worker, await worker.ready(READY_S))
        return True

    async def _dismiss(self, worker: Worker, reason: str) -> None:
        was_alive = worker in self._alive
        self._alive.discard(worker)
        if not self._alive:
            self._checked.clear()  # it may be the image that ends them
        self._idle.pop(worker, None)
        self._lanes.forget(worker)
        if lost := self._states.lost(worker):
            log.warning("states_lost", pid=worker.pid, states=len(lost), of=sorted(lost)[:_MOST_TOLD])
        if was_alive and not self._stopping:
            self._on_lost(reason)
            log.info("worker_replaced", pid=worker.pid, reason=reason, executions=worker.executions)
        self._hand_out()
        worker.kill()
        await worker.end()

    def _worn(self, worker: Worker) -> str:
        """Why this worker should be replaced; "" if it shouldn't. State that it keeps is worth more than its age."""
        if worker.rss_bytes > self._pool.recycle_bytes and worker.executions:
            return "memory"
        if worker.executions >= self._pool.recycle_after and not self._states.kept_by(worker):
            return "recycled"
        return ""

    def _welcome(self, worker: Worker, ready: Frame) -> None:
        self._image = ready.meta["image"]
        self._alive.add(worker)
        self._checked.set()
        self._open = True
        log.info("worker_ready", pid=worker.pid, image=self._image["name"], image_id=self._image["id"])

    async def _next_job(self, worker: Worker) -> Job | None:
        """Take the next job, waiting for one; None when the worker ends meanwhile."""
        job = self._lanes.take(worker)
        if job is not None:
            return job
        if worker.exited.done():
            return None
        taker: asyncio.Future[Job | None] = asyncio.get_running_loop().create_future()
        self._idle[worker] = taker
        try:
            return await taker
        except asyncio.CancelledError:
            self._give_back(taker)
            raise

    def _exited(self, worker: Worker) -> None:
        """Stop waiting for a job on behalf of a worker that is gone."""
        taker = self._idle.pop(worker, None)
        if taker is not None and not taker.done():
            if worker.exited.done():
                log.warning("worker_lost", pid=worker.pid, reason="it ended while idle")
            taker.set_result(None)

    def _give_back(self, taker: asyncio.Future[Job | None]) -> None:
        """Put back a job that was handed over a moment too late."""
        job = taker.result() if taker.done() and not taker.cancelled() else None
        if job is not None:
            self._put_back(job)

    def _put_back(self, job: Job) -> None:
        """Have another worker do a job that hasn't begun, unless it has been cancelled meanwhile."""
        if job.cancelled:
            job.settle(cancelled())
        else:
            self._lanes.push(job, first=True)
        self._let_go(job)

    async def _carry_out(self, worker: Worker, job: Job) -> bool:
        """Do one job; False if nobody wants it any more. Raises WorkerLost when the worker can't go on.

        Whatever happens, the job is ended, or put back when the worker was lost before it began.
        """
        if job.done.done() or job.cancelled:  # between the handing over and now
            job.settle(cancelled())
            self._let_go(job)
            return False
        loop, again = asyncio.get_running_loop(), False
        job.worker, job.started_at = worker, loop.time()
        if job.state is not None:
            self._states.begin(job.state, worker, loop.time())
            self._lanes.pin(job.lane, worker)
        try:
            answer = await worker.ask(job.frame, within_s=job.within_s, listener=job.listener)
            job.settle(answer)
            return True
        except NotBegun as error:
            job.tries += 1
            again = job.tries < MOST_TRIES
            if not again:
                job.settle(Frame(failed("WorkerCrashed", f"{job.tries} workers were lost before it began: {error}")))
            await asyncio.sleep(_APART_S)
            raise
        except TimeoutError as error:
            job.settle(cancelled() if job.cancelled else overrun(job))
            raise WorkerLost(f"killed: a job overran its {job.within_s:g} s") from error
        except WorkerLost as error:
            # What is stopped by force may take its worker along; it had its time all the same.
            late = loop.time() - job.started_at >= job.frame.meta.get("limits", {}).get("timeout_s", math.inf)
            crashed = overrun(job) if late else Frame(failed("WorkerCrashed", str(error)))
            job.settle(cancelled() if job.cancelled else crashed)
            raise
        except asyncio.CancelledError:
            if not job.done.done():
                job.done.set_exception(NotReady(_STOPPING))
            raise
        finally:
            job.worker = None
            if job.state is not None:
                self._states.end(job.state, loop.time())
            if again:
                self._put_back(job)
            else:
                # Not ended yet is only what nobody foresaw, such as a request that is too large for a frame.
                job.settle(Frame(failed("WorkerFailed", "an unexpected error; the service's log tells more")))
                self._let_go(job)

    def _settle_states(self, worker: Worker, ready: Frame) -> None:
        """Forget states that a worker doesn't keep any more, such as one whose block was stopped by force."""
        for key in self._states.settle(worker, ready.meta.get("states", ())):
            self._lanes.pin(key, None)

    def _let_go(self, job: Job) -> None:
        """Its worker doesn't have it any more: the next of its lane can come."""
        self._lanes.ended(job)
        self._hand_out()
