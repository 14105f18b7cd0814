"""Values as the plainer ones they stand for: subclasses as their base, scalars of NumPy and pandas as Python's."""

import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from .format import CONTAINERS, ValueNotPortable, check_keys


def from_library(value: Any) -> tuple[bool, Any]:  # noqa: PLR0911 (one for each kind)
    """Give (True, plainer value) for NumPy and pandas scalars and object arrays, else (False, None)."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return False, None
    if isinstance(value, numpy.generic):
        return True, _from_numpy_scalar(numpy, value)
    if isinstance(value, numpy.ndarray):
        return True, _checked_list(value.tolist())
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return False, None
    if value is pandas.NaT or value is pandas.NA:
        return True, None
    if isinstance(value, pandas.Timestamp | pandas.Timedelta):
        return True, _from_pandas_moment(pandas, value)
    if isinstance(value, pandas.Index):
        return True, _from_index(pandas, value)
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return True, pandas.Series(value)
    return False, None


def _from_index(pandas: Any, index: Any) -> Any:
    """Give an index as an array, where NumPy has none as a list, one of several levels as a list of tuples."""
    if index.nlevels > 1:
        return index.tolist()
    if isinstance(index.dtype, pandas.StringDtype):
        return pandas.Series(index).to_numpy(dtype=object, na_value=None)
    return pandas.Series(index).to_numpy()


def _from_numpy_scalar(numpy: Any, value: Any) -> Any:
    if isinstance(value, numpy.datetime64 | numpy.timedelta64):
        return _from_numpy_moment(numpy, value)
    if value.dtype.kind in "fc" and value.dtype.itemsize > (8 if value.dtype.kind == "f" else 16):
        raise ValueNotPortable(type(value).__name__, reason=f"a {value.dtype} number has no portable form")
    if value.dtype.kind == "V":
        return numpy.asarray(value)
    return value.item()


def _from_numpy_moment(numpy: Any, value: Any) -> Any:
    """Give a datetime64 or timedelta64 as the standard library's type where that is exact, else a 0-d array."""
    if numpy.isnat(value):
        return None
    item = value.item()
    if isinstance(item, date | timedelta):
        return item
    rounded = value.astype(f"{value.dtype.kind}8[us]")
    item = rounded.item()
    if isinstance(item, date | timedelta) and _is_same(rounded, value):
        return item
    return numpy.asarray(value)


def _is_same(rounded: Any, value: Any) -> bool:
    try:
        return "[" in value.dtype.str and bool(rounded == value)  # NumPy takes a count without a unit for any
    except TypeError:  # a year has no length in microseconds
        return False


def _from_pandas_moment(pandas: Any, value: Any) -> Any:
    if isinstance(value, pandas.Timedelta):
        return value.to_timedelta64() if value.nanoseconds else value.to_pytimedelta()
    if not value.nanosecond:
        return value.to_pydatetime()
    if value.tzinfo is None:
        return value.to_datetime64()
    raise ValueNotPortable("Timestamp", reason="a Timestamp with both a time zone and nanoseconds can't travel")


def plain_base(value: Any) -> Any:
    """Give a subclass of a plain type as that plain type (OrderedDict, IntEnum, str subclasses), else None."""
    for base, copy in _COPIES:
        if isinstance(value, base):
            return copy(value)
    return None


# By the plain type's own methods: what a subclass overrides has no say.
_COPIES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, lambda value: str.encode(value, "utf-8", "surrogatepass").decode("utf-8", "surrogatepass")),
    (int, int.__int__),
    (float, float.__float__),
    (bytes, lambda value: bytes.join(b"", (value,))),
    (dict, lambda value: dict(dict.items(value))),
    (list, lambda value: list(list.__iter__(value))),
)


def _checked_list(value: Any) -> Any:
    if type(value) in CONTAINERS:
        check_keys(value, 0)
    return value
