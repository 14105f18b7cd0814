"""Values as JSON takes them: NaN as null, bytes as base64 text, frames as records."""

import base64
import math
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from .format import MAX_DEPTH, MAX_EXT_DEPTH, ValueNotPortable, check_key, short
from .pictures import Picture
from .scalars import from_library, plain_base

_MAX_INT_BITS = 14_000  # Python itself refuses to print longer integers (4,300 digits)


def to_jsonable(value: Any) -> Any:
    """`value` as what json.dumps takes: NaN and infinities as None, bytes as base64 text, frames as records.

    Raises ValueNotPortable for what has no such form, and for two keys that become the same string.
    """
    return _jsonable(value, "result", 0)


def _jsonable(value: Any, path: str, depth: int) -> Any:  # noqa: PLR0911 (one for each type)
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if depth > MAX_DEPTH + MAX_EXT_DEPTH:
        raise ValueNotPortable(kind.__name__, path, "nested too deeply for JSON")
    if kind is int:
        if value.bit_length() > _MAX_INT_BITS:
            raise ValueNotPortable("int", path, "an integer of over 4,000 digits has no JSON form")
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is dict:
        return _jsonable_dict(value, path, depth)
    if kind in (list, tuple, set, frozenset):
        return [_jsonable(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    if kind in (bytes, bytearray, memoryview):
        return base64.b64encode(value).decode("ascii")
    if kind in (datetime, date, time):
        return value.isoformat()
    if kind is timedelta:
        return value.total_seconds()
    if kind is Decimal:
        return str(value)
    if kind is complex:
        return {"re": _jsonable(value.real, path, depth), "im": _jsonable(value.imag, path, depth)}
    return _jsonable_other(value, path, depth)


def _jsonable_dict(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        try:
            check_key(key)
        except ValueNotPortable as refusal:
            raise refusal.at(path) from None
        result[_json_key(key)] = _jsonable(item, f"{path}[{short(key)}]", depth + 1)
    if len(result) != len(value):
        raise ValueNotPortable("dict", path, "two of its keys become the same text in JSON")
    return result


def _json_key(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return key if isinstance(key, str) else str(key)


def _jsonable_other(value: Any, path: str, depth: int) -> Any:
    """Arrays as nested lists, DataFrames as records, Series as lists, scalars of libraries as plain values."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if isinstance(value, Picture):
        return {"mime": value.mime, "data": base64.b64encode(value.data).decode("ascii")}
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return _records(value, path, depth)
    if pandas is not None and isinstance(value, pandas.Series):
        return [_jsonable(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value.tolist())]
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.kind in "Mm":
            value = value.astype(object) if value.dtype.str.endswith("us]") else _moments(numpy, value)
        return _jsonable(value.tolist(), path, depth + 1)
    plain = None if pandas is None else _from_pandas(pandas, value)
    if plain is None:
        plain = _plainer(value, path)
    if numpy is not None and isinstance(plain, numpy.ndarray):
        return _json_moment(numpy, plain)
    return _jsonable(plain, path, depth + 1)


def _from_pandas(pandas: Any, value: Any) -> str | float | None:
    """What JSON shows for scalars that only pandas' columns hold, or that the standard library can't."""
    if value is pandas.NaT:
        return None
    if isinstance(value, pandas.Timestamp):
        return str(value.isoformat())
    if isinstance(value, pandas.Timedelta):
        return float(value.total_seconds())
    return str(value) if isinstance(value, pandas.Period | pandas.Interval) else None


def _plainer(value: Any, path: str) -> Any:
    found, plain = from_library(value)
    if not found:
        plain = plain_base(value)
        if plain is None:
            raise ValueNotPortable(type(value).__name__, path)
    return plain


def _records(frame: Any, path: str, depth: int) -> list[dict[str, Any]]:
    names = [_json_key(name if not isinstance(name, tuple) else _joined(name)) for name in frame.columns]
    columns = [_jsonable(frame.iloc[:, i], f"{path}[{names[i]!r}]", depth + 1) for i in range(len(names))]
    if len(set(names)) != len(names):
        raise ValueNotPortable("DataFrame", path, "two of its columns have the same name in JSON")
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _joined(names: tuple[Any, ...]) -> str:
    return " ".join(str(name) for name in names)


def _moments(numpy: Any, array: Any) -> Any:
    """Turn an array of times into an object array of what JSON shows for each."""
    result = numpy.empty(array.shape, dtype=object)
    for place, item in numpy.ndenumerate(array):
        result[place] = _json_moment(numpy, item)
    return result


def _json_moment(numpy: Any, item: Any) -> Any:
    if numpy.isnat(item):
        return None
    if item.dtype.kind == "M":
        return str(numpy.datetime_as_string(item))
    return float(item / numpy.timedelta64(1, "s"))
