"""The aiohttp application: which parts there are and how they are wired."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import structlog
from aiohttp import web

from cellblock_service.api import (
    access,
    check,
    complete,
    events,
    execute,
    executions,
    health,
    images,
    metrics,
    openapi,
    packages,
    session,
)
from cellblock_service.api.admission import Admission
from cellblock_service.api.guard import guard, tell_rate
from cellblock_service.api.keys import (
    ADMISSION,
    CATALOGUE,
    COMPLETER,
    EXECUTIONS,
    LIMITER,
    METRICS,
    OFFERED,
    POOL,
    RECORDS,
    SESSIONS,
    SETTINGS,
    STREAM,
    TOKENS,
)
from cellblock_service.api.problems import translate
from cellblock_service.api.receiving import end_connection
from cellblock_service.areas import areas
from cellblock_service.editing.completion import Completer
from cellblock_service.executions.executions import Executions
from cellblock_service.executions.kept import Kept
from cellblock_service.executions.past import Memory
from cellblock_service.executions.reporting import Reporter
from cellblock_service.executions.session import Sessions
from cellblock_service.executions.stream import EventStream
from cellblock_service.images.catalogue import Catalogue
from cellblock_service.images.offered import Offered
from cellblock_service.limits import per_minute_for
from cellblock_service.observe import logs
from cellblock_service.observe.metrics import Metrics
from cellblock_service.settings import MEBIBYTE, Settings, is_loopback
from cellblock_service.store.records import Records
from cellblock_service.trust.rates import RateLimiter
from cellblock_service.trust.registry import TokenRegistry
from cellblock_service.workers import tidying
from cellblock_service.workers.launching import Launch, WorkerOptions, launch
from cellblock_service.workers.pool import Pool, PoolOptions, Staff

_LAST_WORDS_S = 5.0
"""How long a service that stops waits for clients to take their last results."""
_FORGET_EVERY_S = 10.0

log = structlog.get_logger(__name__)


def create_app(settings: Settings, worker: WorkerOptions, launching: Launch = launch) -> web.Application:
    """Build the application. Its workers, which `launching` starts on this machine, start with it and end with it."""
    app = web.Application(middlewares=[access.observe, translate, guard], client_max_size=settings.body_bytes)
    app[SETTINGS] = settings
    app[METRICS] = Metrics()
    app[RECORDS] = _records(settings)
    app[POOL] = Pool(worker, _pool_options(settings), on_lost=app[METRICS].worker_lost)
    app[CATALOGUE] = Catalogue(settings, app[POOL])
    app[OFFERED] = Offered(app[CATALOGUE])
    app[COMPLETER] = Completer(app[CATALOGUE].store)
    _add_executions(app, settings)
    _add_trust(app, settings)
    _watch(app)
    parts = health, execute, executions, events, session, check, complete, images, packages, metrics, openapi
    for part in parts:
        app.add_routes(part.routes)
    for context in (_tokens, _recording, _workers(launching), _forgetting):
        app.cleanup_ctx.append(context)
    app.on_response_prepare.append(access.name_answer)
    app.on_response_prepare.append(tell_rate)
    app.on_response_prepare.append(end_connection)
    app.on_startup.append(logs.report_stray_errors)
    app.on_shutdown.append(_hang_up)
    return app


def _add_executions(app: web.Application, settings: Settings) -> None:
    kept, memory = Kept(settings.results_bytes, settings.results_keep_s), Memory(app[RECORDS])
    app[EXECUTIONS] = Executions(
        app[POOL],
        app[CATALOGUE],
        kept,
        memory,
        kill_grace_s=settings.kill_grace_s,
        inputs_bytes=settings.body_bytes,
        queue_bytes=settings.queue_bytes,
        concurrent_per_block=settings.concurrent_per_block,
    )
    app[STREAM] = EventStream()
    app[EXECUTIONS].observers += [app[STREAM], Reporter(app[RECORDS], app[METRICS])]
    app[SESSIONS] = Sessions(settings.sessions, settings.session_linger_s, app[EXECUTIONS].cancel)


def _add_trust(app: web.Application, settings: Settings) -> None:
    app[TOKENS] = TokenRegistry(
        settings.token_file,
        environment=settings.token.get_secret_value() if settings.token else None,
        loopback=is_loopback(settings.host),
    )
    app[LIMITER] = RateLimiter(lambda principal: per_minute_for(principal, settings))
    app[ADMISSION] = Admission(settings, app[TOKENS], app[LIMITER], app[EXECUTIONS])


def _watch(app: web.Application) -> None:
    """What the metrics read when somebody looks."""
    pool, found = app[POOL], app[METRICS]
    found.watch("queue_length", "Executions that wait for a worker.", lambda: pool.state().waiting)
    found.watch("workers_ready", "Worker processes that can run blocks.", lambda: pool.state().ready)
    found.watch("workers_busy", "Worker processes that run a block.", lambda: pool.state().busy)
    found.watch("workers_memory_bytes", "Resident memory of all workers.", lambda: pool.state().rss_bytes)
    found.watch("kept_states", "Sandboxes that live on between runs of their block.", lambda: pool.state().states)
    found.watch("executions_running", "Executions that have not ended.", lambda: app[EXECUTIONS].running)
    found.watch("results_bytes", "Bytes of results kept in memory.", lambda: app[EXECUTIONS].kept_bytes)
    found.watch("sessions", "Sessions that are open.", lambda: len(app[SESSIONS]))
    found.watch("builds", "Images being built, or waiting to be.", lambda: len(app[CATALOGUE].loading()))
    images = app[CATALOGUE].store.list
    found.watch("images", "Images on disk.", lambda: len(images("image")), blocking=True)
    found.watch("images_bytes", "Bytes of them.", lambda: sum(each.size for each in images("image")), blocking=True)
    found.watch("records_behind", "Changes not written to the records yet.", lambda: app[RECORDS].condition().behind)


def _records(settings: Settings) -> Records:
    return Records(
        settings.records_path,
        keep_days=settings.records_keep_days,
        keep_bytes=settings.records_keep_mb * MEBIBYTE,
        result_bytes=settings.record_result_bytes,
        tail_bytes=settings.record_tail_bytes,
    )


def _staff(settings: Settings) -> Staff | None:
    """Who fills the pool when its workers aren't to be on this machine."""
    if settings.scheduler is None:
        return None
    from cellblock_service.cluster.staff import Staff as DaskStaff  # an extra, and 0.3 s to import  # noqa: PLC0415

    return DaskStaff(settings.scheduler)


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


async def _recording(app: web.Application) -> AsyncIterator[None]:
    interrupted = await app[RECORDS].start()
    if interrupted:
        log.warning("executions_interrupted", executions=interrupted)
    yield
    await app[RECORDS].close()


async def _forgetting(app: web.Application) -> AsyncIterator[None]:
    """Let go of results that are too old, also when nothing else happens."""

    async def forget() -> None:
        while True:
            await asyncio.sleep(min(_FORGET_EVERY_S, app[SETTINGS].results_keep_s))
            app[EXECUTIONS].expire()
            areas.trim(time.monotonic())
            await asyncio.to_thread(tidying.trim)

    forgetting = asyncio.create_task(forget(), name="forgetting")
    yield
    forgetting.cancel()


def _workers(launching: Launch) -> Callable[[web.Application], AsyncIterator[None]]:
    async def work(app: web.Application) -> AsyncIterator[None]:
        catalogue = app[CATALOGUE]
        app[POOL].start(catalogue.install, launching=launching, fetch=catalogue.fetch, staff=_staff(app[SETTINGS]))
        await catalogue.start()
        yield
        await app[EXECUTIONS].close()
        await app[COMPLETER].close()
        await catalogue.close()
        await app[POOL].close()

    return work


async def drain(app: web.Application) -> None:
    """Take nothing new and let what runs end, for `drain_s` at most; all that is there can still be asked for."""
    app[POOL].stop_admission()
    await app[EXECUTIONS].drain(app[SETTINGS].drain_s)


async def _hang_up(app: web.Application) -> None:
    """End what still runs, and hang up on those who only listen."""
    app[POOL].stop_admission()
    await app[EXECUTIONS].close()  # now, while those who wait can be told
    app[STREAM].close()
    await app[SESSIONS].close(within_s=_LAST_WORDS_S)
