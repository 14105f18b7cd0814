"""Which worker keeps which block's state: a sandbox that lives on between the runs of a block.

States are few and cost memory, so there is a cap and an idle time; the one used least recently goes first. One whose
block runs now never goes. What goes is told to its worker (`release`); a worker that goes takes its states along.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from cellblock_service.workers.worker import Worker


@dataclass(slots=True)
class _Kept:
    worker: Worker
    used_at: float
    busy: bool = True


class States:
    """States by key, the least recently used first. Times are the event loop's."""

    def __init__(self, cap: int, idle_s: float) -> None:
        self._cap = cap
        self._idle_s = idle_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def worker(self, key: str | None) -> Worker | None:
        """The worker that keeps a state; None if there is none to keep."""
        found = self._kept.get(key) if key is not None else None
        return found.worker if found else None

    def kept_by(self, worker: Worker) -> int:
        """How many states a worker keeps."""
        return sum(each.worker is worker for each in self._kept.values())

    def begin(self, key: str, worker: Worker, now: float) -> None:
        """The state is in use in this worker from now on; another lets go of it. Makes room for it."""
        before = self.worker(key)
        if before is not None and before is not worker:
            before.release([key])
        self._kept[key] = _Kept(worker, now)
        self._kept.move_to_end(key)
        while len(self._kept) > self._cap and self._drop_one(now, 0):
            pass

    def end(self, key: str, now: float) -> None:
        """The run that used the state has ended."""
        found = self._kept.get(key)
        if found is not None:
            found.busy, found.used_at = False, now

    def settle(self, worker: Worker, keys: Collection[str]) -> list[str]:
        """Forget those that a worker, which now tells what it keeps, has lost; their keys."""
        lost = [key for key, each in self._kept.items() if each.worker is worker and key not in keys]
        for key in lost:
            del self._kept[key]
        return lost

    def expire(self, now: float) -> None:
        """Let those go that have been idle for too long."""
        while self._drop_one(now, self._idle_s):
            pass

    def lost(self, worker: Worker) -> list[str]:
        """Forget the states of a worker that is gone; their keys."""
        return self.settle(worker, ())

    def _drop_one(self, now: float, idle_s: float) -> bool:
        """Let the least recently used state go, if one has been idle for so long."""
        for key, each in self._kept.items():
            if not each.busy and now - each.used_at >= idle_s:
                del self._kept[key]
                each.worker.release([key])
                return True
        return False
