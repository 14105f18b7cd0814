"""Packing: a Python value becomes msgpack bytes.

What msgpack lacks becomes extension types, by a hook that it calls. NumPy and pandas are looked at only if the block
has imported them. A value that packs at once costs nothing but the packing and one look at its dictionary keys. Only
when packing fails is the value walked a second time, slowly, to find the path of what could not travel.
"""

import struct
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import wire
from .arrays import pack_array
from .format import (
    BIG_INT,
    COMPLEX,
    CONTAINERS,
    DATAFRAME,
    DATE,
    DATETIME,
    DECIMAL,
    MAX_EXT_DEPTH,
    MUCH,
    PICTURE,
    PLAIN,
    SERIES,
    SET,
    TIME,
    TIMEDELTA,
    TUPLE,
    Parts,
    ValueNotPortable,
    check_keys,
    extension,
    short,
    with_article,
)
from .frames import pack_frame, pack_series
from .pictures import picture_of
from .pure_encoder import map_header
from .refusals import explain
from .scalars import from_library, plain_base

_FEW = 64
"""Members of a message that are looked at for large ones: what is more is data."""


def _iso(value: Any) -> bytes:
    """Give a datetime or time in ISO 8601, which has no zones, but offsets: refuse a zone that tells none."""
    if value.tzinfo is not None and value.utcoffset() is None:
        kind = type(value).__name__
        reason = f"{with_article(kind)} in the zone {short(value.tzinfo)}, which tells no offset for it, can't travel"
        raise ValueNotPortable(kind, reason=reason)
    return bytes(value.isoformat().encode())


# In this order: a datetime is a date too.
_TEXT_LIKE: tuple[tuple[type, int, Callable[[Any], bytes]], ...] = (
    (datetime, DATETIME, _iso),
    (date, DATE, lambda value: value.isoformat().encode()),
    (time, TIME, _iso),
    (Decimal, DECIMAL, lambda value: str(value).encode()),
    (complex, COMPLEX, lambda value: struct.pack(">dd", value.real, value.imag)),
)


def pack(value: Any, root: str = "result") -> bytes:
    """Pack `value` as msgpack bytes. Raises ValueNotPortable, whose path begins with `root`."""
    parts = pack_parts(value, root)
    return b"".join(parts) if len(parts) > 1 else bytes(parts[0])


def pack_parts(value: Any, root: str = "result") -> Parts:
    """Like `pack`, but as pieces to be joined, so that a large array is copied only by that join."""
    try:
        return _Encoder().parts(value)
    except (TypeError, ValueError, OverflowError, RecursionError, BufferError) as error:
        raise explain(value, root, error, lambda part: _Encoder().parts(part)) from None


class _Encoder:
    """Packs one value. Holds how deep in extension types it is."""

    def __init__(self) -> None:
        self._depth = 0

    def parts(self, value: Any) -> Parts:
        """`value` as pieces of msgpack, arrays and frames uncopied, also those of a message."""
        kind = type(value)
        if kind is dict and _is_much(value, 2):
            check_keys(value, 0)
            pieces: Parts = [map_header(len(value))]
            for key, item in value.items():
                pieces += [wire.encode(key, self._default), *self.parts(item)]
            return pieces
        if kind not in PLAIN and kind not in CONTAINERS:
            built = self._array_like(value)
            if built is not None:
                return extension(*built)
        return [self.packed(value)]

    def packed(self, value: Any) -> bytes:
        """`value` as one msgpack message, after a look at its keys."""
        if type(value) in CONTAINERS:
            check_keys(value, 0)
        return wire.encode(value, self._default)

    def nested(self, value: Any) -> bytes:
        """`value` as a message inside an extension type."""
        if self._depth >= MAX_EXT_DEPTH:
            raise ValueNotPortable(type(value).__name__, reason="nested too deeply to travel")
        self._depth += 1
        try:
            return self.packed(value)
        finally:
            self._depth -= 1

    def nested_parts(self, value: Any) -> Parts:
        """Like `nested`, in pieces."""
        self._depth += 1
        try:
            return self.parts(value)
        finally:
            self._depth -= 1

    def _default(self, value: Any) -> Any:
        """Give, for what msgpack doesn't know, the extension type or a plainer value of the same worth."""
        kind = type(value)
        if kind is tuple:
            return wire.ExtType(TUPLE, self.nested(list(value)))
        if kind is int:
            size = (value + (value < 0)).bit_length() // 8 + 1
            return wire.ExtType(BIG_INT, value.to_bytes(size, "big", signed=True))
        built = self._array_like(value)
        if built is not None:
            code, payload = built
            return wire.ExtType(code, b"".join(payload))
        found, plain = from_library(value)
        if found:
            return self._default(plain) if _needs_hook(plain) else plain
        return self._standard(value)

    def _standard(self, value: Any) -> Any:
        """Types of the standard library, and subclasses of the plain ones as what they are."""
        for kind, code, encode in _TEXT_LIKE:
            if isinstance(value, kind):
                return wire.ExtType(code, encode(value))
        if isinstance(value, timedelta):
            return wire.ExtType(TIMEDELTA, self.nested([value.days, value.seconds, value.microseconds]))
        if isinstance(value, set | frozenset | tuple):
            return wire.ExtType(TUPLE if isinstance(value, tuple) else SET, self.nested(list(value)))
        picture = picture_of(value)
        if picture is not None:
            return wire.ExtType(PICTURE, self.nested([picture.mime, picture.data]))
        plain = plain_base(value)
        if plain is None:
            raise ValueNotPortable(type(value).__name__)
        if type(plain) in CONTAINERS:
            check_keys(plain, 0)
        return self._default(plain) if _needs_hook(plain) else plain

    def _array_like(self, value: Any) -> tuple[int, Parts] | None:
        """Extension code and payload of an ndarray, DataFrame or Series; None for anything else."""
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and isinstance(value, numpy.ndarray):
            return pack_array(value)
        if pandas is not None and isinstance(value, pandas.DataFrame):
            return DATAFRAME, pack_frame(self, value)
        if pandas is not None and isinstance(value, pandas.Series):
            return SERIES, pack_series(self, value)
        return None


def _is_much(value: Any, levels: int) -> bool:
    """Whether it is a large array, frame or series, or a message that has one at most so many levels down."""
    if type(value) is dict:
        return levels > 0 and len(value) <= _FEW and any(_is_much(each, levels - 1) for each in value.values())
    if type(value) in PLAIN or type(value) in CONTAINERS:
        return False
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and type(value) is numpy.ndarray:
        return bool(value.nbytes >= MUCH)
    return pandas is not None and type(value) in (pandas.DataFrame, pandas.Series) and value.size >= MUCH // 8


def _needs_hook(value: Any) -> bool:
    """Whether msgpack can't pack `value` itself (it asks the hook only once per value)."""
    if type(value) is int:
        return not -(1 << 63) <= value < 1 << 64
    return type(value) not in PLAIN and type(value) not in (list, dict)
