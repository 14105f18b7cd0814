"""The aiohttp application: which parts there are and how they are wired. `serve()` runs it until a signal comes."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import nullcontext

import structlog
from aiohttp import web

from cellblock_service.api import events, execute, executions, health, images, session
from cellblock_service.api.admission import Admission
from cellblock_service.api.guard import guard, tell_rate
from cellblock_service.api.keys import (
    ADMISSION,
    CATALOGUE,
    EXECUTIONS,
    LIMITER,
    POOL,
    SESSIONS,
    SETTINGS,
    STREAM,
    TOKENS,
)
from cellblock_service.api.problems import translate
from cellblock_service.executions.executions import Executions
from cellblock_service.executions.kept import Kept
from cellblock_service.executions.session import Sessions
from cellblock_service.executions.stream import EventStream
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.limits import limits_for, per_minute_for
from cellblock_service.settings import MEBIBYTE, Settings, is_loopback
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.trust.tls import Certificate
from cellblock_service.trust.tokens import LOCAL
from cellblock_service.workers.pool import Pool, PoolOptions
from cellblock_service.workers.worker import WorkerOptions

log = structlog.get_logger(__name__)


def create_app(settings: Settings, worker: WorkerOptions | None = None) -> web.Application:
    """Build the application. Its workers start with it and end with it; `worker` tells what they are, if not ours."""
    app = web.Application(middlewares=[translate, guard], client_max_size=settings.body_bytes)
    app[SETTINGS] = settings
    app[TOKENS] = TokenRegistry(
        settings.token_file,
        environment=settings.token.get_secret_value() if settings.token else None,
        loopback=is_loopback(settings.host),
    )
    app[LIMITER] = RateLimiter(lambda principal: per_minute_for(principal, settings))
    app[POOL] = Pool(worker or _worker_options(settings), _pool_options(settings))
    app[CATALOGUE] = Catalogue(settings, app[POOL])
    kept = Kept(settings.results_bytes, settings.results_keep_s)
    app[EXECUTIONS] = Executions(app[POOL], app[CATALOGUE], kept, kill_grace_s=settings.kill_grace_s)
    app[STREAM] = EventStream()
    app[EXECUTIONS].observers.append(app[STREAM])
    app[SESSIONS] = Sessions(settings.sessions, settings.session_linger_s, app[EXECUTIONS].cancel)
    app[ADMISSION] = Admission(settings, app[TOKENS], app[LIMITER], app[EXECUTIONS])
    for part in (health, execute, executions, events, session, images):
        app.add_routes(part.routes)
    app.cleanup_ctx.append(_tokens)
    app.cleanup_ctx.append(_workers)
    app.on_response_prepare.append(tell_rate)
    app.on_shutdown.append(_stop_admission)
    return app


def _worker_options(settings: Settings) -> WorkerOptions:
    return WorkerOptions(settings.image, settings.home, limits_for({}, LOCAL, settings))


def _pool_options(settings: Settings) -> PoolOptions:
    return PoolOptions(
        workers=settings.workers,
        queue_size=settings.queue_size,
        lane_size=settings.block_queue_size,
        recycle_after=settings.recycle_after,
        recycle_bytes=settings.recycle_memory_mb * MEBIBYTE,
        kept_states=settings.kept_states,
        kept_idle_s=settings.kept_idle_s,
    )


async def _tokens(app: web.Application) -> AsyncIterator[None]:
    async with app[TOKENS].following():
        yield


async def _workers(app: web.Application) -> AsyncIterator[None]:
    app[POOL].start(app[CATALOGUE].install)
    await app[CATALOGUE].start()
    yield
    await app[EXECUTIONS].close()
    await app[CATALOGUE].close()
    await app[POOL].close()


async def _stop_admission(app: web.Application) -> None:
    app[POOL].stop_admission()


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then let running executions end within `drain_s`.

    Raises TlsUnusable, and OSError when the address can't be bound, before any worker is started.
    """
    certificate = _certificate(settings)
    listener = _bind(settings.host, settings.port)
    # A client that goes away cancels its handler, and with it the block that nobody waits for any more.
    runner = web.AppRunner(
        create_app(settings), handler_cancellation=True, shutdown_timeout=settings.drain_s, access_log=None
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=certificate.context() if certificate else None).start()
        log.info("listening", url=_url(listener, secure=certificate is not None), image=settings.image)
        async with certificate.following() if certificate else nullcontext():
            await stop.wait()
        log.info("stopping", drain_s=settings.drain_s)
    finally:
        await runner.cleanup()
        listener.close()


def _certificate(settings: Settings) -> Certificate | None:
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)


def _url(listener: socket.socket, *, secure: bool) -> str:
    host, port = listener.getsockname()[:2]
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener
