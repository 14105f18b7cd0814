"""The same program in three interpreters: Cellblock, npm's pyodide in Node, and this machine's CPython.

Each lives as long as the measurement, so that the three can take turns and all are warm. A program is a text that
leaves a value of JSON in `result`; it reads the clock itself, so what it takes to bring it there doesn't count.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from cellblock_sandbox import Image, Limits, Sandbox

from cellblock_service.bench.stock import Stock

CELLBLOCK, PYODIDE = "Cellblock", "pyodide in Node"
CPYTHON = f"CPython {platform.python_version()} of this machine"
_LIMITS = Limits(timeout_s=300)


class Interpreter(Protocol):
    """One of the three."""

    name: str

    def run(self, program: str) -> Any:
        """What the program leaves in `result`. RuntimeError if it fails."""


class _Ours:
    def __init__(self, sandbox: Sandbox) -> None:
        self.name = CELLBLOCK
        self._sandbox = sandbox

    def run(self, program: str) -> Any:
        """Run it in the one sandbox."""
        outcome = self._sandbox.run(program)
        if outcome.status != "completed":
            raise RuntimeError(f"{self.name}: {outcome.error}")
        return json.loads(json.dumps(outcome.value))


class _Lines:
    """A process that reads programs and writes results, a line each (line_peer.py)."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, program: str) -> Any:
        """Send it and wait for the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(program) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended with code {self._process.wait()}")
        return json.loads(answer)

    def close(self) -> None:
        """End it: there is nothing more to read for it."""
        self._process.communicate()


@contextmanager
def opened(stock: Stock) -> Iterator[list[Interpreter]]:
    """The interpreters there are, Cellblock first; pyodide is left out without Node."""
    peers = [_Lines(CPYTHON, [sys.executable, str(_beside("line_peer.py"))])]
    node = shutil.which("node")
    if stock.pyodide is not None and node is not None:
        peers.insert(0, _Lines(PYODIDE, [node, str(_beside("line_peer.mjs")), str(stock.pyodide)]))
    try:
        with Image.open("core").sandbox(_LIMITS) as sandbox:
            yield [_Ours(sandbox), *peers]
    finally:
        for peer in peers:
            peer.close()


def install(interpreter: Interpreter, module: str) -> str:
    """Make a module of this folder importable in the interpreter, from its text alone; the interpreter's version."""
    text = _beside(f"{module}.py").read_text()
    version: str = interpreter.run(
        f"import sys, types\nmodule = sys.modules[{module!r}] = types.ModuleType({module!r})\n"
        f"exec({text!r}, module.__dict__)\nresult = sys.version.split()[0]"
    )
    return version


def _beside(name: str) -> Path:
    return Path(__file__).with_name(name)
