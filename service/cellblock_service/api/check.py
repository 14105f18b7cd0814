"""`POST /v1/check`: what an editor marks in a block, and what the block imports."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.forms import receive
from cellblock_service.api.keys import CATALOGUE, POOL
from cellblock_service.codec import forms
from cellblock_service.editing.checking import check

FORM: forms.Form = {"code": forms.code}

routes = web.RouteTableDef()


@routes.post("/v1/check")
async def check_code(request: web.Request) -> web.Response:
    """Answer with the problems; code with problems is a good request."""
    given = await receive(request, FORM)
    found = await check(request.app[POOL], request.app[CATALOGUE].standard_id, given["code"])
    return web.json_response(found)
