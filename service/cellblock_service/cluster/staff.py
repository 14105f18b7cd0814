"""The service's side: a slot in the pool for each thread of each Dask worker, as these come and go."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import distributed
import structlog
from distributed.comm import Comm, CommClosedError, connect

from cellblock_service.cluster.carrying import Message, carry_in, carry_out, send
from cellblock_service.cluster.demand import DemandBoard
from cellblock_service.cluster.plugin import OPERATION, WorkerProcesses
from cellblock_service.workers.launching import Launch, Process, WorkerLost, WorkerOptions, greet
from cellblock_service.workers.pool import Pool

_LOOK_EVERY_S = 1.0
_TRY_AGAIN_S = 2.0
_CONNECT_S = 10.0
_KILL_S = 1.0
"""Time that a plugin has to end a process; then the connection goes, and with it the process."""

log = structlog.get_logger(__name__)


class Staff:
    """Fills a pool with the workers of the cluster whose scheduler is at `address`, such as "tcp://host:8786"."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def __call__(self, pool: Pool) -> None:
        """Follow the cluster for as long as the service runs; a scheduler that is away is waited for."""
        while True:
            try:
                async with distributed.Client(self._address, asynchronous=True, timeout=_CONNECT_S) as client:
                    await client.register_plugin(DemandBoard())
                    await client.register_plugin(WorkerProcesses())
                    log.info("cluster_joined", scheduler=self._address)
                    await self._follow(client, pool)
            except Exception as error:  # whatever it is, such as Cellblock missing on one machine: it may be mended
                log.warning("cluster_away", scheduler=self._address, exc_info=error)
                reason = "can't be reached" if isinstance(error, OSError) else f"can't be used: {error}"
                pool.explain(f"the Dask scheduler at {self._address} {reason}")
            await asyncio.sleep(_TRY_AGAIN_S)

    async def _follow(self, client: distributed.Client, pool: Pool) -> None:
        """Keep the pool's slots those of the cluster's workers, and tell the scheduler how many could be busy."""
        closing: list[str] = []
        while True:
            found = await client.scheduler.identity(n_workers=-1)
            # By address: one that comes back under its old name is elsewhere.
            there = {
                f"{address}/{thread}": address
                for address, worker in found["workers"].items()
                for thread in range(worker["nthreads"])
                if worker["status"] == "running" and address not in closing
            }
            for name in set(pool.slots()) - there.keys():
                pool.retire(name)
            for name in sorted(there.keys() - set(pool.slots())):
                pool.add_slot(name, _launching(client, there[name], partial(pool.retire, name)))
            state = pool.state()
            using = sorted({name.rpartition("/")[0] for name in pool.slots()})
            closing = await client.scheduler.cellblock_demand(
                service=client.id, wanted=state.busy + state.waiting, using=using
            )
            await asyncio.sleep(_LOOK_EVERY_S)


def _launching(client: distributed.Client, address: str, on_leaving: Callable[[], None]) -> Launch:
    async def launch(options: WorkerOptions) -> tuple[Process, socket.socket]:
        try:
            comm = await connect(address, timeout=_CONNECT_S, **client.connection_args)
        except (OSError, CommClosedError) as error:
            raise WorkerLost(f"the Dask worker at {address} can't be reached: {error}") from error
        try:
            first = await _begun(comm)
        except (OSError, CommClosedError) as error:
            comm.abort()
            raise WorkerLost(f"the Dask worker at {address} starts no process: {error!r}") from error
        except asyncio.CancelledError:
            comm.abort()
            raise
        if "pid" not in first:
            comm.abort()
            raise WorkerLost(f"at {address}: {first.get('failed') or first}")
        ours, theirs = socket.socketpair()
        await greet(ours, options)
        return RemoteProcess(comm, address, first["pid"], theirs, on_leaving), ours

    return launch


async def _begun(comm: Comm) -> Message:
    """Ask for a process; what the plugin says of it. A Dask worker without the plugin says nothing."""
    async with asyncio.timeout(_CONNECT_S):
        await comm.write({"op": OPERATION, "reply": False})
        first: Message = await comm.read()
    return first


class RemoteProcess:
    """A worker process that the plugin at the other end of a connection has started; a `Process`."""

    def __init__(self, comm: Comm, address: str, pid: int, end: socket.socket, on_leaving: Callable[[], None]) -> None:
        self.pid = pid
        self._comm = comm
        self._address = address
        self._on_leaving = on_leaving
        self._ending = f"at {address} is out of reach"
        self._killing: asyncio.Task[None] | None = None
        self._carrying = asyncio.create_task(self._carry(end), name=f"worker-{address}")

    def kill(self) -> None:
        """End it at once."""
        if self._killing is None and not self._carrying.done():
            self._killing = asyncio.create_task(send(self._comm, {"kill": True}))
            asyncio.get_running_loop().call_later(_KILL_S, self._comm.abort)

    async def wait(self) -> str:
        """Wait for its end, or for that of the way to it; say how it ended."""
        await asyncio.wait([self._carrying])
        return self._ending

    async def _carry(self, end: socket.socket) -> None:
        async def close() -> Message:
            return {"close": True}

        out = asyncio.create_task(carry_out(self._comm, end, close))
        with end:
            try:
                await carry_in(self._comm, end, self._hear)
            finally:
                out.cancel()
                await asyncio.wait([out])  # before its socket is closed
                self._comm.abort()

    def _hear(self, message: Message) -> None:
        if "ended" in message:
            self._ending = f"at {self._address} {message['ended']}"
        elif "leaving" in message:
            self._on_leaving()
