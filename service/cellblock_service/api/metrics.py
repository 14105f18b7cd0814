"""`GET /metrics`: what is counted and measured, in Prometheus' text format or OpenMetrics, as Accept asks for."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.keys import METRICS

routes = web.RouteTableDef()


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Answer with the figures of now."""
    body, content_type = await request.app[METRICS].expose(request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})
