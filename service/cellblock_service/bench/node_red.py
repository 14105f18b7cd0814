"""A message through Node-RED: in at one node, through a Code Block in a fresh sandbox, out at the next."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
from pathlib import Path

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.serving import serving
from cellblock_service.bench.stock import Stock

_GROUP = "message"
_NAME = "Node-RED, message in to message out, new sandbox"


def messages(stock: Stock) -> list[Figure]:
    """The Code Block and, for comparison, a function node in the same flow. Needs the project's source tree."""
    package = Path(__file__).parents[3] / "node-red-nodes"
    node = shutil.which("node")
    if node is None or not (package / "node_modules" / "node-red").is_dir():
        return [Figure(_GROUP, _NAME, note="not measured: needs Node and the project's source tree after `make setup`")]
    with stock.progress.step("messages through Node-RED"), serving() as served:
        command = [node, str(package / "bench" / "messages.mjs"), served.url]
        output = subprocess.run(command, check=True, capture_output=True).stdout
    samples = json.loads(output.splitlines()[-1])
    passing = statistics.median(samples["function"])
    over = [each - passing for each in samples["codeBlock"]]
    return [
        figure(_GROUP, _NAME, samples["codeBlock"], goal=8),
        figure(_GROUP, "Node-RED, the same with a function node in its place", samples["function"]),
        figure(_GROUP, "The first over the second", over, goal=3),
        figure(_GROUP, "A message with 8 MB of float64, in and out", samples["large"]),
        figure(_GROUP, "500 messages at once, in order, new sandbox each", samples["rate"], unit="/s", goal=300),
    ]
