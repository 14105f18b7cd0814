"""Sources of packages laid out as folders, since jedi reads modules from files.

From a zip archive it would read them too, but through zipimport, which compiles them with this process's Python, and
fails on syntax that is newer. Each library is unpacked once, under its id; 7,000 files take a second.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

_SUFFIXES = (".py", ".pyi")
_LEFT_OUT = frozenset({"test", "tests"})
_WORK = ".work-"
_LEFT_S = 3600.0
MAX_FILE = 8 << 20
MAX_LIBRARY = 1 << 30


def unpacked(root: Path, ident: str, archives: Iterable[str]) -> Path:
    """Give the folder with the sources of a library, which is made if it isn't there. Raises OSError."""
    folder = root / ident
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=_WORK, dir=root))
        try:
            _fill(work, archives)
            with contextlib.suppress(FileExistsError):  # another process was quicker
                os.rename(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder


def sweep(root: Path, places: Iterable[Path]) -> None:
    """Remove libraries whose bundle or image isn't in any of `places` now, and what killed processes left here."""
    there = {path.name for place in places for path in place.glob("*")}
    for folder in root.glob("*"):
        unfinished = folder.name.startswith(_WORK)
        if folder.stat().st_mtime < time.time() - _LEFT_S if unfinished else folder.name not in there:
            shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, archives: Iterable[str]) -> None:
    room = MAX_LIBRARY
    for path in archives:
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if _is_source(member) and member.file_size <= min(MAX_FILE, room):
                    _write(archive, member, folder)
                    room -= member.file_size


def _is_source(member: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(member.filename)
    return path.suffix in _SUFFIXES and not _LEFT_OUT.intersection(path.parts[:-1])


def _write(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    """Write one file. zipfile keeps names inside of the folder; those that clash, or lie about their size, are left."""
    target = folder / member.filename
    if not target.exists():
        with contextlib.suppress(OSError, zipfile.BadZipFile, EOFError):
            archive.extract(member, folder)
