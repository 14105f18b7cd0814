"""The msgpack that a side of the wall has: its C extension on the host, our own pure Python in the guest.

Both pack to the same bytes and read the same ones; the pure one is at home in the guest, where it is five times as
fast as msgpack's own pure-Python half (RATIONALE.md).
"""

import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from . import pure_decoder, pure_encoder
from .format import EXT32

Buffer = bytes | bytearray | memoryview
Default = Callable[[Any], Any]
Extension = Callable[[int, Buffer, int, int], Any]
"""Reads an extension type: its code, the bytes it is in, and where in them its payload begins and ends."""


class Span(NamedTuple):
    """Bytes inside other bytes, where they are."""

    data: Buffer
    start: int
    end: int


ExtType: Any
encode: Callable[[Any, Default], bytes]
decode: Callable[[Span, Extension], Any]


def decode_purely(span: Span, extension: Extension) -> Any:
    """Read the one value in `span`. Raises ValueError and TypeError as `pure_decoder.decode`."""
    data, start, end = span
    if type(data) is not bytes:
        data, start, end = bytes(data[start:end]), 0, end - start
    value, stop = pure_decoder.decode(data, extension, start)
    if stop != end:
        raise ValueError("the value doesn't end where its bytes do")
    return value


if sys.platform == "emscripten":
    ExtType, encode, decode = pure_encoder.ExtType, pure_encoder.encode, decode_purely
else:
    import msgpack

    ExtType = msgpack.ExtType

    def encode(value: Any, default: Default) -> bytes:
        """Pack `value`, with `default` giving an ExtType or something plainer for what msgpack doesn't know."""
        packed: bytes = msgpack.Packer(default=default, strict_types=True, buf_size=4096).pack(value)
        return packed

    def decode(span: Span, extension: Extension) -> Any:
        """Read the one value in `span`; ValueError for bytes that aren't msgpack.

        An Unpacker object, unlike `unpackb`, keeps its 40 kB stack off the C stack: extensions nest calls of this.
        It copies what it is fed, and every extension again; a value that is one array doesn't go through it.
        """
        size = span.end - span.start
        if size >= EXT32.size:
            first, length, code = EXT32.unpack_from(span.data, span.start)
            if first == 0xC9 and length == size - EXT32.size:
                return extension(code, span.data, span.start + EXT32.size, span.end)
        room = max(size, 16)
        unpacker = msgpack.Unpacker(
            strict_map_key=False,
            timestamp=3,
            ext_hook=lambda code, content: extension(code, content, 0, len(content)),
            max_buffer_size=room,
            read_size=room,
        )
        unpacker.feed(memoryview(span.data)[span.start : span.end])
        try:
            value = unpacker.unpack()
        except msgpack.UnpackException as error:
            raise ValueError(str(error) or type(error).__name__) from error
        if unpacker.tell() != size:
            raise ValueError("bytes follow the value")
        return value
