"""Locks between processes, and folders that only their builder may touch.

Both rest on `flock`, which the kernel releases when a process ends, however it ends: a builder that is
killed with SIGKILL holds nothing back, and what it left behind can be told from what is being built by
trying its lock. Lock files are real files, opened for writing, because NFS refuses `flock` otherwise.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cellblock_sandbox.image.progress import Progress

_POLL_S = 0.1
_PREFIX = ".work-"


@contextmanager
def exclusive(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock file `path`; while another process has it, say so through `progress` and wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        if not _try_lock(handle):
            _wait(handle, progress)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _wait(handle: IO[str], progress: Progress) -> None:
    with progress.step(f"waiting for another build (pid {_holder(handle)})") as step:
        while not _try_lock(handle):
            time.sleep(_POLL_S)
            step.advance(0)


def _holder(handle: IO[str]) -> str:
    """Return the pid written by the holder. It writes just after locking, hence the second look."""
    for _ in range(2):
        handle.seek(0)
        if pid := handle.read().strip():
            return pid
        time.sleep(_POLL_S)
    return "unknown"


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def working_directory(parent: Path) -> Iterator[Path]:
    """Give a new folder `.work-<token>` in `parent`, claimed by this process.

    To finish, rename the folder or what is in it; whatever is left under its name is removed at the end.
    Leftovers of builders that were killed are removed first, those of living ones are not.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as claim:
        with _guard(parent):
            _sweep(parent)
            folder = parent / (_PREFIX + secrets.token_hex(8))
            handle = claim.enter_context(_lock_of(folder).open("w"))
            _try_lock(handle)
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            _lock_of(folder).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")


@contextmanager
def _guard(parent: Path) -> Iterator[None]:
    """Keep others from sweeping `parent` between the making of a lock file and its locking."""
    with (parent / ".guard").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sweep(parent: Path) -> None:
    for lock in parent.glob(f"{_PREFIX}*.lock"):
        with contextlib.suppress(FileNotFoundError), lock.open("r+") as handle:
            if _try_lock(handle):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
