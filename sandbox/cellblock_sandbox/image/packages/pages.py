"""What an index tells about one project, cut down to what matters to one guest, and kept on disk.

A page may list 15,000 files, of which a guest can use 50. Kept are those, and for every other version what its wheels
were built for, so that an error can tell. The form on disk is JSON:

    downloads/index/<index>/<abi>/<project>.json     `index` is the beginning of the sha256 of its address
    downloads/index/metadata/<sha256 of the wheel>   METADATA (PEP 658), by the wheel it belongs to
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import BuildTag, InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename
from packaging.utils import parse_wheel_filename as _parse
from packaging.version import Version
from pypi_simple import DistributionPackage

from cellblock_sandbox.image.distribution import RemoteFile, canonical
from cellblock_sandbox.image.hashing import sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.locks import working_directory
from cellblock_sandbox.image.packages.target import Target, is_pure, platforms_in_words
from cellblock_sandbox.image.packages.wheels import is_safe

_FORMAT: Final = 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SOURCE_ONLY: Final = "source"


@dataclass(frozen=True)
class IndexFile:
    """A wheel the guest could use. `metadata_sha256` is "" when the index doesn't offer METADATA on its own."""

    file: RemoteFile
    version: str
    url: str
    pure: bool
    requires_python: str = ""
    yanked: bool = False
    metadata_sha256: str = ""


@dataclass(frozen=True)
class Project:
    """A project of an index: its usable wheels, best first, and what other versions have wheels for, newest first."""

    name: str
    files: tuple[IndexFile, ...]
    elsewhere: Mapping[str, tuple[str, ...]]

    def to_json(self) -> Any:
        """Return plain data for `from_json`."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> Project:
        """Read what `to_json` gave; raises KeyError, TypeError, ValueError on anything else."""
        files = tuple(IndexFile(**{**entry, "file": RemoteFile(**entry["file"])}) for entry in data["files"])
        if not all(is_safe(entry.file) for entry in files):
            raise ValueError("an unsafe file name")
        return cls(data["name"], files, {version: tuple(words) for version, words in data["elsewhere"].items()})


def select(name: str, packages: Iterable[DistributionPackage], target: Target) -> Project:
    """Cut a page down to the wheels of the project `name` that `target` can use: the best one of each version.

    Files of other projects, with names that aren't proper, or without a sha256 are passed over.
    """
    best: dict[Version, tuple[tuple[int, BuildTag], IndexFile]] = {}
    elsewhere: dict[Version, set[str]] = {}
    for package in packages:
        if package.filename.endswith(".whl"):
            with contextlib.suppress(InvalidWheelFilename):
                project, version, build, tags = _parse(package.filename)
                if project != name:
                    continue
                rank = target.rank(tags)
                words = elsewhere.setdefault(version, set())
                if rank is None:
                    words.update(platforms_in_words(tags))
                elif (usable := _usable(package, str(version), pure=is_pure(tags))) is None:
                    words.add("any platform, without a sha256")
                elif version not in best or _better((rank, build), best[version][0]):
                    best[version] = (rank, build), usable
        elif (sdist := _sdist_version(package.filename, name)) is not None:
            elsewhere.setdefault(sdist, set())
    files = tuple(best[version][1] for version in sorted(best, reverse=True))
    others = {
        str(version): tuple(sorted(elsewhere[version]))
        for version in sorted(elsewhere, reverse=True)
        if version not in best
    }
    return Project(name, files, others)


def _usable(package: DistributionPackage, version: str, *, pure: bool) -> IndexFile | None:
    file = RemoteFile(package.filename, package.digests.get("sha256", "").lower())
    if not is_safe(file):
        return None
    offered = (package.metadata_digests or {}).get("sha256", "").lower() if package.has_metadata else ""
    return IndexFile(
        file=file,
        version=version,
        url=package.url,
        pure=pure,
        requires_python=package.requires_python or "",
        yanked=package.is_yanked,
        metadata_sha256=offered if _SHA256.fullmatch(offered) else "",
    )


def _better(one: tuple[int, BuildTag], other: tuple[int, BuildTag]) -> bool:
    """Whether the first of two wheels of one version is to be used: the better tag, then the later build."""
    return one[0] < other[0] or (one[0] == other[0] and one[1] > other[1])


@functools.lru_cache(maxsize=4096)
def _sdist_version(filename: str, name: str) -> Version | None:
    try:
        project, version = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        return None
    return version if project == name else None


@dataclass(frozen=True)
class Kept:
    """A page on disk. `project` is None when the index said that it has no such project."""

    project: Project | None
    etag: str
    fresh_until: float
    """Seconds since the epoch until which the index said that its answer holds."""


class PageStore:
    """The pages of one index and, by wheel, metadata of all indexes. A file that can't be read counts as absent."""

    def __init__(self, home: Home, index: str, target: Target) -> None:
        self._home = home
        root = home.downloads / "index"
        self._pages = root / sha256_bytes(index.encode())[:16] / target.abi
        self._metadata = root / "metadata"

    def page(self, name: str) -> Kept | None:
        """Return what is kept about a project."""
        try:
            data = json.loads((self._pages / f"{canonical(name)}.json").read_bytes())
            if data["format"] != _FORMAT:
                return None
            project = None if data["project"] is None else Project.from_json(data["project"])
            return Kept(project, str(data["etag"]), float(data["fresh_until"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_page(self, name: str, kept: Kept) -> None:
        """Keep what an index said about a project; raises `HomeUnusable`."""
        data = {
            "format": _FORMAT,
            "project": kept.project and kept.project.to_json(),
            "etag": kept.etag,
            "fresh_until": kept.fresh_until,
        }
        self._write(self._pages / f"{canonical(name)}.json", json.dumps(data).encode())

    def metadata(self, wheel_sha256: str) -> bytes | None:
        """Return the kept METADATA of a wheel."""
        try:
            return (self._metadata / wheel_sha256).read_bytes()
        except OSError:
            return None

    def keep_metadata(self, wheel_sha256: str, content: bytes) -> None:
        """Keep the METADATA of a wheel; raises `HomeUnusable`."""
        self._write(self._metadata / wheel_sha256, content)

    def _write(self, path: Path, content: bytes) -> None:
        with self._home.writing(), working_directory(self._home.downloads) as work:
            path.parent.mkdir(parents=True, exist_ok=True)
            part = work / "page"
            part.write_bytes(content)
            os.replace(part, path)
