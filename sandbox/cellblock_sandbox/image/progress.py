"""How builders tell what they are doing: one small protocol and three ways to show it.

On a terminal: bars with amounts, rates and remaining time. Elsewhere (logs, containers, CI): plain lines with
the same facts, one each few seconds. In a library: nothing. Builders only know the protocol:

    with progress.step("download numpy.whl", total=7_000_000, unit="B") as step:
        step.advance(65536)

`advance(0)` is a sign of life for work that can't be counted, such as a running tool.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as RichBars
from rich.text import Text

_LINE_EVERY_S = 2.0


class Step(Protocol):
    """One piece of work being done; a context manager that ends it."""

    def advance(self, amount: float = 1) -> None:
        """Count `amount` more units as done."""

    def resize(self, total: float | None) -> None:
        """Set the total, once it is known."""

    def note(self, text: str) -> None:
        """Tell something that happened in this step."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Progress(Protocol):
    """What a builder is given. Steps may be nested."""

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:
        """Begin a step of `total` units ("B" for bytes, "" for things); None when that can't be known."""

    def note(self, text: str) -> None:
        """Tell something that belongs to no step."""


def for_stream(stream: TextIO | None = None) -> Progress:
    """Return bars when `stream` (default: stderr) is a terminal, and plain lines otherwise."""
    stream = stream or sys.stderr
    return BarProgress(stream) if stream.isatty() else LineProgress(stream)


def describe(done: float, total: float | None, unit: str, elapsed: float) -> str:
    """Put amount, share, rate and remaining time into words: "34%, 36.1 MB of 106.4 MB, 24.3 MB/s, 3 s left"."""
    if not done:
        return f"{elapsed:.0f} s"
    parts = [_amount(done, unit)]
    if total:
        parts = [f"{min(done / total, 1):.0%}", f"{_amount(done, unit)} of {_amount(total, unit)}"]
    if elapsed > 0 and unit == "B":
        parts.append(f"{_amount(done / elapsed, unit)}/s")
    if total and done < total:
        parts.append(f"{elapsed * (total - done) / done:.0f} s left")
    return ", ".join(parts)


def _amount(value: float, unit: str) -> str:
    return decimal(int(value)) if unit == "B" else f"{value:g}{unit and ' ' + unit}"


class SilentProgress:
    """Shows nothing."""

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:  # noqa: ARG002
        """Begin a step that nobody sees."""
        return SilentStep()

    def note(self, text: str) -> None:
        """Tell nobody."""


class SilentStep:
    """A step that shows nothing; the others are made from it."""

    def advance(self, amount: float = 1) -> None:
        """Count for nobody."""

    def resize(self, total: float | None) -> None:
        """Take no note."""

    def note(self, text: str) -> None:
        """Tell nobody."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


class LineProgress:
    """Plain lines on `stream`, at most one for each step in `every` seconds."""

    def __init__(self, stream: TextIO, every: float = _LINE_EVERY_S) -> None:
        self._stream = stream
        self.every = every

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:
        """Begin a step of plain lines."""
        return _LineStep(self, name, total, unit)

    def note(self, text: str) -> None:
        """Write a line now."""
        self._stream.write(f"cellblock: {text}\n")
        self._stream.flush()


class _LineStep(SilentStep):
    def __init__(self, lines: LineProgress, name: str, total: float | None, unit: str) -> None:
        self._lines, self._name, self._total, self._unit = lines, name, total, unit
        self._done = 0.0
        self._began = self._told = time.monotonic()

    def advance(self, amount: float = 1) -> None:
        self._done += amount
        now = time.monotonic()
        if now - self._told >= self._lines.every:
            self._told = now
            self.note(describe(self._done, self._total, self._unit, now - self._began))

    def resize(self, total: float | None) -> None:
        self._total = total

    def note(self, text: str) -> None:
        self._lines.note(f"{self._name}: {text}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        amount = f", {_amount(self._done, self._unit)}" if self._unit and self._done else ""
        self.note(f"{'done' if kind is None else 'stopped'}{amount} in {time.monotonic() - self._began:.1f} s")


class BarProgress:
    """Bars on a terminal. They are taken down when the last open step ends."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._bars: RichBars | None = None
        self._open = 0

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:
        """Begin a step with a bar of its own."""
        if self._bars is None:
            self._bars = RichBars(
                SpinnerColumn(finished_text="*"),
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=30),
                _Facts(),
                console=self._console,
            )
            self._bars.start()
        self._open += 1
        return _BarStep(self, self._bars, self._bars.add_task(name, total=total, unit=unit))

    def note(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(text, markup=False, highlight=False)

    def ended(self) -> None:
        """Count a step as ended; called by the step."""
        self._open -= 1
        if self._bars is not None and not self._open:
            self._bars.stop()
            self._bars = None


class _Facts(ProgressColumn):
    """Amount, share, rate and remaining time in the words of `describe`."""

    def render(self, task: Task) -> Text:
        return Text(describe(task.completed, task.total, task.fields["unit"], task.elapsed or 0))


class _BarStep(SilentStep):
    def __init__(self, owner: BarProgress, bars: RichBars, task: TaskID) -> None:
        self._owner, self._bars, self._task = owner, bars, task

    def advance(self, amount: float = 1) -> None:
        self._bars.advance(self._task, amount)

    def resize(self, total: float | None) -> None:
        self._bars.update(self._task, total=total)

    def note(self, text: str) -> None:
        self._owner.note(text)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._bars.tasks[self._task]
        if kind is None and task.total is None:
            self._bars.update(self._task, total=task.completed)
        self._bars.stop_task(self._task)
        self._owner.ended()
