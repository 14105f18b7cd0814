"""`GET /v1/packages`: which packages a block can import."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.keys import OFFERED
from cellblock_service.api.tagged import tagged
from cellblock_service.codec import queries

routes = web.RouteTableDef()


@routes.get("/v1/packages")
async def packages(request: web.Request) -> web.Response:
    """Answer `{packages: [...], total, missing?}`, with an ETag; `?search=` and `?limit=` choose among them."""
    search, limit = queries.search(request.query), queries.limit(request.query)
    return tagged(request, await request.app[OFFERED].search(search, limit))
