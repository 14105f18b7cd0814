"""Requests to package indexes: time limits, retries, credentials that stay with their host, bodies of bounded size.

Proxies, certificates and `.netrc` are `requests`' to read from the environment.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

USER_AGENT: Final = "cellblock"
_CHUNK: Final = 1 << 16


class BodyTooLarge(requests.RequestException):
    """A body is longer than was allowed for."""


@dataclass(frozen=True)
class Client:
    """One session of requests. The limits are seconds: to connect, between two reads, and for a whole page."""

    connect_s: float = 10.0
    read_s: float = 20.0
    page_s: float = 120.0

    @cached_property
    def session(self) -> requests.Session:
        """The connections, kept open between requests."""
        session = requests.Session()
        session.headers["User-Agent"] = USER_AGENT
        # A server that is slow isn't asked twice; one that is restarting is.
        retry = Retry(total=2, read=0, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False)
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        return session

    def admit(self, url: str) -> str:
        """Return `url` without the name and password it may hold, which requests to that host carry from now on."""
        parts = urlsplit(url)
        user, at, host = parts.netloc.rpartition("@")
        if not at:
            return url
        name, _, password = user.partition(":")
        if not isinstance(self.session.auth, _HostAuth):
            self.session.auth = _HostAuth()
        self.session.auth.hosts[host] = (unquote(name), unquote(password))
        return urlunsplit(parts._replace(netloc=host))

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Ask for `url` and return the answer with its body unread. Raises `requests.RequestException`."""
        return self.session.get(url, headers=dict(headers or {}), timeout=(self.connect_s, self.read_s), stream=True)

    def body(self, response: requests.Response, limit: int) -> bytes:
        """Read a body of at most `limit` bytes, decompressed. Raises `requests.RequestException`."""
        deadline = time.monotonic() + self.page_s
        parts, size = [], 0
        for chunk in response.iter_content(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(f"the answer is larger than {limit:,} bytes")
            if time.monotonic() > deadline:
                raise requests.Timeout(f"the answer took more than {self.page_s:g} s")
            parts.append(chunk)
        return b"".join(parts)


class _HostAuth(requests.auth.AuthBase):
    """Names and passwords by host: an index may keep its files on another one, which isn't to see them."""

    def __init__(self) -> None:
        self.hosts: dict[str, tuple[str, str]] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        known = self.hosts.get(urlsplit(request.url or "").netloc)
        return requests.auth.HTTPBasicAuth(*known)(request) if known else request


def describe_failure(problem: BaseException) -> str:
    """Put what went wrong with a request into a few words, without objects' addresses and nested reprs."""
    if isinstance(problem, requests.ConnectTimeout):
        return "it can't be reached: no answer to the connection"
    if isinstance(problem, requests.ReadTimeout):
        return "it doesn't answer in time"
    cause: BaseException = problem
    while isinstance(cause, (requests.RequestException, HTTPError)):
        inner = getattr(cause, "reason", None) or next((arg for arg in cause.args if isinstance(arg, Exception)), None)
        if not isinstance(inner, BaseException):
            break
        cause = inner
    text = str(cause).rpartition(">: ")[2] or type(cause).__name__
    return f"it can't be reached: {text}" if isinstance(problem, requests.ConnectionError) else text
