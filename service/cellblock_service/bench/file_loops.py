"""Loops over one system call, run as they are in every interpreter that `syscalls.py` compares."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

SIZE = 4096


def measure(calls: int) -> dict[str, float]:
    """Microseconds a call takes in a loop: of `os.stat`, of a 4 KB `os.pread`, and of what makes the same without them.

    The latter two are an `os.stat_result` of ten numbers made in Python, and 4 KB of new bytes.
    """
    handle, path = tempfile.mkstemp()
    try:
        os.write(handle, b"x" * SIZE)
        status = tuple(os.stat(path))[:10]
        return {
            "stat": _each(calls, os.stat, path),
            "stat without": _each(calls, os.stat_result, status),
            "read": _each(calls, os.pread, handle, SIZE, 0),
            "read without": _each(calls, bytes, SIZE),
        }
    finally:
        os.close(handle)
        os.unlink(path)


def _each(calls: int, function: Callable[..., Any], *arguments: Any) -> float:
    turns = range(calls)
    begun = time.perf_counter()
    for _ in turns:
        function(*arguments)
    return (time.perf_counter() - begun) / calls * 1e6
