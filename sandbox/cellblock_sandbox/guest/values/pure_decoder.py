"""Reading msgpack in pure Python: for the guest, where msgpack's C extension can't run.

One loop reads flat items (a map is its keys and values in turn), with strings and numbers handled in place, since a
call for each would cost more than its work. What comes in bulk goes faster: runs of numbers of one width, as a whole;
flat maps in an array with the keys of the one before them, by comparing keys instead of reading them. In the guest,
1,000 maps of three keys take 3 ms, where msgpack's own pure-Python half takes 16.

The bytes may be anything: a length is believed only as far as there are bytes. The tests compare with msgpack itself.
Source: the msgpack specification, section "Formats".
"""

import struct
import sys
from array import array
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 1024
"""Containers inside containers in one message, as in msgpack's C extension."""
RUN = 16
"""A run of numbers shorter than this is quicker one by one."""
NUMBERS = {0xCA: "f", 0xCB: "d", 0xCC: "B", 0xCD: "H", 0xCE: "I", 0xCF: "Q", 0xD0: "b", 0xD1: "h", 0xD2: "i", 0xD3: "q"}
"""First byte of a number -> its code in `struct` and `array`. On the wire it is big-endian."""

_ROWS = 4  # maps left in an array for which it pays to look for equal keys
_WIDTH = {first: 1 + array(code).itemsize for first, code in NUMBERS.items()}
_HEADS = {first: bytes([first]) * RUN for first in NUMBERS}
_NUMBER: list[Any] = [struct.Struct(f">x{NUMBERS[i]}").unpack_from if i in NUMBERS else None for i in range(256)]
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
# First byte -> bytes of the length behind it.
_STR, _BIN = {0xD9: 1, 0xDA: 2, 0xDB: 4}, {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXT, _FIXED_EXT = {0xC7: 1, 0xC8: 2, 0xC9: 4}, {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_CONTAINER = {0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_CUT_OFF = "the bytes end too early"

Extension = Callable[[int, bytes, int, int], Any]
"""Reads an extension type: its code, the bytes it is in, and where in them its payload begins and ends."""
Binary = Callable[[bytes, int, int], Any]
"""Gives a binary: the bytes it is in, and where in them it begins and ends."""
Keys = list[tuple[str, bytes, int]]
"""Of each key of a map: itself, how it is packed, and the length of that."""


def _copied(data: bytes, start: int, end: int) -> bytes:
    return data[start:end]


def decode(data: bytes, extension: Extension, at: int = 0, binary: Binary = _copied) -> tuple[Any, int]:
    """Read the value that begins at `at`; give it and the place behind it.

    `extension` reads extension types; `binary` makes something else than copies of the binaries.
    Raises ValueError for what isn't msgpack or ends too early, TypeError for a map key that can't be one.
    """
    try:
        value, end = _decode(data, extension, at, binary)
    except (IndexError, struct.error):
        raise ValueError(_CUT_OFF) from None
    if end > len(data):  # the last string was cut off; an earlier one leaves no byte to go on with
        raise ValueError(_CUT_OFF)
    return value, end


def _decode(data: bytes, extension: Extension, at: int, binary: Binary) -> tuple[Any, int]:  # noqa: PLR0912 (hot)
    items: list[Any] = []
    left, is_map = 1, False
    outer: list[tuple[list[Any], int, bool]] = []
    shapes: dict[tuple[Any, ...], Keys] = {}
    while True:
        while not left:
            if not outer:
                return items[0], at
            value: Any = dict(zip(items[::2], items[1::2], strict=True)) if is_map else items
            was_map = is_map
            items, left, is_map = outer.pop()
            items.append(value)
            if was_map and left >= _ROWS and not is_map:
                rows, at = _rows(data, at, left, value, shapes)
                items += rows
                left -= len(rows)
        first = data[at]
        left -= 1
        if first < 0x80:
            items.append(first)
            at += 1
            continue
        if first < 0xA0:
            opens_map, size = first < 0x90, first & 15
            at += 1
        elif first < 0xC0:
            start = at + 1
            at = start + first - 0xA0
            items.append(data[start:at].decode())
            continue
        elif (number := _NUMBER[first]) is not None:
            width = _WIDTH[first]
            if left >= RUN and data[at : at + width * RUN : width] == _HEADS[first]:
                run, at = _run(data, at, first, left + 1)
                items += run
                left += 1 - len(run)
            else:
                items += number(data, at)
                at += width
            continue
        elif first in _CONTAINER:
            opens_map = first >= 0xDE
            size, at = _length(data, at + 1, _CONTAINER[first])
        else:
            value, at = _other(data, extension, binary, first, at + 1)
            items.append(value)
            continue
        if len(outer) >= MAX_DEPTH:
            raise ValueError("nested too deeply")
        outer.append((items, left, is_map))
        items, left, is_map = [], 2 * size if opens_map else size, opens_map


def _other(data: bytes, extension: Extension, binary: Binary, first: int, at: int) -> tuple[Any, int]:
    """Read the value that begins with the byte `first`, just before `at`: the rarer scalars, bytes, extensions."""
    if first in _CONSTANTS:
        return _CONSTANTS[first], at
    if first >= 0xE0:
        return first - 0x100, at
    if first in _FIXED_EXT:
        size = _FIXED_EXT[first]
    else:
        width = _STR.get(first) or _BIN.get(first) or _EXT.get(first)
        if width is None:
            raise ValueError(f"no value begins with 0x{first:02x}")
        size, at = _length(data, at, width)
    is_ext = first in _EXT or first in _FIXED_EXT
    start = at + is_ext
    end = start + size
    if end > len(data):
        raise ValueError(_CUT_OFF)
    if is_ext:
        return extension(data[at] - 0x100 if data[at] > 0x7F else data[at], data, start, end), end
    return data[start:end].decode() if first in _STR else binary(data, start, end), end


def _length(data: bytes, at: int, width: int) -> tuple[int, int]:
    """Read a length, and check that as many bytes can follow."""
    start = at + width
    size = int.from_bytes(data[at:start], "big")
    if size > len(data) - start:
        raise ValueError(_CUT_OFF)
    return size, start


def _run(data: bytes, at: int, first: int, left: int) -> tuple[list[Any], int]:
    """Read as many of the next `left` items as are numbers that begin with `first`."""
    width, head = _WIDTH[first], bytes([first])
    limit = min(left, (len(data) - at) // width)
    count, step = 0, RUN
    while count < limit:
        heads = data[at + count * width : at + min(count + step, limit) * width : width]
        same = len(heads) - len(heads.lstrip(head))
        count += same
        if same < len(heads):
            break
        step *= 4
    end = at + count * width
    raw = bytearray(count * (width - 1))
    for i in range(1, width):
        raw[i - 1 :: width - 1] = data[at + i : end : width]
    numbers = array(NUMBERS[first], bytes(raw))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers.tolist(), end


def _rows(
    data: bytes, at: int, left: int, model: dict[Any, Any], shapes: dict[tuple[Any, ...], Keys]
) -> tuple[list[Any], int]:
    """Read as many of the next `left` items as are maps with the keys of `model` and simple values."""
    rows: list[Any] = []
    names = tuple(model)
    if names not in shapes:
        shapes[names] = _packed_keys(names)
    keys, head, begin = shapes[names], 0x80 + len(names), at
    while keys and len(rows) < left and data[at] == head:
        row: dict[str, Any] = {}
        at += 1
        for key, packed, size in keys:
            if not data.startswith(packed, at):
                return rows, begin
            at += size
            first = data[at]
            if first < 0x80:
                row[key] = first
                at += 1
            elif 0xA0 <= first < 0xC0:
                start = at + 1
                at = start + first - 0xA0
                row[key] = data[start:at].decode()
            elif (number := _NUMBER[first]) is not None:
                (row[key],) = number(data, at)
                at += _WIDTH[first]
            elif first in _CONSTANTS:
                row[key] = _CONSTANTS[first]
                at += 1
            else:
                shapes[names] = []  # containers or long texts: this way won't help
                return rows, begin
        rows.append(row)
        begin = at
    return rows, begin


def _packed_keys(names: tuple[Any, ...]) -> Keys:
    """Give a map's keys as they are packed; none if one isn't a short text, or there are too many."""
    if len(names) > 15 or not all(type(name) is str and len(name) < 32 for name in names):
        return []
    packed = [name.encode() for name in names]
    if any(len(each) > 31 for each in packed):
        return []
    return [(name, bytes([0xA0 + len(each)]) + each, 1 + len(each)) for name, each in zip(names, packed, strict=True)]
