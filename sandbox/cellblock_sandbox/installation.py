"""Packages that a block asks for while it runs (`await micropip.install(...)`), for one sandbox.

The guest asks through a door, a device of its file system; the host decides, fetches and checks; the wheels then lie
in the guest's tree, read-only, uncounted, and in no other sandbox's.
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellblock_sandbox.errors import CellblockError
from cellblock_sandbox.guest.process import ADDED_PACKAGES, Guest

DOOR = "packages"
MAX_REQUIREMENTS, MAX_LENGTH = 100, 1000


@dataclass(frozen=True)
class Addition:
    """A pure-Python wheel on disk, checked, to be added to a sandbox."""

    name: str
    version: str
    path: Path


Installer = Callable[[Sequence[str], Mapping[str, str], float], Sequence[Addition]]
"""Gives what requirements add to what is installed (names to versions), within so many seconds.

Raises CellblockError, which the block gets to read, and TimeoutError."""


class Installation:
    """What one sandbox has, and the answer to its requests for more."""

    def __init__(self, guest: Guest, packages: Mapping[str, str], installer: Installer) -> None:
        self._host = guest.host
        self._packages = dict(packages)
        self._installer = installer

    def __call__(self, request: bytes) -> bytes:
        """Answer a request, a JSON array of requirements: `{"installed": {name: version}}` or `{"error": text}`."""
        try:
            return json.dumps({"installed": self._install(_requirements(request))}).encode()
        except (CellblockError, ValueError, TimeoutError) as error:
            return json.dumps({"error": str(error)}).encode()

    def _install(self, requirements: list[str]) -> dict[str, str]:
        deadline = self._host.deadline
        seconds = 60.0 if deadline is None else deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time limit was reached before the packages were there")
        added = self._installer(requirements, self._packages, seconds)
        for each in added:
            self._host.files.mount_archive(each.path, ADDED_PACKAGES)
            self._packages[each.name] = each.version
        return {each.name: each.version for each in added}


def _requirements(request: bytes) -> list[str]:
    """Read a request, which a hostile guest may have written. ValueError if it is none."""
    try:
        found: Any = json.loads(request)
    except RecursionError:
        found = None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError("a request for packages is a list of requirements")
    if len(found) > MAX_REQUIREMENTS or any(len(each) > MAX_LENGTH for each in found):
        raise ValueError(f"at most {MAX_REQUIREMENTS} requirements of {MAX_LENGTH} characters can be asked for at once")
    return found


def within(seconds: float, work: Callable[[], Sequence[Addition]]) -> Sequence[Addition]:
    """Do `work` in a thread of its own, and wait so long for it. TimeoutError; what was begun goes on unheard."""
    future: concurrent.futures.Future[Sequence[Addition]] = concurrent.futures.Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whatever it was, the waiting thread raises it
            future.set_exception(error)

    threading.Thread(target=run, name="install", daemon=True).start()
    try:
        return future.result(seconds)
    except concurrent.futures.TimeoutError:
        raise TimeoutError("the time limit was reached before the packages were there") from None
