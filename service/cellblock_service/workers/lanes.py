"""Who is next: jobs waiting in lanes, one lane for each block, taken in turn so that no block starves another.

A lane gives its next job only when as few of it run as that job wants: in order, none. A job that is pinned, because a
worker keeps its block's state, waits for that worker; all others wait for any. Everything here takes the same time
however many lanes wait: a worker looks at one ring of lanes that wait for it and one of lanes that wait for anyone, by
turns.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Waiting(Protocol):
    """What a lane needs to know of a job."""

    @property
    def lane(self) -> str:
        """The lane it waits in: its block, or its owner for one without a block."""

    @property
    def at_once(self) -> int:
        """How many of its lane may run at a time, itself among them: 1 in order, 0 for any number."""


JobT = TypeVar("JobT", bound=Waiting)


@dataclass(slots=True, eq=False)
class _Lane(Generic[JobT]):
    jobs: deque[JobT] = field(default_factory=deque)
    running: int = 0
    pinned: Hashable = None

    @property
    def ready(self) -> bool:
        """Whether its next job may be taken now."""
        return bool(self.jobs) and not 0 < self.jobs[0].at_once <= self.running


class Lanes(Generic[JobT]):
    """Jobs in the order in which they are to be taken."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane[JobT]] = {}
        self._rings: dict[Hashable, OrderedDict[str, None]] = {None: OrderedDict()}
        self._turn: dict[Hashable, bool] = {}
        self.waiting = 0
        self.running = 0

    def push(self, job: JobT, *, pinned: Hashable = None, first: bool = False) -> None:
        """Add a job at the end of its lane, or give one back to its head; `pinned` as for `pin`."""
        lane = self._lanes.setdefault(job.lane, _Lane(pinned=pinned))
        if pinned is not None:
            self.pin(job.lane, pinned)
        if first:
            lane.jobs.appendleft(job)
        else:
            lane.jobs.append(job)
        self.waiting += 1
        self._place(job.lane, lane)

    def take(self, worker: Hashable) -> JobT | None:
        """The next job that `worker` may do, which then counts as running; None if there is none."""
        own, shared = self._rings.get(worker), self._rings[None]
        own_first = self._turn[worker] = not self._turn.get(worker, False)
        for ring in (own, shared) if own_first else (shared, own):
            if ring:
                name, _ = ring.popitem(last=False)
                lane = self._lanes[name]
                job = lane.jobs.popleft()
                lane.running += 1
                self.running += 1
                self.waiting -= 1
                self._place(name, lane)
                return job
        return None

    def ended(self, job: JobT) -> None:
        """Note that a job taken has ended."""
        lane = self._lanes[job.lane]
        lane.running -= 1
        self.running -= 1
        self._place(job.lane, lane)

    def remove(self, job: JobT) -> bool:
        """Take out a job that waits; False if it doesn't."""
        lane = self._lanes.get(job.lane)
        if lane is None or job not in lane.jobs:
            return False
        lane.jobs.remove(job)
        self.waiting -= 1
        self._place(job.lane, lane)
        return True

    def pin(self, name: str, worker: Hashable) -> None:
        """Let the lane wait for this worker alone; None: for any again."""
        lane = self._lanes.get(name)
        if lane is not None and lane.pinned is not worker:
            self._drop(name, lane)
            lane.pinned = worker
            self._place(name, lane)

    def clear(self) -> list[JobT]:
        """Take out all that wait."""
        jobs = [job for lane in self._lanes.values() for job in lane.jobs]
        for lane in self._lanes.values():
            lane.jobs.clear()
        for name, lane in list(self._lanes.items()):
            self._place(name, lane)
        self.waiting = 0
        return jobs

    def _place(self, name: str, lane: _Lane[JobT]) -> None:
        """Put a lane at the end of its ring if its next job may be taken, out of it if not; forget an empty one."""
        if lane.ready:
            self._rings.setdefault(lane.pinned, OrderedDict()).setdefault(name)
            return
        self._drop(name, lane)
        if not lane.jobs and not lane.running:
            del self._lanes[name]

    def _drop(self, name: str, lane: _Lane[JobT]) -> None:
        ring = self._rings.get(lane.pinned)
        if ring is not None:
            ring.pop(name, None)
            if not ring and lane.pinned is not None:
                del self._rings[lane.pinned]

    def forget(self, worker: Hashable) -> None:
        """A worker is gone: what waited for it alone waits for any."""
        self._turn.pop(worker, None)
        for name, lane in list(self._lanes.items()):
            if lane.pinned is worker:
                self.pin(name, None)
