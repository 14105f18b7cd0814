"""`cellblock bench`: what Cellblock costs, beside other ways to run the same Python, all in one run.

Figures are for reading, not for testing: machines differ and are shared. Each is the median and the 95th percentile
of a number of runs that stands beside it.
"""

from __future__ import annotations

import json
from pathlib import Path

from cellblock_sandbox.image.progress import for_stream

from cellblock_service.bench import memory, node_red, ours, peers, report
from cellblock_service.bench.figures import Figure
from cellblock_service.cli.output import say

__all__ = ["run"]


def run(json_path: Path | None = None, readme: Path | None = None) -> int:
    """Measure everything, print the report as Markdown, and write it where asked. 0."""
    progress = for_stream()
    figures: list[Figure] = []
    for measure in (ours.sandboxes, memory.sandboxes, ours.image_build, peers.python, peers.pyodide, node_red.messages):
        figures += measure(progress)
    text = report.markdown(figures)
    say(text)
    if json_path is not None:
        json_path.write_text(json.dumps(report.as_json(figures), indent=2) + "\n")
    if readme is not None:
        report.insert(readme, text)
    return 0
