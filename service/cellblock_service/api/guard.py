"""Who may ask: holders of a token with the right scope, or, on a loopback service without tokens, this machine.

Browsers are kept out on the way. A web page can send requests to any address that its user's machine can reach, so a
request must not come from another origin, and without tokens it must also be addressed to a loopback name (which a
page that rebinds its own DNS name isn't). No CORS header is ever sent, and a preflight is refused: no page needs one.

A token is read from the Authorization header alone, for WebSockets too. In an address or a subprotocol it would end up
in logs and histories; only browsers can't set the header, and they aren't served. Health checks answer anyone: they
tell nothing and run nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from cellblock_service.api.keys import LIMITER, PRINCIPAL, TOKENS
from cellblock_service.errors import HostRefused, ScopeMissing
from cellblock_service.settings import is_loopback
from cellblock_service.trust.tokens import Principal, Scope

OPEN_ROUTES: Final = frozenset({"/livez", "/readyz"})
EXECUTE: Final = "/v1/execute"
ANY_SCOPE: Final = frozenset({"/openapi.json"})
SCOPES: Final[tuple[tuple[str, Scope], ...]] = (("/v1/images", "images"), ("/v1/", "execute"))
"""Beginnings of routes and the scopes they need, the first that fits; every other route needs `admin`."""


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through with its PRINCIPAL, or raise HostRefused, Unauthorized or ScopeMissing."""
    route = _route(request)
    if route in OPEN_ROUTES:
        return await handler(request)
    tokens = request.app[TOKENS]
    _refuse_other_origins(request.method, request.headers)
    if not tokens.required:
        _refuse_other_hosts(request.headers)
    principal = tokens.identify(request.headers.get(hdrs.AUTHORIZATION, ""))
    _demand(principal, route)
    request[PRINCIPAL] = principal
    return await handler(request)


async def tell_rate(request: web.Request, response: web.StreamResponse) -> None:
    """Tell a client whose token has a rate how much of it is left, when it asked for an execution."""
    principal = request.get(PRINCIPAL)
    if principal and _route(request) == EXECUTE:
        response.headers.update(request.app[LIMITER].headers(principal))


def _route(request: web.Request) -> str | None:
    """Give the route that was found, as the router names it, so that no spelling of a path means another; or None."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else None


def scope_of(route: str | None) -> Scope | None:
    """Give the scope that a route needs; None: a valid token is enough."""
    if route is None or route in ANY_SCOPE:
        return None
    return next((scope for beginning, scope in SCOPES if route.startswith(beginning)), "admin")


def _demand(principal: Principal, route: str | None) -> None:
    scope = scope_of(route)
    if scope and not principal.may(scope):
        raise ScopeMissing(
            f"this needs the scope {scope!r}; the token {principal.id} has {', '.join(sorted(principal.scopes))}",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            scope=scope,
        )


def _refuse_other_origins(method: str, headers: Mapping[str, str]) -> None:
    origin = headers.get(hdrs.ORIGIN, "")
    if method == hdrs.METH_OPTIONS and hdrs.ACCESS_CONTROL_REQUEST_METHOD in headers:
        raise HostRefused("web pages of other origins aren't served: there is no CORS here")
    own = origin.partition("://")[2].lower() == headers.get(hdrs.HOST, "").lower() != ""
    if origin and not own and not is_loopback(_host_name(origin)):
        raise HostRefused(f"Origin is {origin!r}; web pages of other origins aren't served")


def _refuse_other_hosts(headers: Mapping[str, str]) -> None:
    for header in (hdrs.HOST, hdrs.ORIGIN):
        value = headers.get(header, "")
        if value and not is_loopback(_host_name(value)):
            raise HostRefused(f"{header} is {value!r}; without a token only requests from this machine are served")


def _host_name(value: str) -> str:
    """Give the host in a Host or Origin header. An opaque origin gives its text."""
    try:
        return urlsplit(value if "://" in value else f"//{value}").hostname or value
    except ValueError:
        return value
