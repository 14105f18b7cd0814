"""pandas DataFrames, Series and indexes: columns as arrays or lists, with hints for dtypes that NumPy lacks."""

import sys
from typing import Any

from .format import NULLABLE, SERIES, Nesting, Parts, ValueNotPortable, extension
from .pure_encoder import array_header

_NIL = b"\xc0"


def pack_frame(encoder: Nesting, frame: Any) -> Parts:
    """Payload of a DataFrame: [labels, index, columns, hints], the last only where there are any."""
    columns: Parts = []
    hints = []
    for position in range(frame.shape[1]):
        values, hint = _column_values(frame.iloc[:, position])
        columns += encoder.nested_parts(values)
        hints.append(hint)
    index = _pack_index(encoder, frame.index, keep_range=bool(columns))
    tail = [encoder.nested(hints)] if any(hint is not None for hint in hints) else []
    start = array_header(3 + len(tail))
    return [start, *_pack_labels(encoder, frame.columns), *index, array_header(len(hints)), *columns, *tail]


def pack_series(encoder: Nesting, series: Any) -> Parts:
    """Payload of a Series: [name, index, values] and, where the dtype isn't NumPy's, a hint."""
    values, hint = _column_values(series)
    return _series(encoder, series.name, _pack_index(encoder, series.index), values, hint)


def _series(encoder: Nesting, name: Any, index: Parts, values: Any, hint: Any) -> Parts:
    tail = [] if hint is None else [encoder.nested(hint)]
    return [array_header(3 + len(tail)), encoder.nested(name), *index, *encoder.nested_parts(values), *tail]


def _pack_labels(encoder: Nesting, columns: Any) -> Parts:
    """Pack column labels: an array of them, or a Series if they have a name."""
    labels: Any = columns.tolist()
    if all(name is None for name in columns.names):
        return [encoder.nested(labels)]
    name = tuple(columns.names) if columns.nlevels > 1 else columns.name
    return extension(SERIES, _series(encoder, name, [_NIL], labels, None))


def _pack_index(encoder: Nesting, index: Any, keep_range: bool = True) -> Parts:
    """Pack an index: nil for the default one, a tuple of levels for a MultiIndex, else its values."""
    pandas = sys.modules["pandas"]
    if isinstance(index, pandas.MultiIndex):
        return [encoder.nested(tuple(pandas.Series(index.get_level_values(i)) for i in range(index.nlevels)))]
    is_default = isinstance(index, pandas.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None)
    if is_default and keep_range:
        return [_NIL]
    values, hint = _column_values(index)
    if index.name is None and hint is None:
        return encoder.nested_parts(values)
    return extension(SERIES, _series(encoder, index.name, [_NIL], values, hint))


def _column_values(column: Any) -> tuple[Any, Any]:  # noqa: PLR0911 (one for each dtype)
    """Give a Series' or Index's values as an array or list, and the hint that restores a dtype NumPy doesn't have."""
    numpy, pandas = sys.modules["numpy"], sys.modules["pandas"]
    dtype = column.dtype
    if isinstance(dtype, numpy.dtype):
        return column.to_numpy(), None
    array = column.array
    if isinstance(dtype, pandas.CategoricalDtype):
        categories = dtype.categories.tolist()
        values = [None if code < 0 else categories[code] for code in array.codes.tolist()]
        return values, ["category", pandas.Series(dtype.categories), bool(dtype.ordered)]
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return numpy.asarray(array, dtype=f"M8[{dtype.unit}]"), str(dtype)
    if isinstance(dtype, pandas.PeriodDtype):
        return [None if item is pandas.NaT else str(item) for item in array], str(dtype)
    if isinstance(dtype, pandas.StringDtype):
        hint = "string" if dtype.na_value is pandas.NA else "str"
        return column.to_numpy(dtype=object, na_value=None).tolist(), hint
    if str(dtype).startswith(NULLABLE):
        if not array.isna().any():
            return array.to_numpy(dtype=dtype.numpy_dtype), str(dtype)
        return array.to_numpy(dtype=object, na_value=None).tolist(), str(dtype)
    raise ValueNotPortable(str(dtype), reason=f"a column of dtype {dtype} can't travel")


def read_frame(pandas: Any, payload: list[Any]) -> Any:
    """Rebuild a DataFrame from its payload."""
    labels, index, columns, *rest = payload
    hints = rest[0] if rest else [None] * len(columns)
    restored = [_restore(pandas, values, hint) for values, hint in zip(columns, hints, strict=True)]
    rebuilt = _read_index(pandas, index)
    frame = pandas.DataFrame(dict(enumerate(restored)), index=None if restored else rebuilt)
    if rebuilt is not None:
        frame.index = rebuilt
    frame.columns = _read_labels(pandas, labels)
    return frame


def _read_labels(pandas: Any, labels: Any) -> Any:
    name = None
    if isinstance(labels, pandas.Series):
        name, labels = labels.name, labels.tolist()
    if labels and all(isinstance(label, tuple) for label in labels):
        return pandas.MultiIndex.from_tuples(labels, names=name)
    return pandas.Index(labels, name=name) if labels else pandas.RangeIndex(0, name=name)


def read_series(pandas: Any, payload: list[Any]) -> Any:
    """Rebuild a Series from its payload."""
    name, index, values, *rest = payload
    hint = rest[0] if rest else None
    series = _restore(pandas, values, hint).rename(name)
    rebuilt = _read_index(pandas, index)
    if rebuilt is not None:
        series.index = rebuilt
    return series


def _read_index(pandas: Any, index: Any) -> Any:
    if index is None:
        return None
    if isinstance(index, tuple):
        return pandas.MultiIndex.from_arrays(list(index), names=[level.name for level in index])
    if isinstance(index, pandas.Series):
        return pandas.Index(index, name=index.name, dtype=index.dtype)
    return _read_index(pandas, _restore(pandas, index, None))


def _restore(pandas: Any, values: Any, hint: Any) -> Any:
    """Make a Series of column values in the dtype that `hint` names; without one, an array's own or object."""
    if hint is None:
        return pandas.Series(values, dtype=object if isinstance(values, list) else None)
    if isinstance(hint, list):
        kind, categories, ordered = hint
        if kind != "category":
            raise ValueError(f"unknown column kind {kind!r}")
        labels = pandas.Index(categories, dtype=categories.dtype)
        return pandas.Series(pandas.Categorical(values, categories=labels, ordered=ordered))
    if hint.startswith("datetime64["):
        if "dateutil" in hint or "tzlocal" in hint:  # pandas would read files of this machine, by any path
            raise ValueError(f"a time zone that does not travel: {hint!r}")
        zone = pandas.api.types.pandas_dtype(hint).tz
        return pandas.Series(pandas.DatetimeIndex(values).tz_localize("UTC").tz_convert(zone))
    if hint == "str":
        return pandas.Series(values, dtype="str" if pandas.__version__ >= "3" else object)
    if not hint.startswith(NULLABLE):
        raise ValueError(f"unknown column kind {hint!r}")
    return pandas.Series(values, dtype=hint)
