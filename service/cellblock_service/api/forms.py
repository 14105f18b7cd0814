"""Receiving the small requests of an editor."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from cellblock_service.api.keys import SETTINGS
from cellblock_service.api.negotiation import body_kind
from cellblock_service.codec import forms
from cellblock_service.codec.forms import Form
from cellblock_service.errors import BodyTooLarge, BodyTooSlow

MAX_BODY = forms.MAX_CODE + forms.MAX_CODE // 4
"""Code of the largest size with its line ends and quotes escaped; as JSON it takes 20 ms to read at the worst."""


async def receive(request: web.Request, form: Form) -> dict[str, Any]:
    """Give the checked fields of a request's body. Raises RequestError."""
    kind = body_kind(request.content_type)
    if (request.content_length or 0) > MAX_BODY:
        raise BodyTooLarge(f"the body is {request.content_length} bytes; at most {MAX_BODY} are taken here")
    body_timeout_s = request.app[SETTINGS].body_timeout_s
    try:
        async with asyncio.timeout(body_timeout_s):
            body = await _read(request)
    except TimeoutError:
        raise BodyTooSlow(f"the body didn't arrive within {body_timeout_s:g} s") from None
    return forms.fill(body, kind, form)


async def _read(request: web.Request) -> bytes:
    """Read a body that may not have told its length, or, decompressed, be larger than that."""
    pieces, size = [], 0
    async for piece in request.content.iter_any():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BODY:
            raise BodyTooLarge(f"the body is more than the {MAX_BODY} bytes that are taken here")
    return b"".join(pieces)
