"""Writing msgpack in pure Python: for the guest, where msgpack's C extension can't run.

One loop writes flat items (a map is its keys and values in turn). Lists of numbers go through `array` as a whole, and
short strings, most of which are keys, are packed once. The result is byte for byte what msgpack's Packer gives with
`strict_types`; the tests compare the two. Source: the msgpack specification, section "Formats".
"""

import struct
import sys
from array import array
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any, NamedTuple

from .pure_decoder import NUMBERS, RUN

MAX_DEPTH = 511
"""Containers inside containers in one message, as in msgpack's Packer."""

_BLOCK = 512  # integers of a list that are looked at together
_REMEMBERED = 512  # short strings whose packed form is kept
_NUMBER = {first: struct.Struct(f">B{code}").pack for first, code in NUMBERS.items()}
_FLOAT = struct.Struct(">Bd").pack
_OWN_BYTE = {value: bytes([value & 0xFF]) for value in range(-32, 128)}
_CONSTANTS = {None: b"\xc0", False: b"\xc2", True: b"\xc3"}
_CONSTANT_TYPES = (type(None), bool)
_BYTES_TYPES = (bytes, bytearray, memoryview)
_FIXED_EXT = {1: b"\xd4", 2: b"\xd5", 4: b"\xd6", 8: b"\xd7", 16: b"\xd8"}
# Bits of an integer (of a negative one, of its complement) -> its first byte. 0: it is its own byte; None: too large.
_POSITIVE = [0] * 8 + [0xCC] + [0xCD] * 8 + [0xCE] * 16 + [0xCF] * 32
_NEGATIVE = [0] * 6 + [0xD0] * 2 + [0xD1] * 8 + [0xD2] * 16 + [0xD3] * 32 + [None]
_SHORT_STR = [bytes([0xA0 + size]) for size in range(32)]
# How lengths are written: in the first byte from here, below this; else behind this byte in 8, 16, 32 bits.
_Form = tuple[int, int, int, int, int]
_STR: _Form = (0, 0, 0xD9, 0xDA, 0xDB)
_BIN: _Form = (0, 0, 0xC4, 0xC5, 0xC6)
_EXT: _Form = (0, 0, 0xC7, 0xC8, 0xC9)
_ARRAY: _Form = (0x90, 16, 0, 0xDC, 0xDD)
_MAP: _Form = (0x80, 16, 0, 0xDE, 0xDF)


class ExtType(NamedTuple):
    """An extension type to be written."""

    code: int
    data: bytes


Default = Callable[[Any], Any]
Pieces = list[bytes | bytearray]


def encode(value: Any, default: Default) -> bytes:
    """Pack `value`. What msgpack doesn't know is what `default` gives for it: an ExtType, or something plainer.

    Raises ValueError for nesting beyond MAX_DEPTH and for text with a lone surrogate, and whatever `default` raises.
    """
    out: Pieces = []
    _write((value,), out, default, {}, 0)
    return b"".join(out)


def array_header(size: int) -> bytes:
    """Give the header of an array of `size` items, which follow it."""
    return _header(size, _ARRAY)


def map_header(size: int) -> bytes:
    """Give the header of a map of `size` keys with their values, which follow it."""
    return _header(size, _MAP)


def _write(items: Iterable[Any], out: Pieces, default: Default, known: dict[str, bytes], depth: int) -> None:  # noqa: PLR0912
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    for value in items:
        kind = type(value)
        if kind is str:
            piece = known.get(value)
            if piece is None:
                piece = _text(value, known)
            out.append(piece)
        elif kind is float:
            out.append(_FLOAT(0xCB, value))
        elif kind is int:
            piece = _OWN_BYTE.get(value) or _integer(value)
            if piece is None:
                _write((default(value),), out, default, known, depth + 1)
            else:
                out.append(piece)
        elif kind is dict:
            out.append(_header(len(value), _MAP))
            _write(chain.from_iterable(value.items()), out, default, known, depth + 1)
        elif kind is list:
            out.append(_header(len(value), _ARRAY))
            if len(value) < RUN or not _numbers(value, out):
                _write(value, out, default, known, depth + 1)
        elif kind in _CONSTANT_TYPES:
            out.append(_CONSTANTS[value])
        elif kind in _BYTES_TYPES:
            content = bytes(value)
            out += _header(len(content), _BIN), content
        elif kind is ExtType:
            size = len(value.data)
            out += _FIXED_EXT.get(size) or _header(size, _EXT), struct.pack("b", value.code), value.data
        else:
            _write((default(value),), out, default, known, depth + 1)


def _text(value: str, known: dict[str, bytes]) -> bytes:
    """Pack a string, and remember it if it is short."""
    content = value.encode()
    size = len(content)
    if size >= 32:
        return _header(size, _STR) + content
    piece = _SHORT_STR[size] + content
    if len(known) < _REMEMBERED:
        known[value] = piece
    return piece


def _header(size: int, form: _Form) -> bytes:
    fixed, limit, short, medium, long = form
    if size < limit:
        return bytes((fixed + size,))
    if size < 1 << 8 and short:
        return bytes((short, size))
    return struct.pack(">BH", medium, size) if size < 1 << 16 else struct.pack(">BI", long, size)


def _integer(value: int) -> bytes | None:
    """Pack an integer; None if 64 bits don't hold it."""
    first = _first_byte(value)
    if not first:
        return None if first is None else _OWN_BYTE[value]
    return _NUMBER[first](first, value)


def _first_byte(value: int) -> int | None:
    bits = value.bit_length() if value >= 0 else (~value).bit_length()
    if bits > 64:
        return None
    return _POSITIVE[bits] if value >= 0 else _NEGATIVE[bits]


def _numbers(values: list[Any], out: Pieces) -> bool:
    """Pack a list of floats, or of integers of 64 bits; False, and nothing done, for any other list."""
    kinds = set(map(type, values))
    if kinds == {float}:
        out.append(_run(0xCB, values))
        return True
    if kinds != {int} or _first_byte(min(values)) is None or _first_byte(max(values)) is None:
        return False
    for begin in range(0, len(values), _BLOCK):
        block = values[begin : begin + _BLOCK]
        first = _first_byte(min(block))
        if first is not None and first == _first_byte(max(block)):
            out.append(_run(first, block))
        else:
            out += [_OWN_BYTE.get(value) or _integer(value) or b"" for value in block]
    return True


def _run(first: int, values: list[Any]) -> bytes | bytearray:
    """Pack numbers that all have this first byte."""
    if not first:
        return array("b", values).tobytes()
    numbers = array(NUMBERS[first], values)
    if sys.byteorder == "little":
        numbers.byteswap()
    raw, size = numbers.tobytes(), numbers.itemsize
    result = bytearray(bytes((first,)) * (len(values) * (size + 1)))
    for i in range(size):
        result[i + 1 :: size + 1] = raw[i::size]
    return result
