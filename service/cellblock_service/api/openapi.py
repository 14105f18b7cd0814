"""`GET /openapi.json`: the OpenAPI 3.1 document of this service."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.openapi.document import document

routes = web.RouteTableDef()


@routes.get("/openapi.json")
async def openapi(_request: web.Request) -> web.Response:
    """Answer with the document."""
    return web.json_response(document())
