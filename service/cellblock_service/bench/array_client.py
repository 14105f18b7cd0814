"""What an array adds to a call, measured: `python -m cellblock_service.bench.array_client URL WAY MEGABYTES RUNS`.

Prints milliseconds as a JSON list. Calls with an array and empty ones take turns.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import numpy as np

from cellblock_service.bench.talking import Call, Talk, client, completed, packed, post, timed, warmed
from cellblock_service.cli.output import say

WAYS = ("in a session", "over HTTP")


async def measure(url: str, way: str, megabytes: int, runs: int) -> list[float]:
    """Milliseconds added, of each run, after one that doesn't count."""
    array = np.random.default_rng(0).random(megabytes * 125_000)
    async with client() as http, Talk.begun(http, url) as talk:
        call: Call = talk.execute if way == WAYS[0] else lambda body: post(http, url, body)
        empty = packed("data", None)
        await warmed(call, empty)
        samples = []
        for _ in range(runs + 1):
            nothing, _ = await timed(call, empty)
            started = time.perf_counter()
            message = completed(await call(packed("data", array)))
            samples.append((time.perf_counter() - started) * 1000 - nothing)
            assert np.array_equal(message["result"], array)
    return samples[1:]


if __name__ == "__main__":
    url, way, megabytes, runs = sys.argv[1:]
    say(json.dumps(asyncio.run(measure(url, way, int(megabytes), int(runs)))))
