"""Requests to package indexes: time limits, retries, credentials that stay with their host, bodies of bounded size.

Proxies, certificates and `.netrc` are `requests`' to read from the environment.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.util import Retry

USER_AGENT: Final = "cellblock"
_CHUNK: Final = 1 << 16
_OBJECTS = re.compile(r"^(?:(?:<[^>]*>|\w+\([^)]*\)): )+")


class BodyTooLarge(requests.RequestException):
    """A body is longer than was allowed for."""


@dataclass(frozen=True)
class Client:
    """One session of requests. The limits are seconds: to connect, between two reads, for a page and for a wheel."""

    connect_s: float = 10.0
    read_s: float = 20.0
    page_s: float = 120.0
    wheel_s: float = 1800.0

    @cached_property
    def session(self) -> requests.Session:
        """The connections, kept open between requests."""
        session = requests.Session()
        session.headers["User-Agent"] = USER_AGENT
        # A server that is slow isn't asked twice; one that is restarting is.
        retry = Retry(total=2, read=False, backoff_factor=0.2, status_forcelist=(502, 503, 504), raise_on_status=False)
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
        return b"".join(self.chunks(response, limit, self.page_s))

    def chunks(self, response: requests.Response, limit: int, within_s: float) -> Iterator[bytes]:
        """Yield a body as it arrives. Raises `requests.RequestException`, also when it is longer or takes longer."""
        deadline = time.monotonic() + within_s
        size = 0
        while chunk := _read(response):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(f"it is larger than {limit:,} bytes")
            if time.monotonic() > deadline:
                raise requests.Timeout(f"it took more than {within_s:g} s")
            yield chunk


def _read(response: requests.Response) -> bytes:
    """Return what has arrived, b"" at the end: `iter_content` would wait until a chunk is full."""
    try:
        return bytes(response.raw.read1(_CHUNK, decode_content=True))
    except ReadTimeoutError as problem:
        raise requests.ReadTimeout(problem) from problem
    except (HTTPError, OSError) as problem:
        raise requests.ConnectionError(problem) from problem


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
    text = _OBJECTS.sub("", str(cause)) or type(cause).__name__
    return f"it can't be reached: {text}" if isinstance(problem, requests.ConnectionError) else text
