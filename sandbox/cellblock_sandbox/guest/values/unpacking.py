"""Unpacking: a Python value from msgpack bytes, which on the host come from a guest that may be hostile."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import wire
from .arrays import read_array
from .format import (
    BIG_INT,
    COMPLEX,
    DATAFRAME,
    DATE,
    DATETIME,
    DECIMAL,
    MAX_EXT_DEPTH,
    NDARRAY,
    SERIES,
    SET,
    TIME,
    TIMEDELTA,
    TIMESTAMP,
    TUPLE,
    ValueNotPortable,
    with_article,
)
from .frames import read_frame, read_series


def unpack(data: bytes | bytearray | memoryview) -> Any:
    """Rebuild the value packed in `data`.

    Raises ValueError when the bytes are not this format, ValueNotPortable when the value needs a library that
    isn't installed on this side.
    """
    try:
        return _Decoder().value(data)
    except ValueNotPortable:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, struct.error) as error:
        raise ValueError(f"not a packed value: {error or type(error).__name__}") from error


class _Decoder:
    """Rebuilds one value. Holds how deep in extension types it is."""

    def __init__(self) -> None:
        self._depth = 0

    def value(self, data: bytes | bytearray | memoryview) -> Any:
        """Read the one value in `data`."""
        return wire.decode(data, self._extension)

    def _nested(self, data: bytes) -> Any:
        if self._depth >= MAX_EXT_DEPTH:
            raise ValueError("nested too deeply")
        self._depth += 1
        try:
            return self.value(data)
        finally:
            self._depth -= 1

    def _extension(self, code: int, data: bytes) -> Any:
        if code in _FROM_BYTES:
            return _FROM_BYTES[code](data)
        if code in _FROM_VALUE:
            return _FROM_VALUE[code](self._nested(data))
        raise ValueError(f"unknown extension type {code}")


def _read_timestamp(data: bytes) -> datetime:
    """Read msgpack's own timestamp, of 4, 8 or 12 bytes, to the microsecond."""
    if len(data) == 12:
        nanoseconds, seconds = struct.unpack(">Iq", data)
    else:
        packed = int.from_bytes(data, "big")
        nanoseconds, seconds = {4: (0, packed), 8: (packed >> 34, packed & 0x3FFFFFFFF)}[len(data)]
    if nanoseconds >= 1_000_000_000:
        raise ValueError("a timestamp of more nanoseconds than a second has")
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds, microseconds=nanoseconds // 1000)


def _library(name: str, kind: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise ValueNotPortable(kind, "data", f"{with_article(kind)} came in, but {name} isn't installed") from None


_FROM_BYTES: dict[int, Callable[[bytes], Any]] = {
    BIG_INT: lambda data: int.from_bytes(data, "big", signed=True),
    NDARRAY: lambda data: read_array(_library("numpy", "ndarray"), data),
    DATETIME: lambda data: datetime.fromisoformat(data.decode("ascii")),
    DATE: lambda data: date.fromisoformat(data.decode("ascii")),
    TIME: lambda data: time.fromisoformat(data.decode("ascii")),
    DECIMAL: lambda data: Decimal(data.decode("ascii")),
    COMPLEX: lambda data: complex(*struct.unpack(">dd", data)),
    TIMESTAMP: _read_timestamp,
}
_FROM_VALUE: dict[int, Callable[[Any], Any]] = {
    DATAFRAME: lambda payload: read_frame(_library("pandas", "DataFrame"), payload),
    SERIES: lambda payload: read_series(_library("pandas", "Series"), payload),
    TIMEDELTA: lambda fields: timedelta(*fields),
    SET: set,
    TUPLE: tuple,
}
