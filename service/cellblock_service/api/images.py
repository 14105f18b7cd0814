"""`GET /v1/images`: the images there are, and those being built with how far they are."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from cellblock_sandbox.image.store import Entry, Store

from cellblock_service.api.keys import CATALOGUE
from cellblock_service.api.tagged import tagged

routes = web.RouteTableDef()


@routes.get("/v1/images")
async def images(request: web.Request) -> web.Response:
    """Answer `{images: [...], loading: [...]}`, with an ETag; sizes in bytes, progress in the units it names."""
    catalogue = request.app[CATALOGUE]
    stored = await asyncio.to_thread(_stored, catalogue.store)
    loading = [build.progress() for build in catalogue.loading()]
    return tagged(request, {"images": stored, "loading": loading})


def _stored(store: Store) -> list[dict[str, Any]]:
    return [_describe(entry) for entry in reversed(store.list("image"))]


def _describe(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {"id": entry.id, "names": entry.names, "size": entry.size}
    if entry.problem or entry.manifest is None:
        return told | {"status": "unusable", "problem": entry.problem}
    manifest = entry.manifest
    return told | {
        "status": "ready",
        "created": manifest.created,
        "bundle": manifest.inputs["bundle"],
        "imports": manifest.details["preload"],
        "packages": manifest.packages,
    }
