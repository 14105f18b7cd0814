"""What clients are told of an execution, in msgpack or JSON."""

from __future__ import annotations

import base64
from typing import Any

from aiohttp import web

from cellblock_service.api.negotiation import CONTENT_TYPES, Kind
from cellblock_service.codec import envelope, fields, jsontext
from cellblock_service.errors import NotAcceptable
from cellblock_service.executions.execution import Execution
from cellblock_service.executions.past import Past
from cellblock_service.workers.frames import Buffer, Frame, chunks
from cellblock_service.workers.pool import Pool

INLINE_ANSWER = 1024 * 1024
_EXPRESS_S = 30.0


def members(execution: Execution | Past, kind: Kind = "msgpack") -> dict[str, Any]:
    """Everything but the result. Bytes are text in base64 for JSON."""
    outcome = execution.outcome
    if outcome is None:
        return {"id": execution.id, "status": execution.status}
    found: dict[str, Any] = {
        "id": execution.id,
        "status": outcome.status,
        "stdout": outcome.stdout,
        "stderr": outcome.stderr,
        "timings_ms": outcome.timings_ms,
    }
    if outcome.error:
        found["error"] = outcome.error
    if outcome.figures:
        found["figures"] = outcome.figures if kind == "msgpack" else [_in_base64(each) for each in outcome.figures]
    if outcome.state:
        found["state"] = outcome.state
    if isinstance(execution, Past) and not execution.complete:
        found["result_dropped"] = True
    return found


def _in_base64(picture: dict[str, Any]) -> dict[str, Any]:
    return {**picture, "data": base64.b64encode(picture["data"]).decode()}


async def answer(
    request: web.Request, execution: Execution | Past, kind: Kind, pool: Pool, *, status: int = 200, **headers: str
) -> web.StreamResponse:
    """Tell an execution as it is now. Raises NotAcceptable for a result that JSON can't hold."""
    result: Buffer = b""
    if execution.outcome is not None:
        result = await _as_json(execution, pool) if kind == "json" else execution.outcome.result
    pieces = (
        jsontext.stitch(members(execution, kind), result or jsontext.NULL)
        if kind == "json"
        else envelope.stitch(members(execution), result or fields.NIL)
    )
    return await respond(request, pieces, CONTENT_TYPES[kind], status=status, headers=headers)


async def _as_json(execution: Execution | Past, pool: Pool) -> Buffer:
    """The result as JSON text, made in a worker if the run didn't: what a block answers may unfold without end.

    It isn't kept: what is remembered was measured at the execution's end.
    """
    outcome = execution.outcome
    assert outcome is not None
    if outcome.result and not outcome.json:
        made = await pool.ask(Frame({"kind": "express"}, [outcome.result]), within_s=_EXPRESS_S)
        if made.meta.get("error"):
            raise NotAcceptable(made.meta["error"]["message"])
        return made.blob
    return outcome.json


async def respond(
    request: web.Request, pieces: list[Buffer], content_type: str, *, status: int, headers: dict[str, str]
) -> web.StreamResponse:
    """Send an answer; a large one in chunks, between which the loop does other work."""
    size = sum(len(piece) for piece in pieces)
    if size <= INLINE_ANSWER:
        return web.Response(body=b"".join(pieces), content_type=content_type, status=status, headers=headers)
    response = web.StreamResponse(status=status, headers={"Content-Type": content_type, **headers})
    response.content_length = size
    await response.prepare(request)
    for chunk in chunks(pieces):
        await response.write(chunk)
    await response.write_eof()
    return response
