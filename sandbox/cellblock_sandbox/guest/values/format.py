"""What all of the value format's modules share: extension codes, limits, the refusal, and what a key may be.

docs/values.md is the written format.
"""

import struct
import sys
from typing import Any, Protocol

BIG_INT, NDARRAY, DATAFRAME, SERIES, DATETIME, DATE, TIME, TIMEDELTA = range(1, 9)
DECIMAL, COMPLEX, SET, TUPLE, PICTURE = range(9, 14)
TIMESTAMP = -1
"""msgpack's own extension, which is only read."""

MAX_DEPTH = 250
"""Containers inside containers. Both msgpack implementations and a default recursion limit can hold this."""
MAX_EXT_DEPTH = 100
"""Extension types (tuples, sets, frames) inside each other: each level is a message inside a message."""

MUCH = 1 << 16
"""Bytes from which on a value travels as a piece of its own, uncopied."""

PLAIN = frozenset({type(None), bool, int, float, str, bytes})
CONTAINERS = frozenset({dict, list, tuple})

_KEY_TYPES = frozenset({str, int, float, bool})
EXT32 = struct.Struct(">BIb")
"""0xC9, length and code: the one header of an extension type that fits every size."""

Parts = list[bytes | memoryview]
"""Pieces of a packed value, to be joined."""


class ValueNotPortable(TypeError):
    """A value that can't travel between the block and the flow.

    `type_name` names the offending type, `path` says where it sits, as in `result['a'][3]`.
    """

    def __init__(self, type_name: str, path: str = "result", reason: str = "") -> None:
        self.type_name = type_name
        self.path = path
        self.reason = reason or f"{with_article(type_name)} can't travel"
        super().__init__(f"{path}: {self.reason}")

    def at(self, path: str) -> "ValueNotPortable":
        """Give the same refusal, placed at `path`."""
        return ValueNotPortable(self.type_name, path, self.reason)


class Nesting(Protocol):
    """What packs the values inside an array or frame: counts how deep in extension types it is."""

    def nested(self, value: Any) -> bytes:
        """`value` as one message."""

    def nested_parts(self, value: Any) -> Parts:
        """`value` in pieces, arrays uncopied."""


def extension(code: int, payload: Parts) -> Parts:
    """Give an extension type in pieces, with a header of the one form that fits every size."""
    return [EXT32.pack(0xC9, checked_size(sum(len(part) for part in payload)), code), *payload]


def check_keys(value: Any, depth: int) -> None:
    """Refuse keys other than str, int, float, bool, and nesting beyond MAX_DEPTH, anywhere in `value`."""
    if depth > MAX_DEPTH:
        raise ValueNotPortable(type(value).__name__, reason="nested too deeply to travel")
    if type(value) is dict:
        if not _KEY_TYPES.issuperset(map(type, value)):
            for key in value:
                check_key(key)
        value = value.values()
    if PLAIN.issuperset(map(type, value)):
        return
    for item in value:
        if type(item) in CONTAINERS:
            check_keys(item, depth + 1)


def check_key(key: Any) -> None:
    """Refuse a key other than str, int, float and bool, and NumPy's."""
    if isinstance(key, str | int | float):
        return
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(key, numpy.integer | numpy.floating | numpy.bool_):
        return
    kind = type(key).__name__
    raise ValueNotPortable(kind, reason=f"the key {short(key)} is {with_article(kind)}, which can't be a key")


def checked_size(size: int) -> int:
    """Give `size` back; refuse what no header can say."""
    if size >= 1 << 32:
        raise ValueNotPortable("ndarray", reason=f"{size} bytes in one value are over the format's 4 GiB")
    return size


def short(key: Any) -> str:
    """Give the repr of a key, short enough for a message."""
    try:
        text = repr(key)
    except Exception:  # a user's __repr__ may do anything
        text = f"<{type(key).__name__}>"
    return text if len(text) <= 60 else text[:57] + "..."


def with_article(noun: str) -> str:
    """Put "a" or "an" before a noun."""
    return f"{'an' if noun[:1] in 'aeiouAEIOU' else 'a'} {noun}"
