"""The service's end of a worker's socket pair: frames out, frames in, without a task or a stream for each.

Frames come in by a callback straight from the event loop's readiness notice. A small frame costs one `recv` and no
copy but its own bytes; the blob of a large one is received in place. A frame goes out with one `send` when the
socket has room, which it nearly always has.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import msgpack

from cellblock_service.areas import areas
from cellblock_service.workers.frames import LENGTHS, Buffer, Frame

_SMALL = 256 * 1024
_READS_PER_TURN = 16
_MAX_META = 256 << 20


class Channel:
    """One connected socket. `on_frame` gets each frame; `on_end` is called once, when the other side is gone."""

    def __init__(self, end: socket.socket, on_frame: Callable[[Frame], None], on_end: Callable[[], None]) -> None:
        end.setblocking(False)
        self._socket = end
        self._loop = asyncio.get_running_loop()
        self._on_frame = on_frame
        self._on_end = on_end
        self._sending = asyncio.Lock()
        self._incoming = _Incoming()
        self._closed = False
        self._loop.add_reader(end.fileno(), self._readable)

    async def send(self, frame: Frame, on_piece: Callable[[], None] | None = None) -> None:
        """Write one frame, letting the loop turn between the pieces of a large one. Raises ConnectionError.

        `on_piece` is called before each piece but the first.
        """
        async with self._sending:
            for number, chunk in enumerate(frame.encode()):
                if self._closed:
                    raise ConnectionResetError("the channel is closed")
                if number and on_piece is not None:
                    on_piece()
                await self._loop.sock_sendall(self._socket, chunk)

    def close(self) -> None:
        """Close the socket; no callback comes any more."""
        if not self._closed:
            self._closed = True
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _readable(self) -> None:
        """Take what has arrived. Frames that aren't frames end the channel, like a worker that is gone."""
        for _ in range(_READS_PER_TURN):
            if self._closed:
                return
            try:
                if not self._incoming.receive(self._socket):
                    return
                for frame in self._incoming.frames():
                    self._on_frame(frame)
                if self._incoming.empty:
                    return  # asking for more would mostly be in vain: the loop tells when there is
            except (EOFError, OSError):  # there may also be no room for what is promised
                self._end()
                return

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._on_end()


class _Incoming:
    """Bytes on their way to becoming frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._blob: memoryview | None = None
        self._filled = 0
        self._meta: dict[str, object] = {}

    @property
    def empty(self) -> bool:
        """Whether no frame has begun."""
        return self._blob is None and not self._buffer

    def receive(self, source: socket.socket) -> bool:
        """Receive once; False if there is nothing now. Raises EOFError at the end, ConnectionError."""
        with contextlib.suppress(BlockingIOError, InterruptedError):
            if self._blob is not None:
                count = source.recv_into(self._blob[self._filled :])
                self._filled += count
            else:
                received = source.recv(_SMALL)
                count = len(received)
                self._buffer += received
            if not count:
                raise EOFError
            return True
        return False

    def frames(self) -> list[Frame]:
        """Give the frames that are complete. Raises EOFError for what is none."""
        found: list[Frame] = []
        if self._blob is not None:
            if self._filled < len(self._blob):
                return found
            found.append(Frame(self._meta, (self._blob,)))
            self._blob = None
        while len(self._buffer) >= LENGTHS.size:
            meta_size, blob_size = LENGTHS.unpack_from(self._buffer)
            if meta_size > _MAX_META:
                raise EOFError("the worker sent what is no frame")
            start, size = LENGTHS.size + meta_size, LENGTHS.size + meta_size + blob_size
            if len(self._buffer) < size and (blob_size <= _SMALL or len(self._buffer) < start):
                break
            meta = _meta(bytes(self._buffer[LENGTHS.size : start]))
            blob: Buffer = bytes(self._buffer[start:size])
            if len(blob) < blob_size:
                self._begin(meta, blob_size, blob)
                self._buffer.clear()
                break
            del self._buffer[:size]
            found.append(Frame(meta, (blob,)))
        return found

    def _begin(self, meta: dict[str, object], size: int, blob: Buffer) -> None:
        """Receive the rest of a large blob where it will stay.

        Mapped, so that it takes memory as it arrives: a worker that a block has taken over can promise 4 GiB in 21
        bytes.
        """
        self._meta, self._blob, self._filled = meta, areas.take(size), len(blob)
        self._blob[: len(blob)] = blob


def _meta(packed: bytes) -> dict[str, object]:
    try:
        meta = msgpack.unpackb(packed)
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        raise EOFError("the worker sent what is no frame") from error
    if not isinstance(meta, dict) or not isinstance(meta.get("kind"), str):
        raise EOFError("the worker sent what is no frame")
    return meta
