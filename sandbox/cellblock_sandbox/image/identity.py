"""What a stored bundle or image must have in common with the Cellblock that opens it.

Three values: the `format` of the stored folder, the `engine` that compiled its modules, and the `build`, which
stands for the code that decided their content. For an image the guest's own Python is part of that content
(it is frozen in its memory), so its sources are hashed into the build: an edit there makes old images refuse
to open instead of running the old code. The linker is named by a number instead, because a bundle takes minutes:
raise `_BUNDLE_BUILD` whenever `linking/` gives other modules than before, and `_IMAGE_BUILD` likewise for booting
and capturing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import Literal

from cellblock_sandbox.guest import guest_files
from cellblock_sandbox.image.hashing import canonical_json, sha256_bytes

Kind = Literal["bundle", "image"]

FORMAT = "1"
_BUNDLE_BUILD = "6"
_IMAGE_BUILD = "7"


@dataclass(frozen=True)
class Identity:
    """The values that are compared when something stored is opened."""

    format: str
    engine: str
    build: str

    @classmethod
    def current(cls, kind: Kind) -> Identity:
        """Return the identity of what this Cellblock would build now."""
        build = _BUNDLE_BUILD if kind == "bundle" else f"{_BUNDLE_BUILD}.{_IMAGE_BUILD}.{_guest_hash()}"
        return cls(FORMAT, _engine(), build)


@cache
def _engine() -> str:
    """Name the engine without importing it: only `machine/` does that."""
    return f"wasmtime {metadata.version('wasmtime')}"


@cache
def _guest_hash() -> str:
    return sha256_bytes(canonical_json({name: sha256_bytes(data) for name, data in guest_files().items()}))[:12]
