"""Memory for large values on their way through the service, used again once nobody holds it.

Memory taken anew comes in zeroed pages: 80 MB received into it take 36 ms, into memory used before 20. Areas are kept
for a moment after their last use.
"""

from __future__ import annotations

import mmap
import sys
import time

from cellblock_sandbox.machine.memory import MUCH, room

KEPT_S = 10.0
KEPT_BYTES = 256 << 20
"""How long, and how much of it together, memory is kept that nobody uses."""
_STEP = 2 << 20
_WASTE = 4  # an area may be so many times larger than what is asked for

# What refers to an area that is free: its pair in the list, a variable, and the argument of the call that counts.
_FREE = 3


class Areas:
    """Areas in use and free, the one taken last at the end. One view of an area keeps it from being used again."""

    def __init__(self) -> None:
        self._areas: list[tuple[mmap.mmap, float]] = []

    def take(self, size: int) -> memoryview:
        """Give memory for `size` bytes, with whatever is in it: the caller fills it all. Raises OSError."""
        if size < MUCH:
            return room(size)
        now = time.monotonic()
        for index, (area, _) in enumerate(self._areas):
            if size <= len(area) <= size * _WASTE and sys.getrefcount(area) <= _FREE:
                del self._areas[index]
                break
        else:
            area = _mapped(size)
        self._areas.append((area, now))
        self.trim(now)
        return memoryview(area)[:size]

    def trim(self, now: float) -> None:
        """Give back what nobody has used for long, and what is more than is kept, the longest unused first."""
        free = [(area, used_at) for area, used_at in self._areas if sys.getrefcount(area) <= _FREE]
        kept = 0
        for area, used_at in reversed(free):
            kept += len(area)
            if kept > KEPT_BYTES or now - used_at > KEPT_S:
                self._areas.remove((area, used_at))


def _mapped(size: int) -> mmap.mmap:
    area = mmap.mmap(-1, -(-size // _STEP) * _STEP, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    area.madvise(mmap.MADV_HUGEPAGE)
    return area


areas = Areas()
"""Those of this process."""
