"""What the commands write: results on stdout, everything else on stderr."""

from __future__ import annotations

import sys


def say(text: str = "") -> None:
    """Write a line to stdout, at once: a reader may be waiting for it."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
