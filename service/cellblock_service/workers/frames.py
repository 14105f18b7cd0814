"""Frames between the service and a worker process: two lengths, a msgpack map, and a blob that nobody decodes.

A frame is `>II` (bytes of the map, bytes of the blob), the map, the blob. The blob is the guest's request one way and
its result the other way, so a large value is never packed or unpacked on its way through the event loop, and is
written in pieces between which the loop does other work.

Maps have a "kind"; docs/protocol.md has the list. To a worker: "hello" first, then work. From a worker: "ready" when it
can take work (at first with its image, later after each answer), "failed" instead of the first "ready", and for each
piece of work one "answer" or "refused", with a "ran" before an answer that still has to be converted. While it runs a
block, a worker sends "output" and may ask something ("install", "call"), and may be told to "cancel". One on another
machine asks before it begins ("begin").
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgpack
from cellblock_sandbox.machine.memory import MUCH, room

LENGTHS = struct.Struct(">II")
_PIECE = 1 << 20

Buffer = bytes | memoryview
Meta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its map, and the pieces of its blob, of which a received frame has one."""

    meta: Meta
    pieces: Sequence[Buffer] = (b"",)
    arriving: Arriving | None = None
    """In place of the blob, of a frame whose blob is large and still to be received."""

    @property
    def kind(self) -> str:
        """What the frame is about."""
        return str(self.meta["kind"])

    @property
    def blob(self) -> Buffer:
        """The blob of a received frame."""
        return self.pieces[0]

    def encode(self) -> Iterable[Buffer]:
        """Give the frame's bytes, small ones joined, large ones as they are and in pieces of a mebibyte."""
        packed = msgpack.packb(self.meta)
        size = sum(len(piece) for piece in self.pieces)
        yield from chunks([LENGTHS.pack(len(packed), size), packed, *self.pieces])


def failed(kind: str, message: str, status: str = "error") -> Meta:
    """Describe the end of an execution that its block couldn't report itself, in the shape of a block's error."""
    error = {"type": kind, "message": message, "line": None, "column": None, "traceback": ""}
    return {"kind": "answer", "status": status, "error": error}


def was_cancelled() -> Meta:
    """Describe the end of an execution that was cancelled, which its block couldn't report itself."""
    return failed("Cancelled", "the execution was cancelled", "cancelled")


def chunks(buffers: Iterable[Buffer]) -> Iterable[Buffer]:
    """Give `buffers` in order, neighbours that are small joined, large ones cut, so that no step copies much."""
    small: list[Buffer] = []
    for buffer in buffers:
        if len(buffer) <= _PIECE // 16:
            small.append(buffer)
            continue
        yield b"".join(small)
        small = []
        view = memoryview(buffer)
        yield from (view[start : start + _PIECE] for start in range(0, len(view), _PIECE))
    yield b"".join(small)


class Arriving:
    """A blob that is received where it will stay: a run's request, in the memory of its sandbox."""

    def __init__(self, source: socket.socket, size: int) -> None:
        self._source = source
        self._size = self._left = size
        self.arrived = threading.Event()

    def __len__(self) -> int:
        return self._size

    def receive_into(self, place: memoryview) -> None:
        """Wait for all of it, and write it to `place`. Raises ConnectionResetError when the service has gone."""
        while place:
            place = place[self._receive(place) :]

    def discard(self) -> None:
        """Receive what is left of it, for nobody."""
        scrap = memoryview(bytearray(min(self._left, _PIECE)))
        while self._left:
            self._receive(scrap[: self._left])

    def _receive(self, place: memoryview) -> int:
        count = self._source.recv_into(place)
        if not count:
            raise ConnectionResetError("the service closed its end in the middle of a frame")
        self._left -= count
        if not self._left:
            self.arrived.set()
        return count


class Link:
    """The worker's end: blocking reads and writes on its inherited socket."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._writing = threading.Lock()
        self._arriving: Arriving | None = None

    def send(self, meta: Meta, *pieces: Buffer) -> None:
        """Write one frame completely; from any thread."""
        self.send_frames(Frame(meta, pieces))

    def send_frames(self, *frames: Frame) -> None:
        """Write frames completely, small ones at once: the service then wakes up once for them."""
        with self._writing:
            for chunk in chunks(piece for frame in frames for piece in frame.encode()):
                self._socket.sendall(chunk)

    def pauses(self, seconds: float) -> bool:
        """Whether nothing arrives for so long."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(seconds * 1000)

    def receive(self) -> Frame | None:
        """Wait for a frame; None when the service closed its end.

        The large request of a run is left to be received by whoever has a place for it; the next frame is behind it.
        """
        if self._arriving is not None:
            self._arriving.arrived.wait()
            self._arriving = None
        header = self._exactly(LENGTHS.size)
        if header is None:
            return None
        meta_size, blob_size = LENGTHS.unpack(header)
        packed = self._exactly(meta_size)
        if packed is None:
            return None
        meta = msgpack.unpackb(packed)
        if meta["kind"] == "run" and blob_size >= MUCH:
            self._arriving = Arriving(self._socket, blob_size)
            return Frame(meta, arriving=self._arriving)
        blob = self._exactly(blob_size)
        return None if blob is None else Frame(meta, (blob,))

    def _exactly(self, length: int) -> Buffer | None:
        buffer = view = room(length)
        while view:
            count = self._socket.recv_into(view)
            if not count:
                return None
            view = view[count:]
        return buffer if length >= MUCH else bytes(buffer)
