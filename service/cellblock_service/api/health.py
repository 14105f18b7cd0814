"""`GET /livez`: the event loop turns. `GET /readyz`: at least one worker can run a block; 503 with reasons if not."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.keys import POOL

routes = web.RouteTableDef()


@routes.get("/livez")
async def livez(_request: web.Request) -> web.Response:
    """Answer 200 as long as the process can answer at all."""
    return web.json_response({"status": "alive"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """Answer 200 when work can be taken, 503 with `reasons` when it can't."""
    state = request.app[POOL].state()
    image = {"name": state.image["name"], "id": state.image["id"]} if state.image else None
    return web.json_response(
        {
            "status": "ready" if state.ready else "not ready",
            "reasons": state.reasons,
            "image": image,
            "workers": {"ready": state.ready, "wanted": state.workers},
            "waiting": state.waiting,
        },
        status=200 if state.ready else 503,
    )
