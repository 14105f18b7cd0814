"""What an array adds to a call, measured: `python -m cellblock_service.bench.array_client URL WAY MEGABYTES RUNS`.

Prints milliseconds as a JSON list. Calls with an array and empty ones take turns.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from cellblock_sandbox.guest import values

from cellblock_service.areas import areas
from cellblock_service.bench.talking import Message, Talk, client, completed, packed
from cellblock_service.cli.output import say
from cellblock_service.client import messages

Ask = Callable[[Any], Awaitable[Message]]
"""Has a block return what it is given: the message that tells of it."""

_WARMING = 20


@asynccontextmanager
async def in_a_session(url: str) -> AsyncIterator[Ask]:
    """Through a WebSocket, by aiohttp's client."""
    async with client() as connections, Talk.begun(connections, url) as talk:
        yield lambda data: talk.execute(packed("data", data))


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Ask]:
    """Through `POST /v1/execute`, by the standard library's client, which sends and receives without a copy."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)

    async def ask(data: Any) -> Message:
        pieces = values.pack_parts({"code": "data"})
        body = [b"\x82", pieces[0][1:], b"\xa4data", *values.pack_parts(data)]
        headers = {"Content-Type": "application/msgpack", "Content-Length": str(sum(map(len, body)))}
        connection.request("POST", "/v1/execute", body, headers)
        answer = connection.getresponse()
        place = left = areas.take(int(answer.headers["Content-Length"]))
        while left:
            left = left[answer.readinto(left) :]
        answer.read()
        message = messages.read(place)
        return message | {"result": values.unpack(message["result"])}

    yield ask
    connection.close()


WAYS = {"in a session": in_a_session, "over HTTP": over_http}


async def measure(url: str, way: str, megabytes: int, runs: int) -> list[float]:
    """Milliseconds added, of each run, after one that doesn't count."""
    array = np.random.default_rng(0).random(megabytes * 125_000)
    async with WAYS[way](url) as ask:
        for _ in range(_WARMING):
            completed(await ask(None))
        samples = []
        for _ in range(runs + 1):
            nothing, _ = await _timed(ask, None)
            took, message = await _timed(ask, array)
            samples.append(took - nothing)
            assert np.array_equal(completed(message)["result"], array)
    return samples[1:]


async def _timed(ask: Ask, data: Any) -> tuple[float, Message]:
    started = time.perf_counter()
    message = await ask(data)
    return (time.perf_counter() - started) * 1000, message


if __name__ == "__main__":
    url, way, megabytes, runs = sys.argv[1:]
    say(json.dumps(asyncio.run(measure(url, way, int(megabytes), int(runs)))))
