"""Getting files of the distribution: from the downloads kept, else from the first source that can.

Each file is hashed while it streams in, and moved to `downloads/<sha256>/` only if it is the one the lock
names, so whatever lies there is whole and right, whenever a build was interrupted. A kept file is hashed again
before it is given out. Two builds that want the same file take turns, and the second finds it there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPResponse
from pathlib import Path
from typing import IO

from cellblock_sandbox.errors import HashMismatch, SourceUnavailable
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.distribution import Distribution, RemoteFile
from cellblock_sandbox.image.hashing import sha256_file
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.problems import READ_ERRORS, FileAbsentError, SourceError
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.sources import Source, configured_sources

_CHUNK = 1 << 18


class Fetcher:
    """Gets files into `home` from `sources` (default: the configured ones), remembering which sources failed."""

    def __init__(self, home: Home, progress: Progress, sources: Sequence[Source] | None = None) -> None:
        self.home = home
        self.progress = progress
        self.sources = configured_sources(home, progress) if sources is None else list(sources)
        self._failed: dict[str, str] = {}

    def distribution(self) -> Distribution:
        """Fetch and read the lock of the pinned Pyodide release."""
        lock = pins.core_file(pins.LOCK)
        return Distribution.load(self.get([lock])[lock.name])

    def get(self, files: Iterable[RemoteFile]) -> dict[str, Path]:
        """Return the path of each file by its name.

        Raises `SourceUnavailable`, `HashMismatch`, `HomeUnusable`. Files got before the failing one are kept.
        """
        wanted = list(files)
        found = {file.name: place for file in wanted if (place := self._kept(file))}
        missing = [file for file in wanted if file.name not in found]
        if missing:
            what = missing[0].name if len(missing) == 1 else f"{len(missing)} files"
            with self.home.writing(), self.progress.step(f"fetch {what}", len(missing)) as step:
                for file in missing:
                    found[file.name] = self._fetch(file)
                    step.advance()
        return found

    def has(self, file: RemoteFile) -> bool:
        """Whether the file is kept, or some source begins to give it. Raises `HomeUnusable`."""
        return self.refusal(file) is None

    def refusal(self, file: RemoteFile) -> SourceUnavailable | None:
        """What `get` would raise for a file that no source has; None if it is kept, or a source begins to give it.

        A source that fails isn't asked again. Raises `HomeUnusable`.
        """
        if self._kept(file) is not None:
            return None
        tried = []
        for source in self.sources:
            reason = self._failed.get(source.name)
            if reason is None:
                try:
                    with self.home.writing(), source.open(file):
                        return None
                except FileAbsentError as problem:
                    reason = str(problem)
                except SourceError as problem:
                    reason = self._failed[source.name] = str(problem)
                    self.progress.note(f"{source.name}: {reason}")
            tried.append((source.name, reason))
        return SourceUnavailable(file.name, tried)

    def _place(self, file: RemoteFile) -> Path:
        return self.home.downloads / file.sha256 / file.name

    def _kept(self, file: RemoteFile) -> Path | None:
        place = self._place(file)
        return place if place.is_file() and sha256_file(place) == file.sha256 else None

    def _fetch(self, file: RemoteFile) -> Path:
        with exclusive(self.home.locks / f"download-{file.sha256}.lock", self.progress):
            return self._kept(file) or self._from_sources(file)

    def _from_sources(self, file: RemoteFile) -> Path:
        tried: list[tuple[str, str]] = []
        mismatch: HashMismatch | None = None
        for source in self.sources:
            reason = self._failed.get(source.name)
            if reason is None:
                try:
                    return self._from_source(source, file)
                except SourceError as problem:
                    reason = self._failed[source.name] = str(problem)
                    self.progress.note(f"{source.name}: {reason}")
                except FileAbsentError as problem:
                    reason = str(problem)
                except HashMismatch as problem:
                    mismatch = mismatch or problem
                    reason = f"sha256 is {problem.got}, expected {problem.expected}"
                    self.progress.note(f"{source.name}: {file.name}: {reason}")
            tried.append((source.name, reason))
        # A wrong file is the news only if no source stayed unheard: one of those may hold the right file.
        if mismatch is not None and not any(name in self._failed for name, _ in tried):
            raise mismatch
        raise SourceUnavailable(file.name, tried)

    def _from_source(self, source: Source, file: RemoteFile) -> Path:
        place = self._place(file)
        with working_directory(self.home.downloads) as work, source.open(file) as stream:
            part = work / file.name
            digest = hashlib.sha256()
            with part.open("wb") as sink:
                for chunk in _chunks(stream):
                    digest.update(chunk)
                    sink.write(chunk)
            if digest.hexdigest() != file.sha256:
                raise HashMismatch(file.name, source.name, file.sha256, digest.hexdigest())
            place.parent.mkdir(exist_ok=True)
            os.replace(part, place)
        return place


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Read `stream` to its end. A connection that breaks is the source's failure, a full disk is not."""
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except READ_ERRORS as problem:
            raise SourceError(f"reading broke off: {problem}") from problem
        if not chunk:
            # A server that hangs up early raises nothing; it would pass for a wrong file.
            if isinstance(stream, HTTPResponse) and stream.length:
                raise SourceError(f"the connection ended {stream.length} bytes early")
            return
        yield chunk
