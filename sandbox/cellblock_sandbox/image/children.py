"""Programs that a build runs, and which don't outlive it: a linker goes on for minutes, on a whole core."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def start(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program with the options of Popen; the kernel kills it when the thread that called this is gone.

    So a builder can be killed at any moment. What the program starts in its turn is its own business. Source:
    PR_SET_PDEATHSIG(2const). OSError as Popen.
    """
    end = partial(_end_with, os.getpid())
    return subprocess.Popen(command, preexec_fn=end, **options)  # noqa: PLW1509 (two system calls)


def _end_with(parent: int) -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before
        os._exit(1)
