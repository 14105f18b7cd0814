"""Who may ask: holders of the token, or, on a service without one, programs on this machine.

Without a token the service listens on loopback only, but a web page in the user's browser can reach that too. So
requests must then be addressed to a loopback name (which a page that rebinds its own DNS name isn't) and must not
come from another origin. Health checks answer anyone: they tell nothing and run nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from cellblock_service.api.keys import SETTINGS
from cellblock_service.errors import HostRefused, Unauthorized
from cellblock_service.settings import Settings, is_loopback

OPEN_PATHS = frozenset({"/livez", "/readyz"})


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through or raise Unauthorized or HostRefused."""
    if request.path not in OPEN_PATHS:
        admit(request.headers, request.app[SETTINGS])
    return await handler(request)


def admit(headers: Mapping[str, str], settings: Settings) -> None:
    """Check the token in constant time or, without one, that the request was meant for this machine."""
    if settings.token is not None:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        expected = settings.token.get_secret_value().encode()
        matches = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), expected)
        if scheme.lower() != "bearer" or not matches:
            raise Unauthorized(
                "send the service's token as 'Authorization: Bearer TOKEN'", headers={"WWW-Authenticate": "Bearer"}
            )
        return
    for header in ("Host", "Origin"):
        name = _host_name(headers.get(header, ""))
        if name is not None and not is_loopback(name):
            raise HostRefused(f"{header} is {name!r}; without a token only requests from this machine are served")


def _host_name(value: str) -> str | None:
    """Give the host in a Host or Origin header; None when the header is absent. An opaque origin gives its text."""
    if not value:
        return None
    try:
        return urlsplit(value if "://" in value else f"//{value}").hostname or value
    except ValueError:
        return value
