"""`POST /v1/execute`: run one block and answer with what became of it (docs/protocol.md).

Whatever the block does, the answer is 200 with its outcome; what is wrong with the request is a problem document (see
`api/problems.py`).

Decisions: a limit above the operator's maximum is refused (422 above_maximum, naming the maximum) rather than
lowered in silence; an unknown field is refused; null counts as absent in every field but `data`. A client that goes
away cancels what it waited for, unless others follow it. With `Prefer: respond-async` nobody waits, or no longer than
`wait=SECONDS`: then the answer is 202, and the client comes back to the execution's own address.
"""

from __future__ import annotations

import asyncio
import contextlib
import re

from aiohttp import web

from cellblock_service.api import answers, bodies
from cellblock_service.api.keys import ADMISSION, EXECUTIONS, POOL, PRINCIPAL, SETTINGS
from cellblock_service.api.negotiation import answer_kind, body_kind
from cellblock_service.executions.execution import Execution
from cellblock_service.executions.executions import Ask, Executions

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,5})\b", re.IGNORECASE)
_ASYNC = re.compile(r"(?:^|[,;\s])respond-async\b", re.IGNORECASE)

routes = web.RouteTableDef()


@routes.post("/v1/execute")
async def execute(request: web.Request) -> web.StreamResponse:
    """Check the request, have a worker run it, answer in the type asked for."""
    settings, pool, executions = request.app[SETTINGS], request.app[POOL], request.app[EXECUTIONS]
    principal, prefer = request[PRINCIPAL], request.headers.get("Prefer", "")
    kind = body_kind(request.content_type)
    wanted = answer_kind(request.headers.get("Accept"), kind)
    request.app[ADMISSION].admit(principal)
    work = await bodies.take_apart(await bodies.read(request, settings), kind, pool)
    request.app[ADMISSION].require_room(principal, work.id)
    past = await executions.ran(principal.id, work)
    if past is not None:
        return await answers.answer(request, past, wanted, pool)
    alone = bool(_ASYNC.search(prefer))
    execution = executions.start(
        Ask(
            work,
            principal,
            request.app[ADMISSION].limits(principal, work.limits),
            id=work.id,
            as_json=wanted == "json",
            live=alone,
            remote=request.remote or "",
            patience_s=None if alone else _patience(prefer),
            refusable=not alone,
        )
    )
    wait_s = _patience(prefer)
    if alone and not (wait_s and await _ended_within(execution, wait_s)):
        where = {"Location": f"/v1/executions/{execution.id}", "Preference-Applied": "respond-async"}
        return await answers.answer(request, execution, wanted, pool, status=202, **where)
    await _ended(execution, executions)
    return await answers.answer(request, execution, wanted, pool)


async def _ended_within(execution: Execution, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await execution.ended.wait()
    return execution.ended.is_set()


async def _ended(execution: Execution, executions: Executions) -> None:
    """Wait for the end. Raises what it was refused with; a client that goes away takes the execution along."""
    execution.waiting += 1
    try:
        await execution.ended.wait()
    except asyncio.CancelledError:
        if execution.waiting == 1 and not execution.followers:
            executions.cancel(execution)
        raise
    finally:
        execution.waiting -= 1
    if execution.refusal is not None:
        raise execution.refusal


def _patience(prefer: str) -> float | None:
    """How long the client waits for an image: `Prefer: wait=SECONDS` (RFC 7240); None: as long as it takes."""
    found = _WAIT.search(prefer)
    return float(found[1]) if found else None
