"""The service as its clients find it: a process of `cellblock serve` with two workers, measured from outside.

The client that measures runs on the same cores, so its own work is in every figure.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from cellblock_sandbox.image.progress import Progress

from cellblock_service.bench import array_client
from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.memory import megabytes
from cellblock_service.bench.serving import Served, serving
from cellblock_service.bench.stock import Stock
from cellblock_service.bench.talking import Talk, client, completed, packed, timed, warmed

_WORKERS = 2
_ADD = "data + 1"

# Executions under way at a time: enough that a worker always finds the next, few enough that nothing but work is
# waited for.
_IN_FLIGHT = 8
_BLOCKS = 8
_ROUNDS, _ROUND_S = 10, 1.0

# Megabytes, the goal in milliseconds, and runs.
_SIZES = ((8, 15, 40), (80, 150, 10))

_SESSIONS = 1000
_AT_A_TIME = 100


def arrays(stock: Stock, sizes: Sequence[tuple[int, float, int]] = _SIZES) -> list[Figure]:
    """What an array in and out takes over an empty call, from array to array, in a session and over HTTP.

    The client is a process of its own, with huge pages like the service: without, half the time would be its own page
    faults.
    """
    found = []
    with serving(WORKERS=str(_WORKERS)) as served:
        for megabytes_each, goal, runs in sizes:
            for way in array_client.WAYS:
                name = f"{megabytes_each} MB float64 array in and out {way}, over an empty call"
                with stock.progress.step(name):
                    command = [sys.executable, "-m", array_client.__name__, served.url, way, megabytes_each, runs]
                    environment = os.environ | {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
                    output = subprocess.run(list(map(str, command)), check=True, capture_output=True, env=environment)
                found.append(figure("service", name, json.loads(output.stdout), goal=goal))
    return found


def throughput(stock: Stock, rounds: int = _ROUNDS) -> list[Figure]:
    """Executions a second with enough of them under way, and how long each of them took."""
    found: list[Figure] = []

    async def measure(served: Served) -> None:
        async with client() as http, Talk.begun(http, served.url) as talk:
            for what, requests, goal in (
                ("a new sandbox each", [packed(_ADD, 1)], 300),
                ("kept state", [packed(_ADD, 1, block=f"b{n}", keep_state=True) for n in range(_BLOCKS)], 1500),
            ):
                found.extend(await _pressed(stock.progress, talk, what, requests, goal, rounds))

    _served(measure)
    return found


def overhead(stock: Stock, runs: int = 500) -> list[Figure]:
    """What a round trip takes beyond making the sandbox ready and running the block."""
    samples: list[float] = []

    async def measure(served: Served) -> None:
        async with client() as http, Talk.begun(http, served.url) as talk:
            request = packed(_ADD, 1)
            await warmed(talk.execute, request)
            with stock.progress.step("one execution at a time", total=runs) as step:
                for _ in range(runs):
                    took, message = await timed(talk.execute, request)
                    samples.append(took - message["timings_ms"]["ready"] - message["timings_ms"]["run"])
                    step.advance()

    _served(measure)
    return [figure("service", "Queue, session and client: round trip beyond ready and run", samples, goal=1)]


def memory(stock: Stock, sessions: int = _SESSIONS) -> list[Figure]:
    """Megabytes of an idle service and its workers, and kilobytes of each of many sessions that ran something."""
    found: list[Figure] = []

    async def measure(served: Served) -> None:
        idle = sum(map(megabytes, served.pids()))
        name = f"Memory of an idle service with {_WORKERS} ready pandas sandboxes"
        found.append(figure("service", name, [idle], unit="MB", goal=250))
        before = megabytes(served.process.pid)
        with stock.progress.step(f"{sessions} sessions", total=sessions) as step:
            async with _sessions(served, sessions) as talks:
                request = packed(_ADD, 1)
                for start in range(0, sessions, _AT_A_TIME):
                    part = talks[start : start + _AT_A_TIME]
                    for message in await asyncio.gather(*(talk.execute(request) for talk in part)):
                        assert completed(message)["result"] == 2
                        step.advance()
                each = (megabytes(served.process.pid) - before) * 1000 / sessions
        name = f"Memory of each of {sessions:,} sessions, one execution each"
        found.append(figure("service", name, [each], unit="kB"))

    _served(measure)
    return found


async def _pressed(
    progress: Progress, talk: Talk, what: str, requests: list[bytes], goal: float, rounds: int
) -> list[Figure]:
    """Keep executions under way for some rounds; requests take turns."""
    times: list[float] = []

    async def lane(request: bytes) -> None:
        while True:
            took, message = await timed(talk.execute, request)
            completed(message)
            times.append(took)

    rates = []
    await asyncio.gather(*(warmed(talk.execute, request) for request in requests))
    lanes = [asyncio.create_task(lane(requests[n % len(requests)])) for n in range(_IN_FLIGHT)]
    try:
        with progress.step(what, total=rounds) as step:
            for _ in range(rounds):
                before, started = len(times), time.perf_counter()
                done, _ = await asyncio.wait(lanes, timeout=_ROUND_S, return_when=asyncio.FIRST_EXCEPTION)
                for each in done:
                    each.result()
                rates.append((len(times) - before) / (time.perf_counter() - started))
                step.advance()
    finally:
        for each in lanes:
            each.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
    spread = statistics.quantiles(times, n=100)[98] / statistics.median(times)
    return [
        figure("service", f"`{_ADD}`, {what}, {_IN_FLIGHT} at a time", rates, unit="/s", goal=goal),
        figure("service", "the same, time of each", times),
        figure("service", "the same, p99 by p50", [spread], unit="x", goal=5),
    ]


@asynccontextmanager
async def _sessions(served: Served, count: int) -> AsyncIterator[list[Talk]]:
    """So many sessions, open at the same time."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(client())
        yield [await stack.enter_async_context(Talk.begun(http, served.url)) for _ in range(count)]


def _served(measure: Callable[[Served], Coroutine[Any, Any, None]]) -> None:
    """Measure a service that was just started."""
    with serving(WORKERS=str(_WORKERS)) as served:
        asyncio.run(measure(served))
