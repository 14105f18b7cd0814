"""The time limit, as a block sees it: a TimeoutError raised wherever it is.

At the deadline the host makes CPython see SIGINT. The handler here raises, so `finally` blocks run. A block that
catches the error and goes on is stopped from outside, after the host's grace.
"""

import signal
from types import FrameType


class DeadlineExceeded(TimeoutError):
    """The time limit was reached. Shown to users, by type and in tracebacks, as TimeoutError."""


DeadlineExceeded.__name__ = DeadlineExceeded.__qualname__ = "TimeoutError"
DeadlineExceeded.__module__ = "builtins"


class Deadline:
    """Whether an interrupt now means that the running block is out of time, and what to say then."""

    def __init__(self) -> None:
        self.reached = False
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
            limit = "the time limit" if self._seconds is None else f"the time limit of {self._seconds:g} s"
            raise DeadlineExceeded(f"{limit} was reached")


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
