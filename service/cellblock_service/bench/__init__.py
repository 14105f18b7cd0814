"""`cellblock bench`: what Cellblock costs, beside other ways to run the same Python, all in one run.

Figures are for reading, not for testing: machines differ and are shared. Each is the median and the 95th percentile
of a number of runs that stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from pathlib import Path

from cellblock_sandbox.image.progress import for_stream

from cellblock_service.bench import (
    builds,
    cluster,
    machine,
    memory,
    node_red,
    ours,
    peers,
    report,
    scaling,
    service,
    speed,
    syscalls,
)
from cellblock_service.bench.figures import Figure
from cellblock_service.bench.stock import Stock
from cellblock_service.cli.output import say

__all__ = ["MEASUREMENTS", "run"]

# In this order: what comes late has the memory and the disk cache of what came before.
MEASUREMENTS: dict[str, tuple[Callable[[Stock], list[Figure]], ...]] = {
    "start": (ours.sandboxes, peers.python, peers.pyodide),
    "libraries": (ours.libraries,),
    "message": (node_red.messages,),
    "service": (service.arrays, service.throughput, service.overhead, service.memory),
    "scaling": (scaling.costs,),
    "cluster": (cluster.dask,),
    "speed": (speed.kernels,),
    "syscalls": (syscalls.loops,),
    "memory": (memory.sandboxes,),
    "building": (builds.images, builds.package),
}


def run(
    json_path: Path | None = None,
    readme: Path | None = None,
    *,
    scaled: Path | None = None,
    builds_too: bool = False,
    only: Collection[str] = (),
) -> int:
    """Measure, print the report as Markdown, and write it where asked. 0.

    `only` names some of MEASUREMENTS, to measure no others. `builds_too` builds the full bundle as well, in minutes.
    """
    measures = [each for name, some in MEASUREMENTS.items() if not only or name in only for each in some]
    measures.insert(0, machine.yardsticks)
    if builds.images in measures:
        measures.append(builds.full if builds_too else builds.full_left_out)
    figures: list[Figure] = []
    with Stock.opened(for_stream()) as stock:
        for measure in measures:
            figures += measure(stock)
    text = report.markdown(figures)
    say(text)
    if json_path is not None:
        json_path.write_text(json.dumps(report.as_json(figures), indent=2) + "\n")
    if readme is not None:
        report.insert(readme, text)
    if scaled is not None:
        report.insert(scaled, report.dated(scaling.table(figures)))
    return 0
