"""`make run`, as demo/run.mjs does it: one real result in the terminal, the editor up, Ctrl-C stops everything."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest
from cellblock_service.bench.serving import free_port

from .conftest import NODES, STOP_S, get, port_is_open, wait_for

RUN = NODES / "demo" / "run.mjs"
FIRST_RUN_S = 300.0


@dataclass
class Demonstration:
    """A running demo/run.mjs and the lines it has printed."""

    process: subprocess.Popen[str]
    lines: "Queue[str]"
    seen: list[str]

    def line(self, start: str, within_s: float = FIRST_RUN_S) -> str:
        """Wait for the line that begins with `start`."""
        while True:
            try:
                line = self.lines.get(timeout=within_s)
            except Empty:
                pytest.fail(f"no line {start!r} in:\n{''.join(self.seen)}")
            self.seen.append(line)
            if line.startswith(start):
                return line
            if line == "":
                pytest.fail(f"it ended with {self.process.wait()}, without a line {start!r}:\n{''.join(self.seen)}")

    def rest(self) -> str:
        """Wait for the end; give all that was printed."""
        self.process.wait(STOP_S)
        while line := self.lines.get(timeout=STOP_S):
            self.seen.append(line)
        return "".join(self.seen)


@pytest.fixture
def ports() -> dict[str, int]:
    return {"CELLBLOCK_PORT": free_port(), "NODE_RED_PORT": free_port()}


@pytest.fixture
def demonstrate(node: str, tmp_path: Path, ports: dict[str, int]) -> Iterator[Callable[..., Demonstration]]:
    started: list[Demonstration] = []

    def start(command: str, **more: str) -> Demonstration:
        env = os.environ | {name: str(port) for name, port in ports.items()} | more
        env["CELLBLOCK_NODE_RED_DIR"] = str(tmp_path / "node-red")
        process = subprocess.Popen(
            [node, str(RUN), command], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        demonstration = Demonstration(process, Queue(), [])
        threading.Thread(target=_read, args=(process, demonstration.lines), daemon=True).start()
        started.append(demonstration)
        return demonstration

    yield start
    for demonstration in started:
        if demonstration.process.poll() is None:
            demonstration.process.send_signal(signal.SIGTERM)
            demonstration.process.wait(STOP_S)


def _read(process: subprocess.Popen[str], lines: "Queue[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.put(line)
    lines.put("")


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_prints_a_result_opens_the_editor_and_stops_both(demonstrate, cellblock, ports, stop_signal):
    demonstration = demonstrate(cellblock)

    result = demonstration.line("result:")
    records, _ = json.JSONDecoder().raw_decode(result.removeprefix("result:").strip())
    assert [record["station"] for record in records] == ["08188500", "08188800"]
    assert records[0]["readings"] == 5
    assert "ms" in result.rpartition("]")[2]

    editor = demonstration.line("editor:").split()[1]
    assert editor == f"http://127.0.0.1:{ports['NODE_RED_PORT']}"
    status, page = get(editor)
    assert status == 200
    assert "Node-RED" in page

    demonstration.process.send_signal(stop_signal)
    assert demonstration.process.wait(STOP_S) == 0, demonstration.rest()
    wait_for("both ports free", lambda: not any(port_is_open(port) for port in ports.values()), 5)


@pytest.mark.parametrize("name", ["CELLBLOCK_PORT", "NODE_RED_PORT"])
def test_a_port_in_use_is_named_with_the_way_out(demonstrate, cellblock, ports, name):
    with socket.create_server(("127.0.0.1", ports[name])):
        demonstration = demonstrate(cellblock)
        text = demonstration.rest()
    assert demonstration.process.returncode == 1
    assert f"port {ports[name]}" in text
    assert f"{name}=" in text


def test_a_service_that_ends_is_told_and_ends_the_demonstration(demonstrate, tmp_path):
    broken = tmp_path / "cellblock"
    broken.write_text("#!/bin/sh\necho 'the image is damaged' >&2\nexit 4\n")
    broken.chmod(0o755)
    demonstration = demonstrate(str(broken))
    text = demonstration.rest()
    assert demonstration.process.returncode == 1
    assert "the image is damaged" in text
    assert "The Cellblock service ended with code 4." in text


def test_a_missing_image_is_told_with_the_way_out(demonstrate, cellblock, tmp_path):
    demonstration = demonstrate(cellblock, CELLBLOCK_HOME=str(tmp_path / "empty"))
    demonstration.line("The Cellblock service can't get ready.", within_s=60)
    assert "cellblock image build data" in demonstration.rest()
    assert demonstration.process.returncode == 1


def test_a_node_red_that_dies_is_told_and_the_service_is_stopped(demonstrate, cellblock, ports):
    demonstration = demonstrate(cellblock)
    demonstration.line("editor:")
    pid = demonstration.process.pid
    _service, node_red = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(int(node_red), signal.SIGKILL)
    assert "Node-RED was ended by SIGKILL." in demonstration.rest()
    assert demonstration.process.returncode == 1
    wait_for("the service to be gone", lambda: not port_is_open(ports["CELLBLOCK_PORT"]), 5)
