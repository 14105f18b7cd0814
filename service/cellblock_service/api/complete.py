"""`POST /v1/complete`: how a name may go on at a place of a block."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.forms import receive
from cellblock_service.api.keys import CATALOGUE, COMPLETER
from cellblock_service.codec import forms

FORM: forms.Form = {"code": forms.code, "line": forms.ordinal, "column": forms.ordinal}

routes = web.RouteTableDef()


@routes.post("/v1/complete")
async def complete(request: web.Request) -> web.Response:
    """Answer with the items, none if there are none."""
    given = await receive(request, FORM)
    image = request.app[CATALOGUE].standard_id
    return web.json_response(await request.app[COMPLETER].complete(**given, image=image))
