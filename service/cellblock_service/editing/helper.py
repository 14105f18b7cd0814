"""The process that completes: `python -m cellblock_service.editing.helper HOME`, lines of JSON in and out.

A line in is `{n, code, line, column, libraries}`, the line out `{n, items, incomplete}`. It is a process of its own
because jedi takes seconds for a package it hasn't seen and never lets go of the interpreter meanwhile, and because a
text on which it hangs, or for which it takes all memory, must cost no more than this process. It runs at low priority
and ends when its stdin does, or when it has grown.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jedi
import parso

from cellblock_service.editing.confinement import confine
from cellblock_service.editing.suggestions import GIVEN, suggest
from cellblock_service.editing.unpacking import sweep, unpacked

GROWN_BYTES = 700 << 20
"""Resident memory at which it ends after an answer: what jedi has read stays in memory."""
MOST_BYTES = 2 << 30
_NICENESS = 5


def main(home: Path) -> None:
    """Answer line by line."""
    root, places = home / "completion", (home / "bundles", home / "images")
    sources = root / "sources"
    answers = _settle(root)
    sweep(sources, places)
    _confine(places, root)
    for text in sys.stdin.buffer:
        request = json.loads(text)
        answers.write(json.dumps({"n": request.pop("n")} | _answer(sources, **request)) + "\n")
        answers.flush()
        if _resident_bytes() > GROWN_BYTES:
            return


def _answer(sources: Path, libraries: list[dict[str, Any]], code: str, line: int, column: int) -> dict[str, Any]:
    """Complete. What makes jedi fail, and there is code that does, has no completion."""
    try:
        folders = [unpacked(sources, each["id"], each["archives"]) for each in libraries]
        return suggest(code, line, column, folders)
    except Exception as error:  # jedi's own errors are of any kind
        return {"items": [], "incomplete": True, "failed": f"{type(error).__name__}: {error}"[:500]}


def _settle(root: Path) -> Any:
    """Take stdout for answers alone, and as few of the machine's resources as will do."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    root.mkdir(parents=True, exist_ok=True)
    jedi.settings.cache_directory = str(root / "cache")
    return answers


def _confine(places: Sequence[Path], root: Path) -> None:
    """Let it read the archives, jedi's own files, and the standard library that this process runs on."""
    own = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib")]
    packages = [Path(module.__file__).parent for module in (jedi, parso) if module.__file__]
    confine([*places, GIVEN, *packages, *own, Path("/proc/self")], root)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
