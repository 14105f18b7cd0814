"""The speed of Python itself: ten kernels, here, in npm's pyodide and in this machine's CPython, by turns.

Every round runs each kernel in each interpreter, one right after the other, and gives one ratio: the geometric mean
of the kernels' own. Two rounds go before, since a JavaScript engine compiles WebAssembly a second time, and better,
while it runs. All have to come to the same results.
"""

from __future__ import annotations

import statistics

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.interpreters import CELLBLOCK, CPYTHON, PYODIDE, Interpreter, install, opened
from cellblock_service.bench.kernels import KERNELS
from cellblock_service.bench.stock import NO_NODE, Stock

_WARM_UP, _ROUNDS = 2, 9
_GROUP = "speed"


def kernels(stock: Stock, rounds: int = _ROUNDS, warm_up: int = _WARM_UP) -> list[Figure]:
    """How many times as long as its peers Cellblock takes, and milliseconds of each kernel in each interpreter."""
    with opened(stock) as interpreters:
        versions = {each.name: install(each, "kernels") for each in interpreters}
        names = [each.name for each in interpreters]
        times: dict[str, dict[str, list[float]]] = {name: {kernel: [] for kernel in KERNELS} for name in names}
        with stock.progress.step("ten kernels of Python, three interpreters", total=warm_up + rounds) as step:
            for turn in range(warm_up + rounds):
                for kernel in KERNELS:
                    taken = _turn(interpreters, kernel)
                    if turn >= warm_up:
                        for name, milliseconds in taken.items():
                            times[name][kernel].append(milliseconds)
                step.advance()
    ratios = []
    for name in names[1:]:
        python = "" if name == CPYTHON else f" (Python {versions[name]})"
        title = f"{CELLBLOCK} (Python {versions[CELLBLOCK]}) against {name}{python}"
        ratios.append(figure(_GROUP, title, _ratios(times, name), unit="x", goal=1 if name == PYODIDE else None))
    if PYODIDE not in names:
        ratios.append(Figure(_GROUP, f"Time against {PYODIDE}", note=NO_NODE))
    return ratios + [
        figure(
            _GROUP,
            f"{kernel}, {name}",
            samples,
            against="" if name == CELLBLOCK else f"{kernel}, {CELLBLOCK}",
            detail=True,
        )
        for name in names
        for kernel, samples in times[name].items()
    ]


def _turn(interpreters: list[Interpreter], kernel: str) -> dict[str, float]:
    """Milliseconds of one kernel in each. RuntimeError if they don't agree on the result."""
    taken, results = dict[str, float](), dict[str, object]()
    for each in interpreters:
        taken[each.name], results[each.name] = each.run(f"from kernels import timed\nresult = timed({kernel!r})")
    if any(result != results[CELLBLOCK] for result in results.values()):
        raise RuntimeError(f"{kernel} comes to different results: {results}")
    return taken


def _ratios(times: dict[str, dict[str, list[float]]], peer: str) -> list[float]:
    """For each round, the geometric mean over the kernels of Cellblock's time by the peer's."""
    ours, theirs = times[CELLBLOCK], times[peer]
    by_kernel = [[a / b for a, b in zip(ours[kernel], theirs[kernel], strict=True)] for kernel in KERNELS]
    return [statistics.geometric_mean(ratios) for ratios in zip(*by_kernel, strict=True)]
