"""Importing what an image should hold, one module at a time, and telling why one can't be had.

A module whose import fails is left out, as it is for a program that tries `import x` and goes on. Python itself takes
the failed module out of `sys.modules`; what it imported on its way and what worked stays. Some imports succeed and
leave behind what no image can hold, such as an open file. That can't be undone in a running interpreter: the host
is told, and boots again without them.
"""

import contextlib
import gc
import importlib
import io
import os
import sys
from typing import Any

from ..values import pack
from . import failures
from .interruption import interruption

SECONDS = 120.0
"""How long an import may take. The host enforces it as it does for blocks."""
_STANDARD = {"0", "1", "2"}


def preload(name: bytes) -> bytes:
    """Import a module. Never raises.

    The packed answer is empty, or has one text: "failed", why the import failed; or "unholdable", why an interpreter
    that has tried it can't become an image.
    """
    path, folder = list(sys.path), os.getcwd()
    try:
        interruption.arm()
        interruption.tell(SECONDS)
        importlib.import_module(name.decode())
        answer = {}
    except MemoryError:
        answer = {"unholdable": "its import takes more memory than there is"}
    except BaseException as error:  # SystemExit too: whatever an import does, the other modules still count
        answer = {"failed": f"{failures.type_name(error)}: {failures.message(error)}"}
        sys.path[:] = path
        os.chdir(folder)
    interruption.disarm()
    if files := _open_files():
        answer = {"unholdable": f"its import leaves open {', '.join(files)}, and an image can't hold an open file"}
    return pack(answer)


def _open_files() -> list[str]:
    """What is open beside the standard streams, once nothing is left open by mere delay."""
    if not _descriptors():
        return []
    _forget_archives()
    gc.collect()
    names = {descriptor: f"descriptor {descriptor}" for descriptor in _descriptors()}
    for item in gc.get_objects():
        if isinstance(item, io.FileIO) and not item.closed and str(item.fileno()) in names:
            names[str(item.fileno())] = str(item.name)
    return list(names.values())


def _descriptors() -> set[str]:
    """The descriptors that are open, as /dev/fd names them."""
    return {each for each in os.listdir("/dev/fd") if each not in _STANDARD and _is_open(int(each))}


def _is_open(descriptor: int) -> bool:
    """Whether a descriptor is open still: the one that listed them isn't."""
    with contextlib.suppress(OSError):
        os.fstat(descriptor)
        return True
    return False


def _forget_archives() -> None:
    """Let importlib.metadata close the archives on sys.path that it looked into; it opens them again when asked."""
    metadata: Any = sys.modules.get("importlib.metadata")
    if metadata is not None:
        metadata.MetadataPathFinder.invalidate_caches()
