"""Output on its way while a block runs: each piece soon, but not each in a frame of its own.

The first piece is sent at once. What follows within PAUSE_S is gathered and sent together, by a thread that waits for
that moment, since the block may have gone on to something long. The order of stdout and stderr is kept: a frame holds
what was written to one of them without a break. Only a block that goes back and forth between them all the time gets
what it writes to each until that moment joined: the service keeps every piece, and one takes 300 bytes there.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

PAUSE_S = 0.02
FULL = 16 * 1024
"""Bytes that are sent without waiting for more."""
PIECES, MANY = 64, 10_000
"""Pieces that may be sent together, and in a run, before those of one stream are joined."""


class LiveOutput:
    """Gathers what one block after the other prints; `send(stream, data)` is called with pieces of it."""

    def __init__(self, send: Callable[[str, bytes], None]) -> None:
        self._send = send
        self._condition = threading.Condition()
        self._pieces: list[tuple[str, bytearray]] = []
        self._size = 0
        self._sent = 0
        self._sent_at = float("-inf")
        self._thread: threading.Thread | None = None

    def __call__(self, stream: str, chunk: bytes) -> None:
        """Take what the block has written."""
        with self._condition:
            self._gather(stream, chunk)
            self._size += len(chunk)
            if self._size >= FULL or time.monotonic() >= self._sent_at + PAUSE_S:
                self._flush()
            elif self._size == len(chunk):
                self._wake()

    def _gather(self, stream: str, chunk: bytes) -> None:
        """Add to the latest piece, or begin one; with too many of them, add to the latest of this stream."""
        exact = len(self._pieces) < PIECES and self._sent < MANY
        for name, data in reversed(self._pieces[-1 if exact else -2 :]):
            if name == stream:
                data.extend(chunk)
                return
        self._pieces.append((stream, bytearray(chunk)))

    def flush(self) -> None:
        """Send what is left, before something that the block does next.

        Once MANY pieces were sent, a block that prints and does such things in turns waits for each PAUSE_S.
        """
        with self._condition:
            if not self._pieces:
                return
            if self._sent >= MANY:
                time.sleep(max(0.0, self._sent_at + PAUSE_S - time.monotonic()))
            self._flush()

    def end(self) -> None:
        """Send what is left: the run is over. The next one's first piece is sent at once again."""
        with self._condition:
            self._flush()
            self._sent, self._sent_at = 0, float("-inf")

    def _wake(self) -> None:
        """Have the thread see to it that what was gathered is sent in time."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="live-output", daemon=True)
            self._thread.start()
        self._condition.notify()

    def _watch(self) -> None:
        with self._condition, contextlib.suppress(OSError):  # the service is gone: the reading thread ends the process
            while True:
                if not self._pieces:
                    self._condition.wait()
                elif (left := self._sent_at + PAUSE_S - time.monotonic()) > 0:
                    self._condition.wait(left)
                else:
                    self._flush()

    def _flush(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        self._sent += len(pieces)
        for stream, data in pieces:
            self._send(stream, bytes(data))
        self._sent_at = time.monotonic()
