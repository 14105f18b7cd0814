"""What runs on a Dask worker: it starts worker processes for a service that connects, and ends them with it.

The processes use the Dask worker's own CELLBLOCK_HOME. Whoever may connect to the Dask worker may start them, and may
anyhow run any code there: a Dask cluster is guarded by Dask's own TLS.
"""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import distributed
from distributed.comm import Comm

from cellblock_service.cluster.carrying import Message, carry_in, carry_out, send
from cellblock_service.workers.launching import PROGRAM, LocalProcess, WorkerLost, launch_program

OPERATION = "cellblock_worker"
LEAVE_S = 25.0
"""Time that running blocks get to end when their Dask worker is retired; Dask itself gives it 30 s to close."""
_END_S = 1.0
"""Time that a process gets to end when its service has closed the connection."""


class WorkerProcesses(distributed.WorkerPlugin):
    """Starts a worker process for each connection that asks for one."""

    name = "cellblock"
    idempotent = True

    def setup(self, worker: distributed.Worker) -> None:
        """Have the Dask worker answer the service."""
        self._serving: dict[Comm, asyncio.Task[Any]] = {}
        worker.handlers[OPERATION] = self.work

    async def teardown(self, worker: distributed.Worker) -> None:
        """Let running blocks end, when the Dask worker is closed in an orderly way."""
        worker.handlers.pop(OPERATION, None)
        serving = dict(self._serving)
        for comm in serving:
            await send(comm, {"leaving": True})
        if serving:
            await asyncio.wait(serving.values(), timeout=LEAVE_S)

    async def work(self, comm: Comm) -> Any:
        """Start a process, and carry between it and the service until both have ended."""
        home = {"CELLBLOCK_HOME": os.environ["CELLBLOCK_HOME"]} if "CELLBLOCK_HOME" in os.environ else {}
        task = asyncio.current_task()
        assert task is not None
        self._serving[comm] = task
        try:
            process, end = await launch_program(PROGRAM, home)
            with end:
                await send(comm, {"pid": process.pid})
                await _serve(comm, process, end)
        except WorkerLost as error:
            await send(comm, {"failed": str(error)})
        finally:
            del self._serving[comm]
        return distributed.Status.dont_reply


async def _serve(comm: Comm, process: LocalProcess, end: socket.socket) -> None:
    async def ended() -> Message:
        return {"ended": await process.wait()}

    def hear(message: Message) -> None:
        if "kill" in message:
            process.kill()

    out = asyncio.create_task(carry_out(comm, end, ended))
    try:
        await carry_in(comm, end, hear)
        end.shutdown(socket.SHUT_WR)
        await asyncio.wait([out], timeout=_END_S)
    finally:
        process.kill()
        await out
