"""One piece of work for the pool, and the ends that the pool gives it when its worker can't."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from cellblock_service.workers.frames import Frame, failed, was_cancelled
from cellblock_service.workers.worker import Listener, Unheard, Worker


@dataclass(slots=True, eq=False)
class Job:
    """One piece of work on its way: the frame for a worker, the time it may take, who hears of it.

    `execution` is what a worker knows it by, when it has to be cancelled; `state` the key of a state to be kept; in the
    lane of a `block` only so many may wait, and `at_once` of it run, 0 for any number. `tries` counts the workers that
    were lost with it before it began.
    """

    frame: Frame
    within_s: float
    lane: str = ""
    block: str | None = None
    at_once: int = 0
    execution: str = ""
    state: str | None = None
    listener: Listener = field(default_factory=Unheard)
    done: asyncio.Future[Frame] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    queued_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    started_at: float = 0.0
    worker: Worker | None = None
    cancelled: bool = False
    tries: int = 0

    def settle(self, answer: Frame) -> None:
        """End it with an answer. Only the first end counts."""
        if not self.done.done():
            self.done.set_result(answer)


def overrun(job: Job) -> Frame:
    """The answer for a job that overran its time."""
    limit_s = job.frame.meta.get("limits", {}).get("timeout_s", job.within_s)
    return Frame(failed("TimeoutError", f"it didn't end within {limit_s:g} s; its worker was stopped", "timeout"))


def cancelled() -> Frame:
    """The answer for a job that was cancelled without its worker's help."""
    return Frame(was_cancelled())
