"""Memory that each further sandbox adds, as the kernel counts it: this process's proportional set size."""

from __future__ import annotations

from pathlib import Path

from cellblock_sandbox import Image

from cellblock_service.bench.figures import DATAFRAME, RUNS, Figure, figure
from cellblock_service.bench.stock import NO_FULL, SCIENCE, Stock

_SCIPY_RUNS = 30
_REGRESSION = """
import numpy as np
from scipy import stats
x = np.arange(1000.0)
float(stats.linregress(x, 2 * x + 1).slope)
"""


def sandboxes(stock: Stock) -> list[Figure]:
    """Megabytes of a sandbox made ready, and after a run: of numpy and pandas, and of the scientific libraries."""
    ready, after = _megabytes_each(stock, "pandas", Image.open("data"), DATAFRAME, RUNS)
    figures = [
        figure("memory", "Each further sandbox, made ready", ready, unit="MB", goal=2),
        figure("memory", "Each further sandbox, after a pandas run", after, unit="MB", goal=8),
    ]
    name = "Each further sandbox with scipy, scikit-learn and matplotlib, made ready"
    if stock.many is None:
        return [*figures, Figure("memory", name, note=NO_FULL)]
    image = stock.image("bench-science", stock.many, SCIENCE)
    ready, after = _megabytes_each(stock, "scipy", image, _REGRESSION, _SCIPY_RUNS)
    return [
        *figures,
        figure("memory", name, ready, unit="MB"),
        figure("memory", "The same, after a scipy run", after, unit="MB"),
    ]


def _megabytes_each(stock: Stock, what: str, image: Image, code: str, runs: int) -> tuple[list[float], list[float]]:
    """What each of `runs` sandboxes takes when it is ready, and after it ran `code`. All stay open meanwhile."""
    # The first one brings in what all share; "each further" begins after it.
    kept = [image.sandbox()]
    kept[0].run(code)
    ready, after = list[float](), list[float]()
    with stock.progress.step(f"memory of sandboxes, {what}", total=runs) as step:
        for _ in range(runs):
            before = megabytes()
            kept.append(image.sandbox())
            ready.append(megabytes() - before)
            result = kept[-1].run(code)
            assert result.status == "completed", result.error
            after.append(megabytes() - before)
            step.advance()
    for sandbox in kept:
        sandbox.close()
    return ready, after


def megabytes(pid: int | str = "self", which: str = "Pss") -> float:
    """The proportional set size of a process: its own memory, and its part of what it shares. `Pss_Anon`: no files."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no line for {which}")
