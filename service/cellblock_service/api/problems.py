"""The one place where exceptions become responses: RFC 9457 problem documents with a stable `error_key`.

`type` is the URN `urn:cellblock:error:<error_key>`; further members (such as `field`, `expected`, `got`) say what
the text says, for programs. An exception nobody foresaw is logged in full and answered as `internal_error` without
its text, which may hold what a client shouldn't see.
"""

from __future__ import annotations

import http
import json
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from cellblock_service.errors import BodyTooLarge, MalformedBody, ServiceError

log = structlog.get_logger(__name__)


@web.middleware
async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Call `handler` and answer whatever it raises as a problem document."""
    try:
        return await handler(request)
    except ServiceError as error:
        return _translated(error)
    except web.HTTPRequestEntityTooLarge as error:
        # aiohttp's own limit, reached while reading a body that didn't announce its length.
        return _translated(BodyTooLarge(str(error.text)))
    except web.HTTPException as error:
        return _from_http(request, error)
    except web.RequestPayloadError as error:
        return _translated(MalformedBody(f"the body couldn't be received: {error}"))
    except ConnectionError:
        # The client went away while its answer was being sent: nobody is left to tell.
        raise
    except Exception as error:
        log.error("request_crashed", exc_info=error)
        return _translated(ServiceError("an unexpected error; the service's log tells more"))


def _translated(error: ServiceError) -> web.Response:
    if error.status == 500:
        log.error("request_failed", error_key=error.error_key, detail=error.detail)
    return problem(error.status, error.error_key, error.title, error.detail, error.members, error.headers)


def _from_http(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """Answer aiohttp's own refusals (no such path, wrong method); redirects pass."""
    if error.status < 400:
        raise error
    title = http.HTTPStatus(error.status).phrase
    detail = f"{request.method} {request.path}: {title.lower()}"
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    return problem(error.status, title.lower().replace(" ", "_").replace("-", "_"), title, detail, {}, headers)


def document(error: ServiceError) -> dict[str, Any]:
    """The problem document of a refusal, for where it doesn't travel as a response.

    `retry_after` has the seconds that the header of a response would tell.
    """
    after = error.headers.get("Retry-After")
    later = {} if after is None else {"retry_after": int(after)}
    return _document(error.status, error.error_key, error.title, error.detail, error.members | later)


def _document(status: int, error_key: str, title: str, detail: str, members: dict[str, Any]) -> dict[str, Any]:
    return members | {
        "type": f"urn:cellblock:error:{error_key}",
        "title": title,
        "status": status,
        "detail": detail,
        "error_key": error_key,
    }


def problem(
    status: int, error_key: str, title: str, detail: str, members: dict[str, Any], headers: dict[str, str]
) -> web.Response:
    """Build the response. `members` can't replace the standard ones."""
    body = json.dumps(_document(status, error_key, title, detail, members)).encode()
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=headers)
