"""A running service for tests: one process of `cellblock serve`, and the requests sent to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import msgpack
import pytest
from cellblock_service.bench.serving import free_port


class Service:
    """A running `cellblock serve` and the requests the tests send to it."""

    def __init__(self, home: Path, *, port: int | None = None, **settings: str) -> None:
        self.port = port or free_port()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CELLBLOCK_")}
        # In the shared home the records would be those of whoever runs the tests.
        self.folder = tempfile.TemporaryDirectory(prefix="cellblock-test-")
        records = str(Path(self.folder.name) / "records.sqlite3")
        environment |= {"CELLBLOCK_HOME": str(home), "CELLBLOCK_LOG_FORMAT": "json", "CELLBLOCK_RECORDS_FILE": records}
        environment |= settings
        command = [sys.executable, "-m", "cellblock_service", "serve", "--port", str(self.port)]
        self.log = Path(self.folder.name) / "log"  # a pipe that nobody reads would hold it up
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log, stdin=subprocess.DEVNULL)

    def wait_ready(self, within_s: float = 60) -> None:
        """Wait until it can run blocks; when that doesn't come about, end it and show what it logged."""
        deadline = time.monotonic() + within_s
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.process.kill()
        self.process.wait()
        pytest.fail(self.log.read_text())

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        return self.exchange(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}"))

    def post(self, body: dict[str, Any] | bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        """Post JSON, or bytes with the headers given (underscores for hyphens)."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.exchange(urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/execute", data, named))

    def pack(self, **body: Any) -> dict[str, Any]:
        """Post msgpack, expect 200, give the answer with extension types as they came."""
        status, answer = self.post(msgpack.packb(body), Content_Type="application/msgpack")
        assert status == 200, answer
        return answer

    def run(self, code: str, **fields: Any) -> dict[str, Any]:
        """Post JSON, expect 200, give the answer."""
        status, answer = self.post({"code": code, **fields})
        assert status == 200, answer
        return answer

    def exchange(self, request: urllib.request.Request) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, decoded(response.headers["Content-Type"], response.read())
        except urllib.error.HTTPError as error:
            return error.code, decoded(error.headers["Content-Type"], error.read())

    def wait_for_metric(self, name: str, value: float, within_s: float = 10) -> None:
        """Wait until a gauge has this value."""
        deadline = time.monotonic() + within_s
        while (now := self.metric(name)) != value:
            assert time.monotonic() < deadline, f"{name} is {now}"
            time.sleep(0.02)

    def metric(self, name: str) -> float:
        """Read a gauge."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as response:
            lines = response.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def workers(self) -> list[int]:
        """Give the process ids of its workers."""
        return children(self.process.pid)

    def stop(self) -> str:
        """End it as an operator would; give what it logged."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=45)
        return self.log.read_text()


def children(pid: int) -> list[int]:
    """Give the processes that a process has started from its first thread."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def decoded(content_type: str, body: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(body) if "json" in content_type else msgpack.unpackb(body)
    return loaded
