"""The manifest of a stored bundle or image: what it is, what it was made from, and a sha256 for every file.

It lies beside the files as `manifest.json`, and `manifest.sha256` vouches for the manifest itself (in the form of
the `sha256sum` command, so that `sha256sum -c manifest.sha256` works by hand). Together they make a changed
byte anywhere in the folder noticeable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from cellblock_sandbox.errors import ImageDamaged, ImageMismatch
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes, sha256_files
from cellblock_sandbox.image.identity import FORMAT, Identity, Kind

MANIFEST = "manifest.json"
SEAL = "manifest.sha256"


@dataclass(frozen=True)
class StoredFile:
    """A file of the folder: its path inside, with "/", its size in bytes and its sha256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Damage:
    """A file that isn't what the manifest says. `expected` and `got` are hashes, or words such as "missing"."""

    file: str
    expected: str
    got: str


@dataclass(frozen=True)
class Manifest:
    """Everything known about a stored folder. `created` is UTC in ISO 8601; `details` belong to the builder."""

    kind: Kind
    id: str
    name: str
    identity: Identity
    created: str
    inputs: Mapping[str, str]
    packages: Mapping[str, str]
    files: tuple[StoredFile, ...]
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    def write(self, folder: Path) -> None:
        """Write the manifest and its seal into `folder`."""
        content = asdict(self)
        data = canonical_json({**content.pop("identity"), **content})
        (folder / MANIFEST).write_bytes(data)
        (folder / SEAL).write_bytes(_seal(data))

    def damages(self, folder: Path) -> list[Damage]:
        """Compare every file in `folder` with the manifest, sizes first, and return what differs."""
        sizes = [(file, _size(folder / file.name)) for file in self.files]
        wrong = [
            Damage(file.name, f"{file.size} bytes", "missing" if size is None else f"{size} bytes")
            for file, size in sizes
            if size != file.size
        ]
        whole = [file for file, size in sizes if size == file.size]
        hashes = sha256_files(folder / file.name for file in whole)
        return wrong + [
            Damage(file.name, file.sha256, got) for file, got in zip(whole, hashes, strict=True) if got != file.sha256
        ]


def read(kind: Kind, name: str, folder: Path) -> Manifest:
    """Read the manifest in `folder`, which messages call `name`.

    Raises `ImageDamaged` when it isn't the one that was written, `ImageMismatch` for another format.
    """
    try:
        data = (folder / MANIFEST).read_bytes()
        seal = (folder / SEAL).read_bytes()
    except FileNotFoundError as problem:
        raise ImageDamaged(kind, name, Path(problem.filename).name, "a file", "missing") from problem
    if seal != _seal(data):
        expected = seal.decode("ascii", "replace").partition(" ")[0]
        raise ImageDamaged(kind, name, MANIFEST, expected, sha256_bytes(data))
    return parse(kind, name, data)


def parse(kind: Kind, name: str, data: bytes) -> Manifest:
    """Read a manifest from its bytes. Raises `ImageMismatch` for another format."""
    content = json.loads(data)
    if content["format"] != FORMAT:
        raise ImageMismatch(kind, name, "format", content["format"], FORMAT)
    return _parse(content)


def require_identity(manifest: Manifest, current: Identity) -> None:
    """Raise `ImageMismatch`, with both values, unless `manifest` was made for `current`."""
    for what in ("format", "engine", "build"):
        stored, ours = getattr(manifest.identity, what), getattr(current, what)
        if stored != ours:
            raise ImageMismatch(manifest.kind, manifest.name, what, stored, ours)


def _seal(data: bytes) -> bytes:
    return f"{sha256_bytes(data)}  {MANIFEST}\n".encode("ascii")


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _parse(content: dict[str, Any]) -> Manifest:
    return Manifest(
        kind=cast(Kind, content["kind"]),
        id=content["id"],
        name=content["name"],
        identity=Identity(content["format"], content["engine"], content["build"]),
        created=content["created"],
        inputs=content["inputs"],
        packages=content["packages"],
        files=tuple(StoredFile(**file) for file in content["files"]),
        details=content["details"],
    )
