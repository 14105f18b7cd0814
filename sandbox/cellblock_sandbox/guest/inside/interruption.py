"""Being asked to stop, as a block sees it: an exception raised wherever it is, so that its `finally` blocks run.

The host makes CPython see SIGINT: when the wall time or the processor time is over, and when the run is cancelled.
Which of them it is, the handler here asks through the door `interruption`. Out of time is a TimeoutError; since that is
an OSError, code that catches those may eat it. Cancelled is a KeyboardInterrupt, as for a program that is told to stop
by Ctrl-C. The host asks once more before it stops the block from outside.
"""

import _signal  # type: ignore[import-not-found]  # the wrapper makes an enumeration member of every answer
import os
import sys
from types import FrameType
from typing import Any

_DOOR = "/dev/cellblock/interruption"
# Taken here, so that a block that replaces them harms nobody but itself.
_open, _read, _write, _close = os.open, os.read, os.write, os.close


class DeadlineExceeded(TimeoutError):
    """The block is out of time. Shown to users, by type and in tracebacks, as TimeoutError."""


DeadlineExceeded.__name__ = DeadlineExceeded.__qualname__ = "TimeoutError"
DeadlineExceeded.__module__ = "builtins"


class Interruption:
    """Whether an interrupt now is meant for the running block, and what to raise then."""

    def __init__(self) -> None:
        self.deadline: DeadlineExceeded | None = None
        """The error to raise for being out of time, once that is so."""
        self.task: Any = None
        """The asyncio task that the latest interrupt hit, if any."""
        self._armed = False
        self._seconds: float | None = None
        self._processor_seconds: float | None = None

    def arm(self) -> None:
        """From here an interrupt ends the block."""
        self.deadline = self._seconds = self._processor_seconds = None
        self._armed = True
        if _signal.getsignal(_signal.SIGINT) is not handle_interrupt:
            _signal.signal(_signal.SIGINT, handle_interrupt)

    def tell(self, seconds: float | None, processor_seconds: float | None = None) -> None:
        """Take the limits, for the messages."""
        self._seconds, self._processor_seconds = seconds, processor_seconds

    def disarm(self) -> None:
        """From here an interrupt comes too late to mean anything."""
        self._armed = False

    def occur(self) -> None:
        """Raise what the interrupt means, if armed."""
        if not self._armed:
            return
        reason = _reason()
        self.task = _current_task()
        if reason == "time":
            self.deadline = DeadlineExceeded(f"the time limit{_of(self._seconds)} was reached")
        elif reason == "processor time":
            self.deadline = DeadlineExceeded(f"the limit{_of(self._processor_seconds)} of processor time was reached")
        else:
            raise KeyboardInterrupt("the run was cancelled") if reason else KeyboardInterrupt
        raise self.deadline


def _of(seconds: float | None) -> str:
    return "" if seconds is None else f" of {seconds:g} s"


def _reason() -> str:
    """Ask the host why it interrupts: "time", "processor time", "cancelled", or nothing if it doesn't."""
    try:
        door = _open(_DOOR, os.O_RDWR)
    except OSError:  # no descriptor left, or no host that could be asked
        return "time"
    try:
        _write(door, b"?")
        return _read(door, 100).decode()
    except OSError:
        return "time"
    finally:
        _close(door)


def _current_task() -> Any:
    asyncio = sys.modules.get("asyncio")
    running = asyncio and asyncio._get_running_loop()
    return asyncio.current_task(running) if asyncio and running else None


interruption = Interruption()


def handle_interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Handle SIGINT."""
    interruption.occur()


def caused_by_deadline(error: BaseException) -> bool:
    """Whether being out of time is `error`, or is among its causes, contexts and group members."""
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
