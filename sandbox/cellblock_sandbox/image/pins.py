"""The versions and hashes Cellblock is built on, read from `pins.json` beside this file.

The lock vouches for every wheel; these hashes vouch for the lock, the interpreter, its standard library and
the toolchain. To move to another Pyodide, change `pins.json` and nothing else.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from cellblock_sandbox.image.distribution import RemoteFile

MAIN_MODULE = "pyodide.asm.wasm"
STDLIB = "python_stdlib.zip"
LOCK = "pyodide-lock.json"


@cache
def _pins() -> dict[str, Any]:
    text = resources.files(__package__ or "").joinpath("pins.json").read_text("utf-8")
    return dict(json.loads(text))


def pyodide_version() -> str:
    """Return the version of the Pyodide distribution, such as "314.0.3"."""
    return str(_pins()["pyodide"]["version"])


def python_version() -> str:
    """Return the guest's full Python version. The lock's own "python" leaves out the patch release (3.14.0)."""
    return str(_pins()["pyodide"]["python"])


def core_file(name: str) -> RemoteFile:
    """`MAIN_MODULE`, `STDLIB` or `LOCK`, with its pinned hash."""
    return RemoteFile(name, _pins()["pyodide"]["files"][name])


def binaryen() -> RemoteFile:
    """Return the npm tarball of the toolchain."""
    pin = _pins()["binaryen"]
    return RemoteFile(pin["tarball"], pin["sha256"])


def binaryen_version() -> str:
    """Return the version of the toolchain, such as "132.0.0"."""
    return str(_pins()["binaryen"]["version"])


def default_sources() -> list[str]:
    """Return the sources used when `CELLBLOCK_SOURCES` doesn't say otherwise, in the form that setting takes."""
    return list(_pins()["sources"])


def download_size(spec: str) -> int | None:
    """How many bytes fetching an archive moves, if known: only used to tell the remaining time."""
    size = _pins()["download_sizes"].get(spec)
    return None if size is None else int(size)
