"""Server-sent events (the WHATWG's HTML standard, section 9.2): of all executions of a client, and of a single one."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from aiohttp import web

from cellblock_service.api.answers import members
from cellblock_service.api.keys import ADMISSION, EXECUTIONS, PRINCIPAL, STREAM
from cellblock_service.api.problems import document
from cellblock_service.executions.execution import Event, Execution
from cellblock_service.executions.past import Past

# Often enough for proxies that drop connections on which nothing happens.
KEEP_ALIVE_S = 15.0

routes = web.RouteTableDef()


@routes.get("/v1/events")
async def all_events(request: web.Request) -> web.StreamResponse:
    """Tell of every execution of this client from now on, as long as its token is valid."""
    stream, principal = request.app[STREAM], request[PRINCIPAL]
    subscriber = stream.subscribe(principal.id)
    try:
        async with _sent(request) as response:
            while True:
                found = await subscriber.next(KEEP_ALIVE_S)
                if not request.app[ADMISSION].still_lets_in(principal):
                    return response
                await response.write(b": still here\n\n" if found is None else _event(*found))
    except EOFError:
        if subscriber.lost:
            await response.write(_event("overrun", {"detail": "events came faster than they were read"}))
        return response
    finally:
        stream.unsubscribe(subscriber)


@routes.get("/v1/executions/{id}/events")
async def events_of_one(request: web.Request) -> web.StreamResponse:
    """Tell what has happened to an execution, from the beginning or after `Last-Event-ID`, and go on to its end.

    Of one that only the records know, that is how it ended.
    """
    execution = await request.app[EXECUTIONS].find(request[PRINCIPAL].id, request.match_info["id"])
    if isinstance(execution, Past):
        async with _sent(request) as response:
            await response.write(_event("result", _end_of(execution)))
            return response
    heard = _Heard()
    execution.followers.add(heard)
    last = request.headers.get("Last-Event-ID", "0")
    seq = int(last) if last.isdecimal() and len(last) < 10 else 0
    try:
        async with _sent(request) as response:
            while True:
                heard.wakeup.clear()
                for event in execution.events[seq:]:
                    await response.write(_event(event.kind, _shown(execution, event), event.seq))
                    seq = event.seq
                if execution.ended.is_set() and seq >= len(execution.events):
                    return response
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await heard.wakeup.wait()
                if not request.app[ADMISSION].still_lets_in(request[PRINCIPAL]):
                    return response
                if seq >= len(execution.events):
                    await response.write(b": still here\n\n")
    finally:
        execution.followers.discard(heard)


class _Heard:
    """A follower that only wants to know that there is something."""

    def __init__(self) -> None:
        self.wakeup = asyncio.Event()

    def event(self, execution: Execution, event: Event) -> None:  # noqa: ARG002
        """Wake up."""
        self.wakeup.set()


@contextlib.asynccontextmanager
async def _sent(request: web.Request) -> AsyncIterator[web.StreamResponse]:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    yield response


def _shown(execution: Execution, event: Event) -> dict[str, Any]:
    """An event's members; at the end what is known but the value itself, which has its own address."""
    if execution.refusal is not None and event.kind == "refused":
        return {"problem": document(execution.refusal)}
    return dict(event.members) if event.kind != "result" else _end_of(execution)


def _end_of(execution: Execution | Past) -> dict[str, Any]:
    elsewhere = ("stdout", "stderr", "figures")
    return {name: value for name, value in members(execution).items() if name not in elsewhere}


def _event(name: str, data: Mapping[str, Any], seq: int | None = None) -> bytes:
    """One event. JSON has no line ends, which would end it."""
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {name}\ndata: {json.dumps(data)}\n\n".encode()
