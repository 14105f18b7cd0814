"""A Dask cluster of real processes on loopback: a scheduler, workers, and a service that uses them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cellblock_service.bench.serving import free_port
from cellblock_service.workers.launching import PROGRAM
from serving import Service


class DaskWorker:
    """A Dask worker, and for each of its threads a worker process of Cellblock's; with a nanny, that is its parent."""

    def __init__(
        self, scheduler: str, name: str, folder: Path, environment: Mapping[str, str], *, threads: int, nanny: bool
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--name", name, "--no-dashboard"]
        command += ["--nanny" if nanny else "--no-nanny", "--nthreads", str(threads)]
        command += ["--host", "127.0.0.1", "--local-directory", str(folder)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)

    def children(self) -> list[int]:
        """Its worker processes of Cellblock's."""
        return [pid for pid in descendants(self.process.pid) if PROGRAM[-1] in command_line(pid)]

    def freeze(self) -> None:
        """Let neither it nor its processes say anything more, as when its machine has lost its network."""
        for pid in [self.process.pid, *self.children()]:
            os.kill(pid, signal.SIGSTOP)

    def end(self) -> None:
        if self.process.poll() is None:
            begun = descendants(self.process.pid)
            self.process.kill()
            self.process.wait()
            for pid in begun:  # which would never hear of it if they were frozen
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


class Cluster:
    """A scheduler, and workers as they are added. `tls` is Dask's configuration for it, as environment variables."""

    def __init__(self, folder: Path, home: Path, tls: Mapping[str, str] | None = None) -> None:
        self.folder, self.home, self.environment = folder, home, dict(tls or {})
        port = free_port()
        self.backend = f"dask{'+tls' if tls else ''}://127.0.0.1:{port}"
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{port}"
        self._command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
        self._command += ["--host", "tls://127.0.0.1" if tls else "127.0.0.1", "--port", str(port)]
        self.start_scheduler()
        self.workers: list[DaskWorker] = []

    def start_scheduler(self) -> None:
        """Start it, or another one in its place."""
        with (self.folder / "scheduler.log").open("ab") as log:
            self.scheduler = subprocess.Popen(self._command, env=os.environ | self.environment, stdout=log, stderr=log)

    def kill_scheduler(self) -> None:
        self.scheduler.kill()
        self.scheduler.wait()

    def add(self, home: Path | None = None, *, threads: int = 1, nanny: bool = False) -> DaskWorker:
        environment = self.environment | {"CELLBLOCK_HOME": str(self.home if home is None else home)}
        name = f"dask-{len(self.workers)}"
        worker = DaskWorker(self.address, name, self.folder, environment, threads=threads, nanny=nanny)
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        self.kill_scheduler()


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, those that these have started, and so on."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):  # a nanny starts its worker from a thread
        with contextlib.suppress(OSError):  # the thread has ended
            found += map(int, file.read_text().split())
    return found + [each for child in found for each in descendants(child)]


def command_line(pid: int) -> list[str]:
    """What a process was started with; nothing if it has ended."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


def wait_for_workers(service: Service, count: int, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while (there := service.get("/readyz")[1]["workers"]["ready"]) != count:
        assert time.monotonic() < deadline, f"{there} workers are there, not {count}: {service.log.read_text()}"
        time.sleep(0.1)


def sent(service: Service, code: str, **fields: Any) -> Future[dict[str, Any]]:
    """Send a block."""
    pool = ThreadPoolExecutor(1)
    answer = pool.submit(service.run, code, **fields)
    pool.shutdown(wait=False)
    return answer


def begun(service: Service, code: str, ident: str, **fields: Any) -> Future[dict[str, Any]]:
    """Send a block, and come back when it has begun."""
    answer = sent(service, code, id=ident, **fields)
    deadline = time.monotonic() + 20
    while service.get(f"/v1/executions/{ident}")[1].get("status") != "running":
        assert time.monotonic() < deadline
        assert not answer.done(), answer.result()
        time.sleep(0.02)
    return answer
