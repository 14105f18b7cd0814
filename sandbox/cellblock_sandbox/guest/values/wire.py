"""The msgpack that a side of the wall has: its C extension on the host, our own pure Python in the guest.

Both pack to the same bytes and read the same ones; the pure one is at home in the guest, where it is five times as
fast as msgpack's own pure-Python half (RATIONALE.md).
"""

import sys
from collections.abc import Callable
from typing import Any

from . import pure_decoder, pure_encoder

Extension = Callable[[int, bytes], Any]
Default = Callable[[Any], Any]

ExtType: Any
encode: Callable[[Any, Default], bytes]
decode: Callable[[bytes | bytearray | memoryview, Extension], Any]


def decode_purely(data: bytes | bytearray | memoryview, extension: Extension) -> Any:
    """Read the one value in `data`. Raises ValueError and TypeError as `pure_decoder.decode`."""
    value, end = pure_decoder.decode(bytes(data), extension)
    if end != len(data):
        raise ValueError("bytes follow the value")
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

    def decode(data: bytes | bytearray | memoryview, extension: Extension) -> Any:
        """Read the one value in `data`; ValueError for bytes that aren't msgpack.

        An Unpacker object, unlike `unpackb`, keeps its 40 kB stack off the C stack: extensions nest calls of this.
        """
        size = max(len(data), 16)
        unpacker = msgpack.Unpacker(
            strict_map_key=False, timestamp=3, ext_hook=extension, max_buffer_size=size, read_size=size
        )
        unpacker.feed(data)
        try:
            value = unpacker.unpack()
        except msgpack.UnpackException as error:
            raise ValueError(str(error) or type(error).__name__) from error
        if unpacker.tell() != len(data):
            raise ValueError("bytes follow the value")
        return value
