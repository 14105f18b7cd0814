"""Clients that keep a service busy with blocks of every kind, and remember every final answer they were given."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import math
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import aiohttp
import msgpack

PATIENCE_S = 90
SESSIONS, IN_FLIGHT, POSTS = 4, 4, 4
CANCEL_AFTER_S = 0.05
REFUSED_S = 0.2
"""How long a client pauses that was refused."""
_ARRAY = "import numpy as np\nint(np.asarray(data, 'i8').reshape(10, 100).sum(axis=0).sum())"
_FRAME = "import pandas as pd\nint(pd.DataFrame({'a': data, 'b': 'x'}).groupby('b').a.sum().iloc[0])"
CANCELLED = ("cancelled", "Cancelled")
Answer = dict[str, Any]
Going = Callable[[], bool]


def asked(number: int) -> tuple[dict[str, Any], tuple[str, Any]]:
    """The request of this number, and what it ends with when nothing goes wrong: status, and result or error's type."""
    kinds: list[tuple[dict[str, Any], tuple[str, Any]]] = [
        ({"code": "data + 1", "data": number}, ("completed", number + 1)),
        (
            {"code": "data + 1", "data": number, "block": f"kept{number % 4}", "keep_state": True},
            ("completed", number + 1),
        ),
        ({"code": "print('x' * 1000)\ndata", "data": number}, ("completed", number)),
        ({"code": "data['a'][0]", "data": {"b": number}}, ("error", "KeyError")),
        ({"code": "import time\ntime.sleep(0.1)\ndata", "data": number, "block": "slow"}, ("completed", number)),
        ({"code": "'y' * 300_000", "data": number}, ("completed", "y" * 300_000)),
        ({"code": "data + 1", "data": number, "block": "wide", "order": "parallel"}, ("completed", number + 1)),
        ({"code": _ARRAY, "data": [number] * 1000}, ("completed", number * 1000)),
        ({"code": _FRAME, "data": [number] * 100}, ("completed", number * 100)),
        ({"code": "len(data)", "data": "z" * 1_000_000}, ("completed", 1_000_000)),
    ]
    if number % 100 == 99:
        return {"code": "while True:\n  pass", "timeout_s": 0.2}, ("timeout", "TimeoutError")
    if number % 100 == 49:
        return {"code": "import time\ntime.sleep(60)"}, CANCELLED
    return kinds[number % len(kinds)]


def told(answer: Answer) -> tuple[str, Any]:
    """An answer in the form of `asked`; a refusal is ("refused", its key)."""
    if "error_key" in answer:
        return "refused", answer["error_key"]
    return answer["status"], answer["error"]["type"] if answer.get("error") else answer["result"]


class Crowd:
    """All clients together. `expected` by id, and of each id all final answers that came.

    A client whose connection is lost stops: what it waited for has no answer.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.expected: dict[str, tuple[str, Any]] = {}
        self.answers: defaultdict[str, list[Answer]] = defaultdict(list)
        self._numbers = itertools.count()

    async def work(
        self,
        seconds: float = math.inf,
        *,
        most: float = math.inf,
        sessions: int = 4,
        posts: int = 4,
        in_flight: int = 4,
    ) -> None:
        """Ask for so long, or so many times altogether, then wait for what is under way."""
        until = time.monotonic() + seconds

        def going() -> bool:
            return time.monotonic() < until and len(self.expected) < most

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as http:
            clients = [self._session(http, going) for _ in range(SESSIONS)]
            await asyncio.gather(*clients, *(self._posts(http, going) for _ in range(POSTS)))

    def _next(self) -> tuple[str, dict[str, Any]]:
        number = next(self._numbers)
        ident = f"e{number}"
        request, self.expected[ident] = asked(number)
        return ident, request

    async def _posts(self, http: aiohttp.ClientSession, going: Going) -> None:
        with contextlib.suppress(aiohttp.ClientConnectionError):
            while going():
                ident, request = self._next()
                post = asyncio.create_task(self._post(http, ident, request))
                if self.expected[ident] == CANCELLED:
                    await asyncio.sleep(CANCEL_AFTER_S)
                    await (await http.delete(f"{self.url}/v1/executions/{ident}")).read()
                await post
                await self._pause(ident)

    async def _post(self, http: aiohttp.ClientSession, ident: str, request: dict[str, Any]) -> None:
        async with http.post(f"{self.url}/v1/execute", json={**request, "id": ident}) as response:
            self.answers[ident].append(await response.json())

    async def _pause(self, ident: str) -> None:
        if any("error_key" in answer for answer in self.answers.get(ident, [])):
            await asyncio.sleep(REFUSED_S)

    async def _session(self, http: aiohttp.ClientSession, going: Going) -> None:
        socket = await http.ws_connect(f"{self.url}/v1/session", protocols=("cellblock.v1",), max_msg_size=0)
        await socket.send_bytes(msgpack.packb({"kind": "hello"}))
        ended: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        hearing = asyncio.create_task(self._hear(socket, ended))

        async def lane() -> None:
            while going() and not hearing.done():
                ident, request = self._next()
                message = {"kind": "execute", "id": ident, "request": msgpack.packb(request)}
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    await socket.send_bytes(msgpack.packb(message))
                    if self.expected[ident] == CANCELLED:
                        await asyncio.sleep(CANCEL_AFTER_S)
                        await socket.send_bytes(msgpack.packb({"kind": "cancel", "id": ident}))
                answer = asyncio.create_task(ended[ident].wait())
                await asyncio.wait([answer, hearing], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
                answer.cancel()
                await self._pause(ident)

        await asyncio.gather(*(lane() for _ in range(IN_FLIGHT)))
        await asyncio.sleep(0.5)  # an answer too many would come now
        await socket.close()
        await hearing

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, ended: dict[str, asyncio.Event]) -> None:
        async for each in socket:
            message = msgpack.unpackb(each.data)
            if message["kind"] in ("result", "refused"):
                self.answers[message["id"]].append(message.get("problem") or message)
                ended[message["id"]].set()

    def surprises(self, *allowed: tuple[str, Any]) -> dict[str, Any]:
        """What ended neither as expected nor in a way that is `allowed`, by id."""
        return {
            ident: (answers, self.expected[ident])
            for ident, answers in self.answers.items()
            if told(answers[0]) not in (self.expected[ident], *allowed)
        }


@contextlib.asynccontextmanager
async def regularly(every_s: float, action: Any) -> Any:
    """Call `action` every so many seconds meanwhile."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(every_s)
            action()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
