"""The other ways to run the same code: a process per call, a fork, and Pyodide on a JavaScript engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cellblock_sandbox.image import pins
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.store import Store

from cellblock_service.bench.figures import DATAFRAME, RUNS, TRIVIAL, Figure, figure, timed

_COLD_RUNS = 5


def python(progress: Progress) -> list[Figure]:
    """A spawned interpreter, and a fork of one that holds pandas already. Neither isolates anything."""

    def spawn(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    figures = [
        figure("1+1", "python3 -c, a process each", timed(progress, "python3 -c 1+1", spawn(TRIVIAL))),
        figure(
            "pandas",
            "python3 -c, a process each",
            timed(progress, "python3 -c with pandas", spawn(DATAFRAME), warmup=1),
        ),
    ]
    with progress.step("fork of a Python that holds pandas"):
        output = subprocess.run(
            [sys.executable, str(_beside("fork_peer.py")), str(RUNS), DATAFRAME], check=True, capture_output=True
        ).stdout
    return [*figures, figure("pandas", "fork of a CPython that holds pandas", json.loads(output))]


def pyodide(progress: Progress) -> list[Figure]:
    """Pyodide from npm in Node: cold (a new one each time) and warm (one kept, state and all)."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return [Figure("1+1", "pyodide in Node", note="not measured: node or npm isn't installed")]
    modules = installed_pyodide(npm)
    wheels = Store(Home.find()).open("bundle", "default").file("wheels")
    command = [node, str(_beside("pyodide_peer.mjs")), str(modules), str(wheels)]
    cold: dict[str, list[float]] = {"1+1": [], "pandas": []}
    with progress.step("pyodide in Node, cold", total=2 * _COLD_RUNS) as step:
        for _ in range(_COLD_RUNS):
            for group, code in (("1+1", TRIVIAL), ("pandas", DATAFRAME)):
                cold[group] += _samples([*command, "cold", group, code])
                step.advance()
    with progress.step("pyodide in Node, warm"):
        warm = {
            group: _samples([*command, "warm", group, code, str(RUNS)])
            for group, code in (("1+1", TRIVIAL), ("pandas", DATAFRAME))
        }
    return [
        figure(group, f"pyodide in Node, {kind}", values)
        for kind, samples in (("cold", cold), ("warm, nothing isolated", warm))
        for group, values in samples.items()
    ]


def installed_pyodide(npm: str) -> Path:
    """The folder of npm's pyodide, of the version the bundle is made of."""
    folder = Home.find().tools / f"pyodide-{pins.pyodide_version()}"
    if not (folder / "node_modules" / "pyodide").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        package = f"pyodide@{pins.pyodide_version()}"
        command = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", package]
        subprocess.run(command, check=True, capture_output=True)
    return folder / "node_modules" / "pyodide"


def _samples(command: list[str]) -> list[float]:
    output = subprocess.run(command, check=True, capture_output=True, env=dict(os.environ)).stdout
    samples: list[float] = json.loads(output.splitlines()[-1])
    return samples


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)
