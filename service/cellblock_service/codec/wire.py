"""What a msgpack value is, told from its first byte, and in words that fit JSON and Python values as well.

The words are the ones error messages use: "string", "integer", "float", "boolean", "null", "binary", "array", "map",
"extension". Source: the msgpack specification, section "Formats".
"""

from __future__ import annotations

import struct

import msgpack

CONTAINERS = frozenset({"array", "map"})

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
# First byte -> bytes of the length behind it.
_LENGTHS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
_EXTENSIONS = frozenset({0xC7, 0xC8, 0xC9})
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


def is_one_value(packed: bytes | memoryview) -> bool:
    """Tell whether `packed` is exactly one msgpack value: nothing cut off, nothing behind it, not too deep."""
    size = _plain_size(packed)
    if size is not None:  # one large array as a rule; the unpacker would copy it first
        return size == len(packed)
    unpacker = msgpack.Unpacker(max_buffer_size=len(packed) or 1)
    unpacker.feed(packed)
    try:
        unpacker.skip()
    except (ValueError, RecursionError, msgpack.UnpackException):
        return False
    return bool(unpacker.tell() == len(packed))


def _plain_size(packed: bytes | memoryview) -> int | None:
    """The bytes that a string, binary or extension with a long header takes; None for anything else."""
    width = _LENGTHS.get(packed[0]) if packed else None
    if width is None or len(packed) <= width:
        return None
    return 1 + width + int.from_bytes(packed[1 : 1 + width], "big") + (packed[0] in _EXTENSIONS)
