"""Memory for large values on their way through the service, used again once nobody holds it.

Memory taken anew comes in zeroed pages: 80 MB received into it take 36 ms, into memory used before 20. Areas are kept
for a moment after their last use.
"""

from __future__ import annotations

import mmap
import sys
import time

from cellblock_sandbox.machine.memory import MUCH, mapped, room

KEPT_S = 10.0
KEPT_BYTES = 256 << 20
"""How long, and how much of it together, memory is kept that nobody uses."""
_STEP = 2 << 20
_WASTE = 4  # an area may be so many times larger than what is asked for

_Area = tuple[mmap.mmap, float]
"""Memory, and when it was taken last."""


class Areas:
    """Areas in use and free, the one taken last at the end. One view of an area keeps it from being used again."""

    def __init__(self) -> None:
        self._areas: list[_Area] = []

    def take(self, size: int) -> memoryview:
        """Give memory for `size` bytes, with whatever is in it: the caller fills it all. Raises OSError."""
        if size < MUCH:
            return room(size)
        now = time.monotonic()
        fits = (n for n, each in enumerate(self._areas) if size <= len(each[0]) <= size * _WASTE and _is_free(each))
        found = next(fits, None)
        memory = mapped(-(-size // _STEP) * _STEP) if found is None else self._areas.pop(found)[0]
        self._areas.append((memory, now))
        self.trim(now)
        return memoryview(memory)[:size]

    def trim(self, now: float) -> None:
        """Give back what nobody has used for long, and what is more than is kept, the longest unused first."""
        kept = 0
        for each in reversed([each for each in self._areas if _is_free(each)]):
            kept += len(each[0])
            if kept > KEPT_BYTES or now - each[1] > KEPT_S:
                self._areas.remove(each)


def _is_free(area: _Area) -> bool:
    return _references(area) <= _LEAST_REFERENCES


def _references(area: tuple[object, float]) -> int:
    return sys.getrefcount(area[0])


_LEAST_REFERENCES = _references((object(), 0.0))
"""How many references are counted of what nobody but its pair refers to: versions of Python differ in that."""


areas = Areas()
"""Those of this process."""
