"""The files that workers on other machines fetch: of stored images and bundles, and wheels. Nothing else of the home.

See `workers/supply.py` for who asks, and how it checks what it gets.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from cellblock_sandbox.errors import SandboxError
from cellblock_sandbox.image.manifest import MANIFEST
from cellblock_sandbox.image.store import Store

from cellblock_service.errors import ServiceError
from cellblock_service.workers.frames import Meta
from cellblock_service.workers.supply import PIECE_BYTES

_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHEEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+!-]*\.whl")


def piece(store: Store, request: Meta) -> bytes:
    """Give what a worker asks for: `what` ("image", "bundle", "wheel"), `id`, `file`, `offset` in bytes.

    At most PIECE_BYTES of it; the manifest of an image or a bundle, for which `file` is "", whole. Raises ServiceError
    for anything that no worker needs.
    """
    try:
        path = _path(store, request)
        if not request["file"]:
            return path.read_bytes()
        with path.open("rb") as file:
            return os.pread(file.fileno(), PIECE_BYTES, request["offset"])
    except (SandboxError, OSError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ServiceError(f"a worker asked for a file that can't be given: {error}") from error


def _path(store: Store, request: Meta) -> Path:
    what, ident, name = request["what"], str(request["id"]), str(request["file"])
    if what == "wheel":
        if not _SHA256.fullmatch(ident) or not _WHEEL.fullmatch(name):
            raise ValueError("that is no wheel")
        return store.home.downloads / ident / name
    if what not in ("image", "bundle"):
        raise ValueError("that is neither an image, nor a bundle, nor a wheel")
    stored = store.open(what, ident, verify=False)
    if not name:
        return stored.file(MANIFEST)
    if name not in {each.name for each in stored.manifest.files}:
        raise ValueError(f"the {what} {ident} has no file {name!r}")
    return stored.file(name)
