"""The values of a pandas column or index as an array, a list or one text, with a hint for a dtype that NumPy lacks."""

import sys
from typing import Any

from .format import ValueNotPortable

Column = tuple[Any, Any]
"""Values and hint; the hint is None where the values say it all."""

_MASKED = ("Int", "UInt", "Float", "boolean")
_NAMED = (*_MASKED, "string", "period[")  # dtypes that pandas makes from a list or array by their name
_SEPARATORS = "\0\x1f\x1e\n\t"


def column_values(column: Any) -> Column:  # noqa: PLR0911 (one for each dtype)
    """Take a Series or Index apart. Raises ValueNotPortable for a dtype that doesn't travel."""
    numpy, pandas = sys.modules["numpy"], sys.modules["pandas"]
    dtype, array = column.dtype, column.array
    if isinstance(dtype, numpy.dtype):
        return column.to_numpy(), None
    if isinstance(dtype, pandas.CategoricalDtype):
        return array.codes, ["codes", pandas.Series(dtype.categories), bool(dtype.ordered)]
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return numpy.asarray(array, dtype=f"M8[{dtype.unit}]"), _zoned_hint(pandas, dtype)
    if isinstance(dtype, pandas.IntervalDtype) and isinstance(dtype.subtype, numpy.dtype):
        return array.left.to_numpy(), ["interval", dtype.closed, array.right.to_numpy()]
    if isinstance(dtype, pandas.PeriodDtype):
        return [None if item is pandas.NaT else str(item) for item in array], str(dtype)
    if isinstance(dtype, pandas.StringDtype):
        return _text_values(array, "string" if dtype.na_value is pandas.NA else "str")
    if str(dtype).startswith(_MASKED):
        missing = array.isna()
        mask = missing if missing.any() else None
        return array.to_numpy(dtype=dtype.numpy_dtype, na_value=0), ["masked", str(dtype), mask]
    raise ValueNotPortable(str(dtype), reason=f"a column of dtype {dtype} can't travel")


def _zoned_hint(pandas: Any, dtype: Any) -> str:
    """Give the name of a dtype with a time zone; refuse one that would be read as another, or not at all."""
    hint = str(dtype)
    try:
        if not _is_of_machine(hint) and pandas.api.types.pandas_dtype(hint) == dtype:
            return hint
    except (TypeError, ValueError):
        pass
    reason = f"a column of dtype {hint} can't travel: tz_convert it to UTC or to a zone with a name"
    raise ValueNotPortable(hint, reason=reason)


def _is_of_machine(hint: str) -> bool:
    """Whether pandas would read files of this machine for that zone, by any path."""
    return "dateutil" in hint or "tzlocal" in hint


def _text_values(array: Any, dtype: str) -> Column:
    """Join strings to one text, which begins with what separates them; a list where all separators occur in them.

    100,000 strings take 10 ms in the guest, one by one they took 84.
    """
    missing = array.isna().nonzero()[0]
    filled = array.to_numpy(dtype=object, na_value="") if len(missing) else array.to_numpy(dtype=object)
    strings = filled.tolist()
    for separator in _SEPARATORS if strings else "":
        joined = separator.join(strings)
        if joined.count(separator) == len(strings) - 1:
            return separator + joined, ["text", dtype, missing.astype("<u4") if len(missing) else None]
    return array.to_numpy(dtype=object, na_value=None).tolist(), dtype


def restore(pandas: Any, values: Any, hint: Any) -> Any:
    """Make a Series of column values in the dtype that `hint` tells; without one, an array's own or object."""
    if hint is None:
        return pandas.Series(values, dtype=object if isinstance(values, list) else None, copy=False)
    if isinstance(hint, list):
        kind, *details = hint
        if kind not in _RESTORERS:
            raise ValueError(f"unknown column kind {kind!r}")
        return pandas.Series(_RESTORERS[kind](pandas, values, *details), copy=False)
    if hint.startswith("datetime64["):
        if _is_of_machine(hint):
            raise ValueError(f"a time zone that does not travel: {hint!r}")
        zone = pandas.api.types.pandas_dtype(hint).tz
        return pandas.Series(pandas.DatetimeIndex(values).tz_localize("UTC").tz_convert(zone))
    if hint == "str":
        return pandas.Series(values, dtype=_str_dtype(pandas))
    if not hint.startswith(_NAMED):
        raise ValueError(f"unknown column kind {hint!r}")
    return pandas.Series(values, dtype=hint)


def _str_dtype(pandas: Any) -> Any:
    return "str" if pandas.__version__ >= "3" else object


def _restore_text(pandas: Any, text: str, dtype: str, missing: Any) -> Any:
    if dtype not in ("str", "string"):
        raise ValueError(f"unknown kind of text {dtype!r}")
    strings = pandas.Series(text[1:].split(text[0]), dtype=object)
    if missing is not None:
        strings.array[missing] = None
    return strings.astype(dtype if dtype == "string" else _str_dtype(pandas))


def _restore_masked(pandas: Any, values: Any, name: str, mask: Any) -> Any:
    if not name.startswith(_MASKED):
        raise ValueError(f"unknown nullable dtype {name!r}")
    dtype = pandas.api.types.pandas_dtype(name)
    if values.dtype != dtype.numpy_dtype:
        raise ValueError(f"{values.dtype} values in a column of {name}")
    missing = sys.modules["numpy"].zeros(values.shape, bool) if mask is None else mask
    return dtype.construct_array_type()(values, missing)


def _restore_interval(pandas: Any, left: Any, closed: str, right: Any) -> Any:
    return pandas.arrays.IntervalArray.from_arrays(left, right, closed=closed)


def _restore_codes(pandas: Any, codes: Any, categories: Any, ordered: bool) -> Any:
    labels = pandas.Index(categories, dtype=categories.dtype)
    return pandas.Categorical.from_codes(codes, categories=labels, ordered=ordered)


def _restore_category(pandas: Any, values: Any, categories: Any, ordered: bool) -> Any:
    labels = pandas.Index(categories, dtype=categories.dtype)
    return pandas.Categorical(values, categories=labels, ordered=ordered)


_RESTORERS = {
    "text": _restore_text,
    "masked": _restore_masked,
    "interval": _restore_interval,
    "codes": _restore_codes,
    "category": _restore_category,  # values in place of codes, as clients may find easier to write
}
