"""The value format: how a Python value becomes msgpack bytes and comes back.

This package runs on both sides of the wall: under host Python 3.11+, on msgpack's C extension; and under the guest's
CPython as `cellblock_guest.values`, on a pure-Python msgpack of its own (wire.py). What msgpack lacks travels as
extension types; docs/values.md is the written format. NumPy and pandas are used only where such a value turns up.
"""

from .format import Parts, ValueNotPortable
from .jsonable import to_jsonable
from .packing import pack, pack_parts
from .pictures import Picture
from .unpacking import unpack, unpack_request
from .wire import Span

__all__ = [
    "Parts",
    "Picture",
    "Span",
    "ValueNotPortable",
    "pack",
    "pack_parts",
    "to_jsonable",
    "unpack",
    "unpack_request",
]
