"""The aiohttp application: which parts there are and how they are wired. `serve()` runs it until a signal comes."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator

import structlog
from aiohttp import web

from cellblock_service.api import access, check, complete, execute, health, images, metrics
from cellblock_service.api.guard import guard
from cellblock_service.api.keys import CATALOGUE, COMPLETER, METRICS, POOL, SETTINGS
from cellblock_service.api.problems import translate
from cellblock_service.editing.completion import Completer
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.observe import logs
from cellblock_service.observe.metrics import Metrics
from cellblock_service.settings import Settings
from cellblock_service.workers.pool import Pool
from cellblock_service.workers.worker import WorkerOptions

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> web.Application:
    """Build the application. Its workers start with it and end with it."""
    app = web.Application(middlewares=[access.observe, translate, guard], client_max_size=settings.body_bytes)
    app[SETTINGS] = settings
    app[METRICS] = Metrics()
    app[POOL] = Pool(
        WorkerOptions(
            image=settings.image, home=settings.home, timeout_s=settings.timeout_s, memory_mb=settings.memory_mb
        ),
        workers=settings.workers,
        queue_size=settings.queue_size,
        recycle_after=settings.recycle_after,
    )
    app[CATALOGUE] = Catalogue(settings, app[POOL])
    app[COMPLETER] = Completer(app[CATALOGUE].store)
    for part in (health, execute, check, complete, images, metrics):
        app.add_routes(part.routes)
    app.on_response_prepare.append(access.name_answer)
    app.on_startup.append(logs.report_stray_errors)
    app.cleanup_ctx.append(_workers)
    app.on_shutdown.append(_stop_admission)
    return app


async def _workers(app: web.Application) -> AsyncIterator[None]:
    app[POOL].start(app[CATALOGUE].install)
    await app[CATALOGUE].start()
    yield
    await app[COMPLETER].close()
    await app[CATALOGUE].close()
    await app[POOL].close()


async def _stop_admission(app: web.Application) -> None:
    app[POOL].stop_admission()


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then let running executions end within `drain_s`.

    Raises OSError when the address can't be bound, before any worker is started.
    """
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
        await web.SockSite(runner, listener).start()
        host, port = listener.getsockname()[:2]
        log.info("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}", image=settings.image)
        await stop.wait()
        log.info("stopping", drain_s=settings.drain_s)
    finally:
        await runner.cleanup()
        listener.close()


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
