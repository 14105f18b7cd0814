"""Large results are lent: the answer says where their pieces lie, and the host reads them there.

To join the pieces of an 80 MB array takes 80 MB more of the sandbox's memory, and 20 ms.
"""

import sys
from typing import Any

from ..values import Parts
from ..values.format import MUCH

LENT_BYTES = 1 << 18
"""Results from this size on are lent."""
MOST_PIECES = 4096
"""Pieces in one result; those of a table with thousands of short columns are joined."""


_lent: Parts = []


def lend(parts: Parts) -> list[bytes | list[int]] | None:
    """Give the pieces of a packed result in order: small ones as they are, of large ones `[address, length]`.

    They stay where they are until `take_back`. None if the result is better joined.
    """
    if sys.platform != "emscripten" or sum(len(part) for part in parts) < LENT_BYTES:
        return None
    pieces: list[bytes | list[int]] = []
    small: Parts = []
    for part in parts:
        if len(part) < MUCH:
            small.append(part)
            continue
        pieces += [b"".join(small), [_address(part), len(part)]]
        small = []
    pieces.append(b"".join(small))
    if len(pieces) > MOST_PIECES:
        return None
    _lent.extend(parts)
    return pieces


def take_back() -> None:
    """Let go of what was lent: nobody reads it any more."""
    _lent.clear()


def _address(part: bytes | memoryview) -> int:
    if type(part) is bytes:
        return id(part) + bytes.__basicsize__ - 1  # CPython: the bytes stand at the end of the object
    numpy = sys.modules["numpy"]  # whose arrays are all that is packed in views
    address: Any = numpy.frombuffer(part, numpy.uint8).__array_interface__["data"][0]
    return int(address)
