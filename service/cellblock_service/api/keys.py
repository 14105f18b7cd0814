"""The typed keys under which the application keeps its collaborators."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.editing.completion import Completer
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.observe.metrics import Metrics
from cellblock_service.settings import Settings
from cellblock_service.workers.pool import Pool

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
POOL: web.AppKey[Pool] = web.AppKey("pool", Pool)
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue", Catalogue)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
COMPLETER: web.AppKey[Completer] = web.AppKey("completer", Completer)
