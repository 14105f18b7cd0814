"""The block's stdout and stderr: text streams over descriptors 1 and 2, one write per line.

A run gets streams of its own, so a block that closes or replaces sys.stdout harms no later run. Characters that
UTF-8 can't hold (lone surrogates) are written as escapes instead of failing the print.
"""

import contextlib
import io
import sys


class Streams:
    """The pair of streams of the current run."""

    def __init__(self) -> None:
        self._fresh = False
        self._pair: list[io.TextIOWrapper] = []

    def prepare(self) -> None:
        """Build unused streams and make them sys.stdout and sys.stderr."""
        if not self._fresh:
            self._pair = [_open(1, "<stdout>"), _open(2, "<stderr>")]
            self._fresh = True
        sys.stdout, sys.stderr = self._pair
        vars(sys)["__stdout__"], vars(sys)["__stderr__"] = self._pair  # final, says typing; they are this run's

    def begin(self) -> None:
        """Give the streams to a run; the ones made ready in advance if there are."""
        self.prepare()
        self._fresh = False

    def finish(self) -> None:
        """Write out what the block printed, also to a stream it put in place. Never raises an Exception."""
        for stream in (getattr(sys, "stdout", None), getattr(sys, "stderr", None), *self._pair):
            with contextlib.suppress(Exception):
                stream.flush()  # type: ignore[union-attr]
        sys.stdout, sys.stderr = self._pair


def _open(descriptor: int, name: str) -> io.TextIOWrapper:
    raw = io.FileIO(descriptor, "w", closefd=False)
    raw.name = name
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding="utf-8", errors="backslashreplace", newline="\n", line_buffering=True
    )


streams = Streams()
