"""A Dask cluster of real processes on loopback: a scheduler, workers, and a service that uses them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from cellblock_service.bench.serving import free_port
from serving import Service, children


class DaskWorker:
    """A Dask worker of one thread, and with it one worker process of Cellblock's."""

    def __init__(self, scheduler: str, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--name", name, "--no-dashboard"]
        command += ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(folder)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)

    def children(self) -> list[int]:
        return children(self.process.pid)

    def freeze(self) -> None:
        """Let neither it nor its process say anything more, as when its machine has lost its network."""
        for pid in [self.process.pid, *self.children()]:
            os.kill(pid, signal.SIGSTOP)

    def end(self) -> None:
        if self.process.poll() is None:
            for pid in self.children():  # which would never hear of it if they were frozen
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.kill()
            self.process.wait()


class Cluster:
    """A scheduler, and workers as they are added. `tls` is Dask's configuration for it, as environment variables."""

    def __init__(self, folder: Path, home: Path, tls: Mapping[str, str] | None = None) -> None:
        self.folder, self.home, self.environment = folder, home, dict(tls or {})
        port = free_port()
        self.backend = f"dask{'+tls' if tls else ''}://127.0.0.1:{port}"
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{port}"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
        command += ["--host", "tls://127.0.0.1" if tls else "127.0.0.1", "--port", str(port)]
        with (folder / "scheduler.log").open("ab") as log:
            self.scheduler = subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=log)
        self.workers: list[DaskWorker] = []

    def add(self, home: Path | None = None) -> DaskWorker:
        environment = self.environment | {"CELLBLOCK_HOME": str(self.home if home is None else home)}
        worker = DaskWorker(self.address, f"dask-{len(self.workers)}", self.folder, environment)
        self.workers.append(worker)
        return worker

    def end(self) -> None:
        for worker in self.workers:
            worker.end()
        self.scheduler.kill()
        self.scheduler.wait()


def wait_for_workers(service: Service, count: int, within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while (there := service.get("/readyz")[1]["workers"]["ready"]) != count:
        assert time.monotonic() < deadline, f"{there} workers are there, not {count}: {service.log.read_text()}"
        time.sleep(0.1)
