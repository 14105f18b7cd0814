"""The typed keys under which the application keeps its collaborators, and a request who sent it."""

from __future__ import annotations

from aiohttp import web

from cellblock_service.api.admission import Admission
from cellblock_service.editing.completion import Completer
from cellblock_service.executions.executions import Executions
from cellblock_service.executions.session import Sessions
from cellblock_service.executions.stream import EventStream
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.images.offered import Offered
from cellblock_service.observe.metrics import Metrics
from cellblock_service.settings import Settings
from cellblock_service.store.records import Records
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tokens import Principal
from cellblock_service.workers.pool import Pool

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
POOL: web.AppKey[Pool] = web.AppKey("pool", Pool)
CATALOGUE: web.AppKey[Catalogue] = web.AppKey("catalogue", Catalogue)
OFFERED: web.AppKey[Offered] = web.AppKey("offered", Offered)
TOKENS: web.AppKey[TokenRegistry] = web.AppKey("tokens", TokenRegistry)
EXECUTIONS: web.AppKey[Executions] = web.AppKey("executions", Executions)
SESSIONS: web.AppKey[Sessions] = web.AppKey("sessions", Sessions)
STREAM: web.AppKey[EventStream] = web.AppKey("stream", EventStream)
ADMISSION: web.AppKey[Admission] = web.AppKey("admission", Admission)
LIMITER: web.AppKey[RateLimiter] = web.AppKey("limiter", RateLimiter)
METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
RECORDS: web.AppKey[Records] = web.AppKey("records", Records)
COMPLETER: web.AppKey[Completer] = web.AppKey("completer", Completer)

PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)
