"""Running executions: from a checked request to exactly one outcome.

    queued -> (loading: its image is found or built) -> a place in the pool -> running -> an outcome

What can be refused is refused before anything runs: no place in the queue, at once; no image, no worker. From the
moment a worker has it, an execution ends as completed, error, timeout or cancelled, whatever happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from cellblock_sandbox.needs import Provision

from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.codec.wire import array_header
from cellblock_service.errors import (
    DependencyUnavailable,
    ExecutionUnknown,
    IdInUse,
    ImageLoading,
    NotReady,
    QueueFull,
    ServiceError,
)
from cellblock_service.executions import exchange
from cellblock_service.executions.execution import FINAL, Execution, Flow, Outcome, digest
from cellblock_service.executions.kept import Kept
from cellblock_service.executions.lines import Lines
from cellblock_service.executions.past import Memory, Past
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.trust.tokens import Principal
from cellblock_service.workers.frames import Buffer, Frame, failed
from cellblock_service.workers.job import Job
from cellblock_service.workers.pool import Pool

_LOOK_AGAIN_S = 0.3
"""How long an image may take before clients hear that it is loading, and how often they hear how far it is."""

_SMALL = 1 << 16
"""Bytes of which there may be as many as there may be executions."""

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Who is told of every execution: records, metrics, the audit, the event stream."""

    def begun(self, execution: Execution) -> None:
        """It was accepted."""

    def changed(self, execution: Execution) -> None:
        """Its status changed; a final one has its outcome, one that was refused its refusal."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A checked request with what holds for it: whose it is, its limits, how its result is wanted.

    `id`: what its client calls it, in a session whatever the request says. `live`: output is told as it comes. `flow`
    hears of it from the first moment, and answers its calls. `patience_s`: how long to wait for an image (None: as long
    as it takes). `refusable`: a late refusal is told as such, and nothing has run; else it is an outcome like any
    other.
    """

    work: ExecuteRequest
    principal: Principal
    limits: Mapping[str, Any]
    id: str | None = None
    as_json: bool = False
    live: bool = False
    remote: str = ""
    flow: Flow | None = None
    patience_s: float | None = None
    refusable: bool = True


class Executions:
    """All executions of the service."""

    def __init__(
        self,
        pool: Pool,
        catalogue: Catalogue,
        kept: Kept,
        memory: Memory,
        *,
        kill_grace_s: float,
        inputs_bytes: int,
        queue_bytes: int,
        concurrent_per_block: int,
    ) -> None:
        self._pool = pool
        self._catalogue = catalogue
        self._kept = kept
        self._kill_grace_s = kill_grace_s
        self._inputs_bytes = inputs_bytes
        self._queue_bytes = queue_bytes
        self._concurrent_per_block = concurrent_per_block
        self._memory = memory
        self._lines = Lines()
        self.observers: list[Observer] = []

    @property
    def running(self) -> int:
        """How many have not ended."""
        return len(self._kept)

    @property
    def kept_bytes(self) -> int:
        """The bytes that ended executions hold."""
        return self._kept.bytes

    def running_of(self, owner: str) -> int:
        """How many of one owner have not ended."""
        return sum(each.owner == owner for each in self._kept.running())

    def get(self, owner: str, ident: str) -> Execution:
        """Find an execution. Raises ExecutionUnknown."""
        found = self._kept.get(owner, ident)
        if found is None:
            raise ExecutionUnknown(f"there is no execution {ident!r}, or it has been forgotten", id=ident)
        return found

    def start(self, ask: Ask) -> Execution:
        """Begin an execution, or find that of the same request. Raises IdInUse, QueueFull and NotReady."""
        ident = ask.id or uuid.uuid4().hex
        mark = digest(ask.work) if ask.id else b""
        known = self._kept.get(ask.principal.id, ident)
        if known is not None:
            if known.digest != mark:
                raise IdInUse(f"another request runs, or has run, under the id {ident!r}", id=ident)
            if ask.flow is not None:
                known.join(ask.flow)
                ask.flow.replay(known, 0)
            return known
        execution = Execution(
            ident, ask.principal, ask.work, ask.limits, ask.as_json, ask.live, ask.remote, on_status=self._changed
        )
        execution.digest = mark
        self._require_room(execution)
        # Only what began earlier can be depended on, so that none waits for itself, however far around.
        execution.needs = {each: self._kept.get(execution.owner, each) for each in ask.work.dependencies}
        if ask.flow is not None:
            execution.join(ask.flow)
        self._kept.begin(execution)
        if ask.work.in_order:
            self._lines.join(execution)
        for observer in self.observers:
            observer.begun(execution)
        execution.publish("status", status="queued")
        execution.task = asyncio.create_task(self._run(execution, ask), name=f"execution-{ident}")
        # Cancelled before its first step, it never gets as far as `_run`.
        execution.task.add_done_callback(lambda _: execution.end(exchange.cancelled()))
        return execution

    def _require_room(self, execution: Execution) -> None:
        """Raise QueueFull if one more would be too many, or have too much; alone it may have as much as it likes."""
        work, ahead = execution.work, self._kept.running()
        in_lane = sum(each.lane == execution.lane for each in ahead) if work.block is not None else 0
        self._pool.require_room(len(ahead), in_lane, at_once=self._at_once(work))
        held, own = sum(each.held_bytes for each in ahead), execution.held_bytes
        if held and own > _SMALL and held + own > self._queue_bytes:
            raise QueueFull(
                f"requests of {held} bytes are under way, and this one has {own}; at most {self._queue_bytes} may be"
            )

    def cancel(self, execution: Execution) -> None:
        """Stop an execution wherever it is. One that has ended stays as it is."""
        if execution.status in FINAL:
            return
        if execution.job is not None:
            self._pool.cancel(execution.job)
        elif execution.task is not None:
            execution.task.cancel()

    def knows(self, owner: str, ident: str | None) -> bool:
        """Whether an execution of this id is in memory."""
        return ident is not None and self._kept.get(owner, ident) is not None

    async def find(self, owner: str, ident: str) -> Execution | Past:
        """Find an execution, in memory or in the records. Raises ExecutionUnknown."""
        try:
            return self.get(owner, ident)
        except ExecutionUnknown:
            past = await self._memory.find(owner, ident)
            if past is None:
                raise
            return past

    async def ran(self, owner: str, work: ExecuteRequest) -> Past | None:
        """Find in the records what the same request became that isn't in memory any more. Raises IdInUse."""
        if work.id is None or self.knows(owner, work.id):
            return None
        return await self._memory.ran(owner, work.id, work)

    async def drain(self, within_s: float) -> None:
        """Wait until all have ended, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                for execution in self._kept.running():
                    await execution.ended.wait()

    async def close(self) -> None:
        """Cancel what still runs, and let it end."""
        running = self._kept.running()
        for execution in running:
            self.cancel(execution)
        tasks = [each.task for each in running if each.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def expire(self) -> None:
        """Forget ended executions that are too old."""
        self._kept.expire(asyncio.get_running_loop().time())

    def _changed(self, execution: Execution) -> None:
        if execution.ended.is_set():
            self._lines.leave(execution)
        if execution.refusal is not None:
            self._kept.forget(execution)
        elif execution.outcome is not None:
            self._kept.end(execution, asyncio.get_running_loop().time())
        for observer in self.observers:
            observer.changed(execution)

    async def _run(self, execution: Execution, ask: Ask) -> None:
        """Carry it out; end it whatever happens."""
        structlog.contextvars.bind_contextvars(execution=execution.id, block=execution.work.block)
        try:
            execution.end(await self._outcome(execution, ask.patience_s))
        except asyncio.CancelledError:
            execution.end(exchange.cancelled())
        except ServiceError as error:
            _stop(execution, error, refusable=ask.refusable)
        except Exception as error:
            log.error("execution_crashed", execution=execution.id, exc_info=error)
            unforeseen = ServiceError("an unexpected error; the service's log tells more")
            _stop(execution, unforeseen, refusable=ask.refusable)

    async def _outcome(self, execution: Execution, patience_s: float | None) -> Outcome:
        if execution.work.dependencies:
            execution.results = await self._inputs(execution)
            execution.sizes["inputs"] = sum(map(len, execution.results))
        for last in (False, True):
            provision = await self._provision(execution, patience_s)
            await self._turn(execution, patience_s)
            answer, job = await self._submitted(execution, provision)
            # An image may go to make room just before it is used: then nothing has run, and it is built again, once.
            if last or answer.meta.get("image") != "missing":
                break
            self._catalogue.forget(execution.work.texts, execution.work.packages)
            execution.job, execution.has_started = None, False
        return exchange.read(execution, answer, job)

    async def _provision(self, execution: Execution, patience_s: float | None) -> Provision:
        """The image it needs, telling how far that is if it takes time. Raises ImageLoading when patience is over."""
        work, clock = execution.work, execution.clock
        started = clock()
        until = math.inf if patience_s is None else started + patience_s
        while True:
            try:
                wait = max(0.0, min(_LOOK_AGAIN_S, until - clock()))
                return await self._catalogue.provision(work.texts, work.packages, patience_s=wait)
            except ImageLoading as loading:
                if clock() >= until:
                    raise
                execution.set_status("loading", progress=loading.members["progress"])
            finally:
                execution.load_s = clock() - started

    async def _turn(self, execution: Execution, patience_s: float | None) -> None:
        """Wait for the images of those before it, with what is left of patience. Raises ImageLoading after that."""
        if execution.status == "loading":
            execution.set_status("queued")
        turn = self._lines.turn(execution)
        if turn is None or turn.is_set():
            return
        try:
            async with asyncio.timeout(None if patience_s is None else max(0.0, patience_s - execution.load_s)):
                await turn.wait()
        except TimeoutError:
            raise ImageLoading("an image for an earlier execution of this block is being built") from None

    async def _submitted(self, execution: Execution, provision: Provision) -> tuple[Frame, Job]:
        """Have it run by the pool. Raises NotReady."""
        job = Job(
            exchange.frame(execution, provision),
            execution.limits["timeout_s"] + self._kill_grace_s,
            lane=execution.lane,
            block=execution.work.block,
            at_once=self._at_once(execution.work),
            execution=execution.id,
            state=execution.state_key,
            listener=execution,
        )
        self._pool.submit(job)
        execution.job = job
        self._lines.leave(execution)
        try:
            return await job.done, job
        except NotReady as error:
            if execution.has_started:
                return Frame(failed("ServiceStopped", error.detail)), job
            raise

    def _at_once(self, work: ExecuteRequest) -> int:
        """How many of its block may run at a time, as it or the service says, whichever is stricter; 0: any number."""
        if work.block is None:
            return 0
        return min((each for each in (work.at_once, self._concurrent_per_block) if each), default=0)

    async def _inputs(self, execution: Execution) -> list[Buffer]:
        """The results it depends on, as a packed list in pieces, none of them copied. Raises DependencyUnavailable."""
        results = {ident: await self._result_of(execution, ident) for ident in execution.needs}
        pieces = [results[ident] for ident in execution.work.dependencies]
        size = sum(len(piece) for piece in pieces)
        if size > self._inputs_bytes:
            raise DependencyUnavailable(
                f"dependencies: their results have {size} bytes; at most {self._inputs_bytes} are taken"
            )
        return [array_header(len(pieces)), *pieces]

    async def _result_of(self, execution: Execution, ident: str) -> Buffer:
        owner, found = execution.owner, execution.needs[ident]
        status: str
        result: Buffer | None
        if found is not None:
            await found.ended.wait()
            outcome = found.outcome
            status, result = (outcome.status, outcome.result) if outcome else ("refused", None)
        else:
            past = await self._memory.find(owner, ident)
            if past is None:
                raise DependencyUnavailable(f"dependencies: there is no execution {ident!r}", id=ident)
            status, result = past.status, past.outcome.result if past.complete else None
        if status != "completed" or result is None:
            reason = "its result was too large to be kept" if status == "completed" else f"it ended as {status}"
            raise DependencyUnavailable(f"dependencies: the result of {ident!r} isn't there: {reason}", id=ident)
        return result


def _stop(execution: Execution, error: ServiceError, *, refusable: bool) -> None:
    if refusable and not execution.has_started:
        execution.refuse(error)
    else:
        execution.end(exchange.failed(type(error).__name__, error.detail))
