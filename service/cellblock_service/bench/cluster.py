"""The workers of a Dask cluster beside those of this machine: a scheduler and workers on loopback, and a service each.

Everything shares this machine's cores, the client too, so two workers can't do quite twice as much as one.
"""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from cellblock_sandbox.image.progress import Progress

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.serving import Served, free_port, serving
from cellblock_service.bench.stock import Stock
from cellblock_service.bench.talking import Talk, client, completed, packed, timed, warmed

_ADD = "data + 1"
# Some 50 ms of Python, beside which what the way there costs is little.
_WORK = "sum(n * n for n in range(400_000))"
_ROUND_S = 3.0


def dask(stock: Stock, runs: int = 200, rounds: int = 5) -> list[Figure]:
    """What the way over Dask adds to a round trip, and the rate of two workers over that of one."""
    if importlib.util.find_spec("distributed") is None:
        return [Figure("cluster", "Workers of a Dask cluster", note="needs `pip install 'cellblock[dask]'`")]
    with ExitStack() as stack:
        here = stack.enter_context(serving(WORKERS="1"))
        one, two = (stack.enter_context(_on_a_cluster(workers)) for workers in (1, 2))
        added = asyncio.run(_added(stock.progress, here, one, runs))
        ratios = asyncio.run(_ratios(stock.progress, one, two, rounds))
    return [
        figure("cluster", f"`{_ADD}` through Dask, over the same with a worker here", added, goal=5),
        figure(
            "cluster", "Rate of two workers over that of one, 50 ms of work each (at least)", ratios, unit="x", goal=1.7
        ),
    ]


async def _added(progress: Progress, here: Served, there: Served, runs: int) -> list[float]:
    """Milliseconds between pairs of round trips, taken in turns: the machine may change its pace meanwhile."""
    samples = []
    request = packed(_ADD, 1)
    async with client() as http, Talk.begun(http, here.url) as near, Talk.begun(http, there.url) as far:
        for talk in (near, far):
            await warmed(talk.execute, request)
        with progress.step("one execution at a time, here and there", total=runs) as step:
            for _ in range(runs):
                took = [(await timed(talk.execute, request))[0] for talk in (near, far)]
                samples.append(took[1] - took[0])
                step.advance()
    return samples


async def _ratios(progress: Progress, one: Served, two: Served, rounds: int) -> list[float]:
    ratios = []
    async with client() as http, Talk.begun(http, one.url) as single, Talk.begun(http, two.url) as double:
        with progress.step("two workers over one", total=rounds) as step:
            for _ in range(rounds):
                ratios.append(await _rate(double, 4) / await _rate(single, 2))
                step.advance()
    return ratios


async def _rate(talk: Talk, in_flight: int) -> float:
    """Executions a second with so many under way."""
    request, done = packed(_WORK, None), 0

    async def lane(end: float) -> None:
        nonlocal done
        while time.perf_counter() < end:
            completed(await talk.execute(request))
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(lane(started + _ROUND_S) for _ in range(in_flight)))
    return done / (time.perf_counter() - started)


@contextmanager
def _on_a_cluster(workers: int) -> Iterator[Served]:
    """A service on a new cluster of so many workers of one thread each."""
    port = free_port()
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cellblock-dask-"))
        log = stack.enter_context(open(f"{folder}/log", "wb"))

        def run(module: str, *arguments: str) -> None:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, *common]
            process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log))
            stack.callback(process.terminate)

        run("dask_scheduler", "--port", str(port))
        for number in range(workers):
            options = ("--no-nanny", "--nthreads", "1", "--local-directory", f"{folder}/{number}")
            run("dask_worker", f"tcp://127.0.0.1:{port}", *options)
        yield stack.enter_context(serving(ready_workers=workers, BACKEND=f"dask://127.0.0.1:{port}"))
