"""The time limit, as a block sees it: a TimeoutError raised wherever it is.

At the deadline the host makes CPython see SIGINT. The handler here raises, so `finally` blocks run. Since the error is
an OSError, code that catches those may eat it; the host asks once more before it stops the block from outside.
"""

import signal
import sys
from types import FrameType
from typing import Any


class DeadlineExceeded(TimeoutError):
    """The time limit was reached. Shown to users, by type and in tracebacks, as TimeoutError."""


DeadlineExceeded.__name__ = DeadlineExceeded.__qualname__ = "TimeoutError"
DeadlineExceeded.__module__ = "builtins"


class Deadline:
    """Whether an interrupt now means that the running block is out of time, and what to say then."""

    def __init__(self) -> None:
        self.reached = False
        self.task: Any = None
        """The asyncio task that the latest interrupt hit, if any."""
        self._armed = False
        self._seconds: float | None = None

    def arm(self, seconds: float | None) -> None:
        """From here an interrupt ends the block. `seconds` is what the message says."""
        self.reached, self._armed, self._seconds = False, True, seconds
        if signal.getsignal(signal.SIGINT) is not handle_interrupt:
            signal.signal(signal.SIGINT, handle_interrupt)

    def disarm(self) -> None:
        """From here an interrupt comes too late to mean anything."""
        self._armed = False

    def expire(self) -> None:
        """Raise DeadlineExceeded, if armed."""
        if self._armed:
            self.reached = True
            self.task = _current_task()
            raise self.error()

    def error(self) -> DeadlineExceeded:
        """What to raise."""
        limit = "the time limit" if self._seconds is None else f"the time limit of {self._seconds:g} s"
        return DeadlineExceeded(f"{limit} was reached")


def _current_task() -> Any:
    asyncio = sys.modules.get("asyncio")
    running = asyncio and asyncio._get_running_loop()
    return asyncio.current_task(running) if asyncio and running else None


deadline = Deadline()


def handle_interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Handle SIGINT."""
    deadline.expire()


def caused_by_deadline(error: BaseException) -> bool:
    """Whether the deadline's error is `error`, or is among its causes, contexts and group members."""
    pending, seen = [error], set[int]()
    while pending:
        current = pending.pop()
        if isinstance(current, DeadlineExceeded):
            return True
        if id(current) in seen:
            continue
        seen.add(id(current))
        linked = [current.__cause__, current.__context__]
        pending += [item for item in linked if item is not None]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
    return False
