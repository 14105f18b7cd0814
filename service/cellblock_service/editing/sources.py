"""Whose sources completion reads: the standard library and packages of the standard image, and those of all others.

A *library* is the archives of one bundle or image under its id, which stands for their content.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict

from cellblock_sandbox.errors import SandboxError
from cellblock_sandbox.image.bundle import WHEELS
from cellblock_sandbox.image.store import Store

STANDARD_LIBRARY = "python_stdlib.zip"


class Library(TypedDict):
    """An id and the paths of zip archives, of which those in front hide what those behind have too."""

    id: str
    archives: list[str]


def libraries(store: Store, image: str) -> list[Library]:
    """Give the libraries that matter, the standard image's first; none as long as no image is there. Reads the disk."""
    found = []
    try:
        bundle = store.open("image", image, verify=False).manifest.inputs["bundle"]
        found.append(_library(store.folder("bundle") / bundle))
        found += [_library(store.folder("image") / entry.id) for entry in reversed(store.list("image"))]
    except (SandboxError, OSError, KeyError):  # one that is just being removed, such as
        pass
    return [each for each in found if each["archives"]]


def _library(folder: Path) -> Library:
    standard = folder / STANDARD_LIBRARY
    archives = [standard] if standard.exists() else []
    wheels = folder / WHEELS
    archives += sorted(wheels.iterdir()) if wheels.is_dir() else []
    return {"id": folder.name, "archives": [str(path) for path in archives]}
