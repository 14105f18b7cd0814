"""NumPy arrays: their bytes travel as they are, without a copy on the way out and with one or none on the way in."""

import math
import struct
import sys
from typing import Any

from . import pure_decoder, wire
from .format import NDARRAY, Parts, ValueNotPortable, checked_size
from .wire import Buffer, Span

TAKEN_BYTES = 1 << 16
"""Arrays from this size on take over memory: a small one would keep alive the whole request that it is in."""

_ALIGNMENT = 8  # no dtype that travels needs more; the header that is moved over is longer
_HEAD_BYTES = 1 << 16  # no dtype and shape is longer
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


def read_array(numpy: Any, span: Span, take: bool = False) -> Any:
    """Read an ndarray from its payload, writable and aligned. ValueError if it is none.

    With `take`, the memory of a large one becomes the array's, uncopied (see `_taken`); else it is copied once.
    """
    data, start, end = span
    head, at = (data, start) if type(data) is bytes else (bytes(data[start : min(end, start + _HEAD_BYTES)]), 0)
    if head[at : at + 1] != b"\x94":
        raise ValueError("an array needs dtype, shape, order and bytes")
    behind = start - at
    described, at = pure_decoder.decode(head, _no_extension, at + 1)
    shape, at = pure_decoder.decode(head, _no_extension, at)
    order, at = pure_decoder.decode(head, _no_extension, at)
    dtype, shape = _as_dtype(numpy, described), tuple(shape)
    if dtype.hasobject or dtype.itemsize == 0 or order not in ("C", "F"):
        raise ValueError("an array of a kind that does not travel")
    begin = at + 1 + _BIN_LENGTH_SIZE[head[at]]
    size = int.from_bytes(head[at + 1 : begin], "big")
    begin += behind
    if size != end - begin or size != math.prod(shape) * dtype.itemsize or any(n < 0 for n in shape):
        raise ValueError("an array whose bytes don't fit its shape")
    if not size:
        return numpy.empty(shape, dtype, order=order)
    if take and size >= TAKEN_BYTES and type(data) is bytes:
        flat = _taken(numpy, data, begin, size).view(dtype)
    else:
        flat = numpy.frombuffer(data, dtype, size // dtype.itemsize, begin).copy()
    _check_text(numpy, flat)
    return flat.reshape(shape, order=order)


def _check_text(numpy: Any, array: Any) -> None:
    """Refuse what is no text: Python's own errors about it (SystemError) are no errors that a program expects."""
    dtype = array.dtype
    for name in dtype.names or ():
        _check_text(numpy, array[name])
    if (
        dtype.kind == "U"
        and array.size
        and numpy.ascontiguousarray(array).view(dtype.str[0] + "u4").max() > sys.maxunicode
    ):
        raise ValueError("an array of text with characters that there are not")


class _Memory:
    """A part of the memory of some bytes, as NumPy asks for it; keeps the bytes alive."""

    def __init__(self, data: bytes, start: int, size: int) -> None:
        address = id(data) + bytes.__basicsize__ - 1  # CPython: the bytes stand at the end of the object
        self._data = data
        self.__array_interface__ = {
            "version": 3, "shape": (size,), "typestr": "|u1", "data": (address + start, False),
        }  # fmt: skip


def _taken(numpy: Any, data: bytes, start: int, size: int) -> Any:
    """Give the `size` bytes of `data` that begin at `start` as a writable, aligned array of bytes over their memory.

    For bytes that nobody looks at any more, like the request of a block: what is written to the array is written into
    them. To be aligned they are moved down over the array's own header, already read: in the guest that takes a tenth
    of the time of a copy into new memory (10 ms and 100 ms for 80 MB, on a busy machine).
    """
    shift = (bytes.__basicsize__ - 1 + id(data) + start) % _ALIGNMENT
    raw = numpy.asarray(_Memory(data, start - shift, size + shift))
    if shift:
        raw[:size] = raw[shift:]
    return raw[:size]


def _no_extension(code: int, _data: Buffer, _start: int, _end: int) -> Any:
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
