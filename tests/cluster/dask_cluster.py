"""A Dask cluster of real processes on loopback: a scheduler, workers, and a service that uses them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from serving import Service, children, free_port


class DaskWorker:
    """A Dask worker of one thread, and with it one worker process of Cellblock's."""

    def __init__(self, scheduler: str, name: str, folder: Path, home: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--name", name, "--no-dashboard"]
        command += ["--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--local-directory", str(folder)]
        with self.log.open("ab") as log:
            environment = os.environ | {"CELLBLOCK_HOME": str(home)}
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def children(self) -> list[int]:
        return children(self.process.pid)

    def freeze(self) -> None:
        """Let neither it nor its process say anything more, as when its machine has lost its network."""
        for pid in [self.process.pid, *self.children()]:
            os.kill(pid, signal.SIGSTOP)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


class Cluster:
    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1"]
        with (folder / "scheduler.log").open("ab") as log:
            self.scheduler = subprocess.Popen([*command, "--port", str(port), "--no-dashboard"], stdout=log, stderr=log)
        self.workers: list[DaskWorker] = []

    def add(self, home: Path | None = None) -> DaskWorker:
        worker = DaskWorker(
            f"tcp://{self.address}", f"dask-{len(self.workers)}", self.folder, self.home if home is None else home
        )
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
