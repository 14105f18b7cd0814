"""Completion as the service sees it: one helper process, asked one question at a time, replaced when it hangs.

It starts with the first question and ends when nobody has asked for a while, so that a service nobody edits with pays
nothing. What can't be answered in time has no completion, which an editor's user hardly notices.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
from typing import Any

import structlog
from cellblock_sandbox.image.store import Store

from cellblock_service.editing.sources import Library, libraries
from cellblock_service.errors import QueueFull

ANSWER_S = 10.0
"""Time for an answer; a large package that jedi sees for the first time takes up to five seconds."""
IDLE_S = 300.0
MAX_WAITING = 16
LOOK_AGAIN_S = 10.0
"""How long it takes at most until the packages of new images are known."""

_PROGRAM = ("-m", "cellblock_service.editing.helper")
_LINE_BYTES = 4 << 20
_NOTHING: dict[str, Any] = {"items": [], "incomplete": True}
# What it needs to find Python and its libraries; never tokens.
_INHERITED = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "HOME")

log = structlog.get_logger(__name__)


class Completer:
    """Completes blocks with the packages of a store. `close()` it with the service."""

    def __init__(self, store: Store, *, program: tuple[str, ...] = _PROGRAM, answer_s: float = ANSWER_S) -> None:
        self._store = store
        self._program = program
        self._answer_s = answer_s
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._numbers = itertools.count()
        self._idle: asyncio.TimerHandle | None = None
        self._libraries: list[Library] = []
        self._looked = float("-inf")

    async def complete(self, code: str, line: int, column: int, *, image: str) -> dict[str, Any]:
        """Give {"items": [...], "incomplete": ...} (docs/protocol.md) for a place in `code`. Raises QueueFull.

        `image` is the standard image, whose packages come first.
        """
        if self._waiting >= MAX_WAITING:
            raise QueueFull(f"{MAX_WAITING} completions are waiting")
        self._waiting += 1
        try:
            async with self._turn:
                question = {"code": code, "line": line, "column": column, "libraries": await self._sources(image)}
                return await self._answered(question)
        finally:
            self._waiting -= 1
            self._rest()

    async def close(self) -> None:
        """End the helper."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()

    async def _sources(self, image: str) -> list[Library]:
        now = asyncio.get_running_loop().time()
        if now - self._looked > LOOK_AGAIN_S:
            self._looked = now
            self._libraries = await asyncio.to_thread(libraries, self._store, image)
        return self._libraries

    async def _answered(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask the helper; once more if it ended, as it does when it has grown."""
        for _ in range(2):
            try:
                async with asyncio.timeout(self._answer_s):
                    return await self._ask(question)
            except (EOFError, ConnectionError):
                log.info("completion_helper_ended", code=await self._end())
            except TimeoutError:
                log.warning("completion_too_slow", seconds=self._answer_s)
                await self._end()
                break
        return dict(_NOTHING)

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Ask and wait for the answer to this very question: whoever asked the one before may have gone away."""
        process = self._process or await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        number = next(self._numbers)
        process.stdin.write(json.dumps({"n": number} | question).encode() + b"\n")
        await process.stdin.drain()
        while True:
            try:
                answer = json.loads(await process.stdout.readline() or "null")
            except ValueError:
                answer = None
            if answer is None:
                raise EOFError("the helper ended")
            if answer["n"] == number:
                if "failed" in answer:
                    log.info("completion_failed", reason=answer["failed"])
                return {name: answer[name] for name in _NOTHING}

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._program,
            str(self._store.home.root),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LINE_BYTES,
            env={name: os.environ[name] for name in _INHERITED if name in os.environ},
        )
        return self._process

    async def _end(self) -> int | None:
        """End the helper if there is one; give its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        return await process.wait()

    def _rest(self) -> None:
        """End the helper when nothing has been asked for a while: its memory is worth more."""
        if self._idle is not None:
            self._idle.cancel()
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(IDLE_S, self._tire)

    def _tire(self) -> None:
        """Close its stdin, at which it ends."""
        if self._process is not None and self._process.stdin is not None and not self._waiting:
            self._process.stdin.close()
            self._process = None
