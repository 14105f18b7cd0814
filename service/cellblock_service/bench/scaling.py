"""What an execution costs a service and its workers, and from that how many of both, and of machines, some rates take.

Nothing here is tried at those rates: it is multiplication, which docs/scaling.md discusses.
"""

from __future__ import annotations

import asyncio
import math
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from cellblock_sandbox.image.progress import Progress

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.memory import megabytes
from cellblock_service.bench.serving import Served, serving
from cellblock_service.bench.stock import Stock
from cellblock_service.bench.talking import WARM_UPS, Talk, client, completed, packed, warmed

RATES = (10, 1_000, 100_000)
"""Executions a second."""
BUSY = 0.6
"""How much of its time a core works on average, so that it keeps up when more comes than usual."""
BLOCK_MS = 20.0
"""Processor time of the block that stands for those that work."""
NODES = (8, 32)
"""Cores of the machines that are counted; each core does the work of one process."""
CORE_GB = 4
"""Their memory, for each core."""
LINE_GBIT, PAYLOAD_KB = 10, 10
"""The line behind which all services stand, and what an execution sends over it each way."""
_DAY_S = 86_400
_WORKERS = 2
_IN_FLIGHT = 8
_ROUNDS, _EACH_ROUND = 5, 300
_SETTLE_S = 2.0
_ADD = "data + 1"

WORKER, KEPT, SERVICE = (
    "Processor time of a worker, `data + 1` in a new sandbox",
    "Processor time of a worker, `data + 1` with kept state",
    "Processor time of the service",
)
WORKER_MB, SERVICE_MB = "Memory of a worker with pandas", "Memory of the service"
RECORDS, LOG = "Records of an execution", "Log of an execution"


def costs(stock: Stock, rounds: int = _ROUNDS, each: int = _EACH_ROUND) -> list[Figure]:
    """Processor time, memory and disk that executions take, of the service and of its workers."""
    with serving(ready_workers=_WORKERS, WORKERS=str(_WORKERS)) as served:
        return asyncio.run(_costs(stock.progress, served, rounds, each))


async def _costs(progress: Progress, served: Served, rounds: int, each: int) -> list[Figure]:
    service, *workers = served.pids()
    async with client() as http, Talk.begun(http, served.url) as talk:
        new = [packed(_ADD, 1)]
        kept = [packed(_ADD, 1, block=f"b{number}", keep_state=True) for number in range(_IN_FLIGHT)]
        for request in new + kept:
            await warmed(talk.execute, request)
        fresh = await _pressed(progress, talk, new, rounds, each, [service], workers)
        logged = (served.folder / "log").stat().st_size
        stateful = await _pressed(progress, talk, kept, rounds, each, [], workers)
        await asyncio.sleep(_SETTLE_S)  # records are written in batches
        logged = (served.folder / "log").stat().st_size - logged
    executions = WARM_UPS * len(new + kept) + 2 * rounds * each
    return [
        figure("scaling", WORKER, fresh[1]),
        figure("scaling", KEPT, stateful[1]),
        figure("scaling", SERVICE, fresh[0]),
        figure("scaling", WORKER_MB, [megabytes(pid) for pid in workers], unit="MB"),
        figure("scaling", SERVICE_MB, [megabytes(service)], unit="MB"),
        figure("scaling", RECORDS, [_database(served.folder / "records.sqlite3") / executions / 1e3], unit="kB"),
        figure("scaling", LOG, [logged / (rounds * each) / 1e3], unit="kB"),
    ]


async def _pressed(
    progress: Progress, talk: Talk, requests: Sequence[bytes], rounds: int, each: int, *groups: Sequence[int]
) -> list[list[float]]:
    """Milliseconds of processor time that each execution took of each group of processes, one value a round."""
    found: list[list[float]] = [[] for _ in groups]
    with progress.step("processor time of executions", total=rounds) as step:
        for _ in range(rounds):
            before = [_processor_s(pids) for pids in groups]
            await _run(talk, requests, each)
            for samples, pids, began in zip(found, groups, before, strict=True):
                samples.append((_processor_s(pids) - began) * 1000 / each)
            step.advance()
    return found


async def _run(talk: Talk, requests: Sequence[bytes], count: int) -> None:
    """Have so many executions done, some at a time; requests take turns."""
    left = iter(range(count))

    async def lane(request: bytes) -> None:
        for _ in left:
            completed(await talk.execute(request))

    await asyncio.gather(*(lane(requests[number % len(requests)]) for number in range(_IN_FLIGHT)))


def table(figures: Sequence[Figure]) -> str:
    """The costs, and what they come to at each of RATES, as Markdown. KeyError if a cost wasn't measured."""
    cost = {each.name: each.p50 or 0.0 for each in figures if each.group == "scaling"}
    rows: list[tuple[str, Callable[[int], str]]] = [
        ("Worker processes, blocks that do next to nothing", lambda rate: _count(rate * cost[WORKER])),
        ("the same with kept state", lambda rate: _count(rate * cost[KEPT])),
        (f"Worker processes, blocks of {BLOCK_MS:g} ms", lambda rate: _count(rate * (cost[WORKER] + BLOCK_MS))),
        ("Services", lambda rate: _count(rate * cost[SERVICE])),
        ("Memory of the first and the fourth", lambda rate: _size(1e6 * _memory_mb(rate, cost[WORKER], cost))),
        *_nodes_rows(cost),
        ("Records a day, before old ones go", lambda rate: _size(1e3 * rate * _DAY_S * cost[RECORDS])),
        ("Log a day", lambda rate: _size(1e3 * rate * _DAY_S * cost[LOG])),
        ("What is full first that more workers don't relieve", lambda rate: _first_limit(rate, cost)),
    ]
    head = "| Executions a second | " + " | ".join(f"{rate:,}" for rate in RATES) + " |"
    lines = ["| Cost of an execution | |", "|---|---:|"]
    lines += [f"| {name} | {value:.2f} {_unit(figures, name)} |" for name, value in cost.items()]
    fed = (cost[WORKER] + BLOCK_MS) / cost[SERVICE]
    lines += [
        f"| Executions a second that one service passes on | {_passed_on(cost):,.0f} |",
        f"| Worker processes that it keeps busy, blocks of {BLOCK_MS:g} ms | {fed:,.0f} |",
    ]
    lines += ["", head, "|---|" + "---:|" * len(RATES)]
    lines += [f"| {name} | {' | '.join(value(rate) for rate in RATES)} |" for name, value in rows]
    return "\n".join(lines)


def _nodes_rows(cost: dict[str, float]) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Rows of how many machines hold the services and the workers of a rate."""
    kinds = (
        ("blocks that do next to nothing", cost[WORKER]),
        (f"blocks of {BLOCK_MS:g} ms", cost[WORKER] + BLOCK_MS),
    )
    for blocks, worker_ms in kinds:
        for cores in NODES:
            name = f"Nodes of {cores} cores and {cores * CORE_GB} GB, {blocks}"
            yield name, partial(_nodes, cores=cores, worker_ms=worker_ms, cost=cost)


def _nodes(rate: int, cores: int, worker_ms: float, cost: dict[str, float]) -> str:
    """How many machines it takes, by their cores or by their memory."""
    processes = _processes(rate * worker_ms) + _processes(rate * cost[SERVICE])
    full_cores = _memory_mb(rate, worker_ms, cost) / 1000 / CORE_GB
    return f"{math.ceil(max(processes, full_cores) / cores):,}"


def _first_limit(rate: int, cost: dict[str, float]) -> str:
    """What is met first on the way to this rate from the one before, and at which rate."""
    before = max((each for each in RATES if each < rate), default=0)
    line = BUSY * LINE_GBIT * 1e9 / 8 / (PAYLOAD_KB * 1e3)
    limits = [(_passed_on(cost), "one service"), (line, f"{LINE_GBIT} Gbit/s with {PAYLOAD_KB} kB each way")]
    met = min((each for each in limits if before <= each[0] < rate), default=None)
    return "nothing" if met is None else f"{met[1]}, at {met[0]:,.0f}"


def _passed_on(cost: dict[str, float]) -> float:
    return BUSY * 1000 / cost[SERVICE]


def _memory_mb(rate: float, worker_ms: float, cost: dict[str, float]) -> float:
    return _processes(rate * worker_ms) * cost[WORKER_MB] + _processes(rate * cost[SERVICE]) * cost[SERVICE_MB]


def _processes(milliseconds_a_second: float) -> int:
    """How many processes of one core each, busy for BUSY of their time, do so much."""
    return math.ceil(milliseconds_a_second / 1000 / BUSY)


def _count(milliseconds_a_second: float) -> str:
    return f"{_processes(milliseconds_a_second):,}"


def _size(size: float) -> str:
    unit, by = next((each for each in (("TB", 1e12), ("GB", 1e9)) if size >= each[1]), ("MB", 1e6))
    return f"{size / by:,.2g} {unit}" if size / by < 10 else f"{size / by:,.0f} {unit}"


def _unit(figures: Sequence[Figure], name: str) -> str:
    return next(each.unit for each in figures if each.name == name)


def _processor_s(pids: Sequence[int]) -> float:
    """Seconds of processor time that processes have taken, of all their threads."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # utime, stime: proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def _database(path: Path) -> int:
    """Bytes of a database, with what hasn't been moved from its log."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        pages, size = (database.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "page_size"))
    return int(pages * size)
