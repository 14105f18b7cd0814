"""How many worker processes the services of a cluster want and where they are, noted at its scheduler; scaling by it.

    cluster.adapt(Adaptive=cellblock_service.cluster.demand.Adaptive, minimum=1, maximum=20)

A Dask worker that is closed is killed within seconds, whatever it does. So one that is to go is named here first;
services send it nothing more, say when the last block on it has ended, and then it goes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Sequence
from typing import NamedTuple

import distributed

NOTED_S = 10.0
"""How long what a service says holds without being said again, and so what is to be closed."""


class _Note(NamedTuple):
    """What a service said last: when, how many processes it has work for, the Dask workers on which it has some."""

    time: float
    wanted: int
    using: Sequence[str]


class DemandBoard(distributed.SchedulerPlugin):
    """Notes at the scheduler what each service wants and uses, and which Dask workers are to go."""

    name = "cellblock-demand"
    idempotent = True

    async def start(self, scheduler: distributed.Scheduler) -> None:
        """Have the scheduler answer services and `Adaptive`."""
        self._scheduler = scheduler
        self._notes: dict[str, _Note] = {}
        self._closing: dict[str, float] = {}
        self._named = -math.inf
        scheduler.handlers["cellblock_demand"] = self.note
        scheduler.handlers["cellblock_target"] = self.target
        scheduler.handlers["cellblock_close"] = self.close_unused

    async def note(self, service: str, wanted: int, using: Sequence[str]) -> list[str]:
        """Note what a service says, `using` being addresses; give those of Dask workers that it is to leave."""
        now = asyncio.get_running_loop().time()
        self._notes[service] = _Note(now, wanted, using)
        return list(self._closing) if now - self._named < NOTED_S else []

    async def target(self) -> int:
        """How many Dask workers that takes, each with as many threads as the largest that is there."""
        threads = max((worker.nthreads for worker in self._scheduler.workers.values()), default=1)
        return math.ceil(sum(note.wanted for note in self._valid()) / threads)

    async def close_unused(self, names: Sequence[str]) -> list[str]:
        """Note that these Dask workers, and no others, are to go. Those of them that no service uses any more."""
        now, notes = asyncio.get_running_loop().time(), self._valid()
        there = {address: worker.name for address, worker in self._scheduler.workers.items() if worker.name in names}
        self._closing = {address: self._closing.get(address, now) for address in there}
        self._named = now
        return [
            name
            for address, name in there.items()
            if all(note.time > self._closing[address] and address not in note.using for note in notes)
        ]

    def _valid(self) -> Collection[_Note]:
        since = asyncio.get_running_loop().time() - NOTED_S
        self._notes = {service: note for service, note in self._notes.items() if note.time >= since}
        return self._notes.values()


class Adaptive(distributed.Adaptive):
    """Dask's own scaling, which sees tasks only, plus what services want."""

    async def target(self) -> int:
        """How many workers there should be, `minimum` and `maximum` aside."""
        tasks: int = await super().target()
        blocks: int | None = await self.scheduler.cellblock_target()
        return tasks + (blocks or 0)  # None: no service has joined yet

    async def workers_to_close(self, target: int) -> list[str]:
        """Those that may go: that run no tasks, and no blocks any more."""
        names = await super().workers_to_close(target=target)
        unused: list[str] | None = await self.scheduler.cellblock_close(names=names)
        return names if unused is None else unused
