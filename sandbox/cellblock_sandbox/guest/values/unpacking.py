"""Unpacking: a Python value from msgpack bytes, which on the host come from a guest that may be hostile."""

import struct
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from . import pure_decoder, wire
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
    PICTURE,
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
from .pictures import Picture
from .wire import Buffer, Span


def unpack(data: Buffer | Span, *, take: bool = False) -> Any:
    """Rebuild the value packed in `data`.

    With `take`, nobody looks at `data` any more: large arrays in it take over its memory, uncopied.
    Raises ValueError when the bytes are not this format, ValueNotPortable when the value needs a library that
    isn't installed on this side.
    """
    try:
        return _Decoder(take).value(data if isinstance(data, Span) else Span(data, 0, len(data)))
    except (ValueNotPortable, MemoryError, TimeoutError):  # in a guest, its time may be over anywhere
        raise
    except Exception as error:  # of bytes that a hostile guest made, NumPy and pandas may make anything
        raise ValueError(f"not a packed value: {error or type(error).__name__}") from error


def unpack_request(request: bytes) -> dict[str, Any]:
    """Rebuild the map in `request`, leaving the packed values in it where they are: a Span for each binary.

    Raises ValueError for what is no map of plain values.
    """
    try:
        members, end = pure_decoder.decode(request, _Decoder(False).extension, 0, Span)
    except TimeoutError:
        raise
    except Exception as error:
        raise ValueError(f"not a request: {error}") from error
    if end != len(request) or type(members) is not dict:
        raise ValueError("not a request: expected one map")
    return members


class _Decoder:
    """Rebuilds one value. Holds how deep in extension types it is."""

    def __init__(self, take: bool) -> None:
        self._take = take
        self._depth = 0

    def value(self, span: Span) -> Any:
        """Read the one value in `span`."""
        return wire.decode(span, self.extension)

    def extension(self, code: int, data: Buffer, start: int, end: int) -> Any:
        """Read an extension type whose payload is that part of `data`."""
        span = Span(data, start, end)
        if code == NDARRAY:
            return read_array(_library("numpy", "ndarray"), span, self._take)
        if code in _FROM_BYTES:
            return _FROM_BYTES[code](bytes(data[start:end]))
        if code in _FROM_VALUE:
            return _FROM_VALUE[code](self._nested(span))
        raise ValueError(f"unknown extension type {code}")

    def _nested(self, span: Span) -> Any:
        if self._depth >= MAX_EXT_DEPTH:
            raise ValueError("nested too deeply")
        self._depth += 1
        try:
            return self.value(span)
        finally:
            self._depth -= 1


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


def _read_set(items: list[Any]) -> set[Any]:
    try:
        return set(items)
    except TypeError:
        return set(map(_as_item, items))


def _as_item(value: Any) -> Any:
    """Give what came out of a set as something that a set takes, as it was there: a frozenset, a scalar of NumPy."""
    if type(value) is set:
        return frozenset(value)
    if type(value) is tuple:
        return tuple(map(_as_item, value))
    numpy = sys.modules.get("numpy")
    return value[()] if numpy is not None and type(value) is numpy.ndarray else value


def _library(name: str, kind: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise ValueNotPortable(kind, "data", f"{with_article(kind)} came in, but {name} isn't installed") from None


_FROM_BYTES: dict[int, Callable[[bytes], Any]] = {
    BIG_INT: lambda data: int.from_bytes(data, "big", signed=True),
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
    SET: _read_set,
    TUPLE: tuple,
    PICTURE: lambda fields: Picture(*fields),
}
