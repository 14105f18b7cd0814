"""What a system call costs a Python program: `os.stat` of a file, and reading 4 KB of one.

Python's own part of a call (the loop, the object that comes out of it) is measured beside it, by a loop that makes an
object of the same kind without asking anyone. What is left is the most that the host can have taken: some of it is
still the guest's, such as encoding the path. Files are in memory in the two Pyodides, on disk for CPython.
"""

from __future__ import annotations

from cellblock_service.bench.figures import RUNS, Figure, figure
from cellblock_service.bench.interpreters import CELLBLOCK, install, opened
from cellblock_service.bench.stock import Stock

_CALLS = 1000
_WARM_UP = 5
_GROUP = "syscalls"
_LOOPS = {"stat": "`os.stat`", "read": "`os.pread` of 4 KB"}


def loops(stock: Stock, runs: int = RUNS) -> list[Figure]:
    """Microseconds for each call in each interpreter, and for Cellblock what of it isn't Python's own work."""
    with opened(stock) as interpreters:
        for each in interpreters:
            install(each, "file_loops")
        samples: dict[str, list[dict[str, float]]] = {each.name: [] for each in interpreters}
        with stock.progress.step("system calls, three interpreters", total=_WARM_UP + runs) as step:
            for turn in range(_WARM_UP + runs):
                for each in interpreters:
                    taken = each.run(f"from file_loops import measure\nresult = measure({_CALLS})")
                    if turn >= _WARM_UP:
                        samples[each.name].append(taken)
                step.advance()
    figures = []
    for loop, title in _LOOPS.items():
        for name, taken in samples.items():
            each_call = [sample[loop] for sample in taken]
            against = "" if name == CELLBLOCK else f"{title}, {CELLBLOCK}"
            figures.append(figure(_GROUP, f"{title}, {name}", each_call, unit="µs", against=against))
            if name == CELLBLOCK:
                rest = [sample[loop] - sample[f"{loop} without"] for sample in taken]
                figures.append(figure(_GROUP, f"{title}, {name}, without Python's part", rest, unit="µs", goal=3))
    return figures
