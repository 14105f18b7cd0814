"""NumPy arrays: their bytes travel as they are, without a copy on the way out and with one on the way in."""

import math
import struct
import sys
from typing import Any

from . import pure_decoder, wire
from .format import NDARRAY, Parts, ValueNotPortable, checked_size

_BIN_LENGTH_SIZE = {0xC4: 1, 0xC5: 2, 0xC6: 4}


def pack_array(array: Any) -> tuple[int, Parts] | None:
    """Extension code and payload of an array: [dtype, shape, order, bytes]. None if it travels as a list.

    Raises ValueNotPortable for subclasses that mean more than their elements, and for numbers wider than 64 bits.
    """
    numpy = sys.modules["numpy"]
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
    described = _as_lists(numpy.lib.format.dtype_to_descr(dtype)) if dtype.names else dtype.str
    head = wire.encode([described, list(array.shape), order, None], _refuse)
    return NDARRAY, [head[:-1] + struct.pack(">BI", 0xC6, checked_size(array.nbytes)), data]


def _as_lists(described: Any) -> Any:
    return [_as_lists(part) for part in described] if isinstance(described, list | tuple) else described


def _refuse(value: Any) -> Any:
    raise TypeError(f"a dtype with {type(value).__name__} in it")


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


def read_array(numpy: Any, data: bytes) -> Any:
    """Read an ndarray from its payload; the only copy is the one that makes it writable. ValueError if it is none."""
    if data[:1] != b"\x94":
        raise ValueError("an array needs dtype, shape, order and bytes")
    described, at = pure_decoder.decode(data, _no_extension, 1)
    shape, at = pure_decoder.decode(data, _no_extension, at)
    order, at = pure_decoder.decode(data, _no_extension, at)
    dtype, shape = _as_dtype(numpy, described), tuple(shape)
    if dtype.hasobject or dtype.itemsize == 0 or order not in ("C", "F"):
        raise ValueError("an array of a kind that does not travel")
    start = at + 1 + _BIN_LENGTH_SIZE[data[at]]
    size = int.from_bytes(data[at + 1 : start], "big")
    if size != len(data) - start or size != math.prod(shape) * dtype.itemsize or any(n < 0 for n in shape):
        raise ValueError("an array whose bytes don't fit its shape")
    if not size:
        return numpy.empty(shape, dtype, order=order)
    return numpy.frombuffer(data, dtype, offset=start).copy().reshape(shape, order=order)


def _no_extension(code: int, _data: bytes) -> Any:
    raise ValueError(f"extension type {code} in an array's description")


def _as_dtype(numpy: Any, described: Any) -> Any:
    """Make a dtype from its string, or from the list of fields of a structured one."""
    if isinstance(described, str):
        return numpy.dtype(described)
    return numpy.lib.format.descr_to_dtype([_as_field(field) for field in described])


def _as_field(field: list[Any]) -> tuple[Any, ...]:
    name, described, *shape = field
    inner = described if isinstance(described, str) else [_as_field(part) for part in described]
    return (tuple(name) if isinstance(name, list) else name, inner, *(tuple(part) for part in shape))
