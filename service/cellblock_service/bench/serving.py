"""A service of its own to measure: one process of `cellblock serve` on a free port, with records of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 60
_LOG, _LOG_END = "log", 10_000


@dataclass(frozen=True)
class Served:
    """A running service: its address, its process, and what it writes to."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path

    def pids(self) -> list[int]:
        """The process of the service, and those of its workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [self.process.pid, *map(int, children.split())]

    def logged(self) -> str:
        """The end of its log."""
        return (self.folder / _LOG).read_text("utf-8", "replace")[-_LOG_END:]


@contextmanager
def serving(ready_workers: int = 1, **settings: str) -> Iterator[Served]:
    """Start a service and wait until so many workers are ready.

    `settings` are named in capitals, without `CELLBLOCK_`. What others have set for their service isn't in force for
    this one, except where things are. RuntimeError if it doesn't become ready.
    """
    with tempfile.TemporaryDirectory(prefix="cellblock-served-") as name:
        folder, port = Path(name), free_port()
        kept = ("CELLBLOCK_HOME", "CELLBLOCK_SOURCES")
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith("CELLBLOCK_") or key in kept
        }
        given = {"RECORDS_FILE": str(folder / "records.sqlite3"), "FULL_BUNDLE": "on-demand", "LOG_FORMAT": "json"}
        environment |= {f"CELLBLOCK_{key}": value for key, value in (given | settings).items()}
        command = [sys.executable, "-m", "cellblock_service", "serve", "--port", str(port)]
        with (folder / _LOG).open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stderr=log)
        served = Served(f"http://127.0.0.1:{port}", process, folder)
        try:
            _wait(served, ready_workers)
            yield served
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(served: Served, ready_workers: int) -> None:
    end, seen = time.monotonic() + START_S, "no answer"
    while time.monotonic() < end and served.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{served.url}/readyz") as answer:  # noqa: S310  (our own service)
                seen = answer.read().decode()
                if json.loads(seen)["workers"]["ready"] >= ready_workers:
                    return
        except OSError as error:
            seen = str(error)
        time.sleep(0.1)
    raise RuntimeError(f"the service didn't become ready: {seen}\n{served.logged()}")
