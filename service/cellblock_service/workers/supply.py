"""What a worker on another machine lacks, it fetches from the service: images, their bundles and wheels, by content.

Each file is hashed against the manifest of its folder, or the hash that is its name, before anything uses it. What a
machine has once it keeps, in its own CELLBLOCK_HOME; where that is a folder that both share, nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from cellblock_sandbox import CellblockError
from cellblock_sandbox.errors import HashMismatch
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.identity import Identity, Kind
from cellblock_sandbox.image.manifest import Manifest, parse, require_identity
from cellblock_sandbox.image.progress import Progress, SilentProgress, SilentStep, Step
from cellblock_sandbox.image.store import Store

from cellblock_service.workers.frames import Frame, Meta

PIECE_BYTES = 4 << 20
"""Bytes of a file that one answer holds, but for the last."""

Ask = Callable[[Meta], Frame]


class NotSupplied(CellblockError):
    """The service doesn't give a file; the text says why."""

    key = "not-supplied"


class Supply:
    """Fetches into `home`. `ask` sends a request to the service and waits for its answer.

    Waiting for another process of this machine that fetches the same is told to `progress`.
    """

    def __init__(self, home: Home, ask: Ask) -> None:
        self._store = Store(home)
        self.ask = ask
        self.progress: Progress = SilentProgress()

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
        fetcher = Fetcher(self._store.home, self.progress, [_Service(self)])
        return fetcher.get([RemoteFile(name, sha256)])[name]

    def _manifest(self, kind: Kind, id_or_name: str) -> Manifest:
        answer = self.ask({"what": kind, "id": id_or_name, "file": "", "offset": 0})
        manifest = parse(kind, id_or_name, _content(answer))
        require_identity(manifest, Identity.current(kind))
        return manifest

    def _provide(self, manifest: Manifest) -> None:
        kind = manifest.kind
        with self._store.building(kind, manifest.id, self.progress):
            if self._store.find(kind, manifest.id, verify=False) is not None:
                return
            with self._store.create(kind, manifest.name, manifest.inputs) as draft:
                draft.packages, draft.details = dict(manifest.packages), dict(manifest.details)
                for each in manifest.files:
                    place = draft.folder / each.name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    digest = hashlib.sha256()
                    with place.open("xb") as file:
                        for piece in self.pieces({"what": kind, "id": manifest.id, "file": each.name}):
                            digest.update(piece)
                            file.write(piece)
                    if digest.hexdigest() != each.sha256:
                        raise HashMismatch(each.name, _Service.name, each.sha256, digest.hexdigest())

    def pieces(self, request: Meta) -> Iterator[bytes]:
        """Give a file of the service's, piece by piece. Raises NotSupplied."""
        offset = 0
        while True:
            piece = _content(self.ask(request | {"offset": offset}))
            yield piece
            offset += len(piece)
            if len(piece) < PIECE_BYTES:
                return


class Waiting(SilentProgress, SilentStep):
    """Shows nothing, but calls a function at each sign of life; all its steps are one."""

    def __init__(self, on_wait: Callable[[], None]) -> None:
        self._on_wait = on_wait

    def step(self, name: str, total: float | None = None, unit: str = "") -> Step:  # noqa: ARG002
        """Begin a step that nobody sees."""
        return self

    def advance(self, amount: float = 1) -> None:  # noqa: ARG002
        """Tell that it goes on."""
        self._on_wait()


class _Service:
    """The service as a `Source` of wheels."""

    name = "the service"
    at_hand = False

    def __init__(self, supply: Supply) -> None:
        self._supply = supply

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Ask for the wheel; see `Source.open`. Raises NotSupplied while it is read."""
        yield cast("IO[bytes]", _Body(self._supply.pieces({"what": "wheel", "id": file.sha256, "file": file.name})))


class _Body:
    """Pieces, to be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int) -> bytes:
        """Give the next piece, b"" at the end."""
        return next(self._pieces, b"")


def _content(answer: Frame) -> bytes:
    if answer.meta.get("error") is not None:
        raise NotSupplied(str(answer.meta["error"]))
    return bytes(answer.blob)
