"""Python values in the neutral notation of values.json (README.md beside it), strictly: 1, 1.0 and True differ.

It also runs inside the guest, as part of a block, so it imports nothing of Cellblock.
"""

import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal


def describe(value):
    """The note of a value: what JSON can hold, with one-key objects for what it can't."""
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**53 else {"int": str(value)}
    for kind, note in NOTES:
        if type(value) is kind:
            return note(value)
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and type(value) is numpy.ndarray:
        return {"ndarray": describe_array(numpy, value)}
    if pandas is not None and type(value) is pandas.Series:
        return {"series": describe_column(value.name, value) | {"index": describe_index(value.index)}}
    if pandas is not None and type(value) is pandas.DataFrame:
        return {"frame": describe_frame(value)}
    if type(value).__name__ == "Picture":
        return {"picture": [value.mime, value.data.hex()]}
    raise TypeError(f"no note for {type(value)}")


NOTES = (
    (float, lambda value: {"float": repr(value)}),
    (bytes, lambda value: {"bytes": value.hex()}),
    (list, lambda value: [describe(item) for item in value]),
    (dict, lambda value: {"map": [[describe(key), describe(item)] for key, item in value.items()]}),
    (tuple, lambda value: {"tuple": [describe(item) for item in value]}),
    (set, lambda value: {"set": [describe(item) for item in sorted(value)]}),
    (frozenset, lambda value: {"frozenset": [describe(item) for item in sorted(value)]}),
    (datetime, lambda value: {"datetime": value.isoformat()}),
    (date, lambda value: {"date": value.isoformat()}),
    (time, lambda value: {"time": value.isoformat()}),
    (timedelta, lambda value: {"timedelta": [value.days, value.seconds, value.microseconds]}),
    (Decimal, lambda value: {"decimal": str(value)}),
    (complex, lambda value: {"complex": [repr(value.real), repr(value.imag)]}),
)


def describe_array(numpy, array):
    """dtype, shape and order of an array, and its items in C order."""
    dtype = as_lists(array.dtype.descr) if array.dtype.names else array.dtype.str
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    items = [describe_item(numpy, item) for item in array.reshape(-1)]
    return {"dtype": dtype, "shape": list(array.shape), "order": order, "items": items}


def as_lists(fields):
    return [as_lists(part) for part in fields] if isinstance(fields, list | tuple) else fields


def describe_item(numpy, item):
    if isinstance(item, numpy.datetime64 | numpy.timedelta64):
        return "NaT" if numpy.isnat(item) else str(item) if item.dtype.kind == "M" else int(item.astype("i8"))
    if isinstance(item, numpy.void):
        names = item.dtype.names
        return [describe_item(numpy, item[name]) for name in names] if names else describe(bytes(item))
    if isinstance(item, numpy.ndarray):
        return [describe_item(numpy, part) for part in item]
    return describe(item.item())


def describe_frame(frame):
    columns = [describe_column(frame.columns[i], frame.iloc[:, i]) for i in range(frame.shape[1])]
    names = [describe(name) for name in frame.columns.names]
    return {"columns": columns, "names": names, "index": describe_index(frame.index)}


def describe_index(index):
    """Null for 0, 1, 2, ... without a name; a list of columns for levels; else a column."""
    if index.nlevels > 1:
        levels = [index.get_level_values(i) for i in range(index.nlevels)]
        return [describe_column(level.name, level) for level in levels]
    if index.name is None and index.dtype == "int64" and index.tolist() == list(range(len(index))):
        return None
    return describe_column(index.name, index)


def describe_column(label, column):
    values = [describe_cell(item) for item in column.tolist()]
    note = {"name": describe_cell(label), "dtype": str(column.dtype), "values": values}
    if note["dtype"] in ("str", "category"):  # pandas shows a missing text or category as NaN
        note["values"] = [None if item == {"float": "nan"} else item for item in values]
    if note["dtype"] == "category":
        categories = column.cat.categories if hasattr(column, "cat") else column.categories
        note |= {"categories": describe_column(None, categories), "ordered": bool(column.dtype.ordered)}
    return note


def describe_cell(item):
    """Scalars of pandas in the notes of the values they stand for."""
    pandas = sys.modules["pandas"]
    if item is pandas.NA or item is pandas.NaT:
        return None
    if isinstance(item, tuple):
        return {"tuple": [describe_cell(part) for part in item]}
    if isinstance(item, sys.modules["numpy"].generic):
        return describe(item.item())
    if isinstance(item, pandas.Timestamp):
        return {"datetime": item.isoformat()}
    if isinstance(item, pandas.Timedelta):
        return {"timedelta": [item.days, item.seconds, item.microseconds]}
    return str(item) if isinstance(item, pandas.Period | pandas.Interval) else describe(item)
