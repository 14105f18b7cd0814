"""How many worker processes the services of a cluster want, noted at its scheduler, and scaling by it.

    cluster.adapt(Adaptive=cellblock_service.cluster.demand.Adaptive, minimum=1, maximum=20)

A Dask worker that is retired lets the blocks that it runs end first (see `plugin.py`).
"""

from __future__ import annotations

import asyncio
import math

import distributed

NOTED_S = 10.0
"""How long what a service wants holds without being said again."""


class DemandBoard(distributed.SchedulerPlugin):
    """Notes at the scheduler how many worker processes each service could keep busy."""

    name = "cellblock-demand"
    idempotent = True

    async def start(self, scheduler: distributed.Scheduler) -> None:
        """Have the scheduler answer services and `Adaptive`."""
        self._scheduler = scheduler
        self._wanted: dict[str, tuple[float, int]] = {}
        scheduler.handlers["cellblock_demand"] = self.note
        scheduler.handlers["cellblock_target"] = self.target

    async def note(self, service: str, wanted: int) -> None:
        """Note how many processes a service has work for now."""
        self._wanted[service] = asyncio.get_running_loop().time(), wanted

    async def target(self) -> int:
        """How many Dask workers that takes, each with as many threads as the largest that is there."""
        since = asyncio.get_running_loop().time() - NOTED_S
        self._wanted = {service: noted for service, noted in self._wanted.items() if noted[0] >= since}
        threads = max((worker.nthreads for worker in self._scheduler.workers.values()), default=1)
        return math.ceil(sum(wanted for _, wanted in self._wanted.values()) / threads)


class Adaptive(distributed.Adaptive):
    """Dask's own scaling, which sees tasks only, plus what services want."""

    async def target(self) -> int:
        """How many workers there should be, `minimum` and `maximum` aside."""
        tasks: int = await super().target()
        try:
            blocks: int = await self.scheduler.cellblock_target()
        except ValueError:  # no service has joined yet
            blocks = 0
        return tasks + blocks
