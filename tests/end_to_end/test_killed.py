"""Node-RED is killed while its block runs; the next one goes on."""

import contextlib
import json
import os
import random
import signal
import threading
import time
import urllib.request

from .conftest import get, wait_for

FLOW = [
    {"id": "tab", "type": "tab", "label": "Web"},
    {"id": "svc", "type": "cellblock-service", "name": "", "url": ""},
    {
        "id": "in", "type": "http in", "z": "tab", "url": "/wait", "method": "get", "x": 100, "y": 100,
        "wires": [["block"]],
    },
    {
        "id": "block", "type": "code-block", "z": "tab", "service": "svc", "outputs": 1, "x": 300, "y": 100,
        "code": "import time\ntime.sleep(float(msg['payload']['s']))\nreturn {**msg, 'payload': 'awake'}",
        "wires": [["out"]],
    },
    {"id": "out", "type": "http response", "z": "tab", "x": 500, "y": 100, "wires": []},
]  # fmt: skip


def busy(service) -> float:
    lines = get(f"{service.url}/metrics")[1].splitlines()
    return float(next(line for line in lines if line.startswith("cellblock_workers_busy ")).split()[1])


def test_node_red_is_killed_in_mid_run(own_service, start_node_red, record_property):
    own_service.env["CELLBLOCK_SESSION_LINGER_S"] = "1"
    own_service.start()
    node_red = start_node_red(FLOW, own_service.url)
    for _ in range(3):
        assert get(f"{node_red.url}/wait?s=0") == (200, "awake")
        asking = threading.Thread(target=ask, args=(f"{node_red.url}/wait?s=25",))
        asking.start()
        wait_for("the block", lambda: busy(own_service) == 1, 20)
        time.sleep(random.random() / 2)
        os.kill(node_red.process.pid, signal.SIGKILL)
        node_red.process.wait()
        asking.join()
        wait_for("the end of the run that nobody waits for", lambda: busy(own_service) == 0, 20)
        assert json.loads(get(f"{own_service.url}/readyz")[1])["workers"]["ready"] >= 1
        node_red.start()
    assert get(f"{node_red.url}/wait?s=0") == (200, "awake")
    record_property("outcome", "killed three times: each run was ended, each new Node-RED answered")


def ask(url: str) -> None:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(url, timeout=60).close()
