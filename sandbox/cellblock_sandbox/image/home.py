"""Where Cellblock keeps what it fetches and builds: one folder, `CELLBLOCK_HOME`.

    downloads/<sha256>/<file>      files of the distribution, by their content
    downloads/archives/<what>/     whole archives that carry such files
    bundles/<id>/  images/<id>/    finished ones, each with its manifest.json
    bundles/by-name/<name>         small files that hold an id (and the same for images)
    tools/binaryen-<version>/      the toolchain
    locks/                         files that builders lock; they may stay

Everything in it can be fetched or built again, so the default is the user's cache folder. A folder that
is being filled is called `.work-<token>` (see `locks.py`); anything without the dot is finished.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from cellblock_sandbox.errors import HomeUnusable

_UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Home:
    """The layout under one root. Nothing is created by asking for a path."""

    root: Path

    @classmethod
    def find(cls, root: Path | None = None) -> Home:
        """Return the home at `root`, else at `CELLBLOCK_HOME`, else in the user's cache folder."""
        chosen = root or os.environ.get("CELLBLOCK_HOME") or platformdirs.user_cache_path("cellblock")
        return cls(Path(chosen).expanduser().absolute())

    @property
    def downloads(self) -> Path:
        """Fetched files, by their content."""
        return self.root / "downloads"

    @property
    def archives(self) -> Path:
        """Fetched archives, whole."""
        return self.downloads / "archives"

    @property
    def bundles(self) -> Path:
        """Finished bundles, and names for them."""
        return self.root / "bundles"

    @property
    def images(self) -> Path:
        """Finished images, and names for them."""
        return self.root / "images"

    @property
    def tools(self) -> Path:
        """Programs that building needs."""
        return self.root / "tools"

    @property
    def locks(self) -> Path:
        """Lock files, empty but for the pid of their holder."""
        return self.root / "locks"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make sure the folders are there and writable; raises `HomeUnusable` if not, or when the disk gets full."""
        for folder in (self.downloads, self.archives, self.bundles, self.images, self.tools, self.locks):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as problem:
                raise HomeUnusable(str(self.root), problem.strerror or str(problem)) from problem
            if not os.access(folder, os.W_OK):
                raise HomeUnusable(str(folder), "no permission")
        try:
            yield
        except OSError as problem:
            if problem.errno in _UNWRITABLE:
                raise HomeUnusable(str(self.root), problem.strerror or str(problem)) from problem
            raise
