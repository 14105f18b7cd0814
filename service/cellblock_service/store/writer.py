"""Writes the backlog to the disk: a batch every 50 ms or 500 executions, in one thread that owns the connection.

When that fails it says so once, tries again after growing pauses, and says when it has caught up.

Measured on two cores (tests/unit/store/test_store_speed.py):
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar, TypeVarTuple

import structlog

from cellblock_service.store.backlog import BATCH, Backlog
from cellblock_service.store.changes import Change
from cellblock_service.store.database import Database, FileReplaced
from cellblock_service.store.errors import NotWritten, RecordsUnusable
from cellblock_service.store.retention import EVERY_S

GATHER_S = 0.05
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 30.0

Value = TypeVar("Value")
Arguments = TypeVarTuple("Arguments")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Condition:
    """How writing is going: executions not yet on disk, why if it fails, and what was lost so far.

    `shortened` have no result or texts any more, `dropped` were given up for lack of memory, `unwritable` because
    something in them was wrong.
    """

    behind: int
    problem: str | None
    failed_writes: int
    shortened: int
    dropped: int
    unwritable: int


class Writer:
    """Keeps the file up with the backlog. `start()` it, `put()` changes, `close()` it; all on one event loop."""

    def __init__(self, database: Database, backlog: Backlog) -> None:
        self._database = database
        self._backlog = backlog
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="records")
        self._turn = asyncio.Lock()
        self._something = asyncio.Event()
        self._plenty = asyncio.Event()
        self._problem: str | None = None
        self._failed_writes = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Open the file and begin. A disk that is full or failing is waited for; raises RecordsUnusable otherwise."""
        try:
            await self._open()
        except sqlite3.Error as error:
            self._failed(error)
        except RecordsUnusable:
            await self._end_thread()
            raise
        self._task = asyncio.create_task(self._keep_writing(), name="records")

    async def close(self) -> None:
        """Write what is left, once, and close the file."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if len(self._backlog):
            try:
                await self.flush()
            except NotWritten as error:
                log.error("records_lost", reason=str(error), executions=len(self._backlog))
        await self._end_thread()

    def put(self, change: Change) -> None:
        """Take a change, to be written soon. Raises ValueError when an execution begins that is under way."""
        self._backlog.add(change)
        self._something.set()
        if len(self._backlog) >= BATCH:
            self._plenty.set()

    async def flush(self) -> None:
        """Write what was put before. Raises NotWritten when that fails; it is tried again later."""
        async with self._attempt():
            try:
                await self._write_all()
            except FileReplaced:
                self._backlog.start_over()
                await self._write_all()

    async def replace(self, inode: int, reason: str) -> None:
        """Begin a new file, since reading found the one with this inode damaged."""
        async with self._turn:
            if await self._in_thread(self._database.replace_file, inode, reason):
                self._backlog.start_over()
                self._something.set()

    def condition(self) -> Condition:
        """Tell how writing is going."""
        losses = self._backlog.losses
        return Condition(
            behind=len(self._backlog),
            problem=self._problem,
            failed_writes=self._failed_writes,
            shortened=losses.shortened,
            dropped=losses.dropped,
            unwritable=losses.unwritable,
        )

    async def _keep_writing(self) -> None:
        failures = 0
        while True:
            try:
                await self.flush()
                await self._tidy()
                failures = 0
            except Exception as error:  # whatever it is, records must go on
                if not isinstance(error, NotWritten):
                    log.exception("records_writer_failed")
                failures += 1
                await asyncio.sleep(min(FIRST_PAUSE_S * 2**failures, LONGEST_PAUSE_S))
            await self._due()

    async def _due(self) -> None:
        """Wait until there is something to write, or retention wants to look; let a batch come together."""
        if not len(self._backlog) and self._problem is None:
            await _either(self._something, EVERY_S)
        await _either(self._plenty, GATHER_S)

    async def _write_all(self) -> None:
        """Write what is in the backlog now, batch by batch."""
        self._something.clear()
        self._plenty.clear()
        if not self._database.is_open:
            await self._open()
        left = len(self._backlog)
        while left > 0 and (batch := self._backlog.take()):
            unwritable = await self._in_thread(self._database.write, [(work.number, work.changes) for work in batch])
            self._backlog.settle(batch)
            for work in batch:
                if work.number in unwritable:
                    self._backlog.discard(work)
            left -= len(batch)
            self._succeeded()

    async def _tidy(self) -> None:
        """Let retention do what it has to, step by step, and write what comes in meanwhile."""
        more = True
        while more:
            async with self._attempt():
                try:
                    more = await self._in_thread(self._database.tidy)
                except FileReplaced:
                    self._backlog.start_over()
                    raise
            if len(self._backlog):
                await self.flush()

    async def _open(self) -> None:
        await self._in_thread(self._database.open)
        self._backlog.next_number = self._database.next_number

    @asynccontextmanager
    async def _attempt(self) -> AsyncIterator[None]:
        """Use the file alone, and turn what goes wrong into NotWritten."""
        async with self._turn:
            try:
                yield
            except (sqlite3.Error, OSError, FileReplaced, RecordsUnusable) as error:
                self._failed(error)
                raise NotWritten(f"the records can't be written: {error}") from error

    def _failed(self, error: Exception) -> None:
        self._failed_writes += 1
        if self._problem is None:
            log.warning("records_not_written", reason=str(error), behind=len(self._backlog))
        self._problem = str(error)

    def _succeeded(self) -> None:
        if self._problem is not None:
            losses = self._backlog.losses
            log.info("records_written_again", behind=len(self._backlog), dropped=losses.dropped)
        self._problem = None

    async def _in_thread(self, work: Callable[[*Arguments], Value], *arguments: *Arguments) -> Value:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _end_thread(self) -> None:
        await self._in_thread(self._database.close)
        self._thread.shutdown(wait=False)


async def _either(event: asyncio.Event, seconds: float) -> None:
    """Wait for `event`, or for so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
