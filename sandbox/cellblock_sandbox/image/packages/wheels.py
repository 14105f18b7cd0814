"""Getting a wheel that was chosen: into `downloads/<sha256>/<file>`, as every fetched file.

The work is `fetch.Fetcher`'s: hashing while it streams in, taking turns, nothing left of what broke off. Here is
what it reads from when a wheel isn't of the distribution: a folder, or an address that an index gave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast
from urllib.parse import urlsplit

import requests

from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.fetch import Fetcher
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.client import Client, describe_failure
from cellblock_sandbox.image.problems import FileAbsentError, SourceError
from cellblock_sandbox.image.progress import Progress, Step
from cellblock_sandbox.image.sources import Folder, Source
from cellblock_sandbox.image.wheel import Wheel

# The largest wheels on public indexes are a few GB of code for graphics cards; none of this guest's comes near this.
MAX_WHEEL_BYTES: Final = 512 << 20
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+!-]{0,250}\.whl")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def is_safe(file: RemoteFile) -> bool:
    """Whether a file's name and hash, as an index tells them, can be parts of a path."""
    return bool(_FILE_NAME.fullmatch(file.name) and _SHA256.fullmatch(file.sha256))


def fetch_wheel(wheel: Wheel, distribution: Fetcher, client: Client, progress: Progress) -> Path:
    """Return the path of `wheel`, which is whole and has its hash; nothing in it has been looked at.

    Raises `SourceUnavailable`, `HashMismatch`, `HomeUnusable`.
    """
    fetcher = distribution
    if wheel.origin == "folder":
        fetcher = _fetcher(distribution.home, progress, Folder(Path(wheel.location)))
    elif wheel.origin == "index":
        fetcher = _fetcher(distribution.home, progress, WheelAddress(wheel.location, client, progress))
    return fetcher.get([wheel.file])[wheel.file.name]


def _fetcher(home: Home, progress: Progress, source: Source) -> Fetcher:
    return Fetcher(home, progress, [source])


@dataclass(frozen=True)
class WheelAddress:
    """The address of one wheel, as an index gave it; a `Source`."""

    url: str
    client: Client
    progress: Progress

    @property
    def name(self) -> str:
        """What messages call it: the host."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network: never."""
        return False

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Request the wheel; see `Source.open`."""
        try:
            response = self.client.get(self.url, headers={"Accept-Encoding": "identity"})
        except requests.RequestException as problem:
            raise SourceError(describe_failure(problem)) from problem
        with response:
            if response.status_code in (403, 404, 410):
                raise FileAbsentError(f"HTTP {response.status_code} {response.reason}")
            if response.status_code != 200:
                raise SourceError(f"HTTP {response.status_code} {response.reason}")
            size = _size(response)
            with self.progress.step(f"download {file.name}", size, "B") as step:
                chunks = self.client.chunks(response, MAX_WHEEL_BYTES, self.client.wheel_s)
                yield cast("IO[bytes]", _Body(chunks, step))


class _Body:
    """The bytes of a response, counted."""

    def __init__(self, chunks: Iterator[bytes], step: Step) -> None:
        self._chunks, self._step = chunks, step
        self._read = 0

    def read(self, _size: int) -> bytes:
        """Return what has arrived, b"" at the end, which is compared with the length that was announced."""
        try:
            chunk = next(self._chunks, b"")
        except requests.RequestException as problem:
            raise SourceError(f"reading broke off after {self._read:,} bytes: {describe_failure(problem)}") from problem
        self._read += len(chunk)
        self._step.advance(len(chunk))
        return chunk


def _size(response: requests.Response) -> int | None:
    announced = response.headers.get("Content-Length", "")
    return int(announced) if announced.isdecimal() else None
