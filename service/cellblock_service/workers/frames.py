"""Frames between the service and a worker process: 4 bytes of length, big-endian, then one msgpack map.

Frames have a "kind". To a worker: "hello" first, then "run" and "convert". From a worker: "ready" when it can take
work (at first with its image, later after each answer), "failed" instead of the first "ready", and for each piece
of work one "answer" or "refused", with a "ran" before an answer that still has to be converted.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import msgpack

_LENGTH = struct.Struct(">I")

Frame = dict[str, Any]


def encode(frame: Frame) -> bytes:
    """Give `frame` as bytes with its length before it."""
    packed: bytes = msgpack.packb(frame)
    return _LENGTH.pack(len(packed)) + packed


def _decode(packed: bytes) -> Frame:
    frame = msgpack.unpackb(packed)
    if not isinstance(frame, dict):
        raise ConnectionError("a frame isn't a map")
    return frame


async def read(reader: asyncio.StreamReader) -> Frame:
    """Read one frame. Raises EOFError when the other side is gone, also in the middle of a frame."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        return _decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise EOFError("the worker closed its end") from error


class Link:
    """The worker's end: blocking reads and writes on its inherited socket."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end

    def fileno(self) -> int:
        """Give the descriptor, for watching whether the other end is still there."""
        return self._socket.fileno()

    def send(self, frame: Frame) -> None:
        """Write one frame completely."""
        self._socket.sendall(encode(frame))

    def receive(self) -> Frame | None:
        """Wait for a frame; None when the service closed its end."""
        header = self._exactly(_LENGTH.size)
        if header is None:
            return None
        packed = self._exactly(_LENGTH.unpack(header)[0])
        return None if packed is None else _decode(packed)

    def _exactly(self, length: int) -> bytes | None:
        buffer = bytearray(length)
        view = memoryview(buffer)
        while view:
            count = self._socket.recv_into(view)
            if not count:
                return None
            view = view[count:]
        return bytes(buffer)
