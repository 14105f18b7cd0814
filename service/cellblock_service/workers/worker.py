"""The service's handle of one worker process: greet it, exchange frames, end it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from cellblock_service.errors import ServiceError
from cellblock_service.workers.channel import Channel
from cellblock_service.workers.frames import Buffer, Frame, Meta
from cellblock_service.workers.launching import Launch, Process, WorkerLost, WorkerOptions

CONVERSION_S = 30.0
"""Time a worker may take to turn a result into JSON after its block has ended."""

Install = Callable[[Sequence[str], Mapping[str, str]], Awaitable[list[dict[str, str]]]]
"""Gives name, version and path of the wheels that requirements add to what is installed. Raises ServiceError."""

Fetch = Callable[[Meta], Awaitable[bytes]]
"""Gives a piece of a file that a worker elsewhere lacks. Raises ServiceError."""

BEGIN_S = 10.0
"""Time a worker elsewhere has to begin a job."""
PIECE_S = 60.0
"""Time it has instead once a piece of a large request, or of a file that it lacks, is on its way over a slow line."""
FETCHING_S = 900.0
"""How long a job may last because its worker fetches what it lacks: half a gigabyte, over a slow line."""


class NotBegun(WorkerLost):
    """A worker elsewhere was lost, or given up, before it began a job: another one may do it."""


class Listener(Protocol):
    """Who hears what a job does while it runs."""

    def started(self) -> None:
        """A worker has it; one elsewhere begins it."""

    def output(self, stream: str, chunk: Buffer) -> None:
        """It printed something."""

    def call(self, worker: Worker, meta: Meta, value: Buffer) -> None:
        """It asks the flow behind it for something; to be answered with `Worker.reply`."""


class Unheard:
    """A listener for jobs that nobody follows."""

    def started(self) -> None:
        """Hear nothing."""

    def output(self, stream: str, chunk: Buffer) -> None:
        """Hear nothing."""

    def call(self, worker: Worker, meta: Meta, value: Buffer) -> None:  # noqa: ARG002
        """Say that there is no flow."""
        worker.reply(meta["call"], error="no flow stands behind this run")


class Worker:
    """One running worker process. It does one job at a time."""

    def __init__(
        self, process: Process, end: socket.socket, options: WorkerOptions, install: Install, fetch: Fetch | None
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = process
        self._options = options
        self._install = install
        self._fetch = fetch
        self._channel = Channel(end, self._heard, self._gone)
        self._ready: asyncio.Future[Frame] = self._loop.create_future()
        self._answer: asyncio.Future[Frame] | None = None
        self._listener: Listener = Unheard()
        self._begun = self._cancelled = False
        self._job_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._within_s: float | None = None
        self._fetching_until = 0.0
        self._converting = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.executions = 0
        self.rss_bytes = 0
        self.pid = process.pid
        self.exited = asyncio.create_task(process.wait(), name=f"worker-{process.pid}-exit")

    @classmethod
    async def start(
        cls, launch: Launch, options: WorkerOptions, install: Install, fetch: Fetch | None = None
    ) -> Worker:
        """Start a process; `ready()` tells when it can work. Raises WorkerLost when it can't start."""
        process, end = await launch(options)
        return cls(process, end, options, install, fetch)

    async def ready(self, within_s: float) -> Frame:
        """Wait until the process can take work. Raises WorkerLost with the reason why it can't."""
        if not self._ready.done():  # it often is: a worker with a sandbox at hand says so together with its answer
            try:
                async with asyncio.timeout(within_s):
                    await self._ready
            except TimeoutError:
                raise WorkerLost(f"the worker process wasn't ready within {within_s:g} s") from None
        frame = self._ready.result()
        self._ready = self._loop.create_future()
        if frame.kind == "failed":
            raise WorkerLost(frame.meta["reason"])
        self.rss_bytes = frame.meta.get("rss_bytes", 0)
        return frame

    async def ask(self, frame: Frame, *, within_s: float, listener: Listener) -> Frame:
        """Send work and wait for its answer. Raises TimeoutError after `within_s`, WorkerLost if the process ended.

        A process elsewhere has that time from the moment it begins, for which it asks. When it is lost before, or
        doesn't begin in time, that is NotBegun.
        A process that fetches what it lacks has its time anew with each piece, for FETCHING_S at most.
        """
        self.executions += 1
        self._listener = listener
        answer: asyncio.Future[Frame] = self._loop.create_future()
        self._answer, self._converting = answer, False
        self._begun = self._cancelled = False
        self._job_s, self._fetching_until = within_s, self._loop.time() + FETCHING_S
        try:
            if self._options.elsewhere:
                self._within_s = PIECE_S
                self._limit(BEGIN_S)
            else:
                self._begin()
            try:
                await self._send(frame)
            except WorkerLost:
                if not answer.done():
                    raise
            return await answer
        except TimeoutError:
            if self._begun:
                raise
            raise NotBegun("the worker process didn't begin its job in time") from None
        except WorkerLost as lost:
            if self._begun:
                raise
            raise NotBegun(str(lost)) from None
        finally:
            self._answer = None
            self._listener = Unheard()
            self._within_s = None
            self._limit(None)

    def cancel(self, execution: str, *, within_s: float) -> None:
        """Ask the process to stop what it runs; if it doesn't within so long, `ask` ends with TimeoutError."""
        self._cancelled, self._within_s = True, None
        self._limit(within_s)
        self._post(Frame({"kind": "cancel", "execution": execution}))

    def reply(self, call: int, value: Buffer = b"", *, error: str | None = None) -> None:
        """Answer a call of the running block: a packed value, or why there is none."""
        meta: Meta = {"kind": "reply", "call": call}
        self._post(Frame(meta if error is None else meta | {"error": error}, (value,)))

    def release(self, states: Sequence[str]) -> None:
        """Let the process close sandboxes that it keeps."""
        self._post(Frame({"kind": "release", "states": list(states)}))

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()

    async def end(self, *, patience_s: float = 1.0) -> str:
        """Close our end, so that the process ends by itself, or kill it; say how it ended."""
        self._channel.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await asyncio.shield(self.exited)
        self.kill()
        ending = await self.exited
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        return f"the worker process {ending}"

    def _heard(self, frame: Frame) -> None:
        match frame.kind:
            case "output":
                self._listener.output(str(frame.meta.get("stream")), frame.blob)
            case "call":
                self._listener.call(self, frame.meta, frame.blob)
            case "install":
                self._task(self._reply_with_wheels(frame.meta))
            case "fetch":
                self._prolong()
                self._task(self._reply_with_file(frame.meta))
            case "waiting":
                self._prolong()
            case "begin":
                self._let_begin(frame.meta.get("call"))
            case "ran":
                self._convert()
            case "ready" | "failed":
                _settle(self._ready, frame)
            case _:
                _settle(self._answer, frame)

    def _let_begin(self, call: Any) -> None:
        """Answer a process that asks whether to begin: not a job that was cancelled, or that another is to do now."""
        if self._cancelled or self._answer is None or self._answer.done():
            self.reply(call, error="nobody wants it any more")
            return
        if not self._begun:
            self._begin()
        self.reply(call)

    def _begin(self) -> None:
        """The job begins now, and its time."""
        self._begun, self._within_s = True, self._job_s
        self._limit(self._job_s)
        self._listener.started()

    def _prolong(self) -> None:
        """It goes on, with what the job needs on its way: the time it has begins anew."""
        if self._within_s is not None and self._loop.time() < self._fetching_until:
            self._limit(self._within_s)

    def _convert(self) -> None:
        """The block has ended, its result is being converted: time for that, once."""
        if not self._converting:
            self._converting = True
            self._within_s = None
            self._limit(CONVERSION_S)

    def _gone(self) -> None:
        """The process closed its end: whoever waits for it learns how it ended."""
        self._task(self._bury())

    async def _bury(self) -> None:
        error = WorkerLost(await self.end())
        for waited in (self._ready, self._answer):
            if waited is not None and not waited.done():
                waited.set_exception(error)
                waited.exception()  # it may be that nobody waits

    def _limit(self, seconds: float | None) -> None:
        """Let `ask` end with TimeoutError after so many seconds from now, in place of what held before."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(seconds, self._overrun)

    def _overrun(self) -> None:
        """Give up a job, and the process with it, which may not even read what it is sent."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TimeoutError())
            self._answer.exception()  # it may be that nobody waits for it yet
            self.kill()

    async def _send(self, frame: Frame) -> None:
        try:
            await self._channel.send(frame, self._prolong if self._options.elsewhere else None)
        except OSError:
            raise WorkerLost(await self.end()) from None

    def _post(self, frame: Frame) -> None:
        """Send without waiting: a process that is gone is noticed elsewhere."""

        async def send() -> None:
            with contextlib.suppress(OSError):
                await self._channel.send(frame)

        self._task(send())

    def _task(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply_with_wheels(self, request: Meta) -> None:
        """Answer a worker's request for packages: their wheels, or why not."""
        answer: Meta = {"kind": "installed", "call": request["call"]}
        try:
            async with asyncio.timeout(request["within_s"]):
                answer["wheels"] = await self._install(request["requirements"], request["installed"])
        except TimeoutError:
            answer["error"] = "the time limit was reached before the packages were there"
        except ServiceError as error:
            answer["error"] = error.detail
        self._post(Frame(answer))

    async def _reply_with_file(self, request: Meta) -> None:
        """Answer a worker's request for a piece of a file."""
        try:
            if self._fetch is None:
                raise ServiceError("this worker is to have all files at hand")
            self.reply(request["call"], await self._fetch(request))
        except ServiceError as error:
            self.reply(request["call"], error=error.detail)


def _settle(waited: asyncio.Future[Frame] | None, frame: Frame) -> None:
    if waited is not None and not waited.done():
        waited.set_result(frame)
