"""What the service answers to the block that runs: the guest thread waits here, the reading thread brings it.

Each question has a number. A question may be given up, because the run is cancelled or out of time; its answer then
comes all the same, is nobody's, and is dropped.
"""

from __future__ import annotations

import queue
import threading
import time

from cellblock_sandbox import CellblockError

from cellblock_service.workers.frames import Frame


class RunCancelled(CellblockError):
    """The run that waits for an answer was cancelled."""

    key = "run-cancelled"


class Replies:
    """The answers on their way from the reading thread to the guest thread."""

    def __init__(self) -> None:
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._latest = 0

    def number(self) -> int:
        """Give the number for a new question."""
        self._latest += 1
        return self._latest

    def put(self, frame: Frame) -> None:
        """Bring an answer."""
        self._frames.put(frame)

    def wake(self) -> None:
        """Have whoever waits look whether its run has been cancelled."""
        self._frames.put(None)

    def wait(self, number: int, within_s: float, cancelled: threading.Event) -> Frame:
        """Wait for the answer to question `number`. TimeoutError after `within_s`, RunCancelled."""
        end = time.monotonic() + within_s
        while not cancelled.is_set():
            try:
                frame = self._frames.get(timeout=min(max(0.0, end - time.monotonic()), threading.TIMEOUT_MAX))
            except queue.Empty:
                raise TimeoutError("the time limit was reached before an answer came") from None
            if frame is not None and frame.meta.get("call") == number:
                return frame
        raise RunCancelled("the run was cancelled")
