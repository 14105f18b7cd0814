"""pandas DataFrames, Series and indexes: labels, index and columns (columns.py) put together and taken apart."""

import sys
from typing import Any

from .columns import column_values, restore
from .format import SERIES, Nesting, Parts, extension
from .pure_encoder import array_header

_NIL = b"\xc0"
_LARGE_COLUMN = 1 << 15


def pack_frame(encoder: Nesting, frame: Any) -> Parts:
    """Payload of a DataFrame: [labels, index, columns, hints], the last only where there are any."""
    columns: Parts = []
    hints = []
    for position in range(frame.shape[1]):
        values, hint = column_values(frame.iloc[:, position])
        columns += encoder.nested_parts(values)
        hints.append(hint)
    index = _pack_index(encoder, frame.index, keep_range=bool(columns))
    tail = [encoder.nested(hints)] if any(hint is not None for hint in hints) else []
    start = array_header(3 + len(tail))
    return [start, *_pack_labels(encoder, frame.columns), *index, array_header(len(hints)), *columns, *tail]


def pack_series(encoder: Nesting, series: Any) -> Parts:
    """Payload of a Series: [name, index, values] and, where the dtype isn't NumPy's, a hint."""
    values, hint = column_values(series)
    return _series(encoder, series.name, _pack_index(encoder, series.index), values, hint)


def _series(encoder: Nesting, name: Any, index: Parts, values: Any, hint: Any) -> Parts:
    tail = [] if hint is None else [encoder.nested(hint)]
    return [array_header(3 + len(tail)), encoder.nested(name), *index, *encoder.nested_parts(values), *tail]


def _pack_labels(encoder: Nesting, columns: Any) -> Parts:
    """Pack column labels: an array of them; a Series if they have a name; like an index if they are times and such."""
    pandas, dtype = sys.modules["pandas"], columns.dtype
    is_plain = dtype.kind in "Obiuf" and not pandas.api.types.is_extension_array_dtype(dtype)
    if columns.nlevels == 1 and not is_plain and not isinstance(dtype, pandas.StringDtype):
        return _pack_index(encoder, columns)
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
    values, hint = column_values(index)
    if index.name is None and hint is None:
        return encoder.nested_parts(values)
    return extension(SERIES, _series(encoder, index.name, [_NIL], values, hint))


def read_frame(pandas: Any, payload: list[Any]) -> Any:
    """Rebuild a DataFrame from its payload."""
    labels, index, columns, *rest = payload
    hints = rest[0] if rest else [None] * len(columns)
    restored = [restore(pandas, values, hint) for values, hint in zip(columns, hints, strict=True)]
    rebuilt = _read_index(pandas, index)
    # Columns in one block are faster to work with, large ones faster to leave where they are.
    copy = not restored or len(restored[0]) < _LARGE_COLUMN
    frame = pandas.DataFrame(dict(enumerate(restored)), index=None if restored else rebuilt, copy=copy)
    if rebuilt is not None:
        frame.index = rebuilt
    frame.columns = _read_labels(pandas, labels)
    return frame


def _read_labels(pandas: Any, labels: Any) -> Any:
    name = None
    if isinstance(labels, pandas.Series):
        if labels.dtype != object:
            return _read_index(pandas, labels)
        name, labels = labels.name, labels.tolist()
    if not isinstance(labels, list):
        return _read_index(pandas, labels)
    if labels and all(isinstance(label, tuple) for label in labels):
        return pandas.MultiIndex.from_tuples(labels, names=name)
    if labels == list(range(len(labels))) and not any(type(label) is bool for label in labels[:2]):
        return pandas.RangeIndex(len(labels), name=name)
    return pandas.Index(labels, name=name)


def read_series(pandas: Any, payload: list[Any]) -> Any:
    """Rebuild a Series from its payload."""
    name, index, values, *rest = payload
    hint = rest[0] if rest else None
    series = restore(pandas, values, hint).rename(name)
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
        return pandas.Index(index, name=index.name, dtype=index.dtype, copy=False)
    return _read_index(pandas, restore(pandas, index, None))
