"""The other ways to run the same code: a process per call, a fork, and Pyodide on a JavaScript engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cellblock_service.bench.figures import DATAFRAME, OURS, RUNS, TRIVIAL, Figure, figure, timed
from cellblock_service.bench.stock import NO_NODE, Stock

_SLOW_RUNS, _COLD_RUNS = 30, 5


def python(stock: Stock) -> list[Figure]:
    """A spawned interpreter, and a fork of one that holds pandas already. Neither isolates anything."""

    def spawn(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    trivial = timed(stock.progress, "python3 -c 1+1", spawn(TRIVIAL))
    frame = timed(stock.progress, "python3 -c with pandas", spawn(DATAFRAME), _SLOW_RUNS, warmup=1)
    with stock.progress.step("fork of a Python that holds pandas"):
        output = subprocess.run(
            [sys.executable, str(_beside("fork_peer.py")), str(RUNS), DATAFRAME], check=True, capture_output=True
        ).stdout
    return [
        figure("1+1", "python3 -c, a process each", trivial, against=OURS),
        figure("pandas", "python3 -c, a process each", frame, against=OURS),
        figure("pandas", "fork of a CPython that holds pandas", json.loads(output), against=OURS),
    ]


def pyodide(stock: Stock) -> list[Figure]:
    """Pyodide from npm in Node: cold (a new one each time) and warm (one kept, state and all)."""
    node = shutil.which("node")
    if node is None or stock.pyodide is None:
        return [Figure("1+1", "pyodide in Node", note=NO_NODE)]
    command = [node, str(_beside("pyodide_peer.mjs")), str(stock.pyodide), str(stock.few.file("wheels"))]
    cold: dict[str, list[float]] = {"1+1": [], "pandas": []}
    with stock.progress.step("pyodide in Node, cold", total=2 * _COLD_RUNS) as step:
        for _ in range(_COLD_RUNS):
            for group, code in (("1+1", TRIVIAL), ("pandas", DATAFRAME)):
                cold[group] += _samples([*command, "cold", group, code])
                step.advance()
    with stock.progress.step("pyodide in Node, warm"):
        warm = {
            group: _samples([*command, "warm", group, code, str(RUNS)])
            for group, code in (("1+1", TRIVIAL), ("pandas", DATAFRAME))
        }
    return [
        figure(group, f"pyodide in Node, {kind}", values, against=OURS)
        for kind, samples in (("cold", cold), ("warm, nothing isolated", warm))
        for group, values in samples.items()
    ]


def _samples(command: list[str]) -> list[float]:
    output = subprocess.run(command, check=True, capture_output=True, env=dict(os.environ)).stdout
    samples: list[float] = json.loads(output.splitlines()[-1])
    return samples


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)
