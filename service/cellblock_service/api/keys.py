"""The typed keys under which the application keeps its collaborators, and a request who sent it."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.images.catalogue import Catalogue
from cellblock_service.settings import Settings
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tokens import Principal
from cellblock_service.workers.pool import Pool

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
POOL: web.AppKey[Pool] = web.AppKey("pool", Pool)
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue", Catalogue)
TOKENS: web.AppKey[TokenRegistry] = web.AppKey("tokens", TokenRegistry)
LIMITER: web.AppKey[RateLimiter] = web.AppKey("limiter", RateLimiter)

PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)
