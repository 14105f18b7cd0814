"""What a worker on another machine lacks, it fetches from the service: images, their bundles and wheels, by content.

Each file is hashed against the manifest of its folder, or the hash that is its name, before anything uses it. What a
machine has once it keeps, in its own CELLBLOCK_HOME; where that is a folder that both share, nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cellblock_sandbox import CellblockError
from cellblock_sandbox.errors import HashMismatch
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Identity, Kind
from cellblock_sandbox.image.locks import working_directory
from cellblock_sandbox.image.manifest import Manifest, parse, require_identity
from cellblock_sandbox.image.progress import SilentProgress
from cellblock_sandbox.image.store import Store

from cellblock_service.workers.frames import Frame, Meta

PIECE_BYTES = 4 << 20
"""Bytes of a file that one answer holds, but for the last."""

SOURCE = "the service"

Ask = Callable[[Meta], Frame]


class NotSupplied(CellblockError):
    """The service doesn't give a file; the text says why."""

    key = "not-supplied"


class Supply:
    """Fetches into `home`. `ask` sends a request to the service and waits for its answer."""

    def __init__(self, home: Home, ask: Ask) -> None:
        self._store = Store(home)
        self.ask = ask

    def image(self, id_or_name: str) -> str:
        """Make sure that an image of the service's is here, and its bundle; give its id.

        Raises NotSupplied, HashMismatch, ImageMismatch for one made by another version of Cellblock, HomeUnusable.
        """
        manifest = self._manifest("image", id_or_name)
        bundle = self._manifest("bundle", manifest.inputs["bundle"])
        for each in (bundle, manifest):
            self._provide(each)
        return manifest.id

    def wheel(self, sha256: str, name: str) -> Path:
        """Make sure that a wheel of the service's is here; give its path. Raises as `image`."""
        home = self._store.home
        path = home.downloads / sha256 / name
        if not path.is_file():
            with home.writing(), working_directory(home.downloads) as work:
                with (work / name).open("xb") as file:
                    found = self._copy({"what": "wheel", "id": sha256, "file": name}, file)
                if found != sha256:
                    raise HashMismatch(name, SOURCE, sha256, found)
                path.parent.mkdir(exist_ok=True)
                os.replace(work / name, path)
        return path

    def _manifest(self, kind: Kind, id_or_name: str) -> Manifest:
        answer = self.ask({"what": kind, "id": id_or_name, "file": "", "offset": 0})
        manifest = parse(kind, id_or_name, _content(answer))
        require_identity(manifest, Identity.current(kind))
        return manifest

    def _provide(self, manifest: Manifest) -> None:
        kind = manifest.kind
        with self._store.building(kind, manifest.id, SilentProgress()):
            if self._store.find(kind, manifest.id, verify=False) is not None:
                return
            with self._store.create(kind, manifest.name, manifest.inputs) as draft:
                draft.packages, draft.details = dict(manifest.packages), dict(manifest.details)
                for each in manifest.files:
                    place = draft.folder / each.name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    with place.open("xb") as file:
                        found = self._copy({"what": kind, "id": manifest.id, "file": each.name}, file)
                    if found != each.sha256:
                        raise HashMismatch(each.name, SOURCE, each.sha256, found)

    def _copy(self, request: Meta, file: BinaryIO) -> str:
        """Write a file of the service's to `file`; give its sha256."""
        digest, offset = hashlib.sha256(), 0
        while True:
            piece = _content(self.ask(request | {"offset": offset}))
            digest.update(piece)
            file.write(piece)
            offset += len(piece)
            if len(piece) < PIECE_BYTES:
                return digest.hexdigest()


def _content(answer: Frame) -> bytes:
    if answer.meta.get("error") is not None:
        raise NotSupplied(str(answer.meta["error"]))
    return bytes(answer.blob)
