"""The value format: how a Python value becomes msgpack bytes and comes back.

This one file runs on both sides of the wall, under host Python 3.11+ and under the guest's CPython, on top of
the msgpack library (in the guest, msgpack's own pure-Python fallback). What msgpack lacks travels as extension
types; docs/values.md is the written format. NumPy and pandas are used only where such a value turns up.

A value that packs at once costs nothing but the packing and one look at its dictionary keys. Only when packing
fails is the value walked a second time, slowly, to find the path of what could not travel.
"""

import base64
import math
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgpack

__all__ = ["ValueNotPortable", "pack", "pack_parts", "to_jsonable", "unpack"]

BIG_INT, NDARRAY, DATAFRAME, SERIES, DATETIME, DATE, TIME, TIMEDELTA, DECIMAL, COMPLEX, SET, TUPLE = range(1, 13)

MAX_DEPTH = 250
"""Containers inside containers. Both msgpack implementations and a default recursion limit can hold this."""
MAX_EXT_DEPTH = 100
"""Extension types (tuples, sets, frames) inside each other: each level is a message inside a message."""

_MAX_JSON_INT_BITS = 14_000  # Python itself refuses to print longer integers (4,300 digits)
_EXT32 = struct.Struct(">BIb")
_BIN32 = struct.Struct(">BI")
_Packer: Any = msgpack.Packer
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_CONTAINERS = frozenset({dict, list, tuple})
_KEY_TYPES = frozenset({str, int, float, bool})
_NULLABLE = ("Int", "UInt", "Float", "boolean", "string", "period[")

Parts = list[bytes | memoryview]


class ValueNotPortable(TypeError):
    """A value that can't travel between the block and the flow.

    `type_name` names the offending type, `path` says where it sits, as in `result['a'][3]`.
    """

    def __init__(self, type_name: str, path: str = "result", reason: str = "") -> None:
        self.type_name = type_name
        self.path = path
        self.reason = reason or f"{_with_article(type_name)} can't travel"
        super().__init__(f"{path}: {self.reason}")

    def at(self, path: str) -> "ValueNotPortable":
        """Give the same refusal, placed at `path`."""
        return ValueNotPortable(self.type_name, path, self.reason)


def pack(value: Any, root: str = "result") -> bytes:
    """Pack `value` as msgpack bytes. Raises ValueNotPortable, whose path begins with `root`."""
    parts = pack_parts(value, root)
    return b"".join(parts) if len(parts) > 1 else bytes(parts[0])


def pack_parts(value: Any, root: str = "result") -> Parts:
    """Like `pack`, but as pieces to be joined, so that a large array is copied only by that join."""
    try:
        return _Encoder().parts(value)
    except (TypeError, ValueError, OverflowError, RecursionError, BufferError) as error:
        raise _explain(value, root, error) from None


def unpack(data: bytes | bytearray | memoryview) -> Any:
    """Rebuild the value packed in `data`.

    Raises ValueError when the bytes are not this format, ValueNotPortable when the value needs a library that
    isn't installed on this side.
    """
    try:
        return _Decoder().value(data)
    except ValueNotPortable:
        raise
    except (ValueError, TypeError, OverflowError, ArithmeticError, RecursionError, struct.error) as error:
        raise ValueError(f"not a packed value: {error or type(error).__name__}") from error
    except msgpack.UnpackException as error:
        raise ValueError(f"not a packed value: {error or type(error).__name__}") from error


# ---------------------------------------------------------------- packing

# In this order: a datetime is a date too.
_TEXT_LIKE: tuple[tuple[type, int, Callable[[Any], bytes]], ...] = (
    (datetime, DATETIME, lambda value: value.isoformat().encode()),
    (date, DATE, lambda value: value.isoformat().encode()),
    (time, TIME, lambda value: value.isoformat().encode()),
    (Decimal, DECIMAL, lambda value: str(value).encode()),
    (complex, COMPLEX, lambda value: struct.pack(">dd", value.real, value.imag)),
)


class _Encoder:
    """Packs one value. Holds how deep in extension types it is."""

    def __init__(self) -> None:
        self._depth = 0

    def parts(self, value: Any) -> Parts:
        """`value` as pieces of msgpack, arrays and frames uncopied."""
        kind = type(value)
        if kind in _PLAIN:
            return [self._packed(value)]
        if kind not in _CONTAINERS:
            built = self._array_like(value)
            if built is not None:
                code, payload = built
                size = sum(len(part) for part in payload)
                return [_EXT32.pack(0xC9, _checked_size(size), code), *payload]
        return [self.packed(value)]

    def packed(self, value: Any) -> bytes:
        """`value` as one msgpack message, after a look at its keys."""
        if type(value) in _CONTAINERS:
            _check_keys(value, 0)
        return self._packed(value)

    def _packed(self, value: Any) -> bytes:
        result: bytes = _Packer(default=self._default, strict_types=True, buf_size=4096).pack(value)
        return result

    def _nested(self, value: Any) -> bytes:
        if self._depth >= MAX_EXT_DEPTH:
            raise ValueNotPortable(type(value).__name__, reason="nested too deeply to travel")
        self._depth += 1
        try:
            return self.packed(value)
        finally:
            self._depth -= 1

    def _default(self, value: Any) -> Any:
        """Give, for what msgpack doesn't know, the extension type or a plainer value of the same worth."""
        kind = type(value)
        if kind is tuple:
            return msgpack.ExtType(TUPLE, self._nested(list(value)))
        if kind is int:
            size = (value + (value < 0)).bit_length() // 8 + 1
            return msgpack.ExtType(BIG_INT, value.to_bytes(size, "big", signed=True))
        built = self._array_like(value)
        if built is not None:
            code, payload = built
            return msgpack.ExtType(code, b"".join(payload))
        found, plain = _from_library(value)
        if found:
            return self._default(plain) if _needs_hook(plain) else plain
        return self._standard(value)

    def _standard(self, value: Any) -> Any:
        """Types of the standard library, and subclasses of the plain ones as what they are."""
        for kind, code, encode in _TEXT_LIKE:
            if isinstance(value, kind):
                return msgpack.ExtType(code, encode(value))
        if isinstance(value, timedelta):
            return msgpack.ExtType(TIMEDELTA, self._nested([value.days, value.seconds, value.microseconds]))
        if isinstance(value, set | frozenset | tuple):
            return msgpack.ExtType(TUPLE if isinstance(value, tuple) else SET, self._nested(list(value)))
        plain = _plain_base(value)
        if plain is None:
            raise ValueNotPortable(type(value).__name__)
        if type(plain) in _CONTAINERS:
            _check_keys(plain, 0)
        elif type(plain) is int and plain.bit_length() > 63:
            return self._default(plain)
        return plain

    def _array_like(self, value: Any) -> tuple[int, Parts] | None:
        """Extension code and payload of an ndarray, DataFrame or Series; None for anything else."""
        numpy = sys.modules.get("numpy")
        if numpy is None:
            return None
        if isinstance(value, numpy.ndarray):
            return self._array(numpy, value)
        pandas = sys.modules.get("pandas")
        if pandas is None:
            return None
        if isinstance(value, pandas.DataFrame):
            return DATAFRAME, self._frame(pandas, value)
        if isinstance(value, pandas.Series):
            values, hint = _column_values(numpy, pandas, value)
            return SERIES, self._series(value.name, self._index(pandas, value.index), values, hint)
        return None

    def _array(self, numpy: Any, array: Any) -> tuple[int, Parts] | None:
        """Payload of an array: [dtype, shape, order, bytes]. None when its elements are objects: a list then."""
        if type(array) not in (numpy.ndarray, numpy.memmap, numpy.recarray, numpy.matrix):
            raise ValueNotPortable(type(array).__name__)
        dtype = array.dtype
        if _is_list_dtype(dtype):
            return None
        _check_dtype(dtype)
        order = "C" if array.flags.c_contiguous else "F" if array.flags.f_contiguous else ""
        if not order:
            array, order = numpy.ascontiguousarray(array), "C"
        base = numpy.asarray(array)
        data = memoryview(base.reshape(-1, order=order).view(numpy.uint8)) if array.nbytes else b""
        described = numpy.lib.format.dtype_to_descr(dtype) if dtype.names else dtype.str
        packer = msgpack.Packer()
        header = b"".join((b"\x94", packer.pack(described), packer.pack(list(array.shape)), packer.pack(order)))
        return NDARRAY, [header + _BIN32.pack(0xC6, _checked_size(array.nbytes)), data]

    def _frame(self, pandas: Any, frame: Any) -> Parts:
        """Payload of a DataFrame: [labels, index, columns, hints]."""
        numpy = sys.modules["numpy"]
        columns: list[bytes | memoryview] = []
        hints = []
        for position in range(frame.shape[1]):
            values, hint = _column_values(numpy, pandas, frame.iloc[:, position])
            columns += self._nested_parts(values)
            hints.append(hint)
        labels: Any = frame.columns.tolist()
        named = any(name is not None for name in frame.columns.names)
        name = tuple(frame.columns.names) if frame.columns.nlevels > 1 else frame.columns.name
        head = self._packed_labels(name, labels) if named else self._nested(labels)
        index = self._index(pandas, frame.index, keep_range=bool(columns))
        tail = [self._nested(hints)] if any(hint is not None for hint in hints) else []
        start = b"\x94" if tail else b"\x93"
        return [start, head, *index, _array_header(len(hints)), *columns, *tail]

    def _packed_labels(self, name: Any, labels: list[Any]) -> bytes:
        payload = self._series(name, [b"\xc0"], labels, None)
        return _EXT32.pack(0xC9, sum(len(part) for part in payload), SERIES) + b"".join(payload)

    def _series(self, name: Any, index: Parts, values: Any, hint: Any) -> Parts:
        """Payload of a Series: [name, index, values] and, where the dtype isn't NumPy's, a hint."""
        start = b"\x93" if hint is None else b"\x94"
        tail = [] if hint is None else [self._nested(hint)]
        return [start, self._nested(name), *index, *self._nested_parts(values), *tail]

    def _nested_parts(self, values: Any) -> Parts:
        self._depth += 1
        try:
            return self.parts(values)
        finally:
            self._depth -= 1

    def _index(self, pandas: Any, index: Any, keep_range: bool = True) -> Parts:
        """Pack an index: nil for the default one, a tuple of levels for a MultiIndex, else its values."""
        if isinstance(index, pandas.MultiIndex):
            levels = tuple(pandas.Series(index.get_level_values(i)) for i in range(index.nlevels))
            return [self._nested(levels)]
        is_default = isinstance(index, pandas.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None)
        if is_default and keep_range:
            return [b"\xc0"]
        values, hint = _column_values(sys.modules["numpy"], pandas, index)
        if index.name is None and hint is None:
            return self._nested_parts(values)
        payload = self._series(index.name, [b"\xc0"], values, hint)
        return [_EXT32.pack(0xC9, sum(len(part) for part in payload), SERIES), *payload]


def _check_keys(value: Any, depth: int) -> None:
    """Refuse keys other than str, int, float, bool, and nesting beyond MAX_DEPTH, anywhere in `value`."""
    if depth > MAX_DEPTH:
        raise ValueNotPortable(type(value).__name__, reason="nested too deeply to travel")
    if type(value) is dict:
        if not _KEY_TYPES.issuperset(map(type, value)):
            for key in value:
                _check_key(key)
        value = value.values()
    if _PLAIN.issuperset(map(type, value)):
        return
    for item in value:
        if type(item) in _CONTAINERS:
            _check_keys(item, depth + 1)


def _check_key(key: Any) -> None:
    if isinstance(key, str | int | float):
        return
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(key, numpy.integer | numpy.floating | numpy.bool_):
        return
    kind = type(key).__name__
    raise ValueNotPortable(kind, reason=f"the key {_short(key)} is {_with_article(kind)}, which can't be a key")


def _from_library(value: Any) -> tuple[bool, Any]:  # noqa: PLR0911 (one for each kind)
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
        return True, pandas.Series(value).to_numpy() if value.nlevels == 1 else value.tolist()
    return False, None


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
    if isinstance(item, date | timedelta) and rounded == value:
        return item
    return numpy.asarray(value)


def _from_pandas_moment(pandas: Any, value: Any) -> Any:
    if isinstance(value, pandas.Timedelta):
        return value.to_timedelta64() if value.nanoseconds else value.to_pytimedelta()
    if not value.nanosecond:
        return value.to_pydatetime()
    if value.tzinfo is None:
        return value.to_datetime64()
    raise ValueNotPortable("Timestamp", reason="a Timestamp with both a time zone and nanoseconds can't travel")


def _plain_base(value: Any) -> Any:
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


def _needs_hook(value: Any) -> bool:
    """Whether msgpack can't pack `value` itself (it asks the hook only once per value)."""
    if type(value) is int:
        return not -(1 << 63) <= value < 1 << 64
    return type(value) not in _PLAIN and type(value) not in (list, dict)


def _checked_list(value: Any) -> Any:
    if type(value) in _CONTAINERS:
        _check_keys(value, 0)
    return value


def _is_list_dtype(dtype: Any) -> bool:
    """Arrays of Python objects, of NumPy's variable-width strings and of zero-width items travel as lists."""
    return bool(dtype.hasobject or dtype.kind == "T" or dtype.itemsize == 0)


def _check_dtype(dtype: Any) -> None:
    """Refuse numbers wider than 64 bits: their bytes differ from machine to machine."""
    base = dtype.base
    if base.names:
        for name in base.names:
            _check_dtype(base.fields[name][0])
    elif base.kind in "fc" and base.itemsize > (8 if base.kind == "f" else 16):
        raise ValueNotPortable("ndarray", reason=f"an array of {base} has no portable form")


def _column_values(numpy: Any, pandas: Any, column: Any) -> tuple[Any, Any]:  # noqa: PLR0911 (one for each dtype)
    """Give a Series' or Index's values as an array or list, and the hint that restores a dtype NumPy doesn't have."""
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
    if str(dtype).startswith(_NULLABLE):
        if not array.isna().any():
            return array.to_numpy(dtype=dtype.numpy_dtype), str(dtype)
        return array.to_numpy(dtype=object, na_value=None).tolist(), str(dtype)
    raise ValueNotPortable(str(dtype), reason=f"a column of dtype {dtype} can't travel")


def _array_header(size: int) -> bytes:
    header: bytes = msgpack.Packer().pack_array_header(size)
    return header


def _checked_size(size: int) -> int:
    if size >= 1 << 32:
        raise ValueNotPortable("ndarray", reason=f"{size} bytes in one value are over the format's 4 GiB")
    return size


# ---------------------------------------------------------------- unpacking


class _Decoder:
    """Rebuilds one value. Holds how deep in extension types it is: bytes may come from a hostile guest."""

    def __init__(self) -> None:
        self._depth = 0

    def value(self, data: bytes | bytearray | memoryview) -> Any:
        """Read the one value in `data`. An Unpacker object, unlike `unpackb`, keeps its 40 kB stack off the C stack."""
        size = max(len(data), 16)
        unpacker = msgpack.Unpacker(
            strict_map_key=False, timestamp=3, ext_hook=self._extension, max_buffer_size=size, read_size=size
        )
        unpacker.feed(data)
        value = unpacker.unpack()
        if unpacker.tell() != len(data):
            raise ValueError("bytes follow the value")
        return value

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


def _read_big_int(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _read_complex(data: bytes) -> complex:
    return complex(*struct.unpack(">dd", data))


def _read_array(data: bytes) -> Any:
    """Read an ndarray from its payload; the only copy is the one that makes it writable."""
    numpy = _library("numpy", "ndarray")
    head = msgpack.Unpacker()
    head.feed(data[:65536])
    if head.read_array_header() != 4:
        raise ValueError("an array needs dtype, shape, order and bytes")
    dtype, shape, order = _as_dtype(numpy, head.unpack()), tuple(head.unpack()), head.unpack()
    if dtype.hasobject or dtype.itemsize == 0 or order not in ("C", "F"):
        raise ValueError("an array of a kind that does not travel")
    start = head.tell()
    width = {0xC4: 1, 0xC5: 2, 0xC6: 4}[data[start]]
    size = int.from_bytes(data[start + 1 : start + 1 + width], "big")
    start += 1 + width
    if size != len(data) - start or size != math.prod(shape) * dtype.itemsize or any(n < 0 for n in shape):
        raise ValueError("an array whose bytes don't fit its shape")
    if not size:
        return numpy.empty(shape, dtype, order=order)
    return numpy.frombuffer(data, dtype, offset=start).copy().reshape(shape, order=order)


def _as_dtype(numpy: Any, described: Any) -> Any:
    """Make a dtype from its string, or from the list of fields of a structured one."""
    if isinstance(described, str):
        return numpy.dtype(described)
    return numpy.lib.format.descr_to_dtype([_as_field(field) for field in described])


def _as_field(field: list[Any]) -> tuple[Any, ...]:
    name, described, *shape = field
    inner = described if isinstance(described, str) else [_as_field(part) for part in described]
    return (tuple(name) if isinstance(name, list) else name, inner, *(tuple(part) for part in shape))


def _read_frame(payload: list[Any]) -> Any:
    labels, index, columns, *rest = payload
    hints = rest[0] if rest else [None] * len(columns)
    pandas = _library("pandas", "DataFrame")
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


def _read_series(payload: list[Any]) -> Any:
    name, index, values, *rest = payload
    hint = rest[0] if rest else None
    pandas = _library("pandas", "Series")
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
        zone = pandas.api.types.pandas_dtype(hint).tz
        return pandas.Series(pandas.DatetimeIndex(values).tz_localize("UTC").tz_convert(zone))
    if hint == "str":
        return pandas.Series(values, dtype="str" if pandas.__version__ >= "3" else object)
    if not hint.startswith(_NULLABLE):
        raise ValueError(f"unknown column kind {hint!r}")
    return pandas.Series(values, dtype=hint)


def _library(name: str, kind: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise ValueNotPortable(kind, "data", f"{_with_article(kind)} came in, but {name} isn't installed") from None


_FROM_BYTES: dict[int, Callable[[bytes], Any]] = {
    BIG_INT: _read_big_int,
    NDARRAY: _read_array,
    DATETIME: lambda data: datetime.fromisoformat(data.decode("ascii")),
    DATE: lambda data: date.fromisoformat(data.decode("ascii")),
    TIME: lambda data: time.fromisoformat(data.decode("ascii")),
    DECIMAL: lambda data: Decimal(data.decode("ascii")),
    COMPLEX: _read_complex,
}
_FROM_VALUE: dict[int, Callable[[Any], Any]] = {
    DATAFRAME: _read_frame,
    SERIES: _read_series,
    TIMEDELTA: lambda fields: timedelta(*fields),
    SET: set,
    TUPLE: tuple,
}


# ---------------------------------------------------------------- JSON


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
        if value.bit_length() > _MAX_JSON_INT_BITS:
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
            _check_key(key)
        except ValueNotPortable as refusal:
            raise refusal.at(path) from None
        result[_json_key(key)] = _jsonable(item, f"{path}[{_short(key)}]", depth + 1)
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
    if pandas is not None and isinstance(value, pandas.DataFrame):
        names = [_json_key(name if not isinstance(name, tuple) else _joined(name)) for name in value.columns]
        columns = [_jsonable(value.iloc[:, i], f"{path}[{names[i]!r}]", depth + 1) for i in range(len(names))]
        if len(set(names)) != len(names):
            raise ValueNotPortable("DataFrame", path, "two of its columns have the same name in JSON")
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    if pandas is not None and isinstance(value, pandas.Series):
        return [_jsonable(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value.tolist())]
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.dtype.kind in "Mm":
            value = value.astype(object) if value.dtype.str.endswith("us]") else _moments(numpy, value)
        return _jsonable(value.tolist(), path, depth + 1)
    found, plain = _from_library(value)
    if not found:
        plain = _plain_base(value)
        if plain is None:
            raise ValueNotPortable(type(value).__name__, path)
    if numpy is not None and isinstance(plain, numpy.ndarray):
        return _json_moment(numpy, plain)
    return _jsonable(plain, path, depth + 1)


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


# ---------------------------------------------------------------- refusals


def _explain(value: Any, root: str, error: Exception) -> ValueNotPortable:
    """Make the refusal that names what in `value` could not be packed, and where it is."""
    try:
        for found in _culprits(value, root, set()):
            return found
    except RecursionError:
        return ValueNotPortable(type(value).__name__, root, "nested too deeply to travel")
    if isinstance(error, ValueNotPortable):
        return error.at(root)
    return ValueNotPortable(type(value).__name__, root, f"{_with_article(type(value).__name__)} can't travel: {error}")


def _culprits(value: Any, path: str, trail: set[int]) -> Iterator[ValueNotPortable]:
    """Walk `value`, naming each thing that can't travel; the caller stops at the first."""
    children = _children(value, path)
    if children is None:
        refusal = _refusal(value, path)
        if refusal is not None:
            yield refusal
        return
    if id(value) in trail:
        yield ValueNotPortable(type(value).__name__, path, f"{_with_article(type(value).__name__)} that holds itself")
        return
    if len(trail) > MAX_DEPTH:
        yield ValueNotPortable(type(value).__name__, path, "nested too deeply to travel")
        return
    if isinstance(value, dict):
        for key in value:
            try:
                _check_key(key)
            except ValueNotPortable as refusal:
                yield refusal.at(path)
    trail.add(id(value))
    for child, child_path in children:
        yield from _culprits(child, child_path, trail)
    trail.discard(id(value))


def _children(value: Any, path: str) -> Iterator[tuple[Any, str]] | None:
    """Give the things inside `value` with their paths; None when it holds none that could be at fault."""
    if isinstance(value, dict):
        return ((item, f"{path}[{_short(key)}]") for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ((item, f"{path}[{i}]") for i, item in enumerate(value))
    pandas, numpy = sys.modules.get("pandas"), sys.modules.get("numpy")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return ((value.iloc[:, i], f"{path}[{_short(name)}]") for i, name in enumerate(value.columns))
    if pandas is not None and isinstance(value, pandas.Series) and value.dtype == object:
        return ((item, f"{path}[{i}]") for i, item in enumerate(value.tolist()))
    if numpy is not None and isinstance(value, numpy.ndarray) and value.dtype == object:
        return ((item, f"{path}[{', '.join(map(str, place))}]") for place, item in numpy.ndenumerate(value))
    return None


def _refusal(value: Any, path: str) -> ValueNotPortable | None:
    if type(value) in _PLAIN and type(value) is not str:
        return None
    try:
        _Encoder().parts(value)
    except ValueNotPortable as refusal:
        return refusal.at(path)
    except UnicodeEncodeError:
        return ValueNotPortable(type(value).__name__, path, "text with a lone surrogate can't travel")
    except (TypeError, ValueError, OverflowError, RecursionError, BufferError) as error:
        return ValueNotPortable(type(value).__name__, path, f"{_with_article(type(value).__name__)}: {error}")
    return None


def _short(key: Any) -> str:
    """Give the repr of a key, short enough for a message."""
    try:
        text = repr(key)
    except Exception:  # a user's __repr__ may do anything
        text = f"<{type(key).__name__}>"
    return text if len(text) <= 60 else text[:57] + "..."


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiouAEIOU' else 'a'} {noun}"
