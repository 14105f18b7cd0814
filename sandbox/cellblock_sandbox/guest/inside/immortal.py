"""Making everything that an image holds immortal, so that using it writes nothing.

A sandbox shares its image's memory page by page until it writes to a page. Reference counts are writes: merely looking
at a type or calling a function of the library would copy the pages its objects lie on. CPython leaves the count of an
immortal object alone, so every object alive at the end of boot is made one. They would have lived as long as the
sandbox anyway. Measured with numpy and pandas: pages written by `1+1` 456 -> 222, by a pandas sum 1,318 -> 546.

Source: CPython 3.14 Include/refcount.h, for 32-bit platforms.
"""

import ctypes
import gc
from typing import Any

_MINIMUM = 1 << 30
_INITIAL = 5 << 28
_ADDRESS_SPACE_WORDS = 0x7FFFFFFF >> 2


def immortalize() -> int:
    """Make every object that can be reached immortal; how many weren't yet. Only for a 32-bit CPython 3.14."""
    counts = memoryview((ctypes.c_uint32 * _ADDRESS_SPACE_WORDS).from_address(0)).cast("B").cast("I")
    changed, objects = 0, _reachable()  # held until all is done: where one has been freed, the heap keeps its own data
    for address in objects:
        if counts[address >> 2] < _MINIMUM:
            counts[address >> 2] = _INITIAL
            changed += 1
    return changed


def _reachable() -> dict[int, Any]:
    """All objects the collector knows and all that they refer to, by their addresses."""
    newest: dict[int, Any] = {id(item): item for item in gc.get_objects()}
    found = dict(newest)
    while newest:
        referred = {id(item): item for item in gc.get_referents(*newest.values())}
        newest = {address: item for address, item in referred.items() if address not in found}
        found |= newest
    return found
