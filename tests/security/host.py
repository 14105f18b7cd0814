"""What an escape would leave behind on the machine: a folder to write to, a port to connect to, processes, the log."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cellblock_service.bench.memory import megabytes
from serving import Service

from .verdict import revealed

WORKERS = 1
SETTLE_S = 60.0
CRASHED = 'cellblock_worker_restarts_total{reason="crashed"} '


class Bait:
    """A file with a secret in it, in a folder, and a port of loopback: all that a program would like to reach."""

    def __init__(self, folder: Path) -> None:
        self.secret = secrets.token_hex(16)
        self.folder = folder
        self.file = folder / "secret"
        self.file.write_text(self.secret)
        self._before = self._state()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def touched(self) -> list[str]:
        """Say what has been changed, made or connected to."""
        found = []
        if (now := self._state()) != self._before:
            found.append(f"the folder was {self._before} and is {now}")
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return found
        connection.close()
        return [*found, "something connected to the port"]

    def close(self) -> None:
        self._listener.close()

    def _state(self) -> list[tuple[str, str, int]]:
        return [(path.name, path.read_text(), path.stat().st_mtime_ns) for path in sorted(self.folder.iterdir())]


class Watch:
    """A service seen from outside: its processes, its health, its memory, and what it logs."""

    def __init__(self, service: Service, token: str) -> None:
        self.service = service
        self._token = token
        self._crashed = 0.0
        self._pid = service.process.pid
        self._exe = os.readlink(f"/proc/{self._pid}/exe")
        self._read = 0

    def harmed(self, hidden: Iterable[str]) -> list[str]:
        """Say what isn't as it should be between two runs; `hidden` are words that no line of the log may hold."""
        if self.service.process.poll() is not None:
            return [f"the service ended with {self.service.process.returncode}"]
        return [*self._unready(), *self._crashes(), *self._strangers(), *self._log(hidden)]

    def megabytes(self) -> dict[str, float]:
        """The memory of the service, and of its worker, that is its own.

        Of an image's file more pages are mapped with everything that is run; they are the system's to take back.
        """
        worker = sum(megabytes(pid, "Pss_Anon") for pid in self.service.workers())
        return {"service": megabytes(self._pid, "Pss_Anon"), "worker": worker}

    def _unready(self) -> list[str]:
        """Wait until all workers are ready."""
        deadline = time.monotonic() + SETTLE_S
        status, told = self.service.get("/readyz")
        while (status, told["workers"]["ready"]) != (200, WORKERS):
            if time.monotonic() > deadline:
                return [f"/readyz says {status} {told}"]
            time.sleep(0.01)
            status, told = self.service.get("/readyz")
        return []

    def _crashes(self) -> list[str]:
        """Workers that died since the last time: a sandbox may crash, the process around it may not."""
        before, self._crashed = self._crashed, self._count(CRASHED)
        return [f"workers that crashed: {self._crashed - before:g}"] if self._crashed > before else []

    def _count(self, name: str) -> float:
        """Read a counter of the service; 0 for one that has never counted."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.service.port}/metrics")
        request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=10) as response:
            lines = response.read().decode().splitlines()
        return float(next((line.removeprefix(name) for line in lines if line.startswith(name)), 0))

    def _strangers(self) -> list[str]:
        """Processes below the service that aren't its workers, or that have become another program."""
        workers = self.service.workers()
        found = [f"{len(workers)} processes below the service"] if len(workers) != WORKERS else []
        for pid in workers:
            if os.readlink(f"/proc/{pid}/exe") != self._exe:
                found.append(f"{pid} runs {os.readlink(f'/proc/{pid}/exe')}")
            below = " ".join((thread / "children").read_text() for thread in Path(f"/proc/{pid}/task").iterdir())
            found += [f"below the worker {pid} are {below}"] if below.strip() else []
        return found

    def _log(self, hidden: Iterable[str]) -> list[str]:
        """What is wrong with the lines logged since the last time: no JSON, not one of ours, or holding secrets."""
        with self.service.log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        self._read += len(text)
        # Split where anybody might: at every end of line there is.
        return [problem for line in text.decode().splitlines() for problem in _problems(line, hidden)]


def _problems(line: str, hidden: Iterable[str]) -> list[str]:
    found = [f"the log gives away {secret!r}" for secret in revealed(line, hidden)]
    if not line.isprintable():
        found.append(f"the log holds control characters: {line!r}")
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:
        return [*found, f"a line of the log that isn't the service's: {line!r}"]
    if not isinstance(said, dict) or not {"event", "level", "logger", "timestamp"} <= said.keys():
        found.append(f"a line of the log that isn't the service's: {line!r}")
    return found
