"""The store of finished bundles and images: folders named by what they were made from.

The id of a folder is a hash of its kind, the identity of the Cellblock that made it (format, engine, build) and its
inputs, so a builder knows the id beforehand and finds what is already there. Names ("core", "data", "default")
are small files that hold an id. A folder appears under its id in one rename, when every file in it has been hashed
into its manifest: whatever a builder suffers, there is never half an image.

Opening checks every byte by default: 0.3 s for a bundle and an image of 200 MB together. A process that is
started by one that has just checked them may say `verify=False`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import ImageDamaged, ImageMissing, InUse, SandboxError, SettingInvalid
from cellblock_sandbox.image import manifest as manifests
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes, sha256_files
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Identity, Kind
from cellblock_sandbox.image.locks import exclusive, working_directory
from cellblock_sandbox.image.manifest import MANIFEST, Damage, Manifest, StoredFile
from cellblock_sandbox.image.progress import Progress

_ID = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAMES = "by-name"


@dataclass(frozen=True)
class Stored:
    """A finished bundle or image: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """The name of its folder, and what it was made from."""
        return self.manifest.id

    def file(self, name: str) -> Path:
        """Return the path of one of its files."""
        return self.folder / name


@dataclass
class Draft:
    """One being built: fill `folder`, and `packages` and `details` of its manifest, before the `with` block ends."""

    id: str
    folder: Path
    packages: dict[str, str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A line of a listing. `problem` says why it wouldn't open (contents aren't hashed for that), or is empty."""

    id: str
    names: tuple[str, ...]
    manifest: Manifest | None
    problem: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files together, as far as they are known."""
        return self.manifest.size if self.manifest else 0


class Store:
    """Bundles and images under one home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def folder(self, kind: Kind) -> Path:
        """Return the folder that holds everything of `kind`."""
        return self.home.bundles if kind == "bundle" else self.home.images

    def id_for(self, kind: Kind, inputs: Mapping[str, str]) -> str:
        """Return the id that something of `kind` built now from `inputs` (names to hashes or versions) has."""
        identity = Identity.current(kind)
        recipe = [kind, identity.format, identity.engine, identity.build, dict(inputs)]
        return sha256_bytes(canonical_json(recipe))[:16]

    @contextmanager
    def building(self, kind: Kind, ident: str, progress: Progress) -> Iterator[None]:
        """Hold the right to build `ident`, waiting for a process that has it; then look again with `find`."""
        with self.home.writing(), exclusive(self.home.locks / f"{kind}-{ident}.lock", progress):
            yield

    @contextmanager
    def create(self, kind: Kind, name: str, inputs: Mapping[str, str]) -> Iterator[Draft]:
        """Give a `Draft` to fill; when the block ends well, store it whole and let `name` mean it.

        An image gives the id of its bundle as `inputs["bundle"]`. If an undamaged one with the same id has been
        finished meanwhile, that one stays. Raises `SettingInvalid` for a name that can't be one, `HomeUnusable`.
        """
        _require_name(name)
        parent = self.folder(kind)
        with self.home.writing(), working_directory(parent) as work:
            draft = Draft(self.id_for(kind, inputs), work / "draft")
            draft.folder.mkdir()
            yield draft
            self._describe(kind, name, inputs, draft).write(draft.folder)
            final = parent / draft.id
            if self.find(kind, draft.id) is None:
                if final.exists():
                    os.rename(final, work / "replaced")
                os.rename(draft.folder, final)
            self.bind(kind, name, draft.id)

    def _describe(self, kind: Kind, name: str, inputs: Mapping[str, str], draft: Draft) -> Manifest:
        paths = sorted(path for path in draft.folder.rglob("*") if path.is_file())
        files = tuple(
            StoredFile(path.relative_to(draft.folder).as_posix(), path.stat().st_size, digest)
            for path, digest in zip(paths, sha256_files(paths), strict=True)
        )
        created = datetime.now(UTC).isoformat(timespec="seconds")
        identity = Identity.current(kind)
        return Manifest(kind, draft.id, name, identity, created, inputs, draft.packages, files, draft.details)

    def bind(self, kind: Kind, name: str, ident: str) -> None:
        """Let `name` mean `ident` from now on."""
        _require_name(name)
        names = self.folder(kind) / _NAMES
        names.mkdir(parents=True, exist_ok=True)
        fresh = names / f".{name}.{secrets.token_hex(4)}"
        fresh.write_text(ident + "\n", "ascii")
        os.replace(fresh, names / name)

    def names(self, kind: Kind, ident: str) -> tuple[str, ...]:
        """Return the names that mean `ident`."""
        return tuple(name for name, meant in self._names(kind).items() if meant == ident)

    def unbind(self, kind: Kind, name: str) -> None:
        """Let `name` mean nothing; `prune` removes what has no name left."""
        (self.folder(kind) / _NAMES / name).unlink(missing_ok=True)

    def resolve(self, kind: Kind, id_or_name: str) -> str:
        """Return the id of what is stored under an id or a name. Raises `ImageMissing`, and `ImageDamaged`."""
        return self._locate(kind, id_or_name).name

    def use(self, kind: Kind, ident: str) -> bool:
        """Note that `ident` is used now (see `evict`); False if it isn't there."""
        manifest = self.folder(kind) / ident / MANIFEST
        try:
            os.utime(manifest)
        except FileNotFoundError:
            return False
        except OSError:  # baked into a container, where nothing can be noted, nor evicted
            return manifest.exists()
        return True

    def evict(self, kind: Kind, prefix: str, limit_bytes: int, *, keep: str = "") -> tuple[str, ...]:
        """Remove the least recently used of those named only with `prefix`, until they fit into `limit_bytes`.

        The one called `keep` stays. Returns the names removed. Processes that have the files open keep them.
        """
        entries = [each for each in self.list(kind) if each.names and all(n.startswith(prefix) for n in each.names)]
        total, removed = sum(entry.size for entry in entries), list[str]()
        for entry in entries:
            if total > limit_bytes and keep not in entry.names:
                self.remove(kind, entry.id)
                removed += entry.names
                total -= entry.size
        return tuple(removed)

    def open(self, kind: Kind, id_or_name: str, *, verify: bool = True) -> Stored:
        """Return a stored one, checked byte by byte unless `verify` is off.

        Raises `ImageMissing`, `ImageDamaged` (the first damaged file), `ImageMismatch`.
        """
        folder = self._locate(kind, id_or_name)
        manifest = manifests.read(kind, id_or_name, folder)
        if manifest.kind != kind or manifest.id != folder.name:
            raise ImageDamaged(kind, id_or_name, MANIFEST, f"{kind} {folder.name}", f"{manifest.kind} {manifest.id}")
        manifests.require_identity(manifest, Identity.current(kind))
        for damage in manifest.damages(folder) if verify else ():
            raise ImageDamaged(kind, id_or_name, damage.file, damage.expected, damage.got)
        return Stored(folder, manifest)

    def find(self, kind: Kind, id_or_name: str, *, verify: bool = True) -> Stored | None:
        """Like `open`, but None for one that is missing, damaged or of another identity: one to build."""
        try:
            return self.open(kind, id_or_name, verify=verify)
        except SandboxError:
            return None

    def verify(self, kind: Kind, id_or_name: str) -> list[Damage]:
        """Check every byte and return all that is damaged. Raises `ImageMissing`; an old identity is no damage."""
        folder = self._locate(kind, id_or_name)
        try:
            return manifests.read(kind, id_or_name, folder).damages(folder)
        except ImageDamaged as problem:
            return [Damage(problem.file, problem.expected, problem.got)]

    def list(self, kind: Kind) -> list[Entry]:
        """Return all that is stored of `kind`, the least recently used first, with what is wrong at first sight."""
        folders = [path for path in self.folder(kind).glob("*") if _ID.fullmatch(path.name)]
        folders.sort(key=_last_used)
        return [self._entry(kind, folder.name) for folder in folders]

    def _entry(self, kind: Kind, ident: str) -> Entry:
        names = self.names(kind, ident)
        manifest = None
        try:
            manifest = manifests.read(kind, ident, self.folder(kind) / ident)
            manifests.require_identity(manifest, Identity.current(kind))
        except SandboxError as problem:
            return Entry(ident, names, manifest, str(problem).partition("\n")[0])
        return Entry(ident, names, manifest)

    def remove(self, kind: Kind, id_or_name: str, *, force: bool = False) -> str:
        """Remove a stored one, damaged or not, with all its names, and return its id.

        Raises `ImageMissing`, and `InUse` for a bundle that images need unless `force` is on. Processes that have
        its files open keep them.
        """
        folder = self._locate(kind, id_or_name)
        if kind == "bundle" and not force and (users := self._users(folder.name)):
            raise InUse(kind, id_or_name, users)
        for name in self.names(kind, folder.name):
            self.unbind(kind, name)
        with self.home.writing(), working_directory(self.folder(kind)) as work:
            os.rename(folder, work / "removed")
        return folder.name

    def prune(self, progress: Progress) -> tuple[str, ...]:
        """Remove what no name means any more, since a build has taken its name: images, then bundles none needs.

        Returns the ids removed. One that is just being finished by another process keeps its place.
        """
        removed = []
        for kind in ("image", "bundle"):
            for entry in self.list(kind):
                if entry.names or (kind == "bundle" and self._users(entry.id)):
                    continue
                with self.building(kind, entry.id, progress):
                    if entry.id not in self._names(kind).values():
                        removed.append(self.remove(kind, entry.id, force=True))
        return tuple(removed)

    def _users(self, bundle: str) -> tuple[str, ...]:
        return tuple(
            f"image {', '.join(entry.names) or entry.id}"
            for entry in self.list("image")
            if entry.manifest is not None and entry.manifest.inputs.get("bundle") == bundle
        )

    def _names(self, kind: Kind) -> dict[str, str]:
        paths = sorted((self.folder(kind) / _NAMES).glob("[!.]*"))
        return {path.name: path.read_text("ascii", errors="replace").strip() for path in paths}

    def _locate(self, kind: Kind, id_or_name: str) -> Path:
        """Return the folder of an id or a name; raises `ImageMissing`, and `ImageDamaged` for a broken name file."""
        names = self._names(kind)
        ident = names.get(id_or_name, id_or_name)
        if id_or_name in names and not _ID.fullmatch(ident):
            raise ImageDamaged(kind, id_or_name, f"{_NAMES}/{id_or_name}", "an id", repr(ident))
        folder = self.folder(kind) / ident
        if not _ID.fullmatch(ident) or not folder.is_dir():
            raise ImageMissing(kind, id_or_name, str(self.folder(kind)), [name for name in names if name != id_or_name])
        return folder


def _last_used(folder: Path) -> float:
    """When it was made, or when `use` was last called; 0 for one without a manifest, or just removed."""
    try:
        return folder.joinpath(MANIFEST).stat().st_mtime
    except OSError:
        return 0.0


def _require_name(name: str) -> None:
    if not _NAME.fullmatch(name) or _ID.fullmatch(name):
        raise SettingInvalid("name", name, "lower-case letters, digits, '.', '_' and '-', at most 64")
