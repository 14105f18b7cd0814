"""What the process that reads strangers' sources can't do: run any of it, or read anything else.

jedi doesn't run what it reads, but it imports compiled modules when it is let, completes names of files, and follows
relative imports to wherever they lead. So it is given no import path (suggestions.py), and an audit hook (PEP 578),
which nothing in the process can take away again, refuses everything that goes beyond: files and folders outside of
those it needs, code from the sources, other processes, sockets, foreign functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_FORBIDDEN = (
    "subprocess.",
    "socket.",
    "ctypes.",
    "os.exec",
    "os.posix_spawn",
    "os.spawn",
    "os.fork",
    "os.system",
    "os.startfile",
    "pty.",
    "webbrowser.",
)
_LISTING = ("os.listdir", "os.scandir", "os.walk")


def confine(readable: Sequence[Path], sources: Path) -> None:
    """Let this process read below `readable` and `sources` only, write below `sources` only, and run neither's code.

    Raises PermissionError, from then on, in whoever tries.
    """
    roots = [os.path.realpath(path) for path in (*readable, sources)]
    own = os.path.realpath(sources)

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _require(arguments[0], [own] if _writes(arguments[2]) else roots)
        elif event == "exec":
            _refuse_code(getattr(arguments[0], "co_filename", ""), own)
        elif event == "import" and arguments[1]:
            _refuse_code(arguments[1], own)
        elif event in _LISTING:
            _require(arguments[0], roots)
        elif event.startswith(_FORBIDDEN):
            raise PermissionError(f"{event} isn't allowed in this process")

    sys.addaudithook(check)


def _writes(flags: Any) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _require(path: Any, roots: list[str]) -> None:
    """Refuse a path that isn't below one of `roots`; a descriptor has been opened before."""
    if isinstance(path, int):
        return
    real = os.path.realpath(os.fsdecode(path if path is not None else "."))
    if not any(_below(real, root) for root in roots):
        raise PermissionError(f"{real} isn't for this process to read")


def _refuse_code(path: str, sources: str) -> None:
    if _below(os.path.realpath(path), sources):
        raise PermissionError(f"code of {path} isn't run here")


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root + os.sep)
