"""One measured figure, and how samples become it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cellblock_sandbox.image.progress import Progress

# The two pieces of work that everything is measured with.
TRIVIAL = "1+1"
DATAFRAME = "import pandas as pd\ndf = pd.DataFrame({'a': range(1000)})\nint(df.a.sum())"

RUNS = 100
# How Cellblock's promised figure of a group is called: what its peers are set against.
OURS = "Cellblock, new sandbox"


@dataclass(frozen=True)
class Figure:
    """`p50` and `p95` of `runs` samples, in `unit`; `goal` is the p50 promised for Cellblock, if one is.

    `against` names the figure of the same group that this one is a multiple of in the report, and a `detail` is for
    programs only. `note` says why there are no samples, where there are none.
    """

    group: str
    name: str
    unit: str = "ms"
    p50: float | None = None
    p95: float | None = None
    runs: int = 0
    goal: float | None = None
    against: str = ""
    detail: bool = False
    note: str = ""


def figure(
    group: str,
    name: str,
    samples: Sequence[float],
    *,
    unit: str = "ms",
    goal: float | None = None,
    against: str = "",
    detail: bool = False,
) -> Figure:
    """The figure of some samples (at least one)."""
    ordered = sorted(samples)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return Figure(group, name, unit, statistics.median(ordered), p95, len(ordered), goal, against, detail)


def timed(progress: Progress, name: str, work: Callable[[], object], runs: int = RUNS, warmup: int = 3) -> list[float]:
    """Milliseconds of each of `runs` calls of `work`, after some that don't count."""
    for _ in range(min(warmup, runs)):
        work()
    samples = []
    with progress.step(name, total=runs) as step:
        for _ in range(runs):
            samples.append(milliseconds(work))
            step.advance()
    return samples


def milliseconds(work: Callable[[], object]) -> float:
    """How long one call of `work` takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000
