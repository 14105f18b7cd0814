"""Request bodies on their way to a checked request, and what holds for it."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from cellblock_service.api.negotiation import Kind
from cellblock_service.api.receiving import receive
from cellblock_service.codec import envelope, fields, jsontext
from cellblock_service.codec.fields import ExecuteRequest
from cellblock_service.errors import BodyTooLarge, BodyTooSlow, RequestError, ServiceError
from cellblock_service.settings import Settings
from cellblock_service.workers.frames import Buffer, Frame
from cellblock_service.workers.pool import Pool

# Bodies above these sizes are taken apart in a worker, unless they are of few values: 10 ms of skipping, 4 ms of
# reading JSON, at the worst.
INLINE_MSGPACK = 4 * 1024 * 1024
INLINE_JSON = 256 * 1024
CONVERT_S = 30.0


async def read(request: web.Request, settings: Settings) -> Buffer:
    """Receive a body. Raises BodyTooLarge and BodyTooSlow."""
    if (request.content_length or 0) > settings.body_bytes:
        raise BodyTooLarge(f"the body is {request.content_length} bytes; at most {settings.body_bytes} are taken")
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            return await _received(request)
    except TimeoutError:
        raise BodyTooSlow(f"the body didn't arrive within {settings.body_timeout_s:g} s") from None


async def _received(request: web.Request) -> Buffer:
    size = request.content_length
    if size is None or size < INLINE_MSGPACK or hdrs.CONTENT_ENCODING in request.headers:
        return await request.read()
    return await receive(request, size)


def take_apart_here(body: Buffer, kind: Kind) -> ExecuteRequest | None:
    """Cut and check a body if that is quick; None if it should be left to a worker. Raises RequestError."""
    if kind == "json":
        return fields.check(jsontext.cut(bytes(body))) if len(body) <= INLINE_JSON else None
    try:
        return fields.check(envelope.cut(body, inline_bytes=INLINE_MSGPACK))
    except envelope.TooLargeInline:
        return None


async def take_apart(body: Buffer, kind: Kind, pool: Pool) -> ExecuteRequest:
    """Cut and check a body, here when that is quick, else in a worker. Raises RequestError, QueueFull, NotReady."""
    here = take_apart_here(body, kind)
    if here is not None:
        return here
    frame = await pool.ask(Frame({"kind": "convert", "json": kind == "json"}, [body]), within_s=CONVERT_S)
    answer = frame.meta
    if frame.kind == "refused":
        raise RequestError.rebuild(answer["error_key"], answer["detail"], answer["members"])
    if "request" not in answer:
        raise ServiceError(f"the body couldn't be read: {answer['error']['message']}")
    return ExecuteRequest(**answer["request"], payloads=_payloads(frame))


def _payloads(answer: Frame) -> dict[str, Buffer]:
    """The payloads that a worker has taken out of a body, none of them copied."""
    found, start, blob = dict[str, Buffer](), 0, memoryview(answer.blob)
    for name, size in answer.meta["payloads"]:
        found[name] = blob[start : start + size]
        start += size
    return found
