"""Every request has an id, is counted, and leaves one line in the log at debug level.

The id is the client's own `X-Request-Id`, if it is short and plain, or one made here; it is bound to all lines that
are logged for the request and goes back on the answer. The line tells method, path, status and time. It leaves out
the query and all headers, where tokens may be.
"""

from __future__ import annotations

import re
import time
import uuid

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from cellblock_service.api.keys import METRICS

HEADER = "X-Request-Id"
CLIENT_LEFT = 499
"""Counted as the status of a request whose client didn't wait for the answer, as by nginx."""

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_MAX_PATH = 200
_ID = web.RequestKey("request_id", str)

log = structlog.get_logger(__name__)


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Call `handler`, tell of it. Stands outside of all other middlewares."""
    request[_ID] = _identify(request.headers.get(HEADER, ""))
    started, status = time.perf_counter(), CLIENT_LEFT
    with structlog.contextvars.bound_contextvars(request=request[_ID]):
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as error:
            status = error.status
            raise
        finally:
            request.app[METRICS].request_answered(request.method, _route(request), status)
            elapsed = round((time.perf_counter() - started) * 1000, 3)
            log.debug("request", method=request.method, path=request.path[:_MAX_PATH], status=status, ms=elapsed)


async def name_answer(request: web.Request, response: web.StreamResponse) -> None:
    """Put the request's id on its answer: for `on_response_prepare`, which streams pass through too."""
    if _ID in request:
        response.headers[HEADER] = request[_ID]


def _identify(given: str) -> str:
    return given if _SANE.fullmatch(given) else uuid.uuid4().hex


def _route(request: web.Request) -> str:
    """Give the pattern of the route, `/v1/executions/{id}`: there are few of them."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"
