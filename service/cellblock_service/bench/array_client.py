"""What an array adds to a call, measured: `python -m cellblock_service.bench.array_client URL WAY MEGABYTES RUNS`.

Prints milliseconds as a JSON list. Calls with an array and empty ones take turns.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from cellblock_sandbox.guest import values

from cellblock_service.areas import areas
from cellblock_service.bench.talking import Call, Message, Talk, client, completed, packed, timed, unpacked, warmed
from cellblock_service.cli.output import say
from cellblock_service.settings import Settings


@asynccontextmanager
async def in_a_session(url: str) -> AsyncIterator[Call]:
    """Through a WebSocket, by aiohttp's client."""
    async with client() as connections, Talk.begun(connections, url) as talk:
        yield lambda data: talk.execute(packed("data", data))


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Call]:
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
        return unpacked(place)

    yield ask
    connection.close()


WAYS = {"in a session": in_a_session, "over HTTP": over_http}


async def measure(url: str, way: str, megabytes: int, runs: int) -> list[float]:
    """Milliseconds added, of each run.

    Before that the service gets as many results as it keeps: like one that has run for a while, it has had all memory
    before that it takes then. New memory is a figure of its own (machine.py): 8 MB take 0.5 ms if the system has them
    at hand, 12 in a virtual machine that gets them from its host.
    """
    array = np.random.default_rng(0).random(megabytes * 125_000)
    before = Settings.model_fields["results_bytes"].default // array.nbytes + 2
    async with WAYS[way](url) as ask:
        await warmed(ask, None)
        samples = []
        for _ in range(before + runs):
            nothing, _ = await timed(ask, None)
            took, message = await timed(ask, array)
            samples.append(took - nothing)
            assert np.array_equal(completed(message)["result"], array)
    return samples[before:]


if __name__ == "__main__":
    url, way, megabytes, runs = sys.argv[1:]
    say(json.dumps(asyncio.run(measure(url, way, int(megabytes), int(runs)))))
