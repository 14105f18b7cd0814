"""What the end-to-end tests share: the real service, and Node-RED with this project's nodes.

The service is the one at CELLBLOCK_URL, else `.venv/bin/cellblock serve` on a free port (CELLBLOCK_COMMAND names
another command). Node-RED is the one that `npm ci` put into node-red-nodes.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cellblock_service.bench.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
NODES = ROOT / "node-red-nodes"
START_S = 120.0
STOP_S = 20.0


def port_is_open(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def get(url: str, *, body: bytes | None = None, timeout: float = 30.0) -> tuple[int, str]:
    """Fetch `url`, with POST if there is a body; give status and text."""
    request = urllib.request.Request(url, data=body)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_for(what: str, check: Callable[[], bool], within_s: float) -> None:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if check():
                return
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within {within_s:g} s")


@dataclass
class Program:
    """A process that serves HTTP on a port, started and stopped as often as a test likes.

    It has started when `ready_path` answers, and its log says `says` once more than before.
    """

    name: str
    command: list[str]
    port: int
    ready_path: str
    log: Path
    env: dict[str, str] = field(default_factory=dict)
    says: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with self.log.open("ab") as log:
            said = self._times_said()
            self.process = subprocess.Popen(
                self.command, env=os.environ | self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(f"the start of {self.name} (log: {self.log})", lambda: self._has_started(said), START_S)

    def _has_started(self, said: int) -> bool:
        return self._is_ready() and (not self.says or self._times_said() > said)

    def _times_said(self) -> int:
        return self.log.read_text().count(self.says)

    def _is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            pytest.fail(f"{self.name} ended with {self.process.returncode}:\n{self.log.read_text()}")
        return get(self.url + self.ready_path, timeout=2)[0] == 200

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"{self.name} did not stop within {STOP_S:g} s of SIGTERM")


@pytest.fixture(scope="session")
def node() -> str:
    """Give the path of Node.js, once it is sure that the nodes are installed."""
    path = shutil.which("node")
    if path is None:
        pytest.fail("Node.js 20 or later is needed")
    if not (NODES / "node_modules" / "node-red").is_dir():
        pytest.fail('Node-RED is missing: run "make setup", or "npm ci" in node-red-nodes')
    return path


@pytest.fixture(scope="session")
def cellblock() -> str:
    """Give the path of the `cellblock` command."""
    path = Path(os.environ.get("CELLBLOCK_COMMAND") or ROOT / ".venv" / "bin" / "cellblock")
    if not path.exists():
        pytest.fail(f'{path} is missing: run "make setup"')
    return str(path)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Give the path of Chromium; without one the editor's tests fail rather than pass unseen."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).exists():
        pytest.fail(f'no Chromium at {path}: install Debian\'s package "chromium", or name another in CHROMIUM')
    return path


@pytest.fixture
def own_service(cellblock: str, tmp_path: Path) -> Iterator[Program]:
    """A service of the test's own, not started yet."""
    port = free_port()
    program = Program(
        "the Cellblock service",
        [cellblock, "serve", "--port", str(port)],
        port,
        "/readyz",
        tmp_path / "service.log",
        # In the shared home the records would be those of whoever runs the tests.
        {"CELLBLOCK_RECORDS_FILE": str(tmp_path / "records.sqlite3")},
    )
    yield program
    program.stop()


@pytest.fixture
def service_url(request: pytest.FixtureRequest) -> str:
    """Give the address of a service that is ready."""
    given = os.environ.get("CELLBLOCK_URL")
    if given:
        return given
    service: Program = request.getfixturevalue("own_service")
    service.start()
    return service.url


@pytest.fixture
def node_red_5(node: str) -> dict[str, str]:
    """Give a Node-RED 5 and the Node.js that it needs, as `start_node_red` takes them, installed once."""
    script = """
const { VERSIONS, provide } = require("./test/package/versions");
provide(VERSIONS.at(-1)).then(({ red, node }) => console.log(JSON.stringify({ red, node })));
"""
    done = subprocess.run([node, "-e", script], cwd=NODES, check=True, stdout=subprocess.PIPE, text=True)
    provided: dict[str, str] = json.loads(done.stdout)
    return {"red": provided["red"], "node_js": provided["node"]}


@pytest.fixture
def start_node_red(node: str, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Give a function that starts Node-RED with a flow, its blank service addresses meaning `service_url`.

    `settings` is a file with other settings than the demonstration's, which gets `more` in its environment. `red` is
    the red.js of another Node-RED, `node_js` the Node.js that it needs.
    """
    started: list[Program] = []

    def start(
        flow: list[dict[str, object]],
        service_url: str,
        settings: Path = NODES / "demo" / "settings.cjs",
        red: str = str(NODES / "node_modules/node-red/red.js"),
        node_js: str | None = None,
        **more: str,
    ) -> Program:
        user_dir = tmp_path / "node-red"
        user_dir.mkdir()
        (user_dir / "flows.json").write_text(json.dumps(flow))
        port = free_port()
        program = Program(
            "Node-RED",
            [node_js or node, red, "--settings", str(settings)],
            port,
            "/settings",
            tmp_path / "node-red.log",
            {"NODE_RED_PORT": str(port), "CELLBLOCK_NODE_RED_DIR": str(user_dir), "CELLBLOCK_URL": service_url} | more,
            says="Started flows",
        )
        started.append(program)
        program.start()
        return program

    yield start
    for program in started:
        program.stop()
