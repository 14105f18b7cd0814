"""The running service: its address, its first worker, its signals. What it answers is `application.py`'s to say.

The first worker starts before most of the service is imported, which takes as long as a worker needs to be ready: with
both side by side the full bundle is ready after 1.9 s instead of 2.6, on two cores.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import signal
import socket
from contextlib import nullcontext

import structlog

from cellblock_service.limits import limits_for
from cellblock_service.settings import MEBIBYTE, Settings
from cellblock_service.trust.tls import Certificate
from cellblock_service.trust.tokens import LOCAL
from cellblock_service.workers.launching import Ahead, WorkerOptions, launch

_START_ELSEWHERE_S = 900.0
"""Time for a worker elsewhere to start: half a gigabyte may have to get there first."""
_HANG_UP_S = 5.0
"""Time for requests that are still under way once everything that ran has ended: slow uploads, late readers."""
READ_BUFFER = 4 * MEBIBYTE
"""What may arrive of a body before it is read: with aiohttp's 64 KiB, reading stops a thousand times in 80 MB."""

log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM, then let running executions end within `drain_s`.

    Raises TlsUnusable, and OSError when the address can't be bound, before any worker is started.
    """
    certificate = _certificate(settings)
    listener = _bind(settings.host, settings.port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    worker = worker_options(settings)
    launching = launch if worker.elsewhere else Ahead(worker)
    await asyncio.to_thread(importlib.import_module, "cellblock_service.application")
    from aiohttp import web  # noqa: PLC0415

    from cellblock_service.application import create_app, drain  # noqa: PLC0415

    app = create_app(settings, worker, launching)
    runner = web.AppRunner(
        app,
        # A client that goes away cancels its handler, and with it the block that nobody waits for any more.
        handler_cancellation=True,
        # For the first request of a connection too, whose head may never be complete.
        keepalive_timeout=settings.body_timeout_s,
        shutdown_timeout=_HANG_UP_S,
        access_log=None,
        read_bufsize=READ_BUFFER,
    )
    try:
        await runner.setup()
        await web.SockSite(runner, listener, ssl_context=certificate.context() if certificate else None).start()
        gc.freeze()  # what is there now stays: full collections take half the time, 90 ms after 8,000 executions
        log.info("listening", url=_url(listener, secure=certificate is not None), image=settings.image)
        async with certificate.following() if certificate else nullcontext():
            await stop.wait()
            log.info("stopping", drain_s=settings.drain_s)
            await drain(app)
    finally:
        await runner.cleanup()
        listener.close()


def worker_options(settings: Settings) -> WorkerOptions:
    """What workers are told, on this machine or elsewhere."""
    limits = limits_for({}, LOCAL, settings)
    if settings.scheduler is None:
        return WorkerOptions(settings.image, settings.home, limits)
    return WorkerOptions(settings.image, None, limits, elsewhere=True, start_s=_START_ELSEWHERE_S)


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
