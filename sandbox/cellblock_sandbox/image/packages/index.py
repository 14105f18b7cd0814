"""A package index: its page of a project (PEP 503 in HTML, PEP 691 in JSON) and metadata on its own (PEP 658).

`pypi_simple` knows the addresses and reads the pages. Every answer is kept on disk: one that the index called fresh
is used again without asking, any other is asked for with its ETag, and without a network what is kept is used.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

import requests
from pypi_simple import ACCEPT_ANY, PYPI_SIMPLE_ENDPOINT, ProjectPage, PyPISimple
from pypi_simple.errors import UnsupportedContentTypeError, UnsupportedRepoVersionError

from cellblock_sandbox.errors import HashMismatch, IndexUnavailable
from cellblock_sandbox.image.hashing import sha256_bytes
from cellblock_sandbox.image.home import Home
from cellblock_sandbox.image.packages.client import Client, describe_failure
from cellblock_sandbox.image.packages.pages import IndexFile, Kept, PageStore, Project, select
from cellblock_sandbox.image.packages.target import Target
from cellblock_sandbox.image.progress import Progress

# The longest page of the public index, of a project with 15,000 files, has 7 MB in JSON.
MAX_PAGE_BYTES: Final = 64 << 20
MAX_METADATA_BYTES: Final = 8 << 20
_GONE: Final = (404, 410)


@dataclass(eq=False)
class Index:
    """The index at `url` ("" is the client's default one, the public index), as `target` sees it."""

    url: str
    target: Target
    home: Home
    client: Client
    progress: Progress
    offline: bool = False
    _known: dict[str, Project | None] = field(default_factory=dict)
    _down: str = ""

    def __post_init__(self) -> None:
        self.url = self.client.admit(self.url or PYPI_SIMPLE_ENDPOINT)
        self._addresses = PyPISimple(self.url, session=self.client.session)
        self._store = PageStore(self.home, self._addresses.endpoint, self.target)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._addresses.endpoint

    def project(self, name: str) -> Project | None:
        """Return what the index tells about the project `name` (canonical); None when it has no such project.

        Raises `IndexUnavailable` when it can't be asked and nothing is kept.
        """
        if name not in self._known:
            self._known[name] = self._project(name)
        return self._known[name]

    def metadata(self, wheel: IndexFile) -> bytes | None:
        """Return METADATA of a wheel; None when the index doesn't offer it with a hash, or not now.

        Raises `HashMismatch`.
        """
        kept = self._store.metadata(wheel.file.sha256)
        if kept is not None or not wheel.metadata_sha256 or self.offline or self._down:
            return kept
        try:
            with self.client.get(f"{wheel.url}.metadata") as response:
                if response.status_code != 200:
                    return None
                content = self.client.body(response, MAX_METADATA_BYTES)
        except requests.RequestException:
            return None  # the wheel itself holds it too
        digest = sha256_bytes(content)
        if digest != wheel.metadata_sha256:
            raise HashMismatch(f"{wheel.file.name}.metadata", self.name, wheel.metadata_sha256, digest)
        self._store.keep_metadata(wheel.file.sha256, content)
        return content

    def _project(self, name: str) -> Project | None:
        kept = self._store.page(name)
        if self.offline:
            if kept is None:
                raise IndexUnavailable(self.name, name, "CELLBLOCK_OFFLINE is set, and nothing about it is kept")
            return kept.project
        if kept is not None and time.time() < kept.fresh_until:
            return kept.project
        try:
            return self._ask(name, kept)
        except requests.RequestException as problem:
            reason = self._down or describe_failure(problem)
            if isinstance(problem, (requests.ConnectionError, requests.Timeout)) and not self._down:
                self._down = reason
                self.progress.note(f"{self.name}: {reason}")
            if kept is None:
                raise IndexUnavailable(self.name, name, reason) from problem
            return kept.project

    def _ask(self, name: str, kept: Kept | None) -> Project | None:
        """Ask the index. Raises `requests.RequestException`, `IndexUnavailable`."""
        if self._down:
            raise requests.ConnectionError(self._down)
        headers = {"Accept": ACCEPT_ANY}
        if kept is not None and kept.etag:
            headers["If-None-Match"] = kept.etag
        with self.client.get(self._addresses.get_project_url(name), headers=headers) as response:
            if response.status_code == 304 and kept is not None:
                project = kept.project
            elif response.status_code in _GONE:
                project = None
            elif response.status_code != 200:
                raise requests.HTTPError(f"HTTP {response.status_code} {response.reason}")
            else:
                project = self._read(name, response)
            etag = response.headers.get("ETag", "")
            self._store.keep_page(name, Kept(project, etag, time.time() + _max_age(response)))
            return project

    def _read(self, name: str, response: requests.Response) -> Project:
        body = self.client.body(response, MAX_PAGE_BYTES)
        kind = Message()
        kind["Content-Type"] = response.headers.get("Content-Type", "text/html")
        try:
            if kind.get_content_subtype().endswith("json"):
                page = ProjectPage.from_json_data(json.loads(body), response.url)
            elif kind.get_content_subtype().endswith("html"):
                charset = kind.get_param("charset")
                page = ProjectPage.from_html(name, body, response.url, charset if isinstance(charset, str) else None)
            else:
                raise UnsupportedContentTypeError(response.url, kind["Content-Type"])
            return select(name, page.packages, self.target)
        except (
            ValueError,
            LookupError,
            RecursionError,
            UnsupportedContentTypeError,
            UnsupportedRepoVersionError,
        ) as no:
            reason = str(no).splitlines()[0][:200]
            raise IndexUnavailable(self.name, name, f"its answer can't be read: {reason}") from no


def _max_age(response: requests.Response) -> int:
    """Return for how many seconds the index lets its answer be used; at most a day."""
    control = response.headers.get("Cache-Control", "")
    found = re.search(r"max-age=(\d{1,9})", control)
    return min(int(found[1]), 86_400) if found and "no-cache" not in control else 0
