"""Memory that each further sandbox adds, as the kernel counts it: this process's proportional set size."""

from __future__ import annotations

from pathlib import Path

from cellblock_sandbox import Image
from cellblock_sandbox.image.progress import Progress

from cellblock_service.bench.figures import DATAFRAME, RUNS, Figure, figure


def sandboxes(progress: Progress) -> list[Figure]:
    """Megabytes for each of several sandboxes, made ready, and after a pandas run in each."""
    image = Image.open("data")
    # The first one brings in what all share; "each further" begins after it.
    kept = [image.sandbox()]
    kept[0].run(DATAFRAME)
    samples: dict[str, list[float]] = {"made ready": [], "after a pandas run": []}
    with progress.step("memory of sandboxes", total=RUNS) as step:
        for _ in range(RUNS):
            before = _megabytes()
            kept.append(image.sandbox())
            ready = _megabytes()
            kept[-1].run(DATAFRAME)
            samples["made ready"].append(ready - before)
            samples["after a pandas run"].append(_megabytes() - before)
            step.advance()
    for sandbox in kept:
        sandbox.close()
    goals = {"made ready": 2.0, "after a pandas run": 8.0}
    return [
        figure("memory", f"Each further sandbox, {name}", values, unit="MB", goal=goals[name])
        for name, values in samples.items()
    ]


def _megabytes() -> float:
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("/proc/self/smaps_rollup has no line for Pss")
