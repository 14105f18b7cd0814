"""A person at the editor: drag, wire, type Python, deploy, inject, read the debug sidebar; in headless Chromium."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
EMPTY_FLOW = [{"id": "tab", "type": "tab", "label": "Flow 1"}]


@pytest.fixture
def session(node, chromium, start_node_red, service_url, tmp_path) -> dict[str, Any]:
    """Give what the session in build_flow.mjs saw. Its screenshots are in the test's folder."""
    node_red = start_node_red(EMPTY_FLOW, service_url)
    done = subprocess.run(
        [node, str(HERE / "build_flow.mjs"), node_red.url, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, f"{done.stderr}\nscreenshots: {tmp_path}"
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_a_flow_is_built_by_hand_and_runs(session):
    assert session["result"] == '"total of 3 is 6"'
    assert session["status"].endswith("ms")
    assert "ZeroDivisionError" in session["error"]
    assert "division by zero (line 2" in session["error"]
    assert session["errorStatus"] == "ZeroDivisionError"
    assert session["counted"] == ['"counted to 1"', "1", '"counted to 2"', "2"]
    assert session["tooManyOutputs"] == "invalid"
    assert session["outsideRequests"] == [], "the editor reached out to another host"
