"""Every wheel of a package that could be chosen, in the order in which they are preferred, and what each needs.

1. what is installed: the bundle holds it, and it needs nothing further;
2. the wheel of the Pyodide distribution, if a source gives it; the lock tells what it depends on;
3. wheels of local folders, newest first;
4. wheels of the first index that knows the package: the version of the lock first, then newest first.

Each step is taken only when the ones before it have no candidate that fits, so that a package of the distribution
is resolved without asking an index.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from cellblock_sandbox.errors import BuildError, PackageUnknown, SourceUnavailable, WheelMissing
from cellblock_sandbox.image.distribution import Distribution, RemoteFile, canonical
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.hashing import sha256_file
from cellblock_sandbox.image.packages.client import Client
from cellblock_sandbox.image.packages.index import Index
from cellblock_sandbox.image.packages.inspection import check_archive, inspect
from cellblock_sandbox.image.packages.pages import IndexFile, Project
from cellblock_sandbox.image.packages.target import Target, is_pure, platforms_in_words
from cellblock_sandbox.image.packages.wheels import fetch_wheel, is_safe
from cellblock_sandbox.image.progress import Progress
from cellblock_sandbox.image.wheel import Wheel

# Below this likeness a suggested name has nothing to do with the one that was asked for.
_ALIKE: Final = 0.75


class MetadataInvalid(Exception):
    """A wheel's METADATA can't be used; the message tells why. The wheel is passed over."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """One version of a package. `wheel` is None for what is installed already."""

    name: str
    version: Version
    wheel: Wheel | None = None
    requires_python: str = ""
    yanked: bool = False
    listed: tuple[Index, IndexFile] | None = None

    @property
    def chosen_by_us(self) -> bool:
        """Whether Cellblock or its distribution settled on this version, be it a pre-release."""
        return self.wheel is None or self.wheel.origin == "distribution"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class _FolderWheel:
    version: Version
    rank: tuple[int, object]
    path: Path
    pure: bool


class Catalogue:
    """What there is, for one run of the resolver. `installed` maps names to versions."""

    def __init__(
        self,
        *,
        distribution: Distribution,
        target: Target,
        installed: Mapping[str, str],
        fetcher: Fetcher,
        folders: Sequence[Path],
        indexes: Sequence[Index],
        client: Client,
        progress: Progress,
    ) -> None:
        self.distribution = distribution
        self.target = target
        self.installed = {canonical(name): version for name, version in installed.items()}
        self._fetcher, self._client, self._progress = fetcher, client, progress
        self._folders, self._indexes = tuple(folders), tuple(indexes)
        self._known: dict[str, tuple[list[Candidate], Iterator[Candidate]]] = {}
        self._obtained: dict[RemoteFile, tuple[Path, bytes]] = {}
        self._undelivered: dict[str, SourceUnavailable] = {}
        self._in_folders, self._foreign = self._scan()

    def candidates(self, name: str) -> Iterator[Candidate]:
        """Yield what could be chosen for `name` (canonical), best first; the same objects each time.

        Raises `IndexUnavailable`, `HashMismatch`.
        """
        known, rest = self._known.setdefault(name, ([], self._find(name)))
        at = 0
        while True:
            if at == len(known):
                found = next(rest, None)
                if found is None:
                    return
                known.append(found)
            yield known[at]
            at += 1

    def _find(self, name: str) -> Iterator[Candidate]:
        if (version := _version(self.installed.get(name, ""))) is not None:
            yield Candidate(name, version)
        yield from self._of_distribution(name)
        for entry in self._in_folders.get(name, ()):
            file = RemoteFile(entry.path.name, sha256_file(entry.path))
            wheel = Wheel(name, str(entry.version), file, "folder", str(entry.path.parent), entry.pure)
            yield Candidate(name, entry.version, wheel)
        yield from self._of_index(name)

    def _of_distribution(self, name: str) -> Iterator[Candidate]:
        package = self.distribution.packages.get(name)
        version = _version(package.version) if package else None
        if package is None or version is None or not package.file.name.endswith((".whl", ".zip")):
            return
        problem = self._fetcher.refusal(package.file)
        if problem is not None:
            self._undelivered[name] = problem
            return
        pure = not package.is_library and is_pure(parse_wheel_filename(package.file.name)[3])
        yield Candidate(name, version, Wheel(name, package.version, package.file, "distribution", "", pure))

    def _of_index(self, name: str) -> Iterator[Candidate]:
        index, project = self._project(name)
        if index is None or project is None:
            return
        package = self.distribution.packages.get(name)
        preferred = package.version if package else ""
        # Sorting keeps the order of the rest: newest first.
        for entry in sorted(project.files, key=lambda file: file.version != preferred):
            wheel = Wheel(name, entry.version, entry.file, "index", entry.url, entry.pure)
            version = Version(entry.version)
            yield Candidate(name, version, wheel, entry.requires_python, entry.yanked, (index, entry))

    def is_binary(self, name: str) -> bool:
        """Whether an index has binary wheels of `name` for the target. False, too, when it can't be asked."""
        try:
            _, project = self._project(name)
        except BuildError:
            return False
        return project is not None and any(not entry.pure for entry in project.files)

    def _project(self, name: str) -> tuple[Index | None, Project | None]:
        """Return the first index that knows `name`: one further down can't slip in a newer version of it."""
        for index in self._indexes:
            project = index.project(name)
            if project is not None:
                return index, project
        return None, None

    def _scan(self) -> tuple[dict[str, list[_FolderWheel]], dict[str, dict[str, set[str]]]]:
        """List the wheels of the folders: those the target can use, and what others were built for."""
        usable: dict[str, list[_FolderWheel]] = {}
        foreign: dict[str, dict[str, set[str]]] = {}
        for path in (path for folder in self._folders for path in sorted(folder.glob("*.whl"))):
            try:
                name, version, build, tags = parse_wheel_filename(path.name)
            except InvalidWheelFilename:
                continue
            rank = self.target.rank(tags)
            if rank is None:
                foreign.setdefault(name, {}).setdefault(str(version), set()).update(platforms_in_words(tags))
            elif is_safe(RemoteFile(path.name, "0" * 64)):
                usable.setdefault(name, []).append(_FolderWheel(version, (-rank, build), path, is_pure(tags)))
        for entries in usable.values():
            entries.sort(key=lambda entry: (entry.version, entry.rank), reverse=True)
        return usable, foreign

    def requirements(self, candidate: Candidate, extras: frozenset[str]) -> list[Requirement]:
        """Return what `candidate` needs; with `extras`, only what those add.

        Raises `MetadataInvalid` and, when its wheel has to be read, `SourceUnavailable`, `HashMismatch`,
        `WheelInvalid`.
        """
        if candidate.wheel is None or candidate.wheel.origin == "distribution":
            if not extras:
                depends = self.distribution.packages[candidate.name].depends if candidate.wheel else ()
                return [Requirement(name) for name in depends]
            content = self._metadata_of_lock(candidate)
        else:
            content = self._metadata(candidate)
        return self._needed(candidate, content, extras) if content else []

    def _metadata_of_lock(self, candidate: Candidate) -> bytes:
        """Return METADATA of a wheel of the distribution; b"" if it isn't known, as for what else is installed."""
        package = self.distribution.packages.get(candidate.name)
        if package is None or _version(package.version) != candidate.version or package.is_library:
            return b""
        return self.obtain(Wheel(package.name, package.version, package.file, "distribution"))[1]

    def _metadata(self, candidate: Candidate) -> bytes:
        content = candidate.listed[0].metadata(candidate.listed[1]) if candidate.listed else None
        if content is None and candidate.wheel is not None:
            content = self.obtain(candidate.wheel)[1]
        return content or b""

    def _needed(self, candidate: Candidate, content: bytes, extras: frozenset[str]) -> list[Requirement]:
        raw, _ = parse_email(content)
        if not self.target.meets(raw.get("requires_python", "")):
            raise MetadataInvalid(f"{candidate} needs Python {raw.get('requires_python')}")
        provided = {canonicalize_name(extra) for extra in raw.get("provides_extra", [])}
        if absent := sorted(extras - provided):
            self._progress.note(f"{candidate} has no extra {', '.join(absent)}")
        try:
            asked = [Requirement(text) for text in raw.get("requires_dist", [])]
        except InvalidRequirement as problem:
            reason = str(problem).splitlines()[0]
            raise MetadataInvalid(f"{candidate} has a dependency that can't be read: {reason}") from None
        return [needed for needed in asked if self._applies(needed, extras)]

    def _applies(self, needed: Requirement, extras: frozenset[str]) -> bool:
        if needed.marker is None:
            return not extras
        environment = self.target.environment
        always = needed.marker.evaluate({**environment, "extra": ""})
        if not extras:
            return always
        return not always and any(needed.marker.evaluate({**environment, "extra": extra}) for extra in extras)

    def obtain(self, wheel: Wheel) -> tuple[Path, bytes]:
        """Fetch and inspect a wheel; return its path and its METADATA (b"" for a plain library's archive).

        Raises `SourceUnavailable`, `HashMismatch`, `WheelInvalid`, `HomeUnusable`.
        """
        if wheel.file not in self._obtained:
            path = fetch_wheel(wheel, self._fetcher, self._client, self._progress)
            if path.suffix == ".whl":
                self._obtained[wheel.file] = path, inspect(path, self.target).metadata
            else:
                check_archive(path)
                self._obtained[wheel.file] = path, b""
        return self._obtained[wheel.file]

    def elsewhere(self, name: str) -> dict[str, tuple[str, ...]]:
        """Return the versions of `name` that no wheel for the target has, and what theirs were built for.

        From the newest; only what was heard of already, so that nothing fails here.
        """
        found = {version: set(words) for version, words in self._foreign.get(name, {}).items()}
        _, project = self._project(name)
        for version, words in (project.elsewhere if project else {}).items():
            found.setdefault(version, set()).update(words)
        return {version: tuple(sorted(found[version])) for version in sorted(found, key=Version, reverse=True)}

    def absent(self, name: str, asked_by: str, preferred: Iterable[str] = ()) -> BuildError:
        """Return the error for a package without any candidate; `preferred` are the versions that were wanted."""
        elsewhere = self.elsewhere(name)
        package = self.distribution.packages.get(name)
        if package is not None and name in self._undelivered:
            return self.missing(name, package.version, [asked_by])
        wanted = next(iter(preferred), None) or _newest(elsewhere)
        if wanted is None:
            return PackageUnknown(name, self._places(), self.nearest(name), asked_by)
        return self.missing(name, wanted, [asked_by])

    def missing(
        self, name: str, version: str, askers: Sequence[str], specifier: SpecifierSet | None = None
    ) -> WheelMissing:
        """Return the error for a version that has no wheel for the target, or none that a source gave.

        If the distribution has the package in a version of `specifier`, or a package that asks for it, and no source
        gave that, it is told too: its wheel would be the way out.
        """
        asked_by = next((asker for asker in askers if asker), "")
        ways_out = [name, asked_by.partition(" ")[0]]
        package = self.distribution.packages.get(name)
        if package is not None and specifier is not None and not specifier.contains(package.version, prereleases=True):
            ways_out.remove(name)
        undelivered = next((way for way in ways_out if way in self._undelivered), None)
        versions = sorted((candidate.version for candidate in self.candidates(name)), reverse=True)
        nearest = [f"{name} {versions[0]}"] if versions else self.nearest(name)
        return WheelMissing(
            f"{name} {version}",
            self.target.describe(),
            self.elsewhere(name).get(version, ()),
            asked_by=asked_by,
            lock_file=self.distribution.packages[undelivered].file.name if undelivered else "",
            tried=self._undelivered[undelivered].tried if undelivered else (),
            nearest=next(iter(nearest), ""),
        )

    def _places(self) -> str:
        places = [f"Pyodide's {self.distribution.abi} distribution"]
        places += [f"folder {folder}" for folder in self._folders]
        return ", ".join(places + [index.name for index in self._indexes])

    def nearest(self, name: str, count: int = 3) -> tuple[str, ...]:
        """Return up to `count` names most like `name`, of what is installed, in the distribution and in folders."""
        provider = self.distribution.provider(name)
        names = {*self.distribution.packages, *self._in_folders, *self.installed} - {canonical(name)}
        names = {known for known in names if not known.endswith("-tests")}
        close = difflib.get_close_matches(canonical(name), sorted(names), n=count, cutoff=_ALIKE)
        return tuple(dict.fromkeys(([provider.name] if provider else []) + close))[:count]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _newest(versions: Iterable[str]) -> str | None:
    """Return the newest of `versions`, a pre-release only if there is nothing else."""
    ordered = sorted(map(Version, versions), reverse=True)
    return next((str(version) for version in [v for v in ordered if not v.is_prerelease] or ordered), None)
