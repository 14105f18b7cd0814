"""What the machine itself can do, so that figures of two machines can be compared: they differ by a factor of three."""

from __future__ import annotations

import mmap
import subprocess
import sys
import time

from cellblock_sandbox.machine.memory import mapped

from cellblock_service.bench.figures import Figure, figure, timed
from cellblock_service.bench.stock import Stock

_GROUP = "machine"
_RUNS = 20
_FROM = 100_000
_COPIED = 64 << 20
_NEW = 8 << 20
_ECHO = "import os\nwhile byte := os.read(0, 1): os.write(1, byte)"
_IDLE_S = 0.01


def yardsticks(stock: Stock) -> list[Figure]:
    """Python's own speed, that of memory, what new memory costs, and how soon another process goes on."""
    source, target, held = bytearray(_COPIED), bytearray(_COPIED), list[mmap.mmap]()

    def copy() -> None:
        target[:] = source

    def take() -> None:
        area = mapped(_NEW)
        for page in range(0, _NEW, mmap.PAGESIZE):
            area[page] = 1
        held.append(area)

    loops = timed(stock.progress, "this machine: Python", _count_down, _RUNS)
    copies = timed(stock.progress, "this machine: memory", copy, _RUNS)
    news = timed(stock.progress, "this machine: new memory", take, _RUNS)
    return [
        figure(_GROUP, f"Counting down from {_FROM:,} in Python", loops),
        figure(_GROUP, "Copying memory", [_COPIED / 1e6 / each for each in copies], unit="GB/s"),
        figure(_GROUP, f"{_NEW >> 20} MB of new memory", news),
        figure(_GROUP, "A byte to an idle process, and back", _there_and_back(), unit="µs"),
    ]


def _count_down() -> None:
    number = _FROM
    while number:
        number -= 1


def _there_and_back() -> list[float]:
    """Microseconds until another process has answered, after a pause in which both processors become idle."""
    samples = []
    command = [sys.executable, "-c", _ECHO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as echo:
        assert echo.stdin is not None
        assert echo.stdout is not None
        for _ in range(1 + _RUNS):
            time.sleep(_IDLE_S)
            started = time.perf_counter()
            echo.stdin.write(b"x")
            echo.stdout.read(1)
            samples.append((time.perf_counter() - started) * 1e6)
    return samples[1:]
