"""A message through Node-RED: in at one node, through a Code Block in a fresh sandbox, out at the next."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cellblock_service.bench.figures import Figure, figure
from cellblock_service.bench.stock import Stock

_GROUP = "message"
_NAME = "Node-RED, message in to message out, new sandbox"
_START_S = 30


def messages(stock: Stock) -> list[Figure]:
    """The Code Block and, for comparison, a function node in the same flow. Needs the project's source tree."""
    package = Path(__file__).parents[3] / "node-red-nodes"
    node = shutil.which("node")
    if node is None or not (package / "node_modules" / "node-red").is_dir():
        return [Figure(_GROUP, _NAME, note="not measured: needs Node and the project's source tree after `make setup`")]
    with stock.progress.step("messages through Node-RED"), _service() as url:
        command = [node, str(package / "bench" / "messages.mjs"), url]
        output = subprocess.run(command, check=True, capture_output=True).stdout
    samples = json.loads(output.splitlines()[-1])
    return [
        figure(_GROUP, _NAME, samples["codeBlock"], goal=8),
        figure(_GROUP, "Node-RED, the same with a function node in its place", samples["function"]),
    ]


@contextmanager
def _service() -> Iterator[str]:
    """A service of its own on a free port, ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "CELLBLOCK_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "cellblock_service", "serve", "--port", str(port)]
    service = subprocess.Popen(command, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/readyz")
        yield url
    finally:
        service.terminate()
        service.wait()


def _wait(url: str) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            urllib.request.urlopen(url).close()  # noqa: S310  (our own service)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
