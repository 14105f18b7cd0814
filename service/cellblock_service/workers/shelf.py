"""The sandboxes of a worker: of its open images, one ready for each in use, and those that keep a block's state."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from cellblock_sandbox import CellblockError, Image, Limits, Sandbox
from cellblock_sandbox.installation import Installer

State = Literal["new", "kept"]

OPEN_IMAGES = 4
"""Images a process keeps open: each costs a few megabytes, opening one some tens of milliseconds."""

IN_USE_S = 60.0
"""How long after its last run an image still gets a sandbox made ready."""

MAX_STATES = 64
"""Sandboxes kept for their state. The service keeps to fewer; this bounds what a mistake there can cost."""


class TooManyStates(CellblockError):
    """More kept sandboxes are asked for than a worker holds."""

    key = "too-many-states"


@dataclass
class _Open:
    """An open image, the sandbox of it made in advance, and when it was used last, by `time.monotonic()`."""

    image: Image
    spare: Sandbox | None = None
    used_at: float = 0.0


class Shelf:
    """Gives sandboxes and takes them back. All on the guest thread."""

    def __init__(self, image: Image, find: Callable[[str], Image], limits: Limits, installer: Installer) -> None:
        self._find = find
        self._limits = limits
        self._installer = installer
        # Least recently used first.
        self._images: OrderedDict[str, _Open] = OrderedDict({image.id: _Open(image, used_at=time.monotonic())})
        self._kept: dict[str, tuple[str, Sandbox]] = {}
        self._used: Sandbox | None = None

    def image(self, ident: str) -> Image:
        """Open an image by its id, or find it open. Raises CellblockError if it can't be opened."""
        return self._open(ident).image

    def take(self, ident: str, limits: Limits) -> Sandbox:
        """Give the sandbox made in advance, or a new one when there is none or its memory and files are others.

        It is closed by the next `prepare`.
        """
        opened = self._open(ident)
        opened.used_at = time.monotonic()
        if opened.spare is not None and _same_room(limits, self._limits):
            self._used, opened.spare = opened.spare, None
        else:
            self._used = opened.image.sandbox(limits, installer=self._installer)
        return self._used

    def take_kept(self, key: str, ident: str, limits: Limits, *, reset: bool) -> tuple[Sandbox, State]:
        """Give the sandbox kept under `key`; a new one if there is none that lives, or `reset` is asked for.

        A new one too if it is of another image, or its memory and files are others. Raises TooManyStates.
        """
        image, kept = self._kept.get(key, ("", None))
        if kept is not None:
            if image == ident and kept.alive and not reset and _same_room(limits, kept.limits):
                return kept, "kept"
            self.release([key])
        if len(self._kept) >= MAX_STATES:
            raise TooManyStates(f"this worker keeps the state of {MAX_STATES} blocks already; release one first")
        sandbox = self.take(ident, limits)
        self._kept[key], self._used = (ident, sandbox), None
        return sandbox, "new"

    def release(self, keys: Iterable[str]) -> None:
        """Close kept sandboxes; keys that aren't there are passed over."""
        for key in keys:
            _, sandbox = self._kept.pop(key, ("", None))
            if sandbox is not None:
                sandbox.close()

    def states(self) -> list[str]:
        """Drop the kept sandboxes that have ended; give the keys of all others."""
        self.release([key for key, (_, sandbox) in self._kept.items() if not sandbox.alive])
        return list(self._kept)

    @property
    def prepared(self) -> bool:
        """Whether `prepare` has nothing to do."""
        return self._used is None and not self._missing()

    def prepare(self) -> None:
        """Give back the last sandbox's memory, and make the next of each image that is in use."""
        if self._used is not None:
            self._used.close()
            self._used = None
        for opened in self._missing():
            opened.spare = opened.image.sandbox(self._limits, installer=self._installer)

    def _missing(self) -> list[_Open]:
        """The images in use that no sandbox is ready of."""
        since = time.monotonic() - IN_USE_S
        return [each for each in self._images.values() if each.spare is None and each.used_at >= since]

    def _open(self, ident: str) -> _Open:
        if ident not in self._images:
            self._images[ident] = _Open(self._find(ident))
            while len(self._images) > OPEN_IMAGES:
                _, closed = self._images.popitem(last=False)
                if closed.spare is not None:
                    closed.spare.close()
        self._images.move_to_end(ident)
        return self._images[ident]


def _same_room(one: Limits, other: Limits) -> bool:
    """Whether sandboxes with these limits differ in nothing that is settled when they are made."""
    return (one.memory_mb, one.file_bytes, one.files) == (other.memory_mb, other.file_bytes, other.files)
