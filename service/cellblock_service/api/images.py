"""`GET /v1/images`: the images there are, and those being built with how far they are."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from aiohttp import web
from cellblock_sandbox.image.store import Entry, Store

from cellblock_service.api.keys import CATALOGUE

routes = web.RouteTableDef()


@routes.get("/v1/images")
async def images(request: web.Request) -> web.Response:
    """Answer `{images: [...], loading: [...]}`; sizes in bytes, progress in the units it names.

    With an ETag, so that who asks again and again is answered 304 as long as nothing changes.
    """
    catalogue = request.app[CATALOGUE]
    stored = await asyncio.to_thread(_stored, catalogue.store)
    loading = [build.progress() for build in catalogue.loading()]
    body = json.dumps({"images": stored, "loading": loading}).encode()
    response = web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-cache"})
    response.etag = etag = hashlib.sha256(body).hexdigest()[:32]
    if any(each.value in (etag, "*") for each in request.if_none_match or ()):
        response.body = None
        response.set_status(304)
    return response


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
