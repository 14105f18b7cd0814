"""`/v1/executions/{id}`: how an execution is doing, its end, its cancellation."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

from cellblock_service.api import answers
from cellblock_service.api.keys import EXECUTIONS, POOL, PRINCIPAL
from cellblock_service.api.negotiation import answer_kind
from cellblock_service.errors import InvalidValue
from cellblock_service.executions.execution import Execution
from cellblock_service.executions.past import Past

MOST_WAIT_S = 300.0

routes = web.RouteTableDef()


@routes.get("/v1/executions/{id}")
async def show(request: web.Request) -> web.StreamResponse:
    """Tell how it is; with `?wait=SECONDS`, when it has ended or after so long."""
    wait_s = _seconds(request.query.get("wait", "0"))
    found = await request.app[EXECUTIONS].find(request[PRINCIPAL].id, request.match_info["id"])
    if isinstance(found, Execution):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await found.ended.wait()
    return await _told(request, found)


@routes.delete("/v1/executions/{id}")
async def cancel(request: web.Request) -> web.StreamResponse:
    """Cancel it, wait until it has ended, and tell how it is."""
    found = await request.app[EXECUTIONS].find(request[PRINCIPAL].id, request.match_info["id"])
    if isinstance(found, Execution):
        request.app[EXECUTIONS].cancel(found)
        await found.ended.wait()
    return await _told(request, found)


async def _told(request: web.Request, found: Execution | Past) -> web.StreamResponse:
    if isinstance(found, Execution) and found.refusal is not None:
        raise found.refusal
    kind = answer_kind(request.headers.get("Accept"), "json")
    return await answers.answer(request, found, kind, request.app[POOL])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= MOST_WAIT_S:
        raise InvalidValue(f"wait: expected a number of seconds from 0 to {MOST_WAIT_S:g}", field="wait")
    return seconds
